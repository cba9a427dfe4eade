"""Encodes a video in parts, each by an encoder of its own, and joins their packets at the end.

Since no encoder sees more than its part, a run that was killed and went on gives the packets that an
uninterrupted one gives.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol

import av

from stylereel.video.encoder import VideoEncoder
from stylereel.video.packet_log import PacketWriter, read_packets
from stylereel.video.parts import Parts

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet

# More than any encoder's frames out of order, twice.
_REMEMBERED_PACKETS = 64


class MakeEncoder(Protocol):
    """Makes the encoder of a job, for an output container."""

    def __call__(self, output: Any, *, opens: bool = True) -> VideoEncoder: ...


class PartedEncoder:
    """What `VideoEncoder` is, except that packets come at the end, when `flush` is called.

    Attributes:
        stream: of the output container.
        last_ticks: duration of the last frame; known after the last part's end.
    """

    def __init__(self, parts: Parts, make: MakeEncoder, output: OutputContainer) -> None:
        """`output` gets its stream now; its own encoder opens for the file's header alone, at the end."""
        self._parts, self._make = parts, make
        self._muxer_name = output.format.name
        self._target = make(output, opens=False)
        self.stream = self._target.stream
        self._tick: Fraction = self._target.tick
        self.last_ticks = 1
        self._encoder: VideoEncoder | None = None
        self._log: PacketWriter | None = None
        self._end = 0
        if parts.is_whole:
            self._end, self.last_ticks = (int(parts.records[-1].clock[name]) for name in ("end", "stays"))
        else:
            self._begin()  # whatever an encoder refuses is told before any work

    def encode(self, content: Any, pts: int, declared_ticks: int) -> Iterator[Packet]:
        """Take a frame, as `VideoEncoder.encode`; yields nothing yet."""
        encoder, log = self._begin()
        for packet in encoder.encode(content, pts, declared_ticks):
            log.write(packet)
        return iter(())

    def end_part(self, next_pts: int | None, longest_ticks: int | None = None) -> dict[str, Any]:
        """Finish the part at work.

        Args:
            next_pts: of the frame to come, which says how long the part's last one stays; None at the end.
            longest_ticks: how long the very last frame may stay.

        Returns:
            `content`, the packets' file, and `clock` facts, for the part's record.
        """
        encoder, log = self._begin()
        rest = encoder.flush(longest_ticks) if next_pts is None else encoder.flush_until(next_pts)
        for packet in rest:
            log.write(packet)
        self.last_ticks, self._end = encoder.last_ticks, encoder.end
        self._encoder = self._log = None
        content = log.finish()
        facts = {"name": content.name, "bytes": content.bytes, "sha256": content.sha256}
        return {"content": facts, "clock": {"end": self._end, "stays": self.last_ticks}}

    def flush(self, longest_ticks: int | None = None) -> Iterator[Packet]:
        """The packets of all parts, for the output container."""
        self._target.open()
        held: Packet | None = None
        first: Packet | None = None
        for packet in self._joined():
            packet.stream = self.stream
            if held is not None:
                yield held
            else:
                first = packet
            held = packet
        if held is None or first is None:
            return
        if self._target.sums_durations and held.dts is not None and first.dts is not None:
            # An ISO track is as long as its samples' durations together, in order of decoding.
            held.duration = self._end - self._first_pts - (held.dts - self._first_dts)
        yield held

    def abort(self) -> None:
        """Remove the part at work."""
        if self._log is not None:
            self._log.abort()
        self._encoder = self._log = None

    def _begin(self) -> tuple[VideoEncoder, PacketWriter]:
        if self._encoder is None or self._log is None:
            nowhere: Any = av.open(io.BytesIO(), "w", format=self._muxer_name)
            self._encoder = self._make(nowhere)
            self._log = PacketWriter(
                self._parts.next_packets(), tick=self._tick, extradata=_header(self._encoder)
            )
        return self._encoder, self._log

    def _joined(self) -> Iterator[Packet]:
        """All packets in order of decoding, at decoding times that rise.

        An encoder that reorders gives its first packets times before its first frame, which lie among those
        of the part before. They become the times at which the last frames of that part are shown: just what
        one encoder for all would have counted on with.
        """
        shown: deque[int] = deque(maxlen=_REMEMBERED_PACKETS)
        newest: int | None = None
        self._first_pts = self._first_dts = 0
        for record in self._parts.records:
            assert record.content is not None
            path = self._parts.folder / record.content.name
            packets = read_packets(path, tick=self._tick, extradata=_header(self._target))
            for packet in _with_lead(packets, sorted(shown) if newest is not None else None):
                if newest is None:
                    self._first_pts, self._first_dts = packet.pts or 0, packet.dts or 0
                elif packet.dts is not None and packet.dts <= newest:
                    packet.dts = newest + 1
                newest = packet.dts if packet.dts is not None else newest
                if packet.pts is not None:
                    shown.append(packet.pts)
                yield packet


def _with_lead(packets: Iterator[Any], shown: list[int] | None) -> Iterator[Any]:
    """A part's packets, those decoded before its first frame is shown at the newest times in `shown`."""
    if shown is None:
        yield from packets
        return
    lead: list[Any] = []
    first: int | None = None
    for packet in packets:
        first = packet.pts if first is None else first
        if packet.dts is not None and first is not None and packet.dts < first:
            lead.append(packet)
            continue
        yield from _placed(lead, shown)
        lead = []
        yield packet
    yield from _placed(lead, shown)


def _placed(lead: list[Any], shown: list[int]) -> list[Any]:
    if len(lead) <= len(shown):
        for packet, ticks in zip(lead, shown[len(shown) - len(lead) :], strict=True):
            packet.dts = ticks
    return lead


def _header(encoder: VideoEncoder) -> bytes:
    return bytes(encoder.stream.codec_context.extradata or b"")
