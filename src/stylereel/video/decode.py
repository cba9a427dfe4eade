"""Packets to frames, in order, with every loss noticed.

The packets say at which times a frame must appear. What the decoder could not make of them, or marks as
corrupt, comes out as a gap, so that the reader can repeat the last good frame there.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import av
import av.error
from av.codec.context import CodecContext

from stylereel.video.clock_jumps import SteadyClock
from stylereel.video.sizes import LARGEST_PIXELS

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

_GIVE_UP_AFTER = 64  # failed reads in a row
_WATCHFUL_PACKETS = 8  # how far from where a demuxer notices damage the hole may be
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


_WITH_ALPHA = {"vp9": "libvpx-vp9", "vp8": "libvpx"}


def alpha_decoder(stream: VideoStream) -> CodecContext | None:
    """The decoder that reads the transparency of VP8 and VP9 in WebM, which FFmpeg's own ones leave out.

    None where the stream's own decoder does, or where there is none.
    """
    name = _WITH_ALPHA.get(stream.codec_context.codec.canonical_name)
    tags = {key.lower(): value for key, value in stream.metadata.items()}
    if name is None or tags.get("alpha_mode") != "1":
        return None
    try:
        return CodecContext.create(name, "r")
    except (ValueError, av.error.FFmpegError):
        return None


class Decoder:
    """Decodes one stream.

    Args:
        strict: let the decoder fail where it would otherwise invent what is damaged, and take what was
            predicted from lost frames, up to the next keyframe, for lost too.
        file_is_short: the file ends early, so that what is missing at its end is not to be filled.
        context: a decoder to use instead of the stream's own.
        on_packet: called for every packet that is read.
        most_pixels: of a frame; a larger one is lost.

    Attributes:
        errors: packets or reads that failed so far.
        cut_short: reading ended in an error, or in half a packet, instead of the stream's end.
    """

    def __init__(
        self,
        container: InputContainer,
        stream: VideoStream,
        *,
        strict: bool,
        file_is_short: bool,
        context: CodecContext | None = None,
        on_packet: Callable[[], object] | None = None,
        most_pixels: int = LARGEST_PIXELS,
    ) -> None:
        self._container = container
        self._on_packet = on_packet or (lambda: None)
        self._context = context
        self._stream = stream
        self._indexed = container.format.name.startswith(_INDEXED)
        self._pending: list[int] = []  # pts of packets whose frame has not come out; a heap
        self._durations: dict[int, int] = {}
        self._newest = -math.inf  # latest pts read so far
        self._damage_until = -math.inf  # damage lies before the first frame later than this pts
        self._watchful = 0  # packets to read before a hole in the file is left behind
        self._strict = strict
        self._placed_any = False
        self._holding = False  # frames are predicted from lost ones until the next keyframe
        self._bytes = _ByteAccount() if container.format.name.startswith("matroska") else None
        self._clock = SteadyClock(stream.time_base)
        self.errors = 0
        self.cut_short = file_is_short
        self._peeked: list[Decoded] = []
        self._running: Iterator[Decoded] = self._moments()
        limits = {"max_pixels": str(most_pixels)}
        stream.codec_context.options = limits | ({"err_detect": "explode"} if strict else {})
        if context is not None:
            context.options = limits

    @property
    def clock_jumps(self) -> int:
        """How often the file set its clock back."""
        return self._clock.jumps

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

    @property
    def first_pts(self) -> float:
        """Ticks of the first good frame that `first_frame` met, infinity where it met none."""
        good = (moment.pts for moment in self._peeked if moment.frame is not None)
        return next((pts for pts in good if pts is not None), math.inf)

    def moments(self) -> Iterator[Decoded]:
        """Every moment from here to the end, in order of presentation; once."""
        peeked, self._peeked = self._peeked, []
        return itertools.chain(peeked, self._running)

    def seek(self, pts: int) -> bool:
        """Go to the last keyframe at or before `pts` (ticks); False where the container cannot."""
        self._pending, self._durations = [], {}
        self._newest = self._damage_until = -math.inf
        self._holding = False
        self._bytes = _ByteAccount() if self._bytes else None
        self._clock = SteadyClock(self._stream.time_base)
        self._peeked, self._running = [], self._moments()
        if self._context is not None:
            self._context.flush_buffers()
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
                self._newest = max(self._newest, packet.pts)
                if self._watchful:
                    self._watchful -= 1
                    self._damage_until = self._newest
            try:
                frames = self._decoded(packet)
            except av.error.EOFError:
                frames = []
            except (av.error.FFmpegError, ValueError, OSError):
                self._note_damage()
                if self._strict and not self._placed_any and self.errors >= _GIVE_UP_AFTER:
                    return
                continue
            for frame in frames:
                yield from self._place(frame)
        if self._damage_until > -math.inf and not self.cut_short:
            yield from self._lost_before(math.inf)

    def _decoded(self, packet: av.Packet) -> list[Any]:
        if self._context is None:
            return packet.decode()
        return self._context.decode(packet if packet.size else None)  # type: ignore[attr-defined]

    def _packets(self) -> Iterator[av.Packet]:
        """The stream's packets; half packets and failed reads are noted."""
        failures = 0
        streams = () if self._bytes else (self._stream,)
        while failures < _GIVE_UP_AFTER:
            try:
                for packet in self._container.demux(*streams):
                    self._on_packet()
                    if self._bytes and self._bytes.shows_hole(packet):
                        self._note_damage()
                        self._watchful = _WATCHFUL_PACKETS
                    if packet.stream.index != self._stream.index:
                        continue
                    if packet.size:
                        failures = 0
                    if packet.is_corrupt and packet.size:
                        self._note_damage()
                        self._watchful = _WATCHFUL_PACKETS
                        if self._indexed:  # half a packet at the end of the file
                            self.cut_short = True
                            continue
                    self._clock.correct(packet)
                    yield packet
                return
            except av.error.EOFError:
                return
            except (av.error.FFmpegError, OSError):
                failures += 1
                self._note_damage()
        self.cut_short = True

    def _note_damage(self) -> None:
        self.errors += 1
        self._damage_until = max(self._damage_until, self._newest)

    def _place(self, frame: av.VideoFrame) -> Iterator[Decoded]:
        pts = frame.pts
        self._placed_any = True
        if frame.is_corrupt:
            self._note_damage()
        if pts is not None:
            yield from self._lost_before(pts)
            while self._pending and self._pending[0] <= pts:
                heapq.heappop(self._pending)
        stated = self._durations.pop(pts, 0) if pts is not None else 0
        duration = frame.duration or stated
        damaged = self._damage_until > -math.inf
        if pts is not None and pts > self._damage_until:
            self._damage_until = -math.inf
        self._holding = self._strict if frame.is_corrupt else self._holding and not frame.key_frame
        yield Decoded(
            None if frame.is_corrupt or self._holding else frame, pts, duration, after_damage=damaged
        )

    def _lost_before(self, pts: float) -> Iterator[Decoded]:
        """Moments whose packets came but whose frames never will, once damage was seen."""
        while self._pending and self._pending[0] < pts:
            lost = heapq.heappop(self._pending)
            duration = self._durations.pop(lost, 0)
            if self._damage_until > -math.inf:
                self._holding = self._strict
                yield Decoded(None, lost, duration, after_damage=True)


class _ByteAccount:
    """Finds stretches of a Matroska file that no packet accounts for: there the demuxer skipped damage."""

    _HEADERS_BYTES = 160  # block, group and cluster headers, with room

    def __init__(self) -> None:
        self._end: int | None = None

    def shows_hole(self, packet: av.Packet) -> bool:
        """True where bytes before this packet belong to nothing; packets must come in file order."""
        if packet.pos is None or packet.pos < 0 or not packet.size:
            return False
        end, self._end = self._end, max(self._end or 0, packet.pos + packet.size)
        return end is not None and packet.pos - end > self._HEADERS_BYTES
