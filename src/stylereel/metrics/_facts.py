"""What every metric tells of itself, so that tables, reports, documents and tests need not know it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

if TYPE_CHECKING:
    from stylereel.metrics._critic import Critic
    from stylereel.metrics._features import FeatureNetwork
    from stylereel.metrics._motion import Motion

Verdict = Literal["good", "fair", "poor", "unknown"]


@dataclass(frozen=True)
class Facts:
    """How a metric is fed, and how its headline figure is read.

    Attributes:
        key: the headline figure's name in `result()`.
        title: for people, in a word or three.
        question: what it answers, one sentence.
        optimum: the headline figure of a result without fault.
        good: at least as good as this is good.
        fair: at least as good as this is fair, all else poor. Above `good` where less is better.
        unit: after the figure, such as "px".
        source_key: name in `result()` of the source's own figure, "" where the headline is a ratio to it.
        control_key: likewise of the energy-matched control.
        floor_key: likewise of the style itself, split by picture.
        sampled: fed with a dozen frames spread over the clip, else with every frame in order.
        least_frames: fewer give no figure.
        needs: names of `Metric`'s arguments that must be there, of `Material`'s fields.
        uses: those that are passed on where they are there.
    """

    key: str
    title: str
    question: str
    optimum: float
    good: float
    fair: float
    unit: str = ""
    source_key: str = ""
    control_key: str = ""
    floor_key: str = ""
    sampled: bool = False
    least_frames: int = 1
    needs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()

    @property
    def less_is_better(self) -> bool:
        """Whether figures fall towards the optimum."""
        return self.good < self.fair

    def verdict(self, value: float) -> Verdict:
        """A word for a headline figure; "unknown" for NaN."""
        if math.isnan(value):
            return "unknown"
        sign = 1 if self.less_is_better else -1
        if sign * value <= sign * self.good:
            return "good"
        return "fair" if sign * value <= sign * self.fair else "poor"


class VideoMetric(Protocol):
    """A frozen protocol as a running judge: frames go in, figures come out."""

    name: str
    optimum: float

    def update(self, source: np.ndarray, stylized: np.ndarray) -> None:
        """Take a frame, (H, W, 3) uint8 RGB, and its stylised counterpart."""
        ...

    def result(self) -> dict[str, float]:
        """Every figure by name; NaN where there was nothing to measure."""
        ...


@dataclass(frozen=True)
class Material:
    """What metrics may need beside the frames; None is what nobody gave.

    Attributes:
        critic: trained, for `style_likeness`.
        style: patches of the style's pictures on every level, for the distances.
        energies: (3,) mean band energies of the style, for the control.
        floor: distance on every level between two halves of the style, split by picture.
        features: a network of the user's, for FID and KID.
        style_features: (N, D) features of the style's pictures under it.
        run_frames_per_second: pace of the run that made the result.
        source_frames_per_second: pace of the source.
        motion: flow and reduced frames, shared by the metrics of one pass.
    """

    critic: Critic | None = None
    style: Sequence[np.ndarray] | None = None
    energies: np.ndarray | None = None
    floor: Sequence[float] | None = None
    features: FeatureNetwork | None = None
    style_features: np.ndarray | None = None
    run_frames_per_second: float | None = None
    source_frames_per_second: float | None = None
    motion: Motion | None = None

    def arguments(self, facts: Facts) -> dict[str, Any] | None:
        """What to construct a metric with, or None where something that it needs is absent."""
        if any(getattr(self, name) is None for name in facts.needs):
            return None
        found = {name: getattr(self, name) for name in (*facts.needs, *facts.uses)}
        return {name: value for name, value in found.items() if value is not None}
