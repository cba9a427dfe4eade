"""What an evaluation says: plain facts that a table, a report and a machine can read."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from stylereel.metrics._facts import Facts, Verdict


@dataclass(frozen=True)
class Finding:
    """One metric's headline figure.

    Attributes:
        metric: name of the protocol, its file in `metrics/`.
        key: name of the figure.
        title: for people.
        question: what it answers.
        value: the figure, NaN where there was nothing to measure.
        unit: after the figure.
        verdict: "good", "fair", "poor" or "unknown".
        optimum: of a result without fault.
        good: at least as good as this is good.
        fair: at least as good as this is fair.
        source: the source's own figure, None where the figure is a ratio to it.
        control: that of the source with its bands scaled to the style's energy, None where it has none.
        floor: that of the style itself, split by picture, None where it has none.
    """

    metric: str
    key: str
    title: str
    question: str
    value: float
    unit: str
    verdict: Verdict
    optimum: float
    good: float
    fair: float
    source: float | None = None
    control: float | None = None
    floor: float | None = None

    @classmethod
    def of(cls, metric: str, facts: Facts, figures: dict[str, float]) -> Finding:
        """Read a metric's `result()` by what it tells of itself."""
        value = figures.get(facts.key, float("nan"))
        return cls(
            metric,
            facts.key,
            facts.title,
            facts.question,
            value,
            facts.unit,
            facts.verdict(value),
            facts.optimum,
            facts.good,
            facts.fair,
            figures.get(facts.source_key),
            figures.get(facts.control_key),
            figures.get(facts.floor_key),
        )

    @property
    def less_is_better(self) -> bool:
        """Whether figures fall towards the optimum."""
        return self.good < self.fair


@dataclass(frozen=True)
class Curve:
    """A metric over the frames.

    Attributes:
        metric: name of the protocol.
        title: for people.
        frames: of the points, counted from the first that is compared.
        output: a value per point.
        source: the source's own, empty where there is none.
    """

    metric: str
    title: str
    frames: tuple[float, ...]
    output: tuple[float, ...]
    source: tuple[float, ...] = ()


@dataclass(frozen=True)
class WorstPair:
    """A moment where the result boils most; pictures are JPEG.

    Attributes:
        frame: the first of the two, counted from the first that is compared.
        seconds: its time in the source.
        error: warping error of the result.
        error_source: that of the source.
        source: the whole frame of the source, the enlarged part marked.
        first: the enlarged part of the result.
        second: the same, a frame later.
        difference: what is left between the two after the source's motion, where the flow can be trusted.
    """

    frame: int
    seconds: float
    error: float
    error_source: float
    source: bytes
    first: bytes
    second: bytes
    difference: bytes


@dataclass(frozen=True)
class Moment:
    """A frame of the source and of the result, small; JPEG."""

    seconds: float
    source: bytes
    stylized: bytes


@dataclass(frozen=True)
class LeftOut:
    """A metric that was not measured, and why."""

    metric: str
    title: str
    why: str


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` found.

    Attributes:
        source: what was compared with.
        stylized: what was judged.
        frames: compared.
        width: of the result, pixels.
        height: of the result, pixels.
        frame_rate: of the source, frames per second.
        findings: a headline figure per metric.
        figures: every figure of every metric by name.
        left_out: metrics that could not be measured.
        curves: of metrics that look at every frame.
        worst: pairs that boil most, the worst first.
        moments: frames of both, spread over the clip.
        notices: sentences for the user.
        elapsed_seconds: of the evaluation.
    """

    source: str
    stylized: str
    frames: int
    width: int
    height: int
    frame_rate: float
    findings: tuple[Finding, ...]
    figures: dict[str, float]
    left_out: tuple[LeftOut, ...] = ()
    curves: tuple[Curve, ...] = ()
    worst: tuple[WorstPair, ...] = ()
    moments: tuple[Moment, ...] = ()
    notices: tuple[str, ...] = ()
    elapsed_seconds: float = field(default=0.0, compare=False)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON: no pictures, and None where a figure is not known."""
        found = asdict(self)
        found.pop("moments")
        for pair in found["worst"]:
            for picture in ("source", "first", "second", "difference"):
                pair.pop(picture)
        return _without_nan(found)


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nan(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
