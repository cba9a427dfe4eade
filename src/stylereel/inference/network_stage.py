"""The stage that lays a look over frames."""

from __future__ import annotations

from collections.abc import Iterator

from stylereel.core.frames import Frame, FrameBatch, Stage
from stylereel.inference.painter import Painter, PainterState


def network_stage(painter: Painter) -> Stage:
    """A stage that stylises every frame; order, count and times out are those that came in."""

    def stage(batches: Iterator[FrameBatch]) -> Iterator[FrameBatch]:
        state = PainterState()
        for batch in batches:
            stylized: list[Frame] = []
            for frame in batch:
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
