"""The stage that lays a look over live frames, and another one from any frame on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from stylereel.core.frames import Frame, FrameBatch, Stage
from stylereel.inference.painter import Look, Painter, PainterState
from stylereel.inference.runner import Runner
from stylereel.temporal.stabilizer import Stabilizer


@dataclass(frozen=True)
class Brush:
    """What a live frame is painted with.

    Attributes:
        runner: a network that is loaded, and has run at this size before: its first run would be a stall.
        look: strength, colours and scale.
        stabilize: how much a frame leans on the one before, 0 to 1.
    """

    runner: Runner
    look: Look
    stabilize: float = 0.0

    def is_same(self, other: Brush) -> bool:
        """A frame comes out the same from both, also where what steers the network is compared."""
        return self == other and self.look.is_same(other.look)


def live_stage(
    brush_of: Callable[[Frame], Brush],
    took: Callable[[float, float], object] = lambda seconds, scale: None,
    clock: Callable[[], float] = time.monotonic,
) -> Stage:
    """A stage that asks before every frame what to paint it with; one frame out for each in, none ahead.

    What a frame knows of those before it stays when strength or colours change. With another network or
    size the places of anchors stay where they can, and the stabiliser begins anew. Frames of another size
    than those before begin anew altogether.

    Args:
        brush_of: asked before each frame; answers at once.
        took: told, after each frame, the seconds that it took and the scale that it was painted at.
        clock: seconds.
    """

    def stage(batches: Iterator[FrameBatch]) -> Iterator[FrameBatch]:
        painter, brush, state = None, None, PainterState()
        shape: tuple[int, ...] = ()
        for batch in batches:
            painted = []
            for frame in batch:
                began = clock()
                wanted = brush_of(frame)
                if frame.pixels.shape != shape:
                    shape, state = frame.pixels.shape, PainterState()
                if painter is None or brush is None or not wanted.is_same(brush):
                    painter = _painter_of(wanted)
                    if brush is not None:
                        state = _carried_over(state, brush, wanted)
                    brush = wanted
                pixels, state = painter.next(frame.pixels, state)
                painted.append(frame.with_pixels(pixels))
                if not wanted.look.leaves_source:
                    took(clock() - began, wanted.look.scale)
            yield painted

    return stage


def _painter_of(brush: Brush) -> Painter:
    return Painter(brush.runner, brush.look, Stabilizer(brush.stabilize) if brush.stabilize else None)


def _carried_over(state: PainterState, before: Brush, now: Brush) -> PainterState:
    if before.runner is not now.runner or before.look.scale != now.look.scale:
        return replace(state, runner=None, stabilizer=None)
    return state if now.stabilize else replace(state, stabilizer=None)
