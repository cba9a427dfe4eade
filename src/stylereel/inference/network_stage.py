"""The stage that lays a look over frames."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from stylereel.core.frames import Frame, FrameBatch, Stage
from stylereel.inference.ahead import ahead
from stylereel.inference.painter import Painter, PainterState, Sight
from stylereel.inference.runner import State
from stylereel.temporal.anchor_track import AnchorTrack
from stylereel.temporal.follower import FollowState

_PROBED_ROWS = 37
"""Every so many rows tell most frames apart; only the others are compared whole."""


Keeper = Callable[[PainterState], object]
"""Takes what a frame needs to know of those before it."""


def network_stage(
    painter: Painter,
    *,
    start: PainterState | None = None,
    before_each: Callable[[Frame], Keeper | None] | None = None,
    lanes: int = 1,
) -> Stage:
    """A stage that stylises every frame; order, count and times out are those that came in.

    A frame that is the one before it again, as in a slide show, a screen recording or a film brought to a
    higher rate, gets the result of that one, unless the look has moved on. Motion is looked for in a
    thread of its own, while the network is at the frame before. Where a frame's mask hides all of the look
    the network is not run; the frame stays as it is, and the stabiliser begins anew after it.

    Args:
        painter: lays the look over a frame.
        start: what the first frame needs to know of those before it; None where there are none.
        before_each: asked before each frame, from that thread; gives what takes the state, where that must be
            all that the frame is made from, so that it comes out the same when a run begins there.
        lanes: how many frames the network may be at, at a time; above 1 it must keep no state, and as many
            results are held back.
    """

    def stage(batches: Iterator[FrameBatch]) -> Iterator[FrameBatch]:
        state = start or PainterState()
        glances = _glances(painter, batches, state, before_each)
        if painter.follows:
            glances = ahead(glances)
        painted = (
            _in_turn(painter, glances, state.runner) if lanes == 1 else _at_once(painter, glances, lanes)
        )
        stabilizer_state, pixels = state.stabilizer, None
        for glance, stylized, runner_state in painted:
            if glance.keeper is not None:
                glance.keeper(PainterState(runner_state, glance.motion, glance.track, stabilizer_state))
            if glance.is_hidden:
                pixels, stabilizer_state = glance.frame.pixels, None
            elif glance.sight is not None and stylized is not None:
                pixels, stabilizer_state = painter.finished(
                    glance.frame.pixels, glance.sight, stylized, stabilizer_state
                )
            assert pixels is not None
            yield [glance.frame.with_pixels(pixels)]

    return stage


@dataclass(frozen=True)
class _Glance:
    """A frame that was looked at.

    Attributes:
        frame: the source.
        sight: None where it is the frame before it again.
        is_hidden: nothing of the look will be seen, so that the network need not run.
        motion, track: of the frame before.
        keeper: takes the state that the frame is made from.
    """

    frame: Frame
    sight: Sight | None
    motion: FollowState | None
    track: AnchorTrack | None
    keeper: Keeper | None
    is_hidden: bool = False


def _glances(
    painter: Painter,
    batches: Iterator[FrameBatch],
    state: PainterState,
    before_each: Callable[[Frame], Keeper | None] | None,
) -> Iterator[_Glance]:
    motion, track, last, look_of_last = state.motion, state.anchors, None, None
    for frame in itertools.chain.from_iterable(batches):
        keeper = before_each(frame) if before_each is not None else None
        look = painter.look_for(frame)
        is_again = keeper is None and look.is_same(look_of_last)
        if is_again and last is not None and is_same(frame.pixels, last):
            yield _Glance(frame, None, motion, track, None)
            continue
        sight = painter.look_at(frame.pixels, motion, track, look)
        is_hidden = frame.is_masked_whole
        yield _Glance(frame, sight, motion, track, keeper, is_hidden)
        motion, track, last = sight.motion, sight.track, None if is_hidden else frame.pixels
        look_of_last = look


_Painted = tuple[_Glance, np.ndarray | None, State]
"""What the network made of a glance that has a sight, and the runner's state before it."""


def _in_turn(painter: Painter, glances: Iterator[_Glance], state: State) -> Iterator[_Painted]:
    for glance in glances:
        before, stylized = state, None
        if glance.sight is not None and not glance.is_hidden:
            stylized, state = painter.stylized(glance.sight, state)
        yield glance, stylized, before


def _at_once(painter: Painter, glances: Iterator[_Glance], lanes: int) -> Iterator[_Painted]:
    """In order, with one more waiting than the network is at, so that none of its lanes ever waits."""
    waiting: deque[tuple[_Glance, Future[tuple[np.ndarray, State]] | None]] = deque()

    def oldest() -> _Painted:
        glance, future = waiting.popleft()
        return glance, None if future is None else future.result()[0], None

    pool = ThreadPoolExecutor(lanes, "stylereel-network")
    try:
        for glance in glances:
            sight = None if glance.is_hidden else glance.sight
            waiting.append((glance, None if sight is None else pool.submit(painter.stylized, sight, None)))
            if len(waiting) > lanes:
                yield oldest()
        while waiting:
            yield oldest()
    finally:
        pool.shutdown(cancel_futures=True)


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
            yield [
                frame if frame.is_masked_whole else frame.with_pixels(painter.still(frame.pixels))
                for frame in batch
            ]

    return stage
