"""The stage that lays a look over frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from stylereel.core.frames import Frame, FrameBatch, Stage
from stylereel.inference.painter import Painter, PainterState

_PROBED_ROWS = 37
"""Every so many rows tell most frames apart; only the others are compared whole."""


def network_stage(
    painter: Painter,
    *,
    start: PainterState | None = None,
    before_each: Callable[[PainterState], bool] | None = None,
) -> Stage:
    """A stage that stylises every frame; order, count and times out are those that came in.

    A frame that is the one before it again, as in a slide show, a screen recording or a film brought to a
    higher rate, gets the result of that one.

    Args:
        painter: lays the look over a frame.
        start: what the first frame needs to know of those before it; None where there are none.
        before_each: told, before each frame, what that frame needs to know; True where that must be all that
            the frame is made from, so that it comes out the same when a run begins there.
    """

    def stage(batches: Iterator[FrameBatch]) -> Iterator[FrameBatch]:
        state = start or PainterState()
        last: tuple[np.ndarray, np.ndarray] | None = None
        for batch in batches:
            stylized: list[Frame] = []
            for frame in batch:
                begins = before_each is not None and before_each(state)
                if begins or last is None or not is_same(frame.pixels, last[0]):
                    pixels, state = painter.next(frame.pixels, state)
                    last = frame.pixels, pixels
                stylized.append(frame.with_pixels(last[1]))
            yield stylized

    return stage


def is_same(first: np.ndarray, second: np.ndarray) -> bool:
    """Two frames have the same pixels."""
    if first is second:
        return True
    if first.shape != second.shape or not np.array_equal(first[::_PROBED_ROWS], second[::_PROBED_ROWS]):
        return False
    return np.array_equal(first, second)


def picture_stage(painter: Painter) -> Stage:
    """A stage that stylises each frame by itself: for pictures that have nothing to do with each other."""

    def stage(batches: Iterator[FrameBatch]) -> Iterator[FrameBatch]:
        for batch in batches:
            yield [frame.with_pixels(painter.still(frame.pixels)) for frame in batch]

    return stage
