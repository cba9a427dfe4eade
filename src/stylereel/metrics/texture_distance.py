"""Distance between the small textures of a result and of its style, without regard to palette or composition.

The sliced Wasserstein distance of `_patches` (Rabin et al. 2011; Karras et al. 2018), summed over the three
band-pass levels: 7x7 RGB patches, 6,000 a level, 256 projections, L1 between quantiles, in steps of 1/255.
`texture_ratio` is the output's distance over the source's own. Over several clips: the sum of the distances
over the sum of the sources' own.

Scaling the source's bands to the style's energy alone halves this distance, so never read it without the row
of the energy-matched control (`texture_ratio_control`); `style_likeness` is the stricter judge. Optimum: 0,
in practice `texture_ratio_floor`, what two halves of the style (split by picture, never by tile) score.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from stylereel.metrics import _patches
from stylereel.metrics._facts import Facts
from stylereel.metrics._patches import distance
from stylereel.metrics._style_set import style_patches

__all__ = ["FACTS", "Metric", "distance", "gather", "pooled", "style_patches"]

LEVELS = _patches.LEVELS[:-1]
FACTS = Facts(
    key="texture_ratio",
    title="texture",
    question="How far is the small texture from the style's? The source itself is at 1.",
    optimum=0.0,
    good=0.5,
    fair=0.75,
    unit="x",
    source_key="texture_ratio_source",
    control_key="texture_ratio_control",
    floor_key="texture_ratio_floor",
    sampled=True,
    needs=("style",),
    uses=("energies", "floor"),
)


class Metric(_patches.Distances):
    """Gathers up to a dozen frames (`style_likeness.chosen_frames`), to compare with the style at the end."""

    name = "texture_distance"
    optimum = FACTS.optimum

    def __init__(
        self,
        style: Sequence[np.ndarray],
        energies: np.ndarray | None = None,
        floor: Sequence[float] | None = None,
    ) -> None:
        """Take what the style's pictures say.

        Args:
            style: patches from `style_patches`.
            energies: (3,) the style's mean band energies, for the control.
            floor: distance of two halves of the style on every level.
        """
        super().__init__(LEVELS, style, energies, floor)

    def result(self, word: str = "texture") -> dict[str, float]:
        """`texture_distance` and `texture_ratio` of the output and of its references."""
        return super().result(word)


def gather(pictures: Sequence[np.ndarray], seed: int = 0) -> list[np.ndarray]:
    """Patches of pictures in memory, (H, W, 3) uint8 RGB, as `style_patches` gives them of files."""
    return _patches.gather(pictures, len(pictures), seed)


def pooled(results: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Figures of several clips together, from the result of each."""
    return _patches.pooled("texture", results)
