"""A decoded picture before it has a time: 8 bits for the network, and what else is kept of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from stylereel.core import pixels
from stylereel.core.frames import Frame
from stylereel.video.orientation import Orientation

BACKDROP = 255
"""Grey level that transparent areas are laid over: white, as viewers of pictures and GIFs do."""


@dataclass(frozen=True)
class Wanted:
    """What a reader keeps beside 8-bit RGB.

    Attributes:
        deep: more than 8 bits of colour.
        alpha: transparency; without it, transparent areas are laid over `BACKDROP`.
    """

    deep: bool = False
    alpha: bool = False


PLAIN = Wanted()


@dataclass(frozen=True)
class Picture:
    """Pixels without a time; the fields are those of `Frame`.

    Attributes:
        pixels: `(H, W, 3)` uint8 RGB.
        deep: `(H, W, 3)` uint16 RGB with peak `DEEP_PEAK`, or None.
        alpha: `(H, W)` uint16 with the same peak, or None.
        bits: of the source's components, 8..16.
        was_clear: transparent areas were laid over `BACKDROP`.
        mask: `(H, W)` uint16 with the same peak, or None.
    """

    pixels: np.ndarray
    deep: np.ndarray | None = None
    alpha: np.ndarray | None = None
    bits: int = 8
    was_clear: bool = False
    mask: np.ndarray | None = None

    @classmethod
    def of(cls, rgb: np.ndarray, opacity: np.ndarray | None, bits: int, wanted: Wanted) -> Picture:
        """From what was decoded.

        Args:
            rgb: `(H, W, 3)` uint8, or uint16 with peak `DEEP_PEAK`.
            opacity: `(H, W)` uint16 with peak `DEEP_PEAK`, or None.
            bits: of the source's components.
            wanted: what is kept.
        """
        was_clear = False
        if opacity is not None and wanted.alpha:
            rgb = pixels.fill_clear(rgb, opacity)
        elif opacity is not None and int(opacity.min()) < pixels.DEEP_PEAK:
            was_clear = True
            rgb = pixels.lay_over(rgb, opacity, BACKDROP)
        deep = None
        if wanted.deep:
            deep = rgb if rgb.dtype == np.uint16 else pixels.to_deep(rgb, 8)
        small = rgb if rgb.dtype == np.uint8 else pixels.to_uint8(rgb)
        return cls(small, deep, opacity if wanted.alpha else None, bits, was_clear)

    def fitted(self, max_side: int | None) -> Picture:
        """Scaled down by area averaging until the longer side is at most `max_side`."""
        height, width = self.pixels.shape[:2]
        return self.resized(*pixels.fitted_size(width, height, max_side))

    def resized(self, width: int, height: int) -> Picture:
        """At another size."""
        if self.pixels.shape[1::-1] == (width, height):
            return self
        deep = None if self.deep is None else pixels.resize(self.deep, width, height)
        deep = None if deep is None else np.minimum(deep, pixels.DEEP_PEAK)
        small = pixels.resize(self.pixels, width, height) if deep is None else pixels.to_uint8(deep)
        alpha, mask = (_resized(plane, width, height) for plane in (self.alpha, self.mask))
        return replace(self, pixels=small, deep=deep, alpha=alpha, mask=mask)

    def cropped(self, x: int, y: int, width: int, height: int) -> Picture:
        """The part whose top left corner lies at `(x, y)`, as copies that keep nothing else alive."""
        part = (slice(y, y + height), slice(x, x + width))
        return self._each(lambda plane: np.ascontiguousarray(plane[part]))

    def upright(self, orientation: Orientation) -> Picture:
        """Turned as `orientation` says."""
        return self._each(lambda plane: np.ascontiguousarray(orientation.apply(plane)))

    def padded(self, left: int, top: int, width: int, height: int) -> Picture:
        """On a black, opaque canvas of `(width, height)`, with its top left corner at `(left, top)`."""

        def on_canvas(plane: np.ndarray, level: int = 0) -> np.ndarray:
            canvas = np.full((height, width, *plane.shape[2:]), level, plane.dtype)
            canvas[top : top + plane.shape[0], left : left + plane.shape[1]] = plane
            return canvas

        alpha = None if self.alpha is None else on_canvas(self.alpha, pixels.DEEP_PEAK)
        return replace(self._each(on_canvas), alpha=alpha)

    def _each(self, change) -> Picture:
        return replace(
            self,
            pixels=change(self.pixels),
            deep=None if self.deep is None else change(self.deep),
            alpha=None if self.alpha is None else change(self.alpha),
            mask=None if self.mask is None else change(self.mask),
        )

    @classmethod
    def of_frame(cls, frame: Frame) -> Picture:
        """A frame's pixels."""
        return cls(frame.pixels, frame.deep, frame.alpha, mask=frame.mask)

    def at_the_time_of(self, frame: Frame) -> Frame:
        """The frame with these pixels."""
        return replace(frame, pixels=self.pixels, deep=self.deep, alpha=self.alpha, mask=self.mask)


def _resized(plane: np.ndarray | None, width: int, height: int) -> np.ndarray | None:
    """A plane of uint16 with peak `DEEP_PEAK` at another size."""
    return None if plane is None else np.minimum(pixels.resize(plane, width, height), pixels.DEEP_PEAK)
