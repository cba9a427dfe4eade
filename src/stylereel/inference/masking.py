"""Lays a look where a mask says, and the source or another look beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from stylereel.core.frames import Frame
from stylereel.core.pixels import DEEP_PEAK, to_deep, to_uint8
from stylereel.inference.compositing import blend_where
from stylereel.inference.painter import Painter, PainterState

FEATHER_OF_SHORT_SIDE = 0.01
"""How far a mask's edge is softened to each side where nobody says it."""


def feathered(frames: Iterator[Frame], feather_px: float | None) -> Iterator[Frame]:
    """Frames whose masks have soft edges; a mask that comes again as the same array leaves as the same one.

    Args:
        frames: with masks, at the size at which the look is laid over them.
        feather_px: see `soften`; None for `FEATHER_OF_SHORT_SIDE` of the frame.
    """
    hard: np.ndarray | None = None
    soft: np.ndarray | None = None
    for frame in frames:
        if frame.mask is not None and frame.mask is not hard:
            short = min(frame.mask.shape)
            hard = frame.mask
            soft = soften(hard, short * FEATHER_OF_SHORT_SIDE if feather_px is None else feather_px)
        yield replace(frame, mask=None if frame.mask is None else soft)


def soften(mask: np.ndarray, feather_px: float) -> np.ndarray:
    """A mask whose edges rise smoothly, from `feather_px` outside to as far inside; beyond it is as it was.

    Two box filters, so that a wide feather takes no longer than a narrow one.

    Args:
        mask: `(H, W)` uint16.
        feather_px: rounded; 0 leaves the mask itself.
    """
    reach = round(feather_px)
    for radius in (reach - reach // 2, reach // 2):
        if radius:
            sides = (min(2 * radius + 1, 2 * side - 1) for side in mask.shape[::-1])
            width, height = sides
            mask = cv2.blur(mask, (width, height), borderType=cv2.BORDER_REPLICATE)
    return mask


@dataclass(frozen=True)
class MaskedLook:
    """Lets the look be seen where the mask is white; a finisher, whose state is that of the painter outside.

    Attributes:
        outside: paints what is seen where the mask is black; None leaves the source there, bit for bit, also
            at more than 8 bits.
        alone: pictures have nothing to do with the ones before.
    """

    outside: Painter | None = None
    alone: bool = False

    def step(
        self, source: Frame, stylized: Frame, state: PainterState | None
    ) -> tuple[Frame, PainterState | None]:
        """The frame in both; its mask is done with."""
        mask = source.mask
        if mask is None:
            return stylized, state
        beside = source
        if self.outside is not None:
            beside, state = self._painted(self.outside, source, mask, state)
        return replace(_joined(beside, stylized, mask), mask=None), state

    def _painted(
        self, painter: Painter, source: Frame, mask: np.ndarray, state: PainterState | None
    ) -> tuple[Frame, PainterState | None]:
        if self.alone:
            return (source if _is_white(mask) else source.with_pixels(painter.still(source.pixels))), state
        before = state or PainterState()
        if _is_white(mask):  # the places of strokes travel on, also while none is seen
            sight = painter.look_at(source.pixels, before.motion, before.anchors)
            return source, PainterState(before.runner, sight.motion, sight.track, None)
        pixels, after = painter.next(source.pixels, before)
        return source.with_pixels(pixels), after


def _is_white(mask: np.ndarray) -> bool:
    return int(mask.min()) >= DEEP_PEAK


def _joined(outside: Frame, inside: Frame, mask: np.ndarray) -> Frame:
    """`inside` where the mask is white, at its depth."""
    if inside.deep is None:
        return replace(inside, pixels=blend_where(outside.pixels, inside.pixels, mask))
    deep = outside.deep if outside.deep is not None else to_deep(outside.pixels, 8)
    deep = blend_where(deep, inside.deep, mask)
    return replace(inside, deep=deep, pixels=to_uint8(deep))
