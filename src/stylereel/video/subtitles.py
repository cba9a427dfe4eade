"""Rewrites text subtitles in the kind that the output's container holds."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import av.error

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet

_TEXT_KINDS = {
    *("subrip", "srt", "ass", "ssa", "webvtt", "mov_text", "text"),
    *("microdvd", "subviewer", "sami", "realtext", "jacosub"),
}


class SubtitleEncoder:
    """Decodes one text subtitle stream and writes it in another kind, at the same times."""

    def __init__(self, output: OutputContainer, source: Any, encoder: str) -> None:
        """Add the stream to `output`; `source` is the stream to decode, `encoder` FFmpeg's name."""
        source.codec_context.open(strict=False)
        stream: Any = output.add_stream(encoder)
        stream.codec_context.time_base = Fraction(1, 1000)
        stream.codec_context.subtitle_header = source.codec_context.subtitle_header
        stream.codec_context.open()
        self.stream = stream
        self._source = source
        self._broken = 0

    @staticmethod
    def can_convert(stream: Any) -> bool:
        """Whether the stream is text (pictures of text cannot be rewritten)."""
        return stream.codec_context is not None and stream.codec_context.codec.canonical_name in _TEXT_KINDS

    def encode(self, packet: Packet, notices: list[str]) -> list[Packet]:
        """One subtitle in the other kind; nothing where it was empty or damaged."""
        try:
            shown = self._source.codec_context.decode2(packet)
            if shown is None or not len(shown):
                return []
            written = self.stream.codec_context.encode_subtitle(shown)
        except (ValueError, av.error.FFmpegError) as error:
            self._broken += 1
            if self._broken == 1:
                notices.append(f"subtitle stream {self._source.index}: damaged lines were left out ({error})")
            return []
        if not written.size:
            return []
        written.pts = written.dts = packet.pts
        written.duration = packet.duration
        written.time_base = packet.time_base
        written.stream = self.stream
        return [written]
