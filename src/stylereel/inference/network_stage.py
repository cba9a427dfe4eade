"""The stage that lays a look over frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from stylereel.core.frames import Frame, FrameBatch, Stage
from stylereel.inference.painter import Painter, PainterState


def network_stage(
    painter: Painter,
    *,
    start: PainterState | None = None,
    before_each: Callable[[PainterState], None] | None = None,
) -> Stage:
    """A stage that stylises every frame; order, count and times out are those that came in.

    Args:
        painter: lays the look over a frame.
        start: what the first frame needs to know of those before it; None where there are none.
        before_each: told, before each frame, what that frame needs to know.
    """

    def stage(batches: Iterator[FrameBatch]) -> Iterator[FrameBatch]:
        state = start or PainterState()
        for batch in batches:
            stylized: list[Frame] = []
            for frame in batch:
                if before_each is not None:
                    before_each(state)
                pixels, state = painter.next(frame.pixels, state)
                stylized.append(frame.with_pixels(pixels))
            yield stylized

    return stage


def picture_stage(painter: Painter) -> Stage:
    """A stage that stylises each frame by itself: for pictures that have nothing to do with each other."""

    def stage(batches: Iterator[FrameBatch]) -> Iterator[FrameBatch]:
        for batch in batches:
            yield [frame.with_pixels(painter.still(frame.pixels)) for frame in batch]

    return stage
