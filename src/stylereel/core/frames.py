"""The one thing that flows through Stylereel: pixels that never travel without their exact time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np


@dataclass(frozen=True)
class Frame:
    """One upright frame and its exact time.

    Attributes:
        pixels: `(H, W, 3)` uint8, RGB, full range, the transfer of ordinary SDR video.
        pts: presentation time in ticks of `time_base`, counted from the start of the output.
        time_base: seconds per tick.
        duration: ticks this frame stays on screen, or 0 when the container does not say.
        concealed: True where a damaged stretch was bridged by repeating the last good frame.
        deep: `(H, W, 3)` uint16 RGB whose peak is `pixels.DEEP_PEAK`, where more than 8 bits are kept;
            `pixels` is its rounding. None elsewhere.
        alpha: `(H, W)` uint16 opacity with the same peak, where transparency is kept: `pixels` are then
            straight, not mixed with anything. None where all is opaque.
        mask: `(H, W)` uint16 with the same peak: how much of the look is laid over each pixel; 0 leaves what
            is outside of the look. None where nobody masks, and the look is laid over all.
    """

    pixels: np.ndarray
    pts: int
    time_base: Fraction
    duration: int = 0
    concealed: bool = False
    deep: np.ndarray | None = None
    alpha: np.ndarray | None = None
    mask: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.pixels.ndim != 3 or self.pixels.shape[2] != 3 or self.pixels.dtype != np.uint8:
            raise ValueError(
                f"a Frame holds (H, W, 3) uint8 RGB, got {self.pixels.shape} {self.pixels.dtype}"
            )

    @property
    def seconds(self) -> float:
        """Time in seconds: for people and comparisons, never for muxing."""
        return float(self.pts * self.time_base)

    @property
    def is_masked_whole(self) -> bool:
        """True where the mask lets nothing of the look through."""
        return self.mask is not None and not self.mask.any()

    def with_pixels(self, pixels: np.ndarray) -> Frame:
        """The same moment with other pixels, of 8 bits and any size; opacity and mask stay where it does."""
        is_same_size = pixels.shape[:2] == self.pixels.shape[:2]
        alpha, mask = (self.alpha, self.mask) if is_same_size else (None, None)
        return replace(self, pixels=pixels, deep=None, alpha=alpha, mask=mask)

    def __repr__(self) -> str:
        height, width = self.pixels.shape[:2]
        return f"Frame({width}x{height}, pts={self.pts}, time_base={self.time_base})"


FrameBatch = list[Frame]
Stage = Callable[[Iterator[FrameBatch]], Iterator[FrameBatch]]
