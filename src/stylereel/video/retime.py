"""Brings frames to a constant rate: what comes too soon is left out, what stays longer is repeated."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from stylereel.core.frames import Frame
from stylereel.video.info import SourceInfo

_LONGEST_STILL_SECONDS = 3600  # a clock that jumps further is broken, and not to be filled with frames


def info_at_rate(info: SourceInfo, rate: Fraction) -> SourceInfo:
    """The source as its frames come out of `at_rate`."""
    count = None if info.duration_seconds is None else max(1, round(info.duration_seconds * rate))
    return replace(
        info,
        frame_rate=rate,
        time_base=1 / rate,
        is_variable_rate=False,
        frame_count_estimate=count,
        has_exact_rate=True,
    )


@dataclass(frozen=True)
class Place:
    """Where `at_rate` stands before a frame that it gives.

    Attributes:
        taken: frames of the source that came before the one that is shown.
        tick: at which the shown one begins.
        shown: how often it was given by now.
        jumped: ticks that a broken clock is ahead.
        given: some frame was given before the shown one.
    """

    taken: int = 0
    tick: int = 0
    shown: int = 0
    jumped: int = 0
    given: bool = False


def at_rate(
    frames: Iterator[Frame],
    rate: Fraction,
    usual: Fraction,
    *,
    start: Place | None = None,
    tell: Callable[[Place], object] | None = None,
) -> Iterator[Frame]:
    """Frames at every tick of `1 / rate` seconds, each the one whose own time, rounded to a tick, came last.

    So no frame is shown more than half a tick from its time, and sound stays where it was. A repeated frame
    is the same arrays again. One frame is held back.

    Args:
        frames: in order of time.
        rate: frames per second.
        usual: the source's own frame rate, which says how long the last frame stays if nothing else does.
        start: where to go on; `frames` are then those after the first `start.taken`. None begins.
        tell: called with the place of each frame before it is given: begun there, it is the first.
    """
    held: Frame | None = None
    place = start or Place()
    furthest_ticks = math.ceil(_LONGEST_STILL_SECONDS * rate)
    for frame in frames:
        moment = _tick(frame.pts * frame.time_base, rate)
        if held is None:
            held, place = frame, start or Place(tick=moment)
            continue
        late = max(0, moment - place.jumped - place.tick - furthest_ticks)
        until = moment - place.jumped - late
        yield from _shown(held, place, until, rate, tell)
        held, place = (
            frame,
            replace(
                place,
                taken=place.taken + 1,
                tick=max(place.tick, until),
                shown=0,
                jumped=place.jumped + late,
                given=place.given or until > place.tick,
            ),
        )
    if held is not None:
        stays = held.duration * held.time_base or 1 / usual
        last = _tick(held.pts * held.time_base + stays, rate) - place.jumped
        last = min(last, place.tick + furthest_ticks)
        yield from _shown(held, place, last if place.given else max(last, place.tick + 1), rate, tell)


def _tick(seconds: Fraction, rate: Fraction) -> int:
    return math.floor(seconds * rate + Fraction(1, 2))


def _shown(
    frame: Frame, place: Place, until: int, rate: Fraction, tell: Callable[[Place], object] | None
) -> Iterator[Frame]:
    for tick in range(place.tick + place.shown, until):
        if tell is not None:
            tell(replace(place, shown=tick - place.tick))
        yield replace(frame, pts=tick, time_base=1 / rate, duration=1)
