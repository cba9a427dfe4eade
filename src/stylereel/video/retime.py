"""Brings frames to a constant rate: what comes too soon is left out, what stays longer is repeated."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
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


def at_rate(frames: Iterator[Frame], rate: Fraction, usual: Fraction) -> Iterator[Frame]:
    """Frames at every tick of `1 / rate` seconds, each the one whose own time, rounded to a tick, came last.

    So no frame is shown more than half a tick from its time, and sound stays where it was. A repeated frame
    is the same arrays again. One frame is held back.

    Args:
        frames: in order of time.
        rate: frames per second.
        usual: the source's own frame rate, which says how long the last frame stays if nothing else does.
    """
    held: Frame | None = None
    tick = given = jumped = 0
    for frame in frames:
        at = math.floor(frame.pts * frame.time_base * rate + Fraction(1, 2)) - jumped
        if held is None:
            tick = at
        else:
            furthest = tick + math.ceil(_LONGEST_STILL_SECONDS * rate)
            jumped += max(0, at - furthest)
            at = min(at, furthest)
            for shown in range(tick, at):
                given += 1
                yield _at(held, shown, rate)
            tick = max(tick, at)
        held = frame
    if held is not None:
        stays = held.duration * held.time_base or 1 / usual
        last = math.floor((held.pts * held.time_base + stays) * rate + Fraction(1, 2)) - jumped
        last = min(last, tick + math.ceil(_LONGEST_STILL_SECONDS * rate))
        for shown in range(tick, last if given else max(last, tick + 1)):
            yield _at(held, shown, rate)


def _at(frame: Frame, tick: int, rate: Fraction) -> Frame:
    return replace(frame, pts=tick, time_base=1 / rate, duration=1)
