"""Distance between the colours and broad tones of a result and of its style.

The sliced Wasserstein distance of `_patches` (Rabin et al. 2011) on the low-pass rest of the pyramid, an
eighth of the size: 7x7 RGB patches there, 6,000 of them, 256 projections, L1 between quantiles, in steps of
1/255. `color_ratio` is the output's distance over the source's own. Over several clips: the sum of the
distances over the sum of the sources' own. A look that keeps the source's colours stays at 1, by intention.
Optimum: 0, in practice `color_ratio_floor`, what two halves of the style (split by picture) score.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from stylereel.metrics import _patches
from stylereel.metrics._facts import Facts

LEVELS = _patches.LEVELS[-1:]
FACTS = Facts(
    key="color_ratio",
    title="colours",
    question="How far are the colours from the style's? The source itself is at 1.",
    optimum=0.0,
    good=0.65,
    fair=0.9,
    unit="x",
    source_key="color_ratio_source",
    control_key="color_ratio_control",
    floor_key="color_ratio_floor",
    sampled=True,
    needs=("style",),
    uses=("energies", "floor"),
)


class Metric(_patches.Distances):
    """Gathers up to a dozen frames, to compare with the style at the end."""

    name = "color_distance"
    optimum = FACTS.optimum

    def __init__(
        self,
        style: Sequence[np.ndarray],
        energies: np.ndarray | None = None,
        floor: Sequence[float] | None = None,
    ) -> None:
        """As `texture_distance.Metric`."""
        super().__init__(LEVELS, style, energies, floor)

    def result(self, word: str = "color") -> dict[str, float]:
        """`color_distance` and `color_ratio` of the output and of its references."""
        return super().result(word)


def pooled(results: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Figures of several clips together, from the result of each."""
    return _patches.pooled("color", results)
