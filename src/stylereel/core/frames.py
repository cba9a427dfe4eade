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
    """

    pixels: np.ndarray
    pts: int
    time_base: Fraction
    duration: int = 0
    concealed: bool = False

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
        """The same moment with other pixels (of any size)."""
        return replace(self, pixels=pixels)

    def __repr__(self) -> str:
        height, width = self.pixels.shape[:2]
        return f"Frame({width}x{height}, pts={self.pts}, time_base={self.time_base})"


FrameBatch = list[Frame]
Stage = Callable[[Iterator[FrameBatch]], Iterator[FrameBatch]]
