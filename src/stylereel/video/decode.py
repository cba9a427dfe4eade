"""Packets to frames, in order, with every loss noticed.

The packets say at which times a frame must appear. What the decoder could not make of them, or marks as
corrupt, comes out as a gap, so that the reader can repeat the last good frame there.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import av
import av.error

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

_GIVE_UP_AFTER = 64  # failed reads in a row
_INDEXED = ("mov", "avi")  # the index tells of every packet, also of those that are lost


@dataclass(frozen=True)
class Decoded:
    """One moment of the stream: a good frame, or None where it was lost.

    Attributes:
        frame: what was decoded.
        pts: ticks of the stream's time base, None where nobody said.
        duration: ticks, 0 where nobody said.
        after_damage: something was lost between this moment and the one before.
    """

    frame: av.VideoFrame | None
    pts: int | None
    duration: int
    after_damage: bool = False


class Decoder:
    """Decodes one stream.

    Args:
        strict: let the decoder fail where it would otherwise invent what is damaged.
        file_is_short: the file ends early, so that what is missing at its end is not to be filled.

    Attributes:
        errors: packets or reads that failed so far.
        cut_short: reading ended in an error, or in half a packet, instead of the stream's end.
    """

    def __init__(
        self, container: InputContainer, stream: VideoStream, *, strict: bool, file_is_short: bool
    ) -> None:
        self._container = container
        self._stream = stream
        self._indexed = container.format.name.startswith(_INDEXED)
        self._pending: list[int] = []  # pts of packets whose frame has not come out; a heap
        self._durations: dict[int, int] = {}
        self._damage_seen = False
        self.errors = 0
        self.cut_short = file_is_short
        self._peeked: list[Decoded] = []
        self._running: Iterator[Decoded] = self._moments()
        if strict:
            stream.codec_context.options = {"err_detect": "explode"}

    @property
    def is_indexed(self) -> bool:
        """True where packets cannot vanish without trace, so that a gap in time is meant."""
        return self._indexed

    def first_frame(self) -> av.VideoFrame | None:
        """The first good frame, or None if there is none; `moments` still begins before it."""
        for moment in self._running:
            self._peeked.append(moment)
            if moment.frame is not None:
                return moment.frame
        return None

    def moments(self) -> Iterator[Decoded]:
        """Every moment from here to the end, in order of presentation; once."""
        peeked, self._peeked = self._peeked, []
        return itertools.chain(peeked, self._running)

    def seek(self, pts: int) -> bool:
        """Go to the last keyframe at or before `pts` (ticks); False where the container cannot."""
        self._pending, self._durations, self._damage_seen = [], {}, False
        self._peeked, self._running = [], self._moments()
        try:
            self._container.seek(pts, stream=self._stream, backward=True)
        except (av.error.FFmpegError, OSError):
            return False
        return True

    def _moments(self) -> Iterator[Decoded]:
        for packet in self._packets():
            if packet.pts is not None and packet.size and not packet.is_discard:
                heapq.heappush(self._pending, packet.pts)
                self._durations[packet.pts] = packet.duration or 0
            try:
                frames = packet.decode()
            except av.error.EOFError:
                frames = []
            except (av.error.FFmpegError, ValueError, OSError):
                self.errors += 1
                self._damage_seen = True
                continue
            for frame in frames:
                yield from self._place(frame)
        if self._damage_seen and not self.cut_short:
            yield from self._lost_before(None)

    def _packets(self) -> Iterator[av.Packet]:
        failures = 0
        while True:
            try:
                for packet in self._container.demux(self._stream):
                    if packet.is_corrupt and packet.size:
                        self.errors += 1
                        self._damage_seen = True
                        if self._indexed:
                            self.cut_short = True
                            continue
                    elif packet.size:
                        failures = 0
                    yield packet
                return
            except av.error.EOFError:
                return
            except (av.error.FFmpegError, OSError):
                failures += 1
                self.errors += 1
                self._damage_seen = True
                if failures >= _GIVE_UP_AFTER:
                    self.cut_short = True
                    return

    def _place(self, frame: av.VideoFrame) -> Iterator[Decoded]:
        pts = frame.pts
        if frame.is_corrupt:
            self.errors += 1
            self._damage_seen = True
        if pts is not None:
            yield from self._lost_before(pts)
            while self._pending and self._pending[0] <= pts:
                heapq.heappop(self._pending)
        stated = self._durations.pop(pts, 0) if pts is not None else 0
        duration = frame.duration or stated
        if frame.is_corrupt:
            yield Decoded(None, pts, duration, after_damage=True)
            return
        yield Decoded(frame, pts, duration, after_damage=self._damage_seen)
        self._damage_seen = False

    def _lost_before(self, pts: int | None) -> Iterator[Decoded]:
        """Moments whose packets came but whose frames never will, once damage was seen."""
        while self._pending and (pts is None or self._pending[0] < pts):
            lost = heapq.heappop(self._pending)
            duration = self._durations.pop(lost, 0)
            if self._damage_seen:
                yield Decoded(None, lost, duration, after_damage=True)
