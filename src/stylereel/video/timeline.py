"""Where on the output's clock every moment of a stream falls."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from stylereel.core.errors import UsageError
from stylereel.video.decode import Decoded
from stylereel.video.info import SourceInfo
from stylereel.video.source import VideoSource

_LONGEST_BRIDGE_SECONDS = 10  # a longer hole is a jump of the clock, not lost frames
_FORGIVE_AFTER = 50  # moments lost in a row
_JUMP_BACK_SECONDS = 1  # further back than this the clock was set anew


@dataclass(frozen=True)
class Cut:
    """The part [start, end) of a source, in seconds on the player's clock; None is open."""

    start: Fraction | None = None
    end: Fraction | None = None

    @classmethod
    def checked(cls, start_seconds: float | None, end_seconds: float | None) -> Cut:
        """Exact times, to the microsecond, from what a user wrote; `UsageError` where they cannot be."""
        for name, value in (("start", start_seconds), ("end", end_seconds)):
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise UsageError(f"{name} must be 0 seconds or later, got {value}")
        start, end = (
            None if v is None else Fraction(round(v * 10**6), 10**6) for v in (start_seconds, end_seconds)
        )
        if end is not None and end <= (start or 0):
            raise UsageError(
                f"start must lie before end, got start {float(start or 0):.3f} s and end {float(end):.3f} s"
            )
        return cls(start, end)

    @property
    def is_cut(self) -> bool:
        """True where anything is left out."""
        return self.start is not None or self.end is not None

    def holds(self, seconds: Fraction) -> bool:
        """True inside the part."""
        return (self.start is None or seconds >= self.start) and (self.end is None or seconds < self.end)

    def __str__(self) -> str:
        end = "the end" if self.end is None else f"{float(self.end):.3f} s"
        return f"{float(self.start or 0):.3f} s and {end}"


@dataclass(frozen=True)
class Slot:
    """A frame to show: output pts and duration in ticks, and whether its own picture was lost."""

    pts: int
    duration: int
    is_lost: bool


class Timeline:
    """Repairs, fills and cuts the timestamps of one stream.

    Attributes:
        repaired: timestamps that were missing or ran backwards.
        reached_end: the stream's end was met, rather than the cut's.
    """

    def __init__(self, info: SourceInfo, cut: Cut) -> None:
        self._info = info
        self._cut = cut
        self._nominal = max(1, round(1 / (info.frame_rate * info.time_base)))
        self._first = self._ticks(cut.start)
        self._stop = self._ticks(cut.end)
        self._offset = 0
        if cut.start is not None:
            self._offset = round((info.origin_seconds + cut.start) / info.time_base)
        self._last: int | None = None
        self._shift = 0
        self._step = self._nominal
        self.repaired = 0
        self.reached_end = False

    def _ticks(self, seconds: Fraction | None) -> int | None:
        """First tick at or after a time on the player's clock."""
        if seconds is None:
            return None
        return math.ceil((self._info.origin_seconds + seconds) / self._info.time_base)

    def output_pts(self, pts: int) -> int:
        """Source ticks to output ticks."""
        return pts - self._offset

    def clock(self, pts: int) -> Fraction:
        """Output ticks to exact seconds on the player's clock, which a cut does not set back."""
        return (pts + self._offset) * self._info.time_base - self._info.origin_seconds

    @property
    def end_seconds(self) -> float:
        """Where the last moment so far ends, on the player's clock."""
        if self._last is None:
            return 0.0
        return float((self._last + self._step) * self._info.time_base - self._info.origin_seconds)

    def placed(self, source: VideoSource) -> Iterator[tuple[Decoded, list[Slot]]]:
        """Every moment with the slots that it fills; a moment before the cut fills none."""
        for moment in _forgiving_at_last(source, self._from_start(source)):
            pts = self._repair(moment, source)
            slots = [
                Slot(self.output_pts(at), self._nominal, True) for at in self._bridge(moment, pts, source)
            ]
            if self._stop is not None and pts >= self._stop:
                if slots:
                    yield Decoded(None, None, 0), slots
                return
            duration = moment.duration
            if self._stop is not None and duration:
                duration = min(duration, self._stop - pts)
            if self._first is None or pts >= self._first:
                slots.append(Slot(self.output_pts(pts), duration, moment.frame is None))
            self._last, self._step = pts, moment.duration or self._nominal
            yield moment, slots
        self.reached_end = True
        if self._ends_early(source):
            source.decoder.cut_short = True

    def _ends_early(self, source: VideoSource) -> bool:
        """The stream (not merely its container) was declared clearly longer than it came out."""
        declared = source.stream_duration
        if declared is None or self._last is None:
            return False
        end = (self._last + self._step - (source.stream.start_time or 0)) * self._info.time_base
        return declared - end > Fraction(1, 2) + 2 * self._nominal * self._info.time_base

    def _from_start(self, source: VideoSource) -> Iterator[Decoded]:
        """The stream's moments from a keyframe at or before the cut, or all of them."""
        at_start = self._first is None or self._first <= (source.stream.start_time or 0)
        if self._first is None or at_start or not source.can_rewind:
            return source.decoder.moments()
        if source.decoder.seek(self._first):
            moments = source.decoder.moments()
            landed = next(moments, None)
            # A keyframe that is itself lost has no good frame before it: then begin further back.
            if landed and landed.frame and landed.pts is not None and landed.pts <= self._first:
                return _chain(landed, moments)
        source.reopen()
        return source.decoder.moments()

    def _repair(self, moment: Decoded, source: VideoSource) -> int:
        pts = moment.pts
        if pts is None:
            self.repaired += 1
            return source.stream.start_time or 0 if self._last is None else self._last + self._step
        pts += self._shift
        if self._last is None or pts > self._last:
            return pts
        self.repaired += 1
        if (self._last - pts) * self._info.time_base > _JUMP_BACK_SECONDS:
            self._shift += self._last + self._step - pts
            return self._last + self._step
        return self._last + 1

    def _bridge(self, moment: Decoded, pts: int, source: VideoSource) -> list[int]:
        """Ticks between the last moment and this one at which frames vanished without a packet."""
        if self._last is None or not moment.after_damage or source.decoder.is_indexed:
            return []
        gap = pts - self._last
        if gap * self._info.time_base > _LONGEST_BRIDGE_SECONDS:
            return []
        missing = round(gap / self._nominal) - 1
        at = (self._last + round(gap * k / (missing + 1)) for k in range(1, missing + 1))
        within = (tick for tick in at if self._first is None or tick >= self._first)
        return [tick for tick in within if self._stop is None or tick < self._stop]


def _chain(first: Decoded, rest: Iterator[Decoded]) -> Iterator[Decoded]:
    yield first
    yield from rest


def _forgiving_at_last(source: VideoSource, moments: Iterator[Decoded]) -> Iterator[Decoded]:
    """The moments; where strict decoding loses a long row of them, from there on what players would show."""
    newest: int | None = None
    while True:
        lost = 0
        begun = newest
        for moment in moments:
            if begun is not None and moment.pts is not None and moment.pts <= begun:
                continue
            lost = 0 if moment.frame is not None else lost + 1
            newest = newest if moment.pts is None else moment.pts
            yield moment
            if lost >= _FORGIVE_AFTER and newest is not None and source.forgive():
                break
        else:
            return
        if not source.decoder.seek(newest):
            source.reopen()
        moments = source.decoder.moments()
