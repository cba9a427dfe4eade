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
    """

    pixels: np.ndarray
    pts: int
    time_base: Fraction
    duration: int = 0
    concealed: bool = False
    deep: np.ndarray | None = None
    alpha: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.pixels.ndim != 3 or self.pixels.shape[2] != 3 or self.pixels.dtype != np.uint8:
            raise ValueError(
                f"a Frame holds (H, W, 3) uint8 RGB, got {self.pixels.shape} {self.pixels.dtype}"
            )

    @property
    def seconds(self) -> float:
        """Time in seconds: for people and comparisons, never for muxing."""
        return float(self.pts * self.time_base)

    def with_pixels(self, pixels: np.ndarray) -> Frame:
        """The same moment with other pixels, of 8 bits and any size; opacity stays where the size does."""
        alpha = self.alpha if pixels.shape[:2] == self.pixels.shape[:2] else None
        return replace(self, pixels=pixels, deep=None, alpha=alpha)

    def __repr__(self) -> str:
        height, width = self.pixels.shape[:2]
        return f"Frame({width}x{height}, pts={self.pts}, time_base={self.time_base})"


FrameBatch = list[Frame]
Stage = Callable[[Iterator[FrameBatch]], Iterator[FrameBatch]]
