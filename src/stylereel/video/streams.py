"""Carries what is not video from the source into the output: sound, subtitles, chapters, fonts, metadata.

Packets are copied as they are wherever the container can hold them, and re-encoded, with a notice, where it
cannot. Everything moves by one exact offset, the same as the frames, so that sound stays where it was.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import av.error
from av.stream import Discard, Disposition

from stylereel.video.clock_jumps import SET_BACK_SECONDS_OF_TEXT, SteadyClock
from stylereel.video.containers import Container
from stylereel.video.safety import open_media
from stylereel.video.sound import SoundEncoder
from stylereel.video.subtitles import SubtitleEncoder

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet

# How far packets may be out of order in a file before its end cut is taken as reached.
_DISORDER_SECONDS = 10
# Samples of a packet, for files that do not say before their sound is reached.
_SAMPLES = {"aac": 1024, "mp3": 1152, "mp2": 1152, "ac3": 1536, "eac3": 1536}
# Sound this late is noticed by eye and ear.
_HEARD_SECONDS = Fraction(1, 20)
# A subtitle longer than this that began before the cut is lost; finding it would mean reading from the start.
_LONGEST_SUBTITLE_SECONDS = 60

# Written by muxers about the file they write, so wrong in any other.
_OWN_TO_THE_FILE = {
    *("major_brand", "minor_version", "compatible_brands", "encoder", "vendor_id", "rotate"),
    *("duration", "number_of_frames", "number_of_bytes", "bps"),
    *("_statistics_writing_app", "_statistics_writing_date_utc", "_statistics_tags"),
}

# Matroska and AVI tell how many channels there are, not where; MP4 wants to know where.
_USUAL_LAYOUTS = {"1 channels": "mono", "2 channels": "stereo", "6 channels": "5.1", "8 channels": "7.1"}


def kept_metadata(metadata: dict[str, str]) -> dict[str, str]:
    """Metadata without what only described the source file itself (brands, encoder, statistics).

    Matroska writes names in capitals; those that every container knows come back small.
    """
    return {
        key.lower() if key.lower() in COMMON_KEYS else key: value
        for key, value in metadata.items()
        if key.lower().split("-")[0] not in _OWN_TO_THE_FILE
    }


# Names that every container knows; MP4's classic metadata (iTunes `ilst`) holds no others.
COMMON_KEYS = {
    *("title", "artist", "album_artist", "composer", "album", "date", "genre", "comment", "copyright"),
    *("description", "synopsis", "grouping", "lyrics", "show", "episode_id", "network", "keywords"),
    *("creation_time", "language"),
}


@dataclass
class _Track:
    source: Any
    target: Any
    kind: str
    converter: SoundEncoder | SubtitleEncoder | None = None
    seen_end: bool = False
    has_begun: bool = False
    next_seconds: Fraction | None = None

    def __post_init__(self) -> None:
        least = {"least_seconds": SET_BACK_SECONDS_OF_TEXT} if self.kind == "subtitle" else {}
        self.clock = SteadyClock(self.source.time_base, **least)


class StreamCopier:
    """Everything but the video of `source`, on its way into `output`.

    Create it after the video stream was added and before anything is muxed; call `start` once when the
    offset is known, `pump` as the video advances, `finish` at the end, `close` always.
    """

    def __init__(
        self,
        source: Path,
        output: OutputContainer,
        container: Container,
        *,
        start: Fraction | None = None,
        end: Fraction | None = None,
    ) -> None:
        """Open the source and add its streams to the output.

        Args:
            source: the file.
            output: to add streams to.
            container: what `output` can hold.
            start: of the part that is wanted, in seconds of the source's clock; None for all.
            end: of the part that is wanted, exclusive.
        """
        self.notices: list[str] = []
        self._output, self._container, self._start, self._end = output, container, start, end
        self._offset = Fraction(0)
        self._held: Packet | None = None
        self._input = open_media(source)
        try:
            self._tracks = {
                stream.index: track
                for stream in self._input.streams
                if (track := self._add(stream)) is not None
            }
            for stream in self._input.streams:
                if stream.index not in self._tracks:
                    stream.discard = Discard.all
        except BaseException:
            self._input.close()
            raise
        self._packets = self._read()

    @property
    def metadata(self) -> dict[str, str]:
        """The source's own metadata, to be written into the output."""
        return kept_metadata(dict(self._input.metadata))

    @property
    def audio_rates(self) -> list[int]:
        """Sample rates of the sound streams that go into the output."""
        return [
            track.source.codec_context.sample_rate for track in self._tracks.values() if track.kind == "audio"
        ]

    def video_metadata(self, stream_index: int) -> dict[str, str]:
        """Metadata of the source's video stream (title, language)."""
        stream = self._input.streams[stream_index]
        return kept_metadata(dict(stream.metadata))

    # Streams

    def _add(self, stream: Any) -> _Track | None:
        match stream.type:
            case "audio":
                return self._add_sound(stream)
            case "subtitle":
                return self._add_subtitles(stream)
            case "attachment" if self._container.has_attachments:
                self._output.add_stream_from_template(stream)
            case "attachment":
                self._drop(stream, "attachments")
            case "video" if stream.disposition & Disposition.attached_pic:
                self.notices.append(f"stream {stream.index} was left out: a cover picture in the old look")
            case "data" if not self._is_bookkeeping(stream):
                self._drop(stream, "data streams")
        return None

    def _add_sound(self, stream: Any) -> _Track | None:
        if stream.codec_context is None:
            self._drop(stream, "sound of an unknown codec")
            return None
        if self._container.audio_encoder is None:
            self._drop(stream, "sound")
            return None
        allowed = self._container.audio_copied
        name = _codec_name(stream)
        if (allowed is None or name in allowed) and self._fits(stream):
            return self._copied(stream, "audio")
        try:
            encoder = SoundEncoder(self._output, stream, self._container.audio_encoder)
        except (OSError, ValueError, av.error.FFmpegError) as error:
            self._drop(stream, "sound of this kind", str(error))
            return None
        self._describe(stream, encoder.stream)
        self.notices.append(
            f"sound stream {stream.index} was re-encoded as {encoder.codec_name}: "
            f"{self._container.name} cannot hold {name}"
        )
        return _Track(stream, encoder.stream, "audio", encoder)

    def _add_subtitles(self, stream: Any) -> _Track | None:
        name = _codec_name(stream)
        if name in self._container.subtitles_copied and self._fits(stream):
            return self._copied(stream, "subtitle")
        if self._container.subtitle_encoder is None or not SubtitleEncoder.can_convert(stream):
            self._drop(stream, f"subtitles of the kind {name}")
            return None
        try:
            encoder = SubtitleEncoder(self._output, stream, self._container.subtitle_encoder)
        except (OSError, ValueError, av.error.FFmpegError) as error:
            self._drop(stream, f"subtitles of the kind {name}", str(error))
            return None
        self._describe(stream, encoder.stream)
        self.notices.append(
            f"subtitle stream {stream.index} ({name}) was rewritten as {self._container.subtitle_encoder}: "
            f"{self._container.name} cannot hold {name}"
        )
        return _Track(stream, encoder.stream, "subtitle", encoder)

    def _copied(self, stream: Any, kind: str) -> _Track:
        target: Any = self._output.add_stream_from_template(stream, opaque=True)
        if kind == "audio" and stream.codec_context.layout.name in _USUAL_LAYOUTS:
            target.codec_context.layout = _USUAL_LAYOUTS[stream.codec_context.layout.name]
        self._describe(stream, target)
        return _Track(stream, target, kind)

    def _describe(self, stream: Any, target: Any) -> None:
        target.metadata.update(kept_metadata(dict(stream.metadata)))
        target.disposition = stream.disposition

    def _fits(self, stream: Any) -> bool:
        """Whether the muxer takes the stream: tried on a file in memory, since muxers say so no other way."""
        trial = av.open(io.BytesIO(), "w", format=self._container.muxer)
        try:
            trial.add_stream_from_template(stream, opaque=True)
            trial.start_encoding()
        except (OSError, ValueError, av.error.FFmpegError):
            return False
        finally:
            with contextlib.suppress(Exception):
                trial.close()
        return True

    def _drop(self, stream: Any, what: str, reason: str = "") -> None:
        why = f" ({reason})" if reason else ""
        self.notices.append(
            f"stream {stream.index} was left out: {self._container.name} holds no {what}{why}"
        )

    def _is_bookkeeping(self, stream: Any) -> bool:
        """Data that muxers make anew: a chapter track, a time code."""
        handler = stream.metadata.get("handler_name", "").lower()
        return bool(self._input.chapters()) or "time code" in handler or "timecode" in stream.metadata

    # Time

    def start(self, offset: Fraction) -> None:
        """Fix the offset: output time = source time + `offset` seconds. Chapters are written now."""
        self._offset = offset
        if chapters := self._chapters():
            if self._container.has_chapters:
                self._output.set_chapters(chapters)
            else:
                self.notices.append(
                    f"{len(chapters)} chapters were left out: {self._container.name} holds none"
                )

    def _chapters(self) -> list[Any]:
        kept = []
        for chapter in self._input.chapters():
            base = chapter["time_base"] or Fraction(1, 1000)
            begin, finish = chapter["start"] * base, chapter["end"] * base
            low = begin if self._start is None else max(begin, self._start)
            high = finish if self._end is None else min(finish, self._end)
            if high <= low and finish > begin:
                continue
            kept.append(
                {
                    "id": chapter["id"],
                    "start": max(0, round((low + self._offset) / base)),
                    "end": max(0, round((high + self._offset) / base)),
                    "time_base": base,
                    "metadata": dict(chapter["metadata"]),
                }
            )
        return kept

    def pump(self, until: Fraction) -> None:
        """Mux every packet up to the output time `until`, in seconds."""
        while (packet := self._next()) is not None:
            if self._seconds(packet) + self._offset > until:
                self._held = packet
                return
            self._mux(packet)

    def finish(self) -> None:
        """Mux all that is left."""
        while (packet := self._next()) is not None:
            self._mux(packet)
        for track in self._tracks.values():
            if isinstance(track.converter, SoundEncoder):
                self._output.mux(track.converter.flush())

    def close(self) -> None:
        """Close the source; safe to call twice."""
        self._input.close()

    def _next(self) -> Packet | None:
        packet, self._held = self._held, None
        return packet if packet is not None else next(self._packets, None)

    def _read(self) -> Iterator[Packet]:
        if not self._tracks:
            return
        if self._start is not None and self._start > 2 * _LONGEST_SUBTITLE_SECONDS:
            with contextlib.suppress(av.error.FFmpegError):
                self._input.seek(int((self._start - _LONGEST_SUBTITLE_SECONDS) * av.time_base), backward=True)
        packets = self._input.demux(*(track.source for track in self._tracks.values()))
        while True:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError as error:
                self.notices.append(f"sound and subtitles end early: the source is damaged there ({error})")
                return
            if packet is None:
                return
            if packet.pts is None and packet.dts is None:
                continue
            self._tracks[packet.stream_index].clock.correct(packet)
            if self._end is not None and self._all_ended(packet):
                return
            if self._is_wanted(packet):
                yield packet

    def _all_ended(self, packet: Packet) -> bool:
        assert self._end is not None
        seconds = self._seconds(packet)
        if seconds >= self._end:
            self._tracks[packet.stream_index].seen_end = True
        return seconds >= self._end + _DISORDER_SECONDS or all(
            track.seen_end for track in self._tracks.values()
        )

    def _is_wanted(self, packet: Packet) -> bool:
        track = self._tracks[packet.stream_index]
        begin = self._seconds(packet)
        if self._end is not None and begin >= self._end:
            return False
        if self._start is None:
            return True
        reach = begin + (packet.duration or 0) * packet.time_base if track.kind == "subtitle" else begin
        return begin >= self._start or reach > self._start

    @staticmethod
    def _seconds(packet: Packet) -> Fraction:
        ticks = packet.pts if packet.pts is not None else packet.dts or 0
        return ticks * packet.time_base

    def _mux(self, packet: Any) -> None:
        track = self._tracks[packet.stream_index]
        if track.kind == "subtitle":
            self._clip(packet)
        if packet.dts is None:
            packet.dts = packet.pts
        if not track.has_begun:
            self._begin(track, self._seconds(packet) + self._offset)
        ticks = round(self._offset / packet.time_base)
        if isinstance(track.converter, SoundEncoder):
            self._output.mux(track.converter.encode(packet, ticks, self.notices))
            return
        if track.converter is None and self._container.tick is None and self._refine(track, packet):
            ticks = round(self._offset / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts + ticks
        packet.dts += ticks
        if track.converter is not None:
            self._output.mux(track.converter.encode(packet, self.notices))
            return
        packet.stream = track.target
        self._output.mux(packet)

    def _begin(self, track: _Track, seconds: Fraction) -> None:
        track.has_begun = True
        if track.kind == "audio" and self._container.muxer == "avi" and seconds > _HEARD_SECONDS:
            self.notices.append(
                f"sound stream {track.source.index} starts {float(seconds):.3f} s after the pictures, which "
                "AVI cannot say: some players will start both together. Let the output end in .mkv or .mp4"
            )

    def _refine(self, track: _Track, packet: Any) -> bool:
        """Replace a sound packet's rounded time (Matroska: 1 ms) by the exact one, counted in samples.

        True where it was done. The source's own time wins as soon as both differ by more than its tick.
        """
        context = track.source.codec_context
        if track.kind != "audio" or packet.pts is None:
            return False
        samples = context.frame_size or _SAMPLES.get(_codec_name(track.source), 0)
        if not samples or not context.sample_rate:
            return False
        if "HE" in (context.profile or "") or packet.time_base <= Fraction(1, context.sample_rate):
            return False
        own = packet.pts * packet.time_base
        seconds = track.next_seconds
        if seconds is None or abs(own - seconds) > packet.time_base:
            seconds = own
        track.next_seconds = seconds + Fraction(samples, context.sample_rate)
        packet.time_base = Fraction(1, context.sample_rate)
        packet.pts = packet.dts = round(seconds * context.sample_rate)
        packet.duration = samples
        return True

    def _clip(self, packet: Packet) -> None:
        """Cut a subtitle's time on screen to the wanted part."""
        if not packet.duration or packet.pts is None:
            return
        base, begin, finish = packet.time_base, packet.pts, packet.pts + packet.duration
        if self._start is not None:
            begin = max(begin, round(self._start / base))
        if self._end is not None:
            finish = min(finish, round(self._end / base))
        packet.pts = packet.dts = begin
        packet.duration = max(1, finish - begin)


def _codec_name(stream: Any) -> str:
    """The codec's own name, not its decoder's (`mp3`, not `mp3float`); "unknown" where there is none."""
    return stream.codec_context.codec.canonical_name if stream.codec_context is not None else "unknown"
