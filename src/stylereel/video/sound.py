"""Re-encodes a sound stream that the output's container cannot hold as it is."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import av.error

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet

# Bits per second for each channel: transparent for most listeners.
_BITS_PER_CHANNEL = {"aac": 96_000, "libopus": 80_000, "libmp3lame": 96_000}
_RATES = {
    "aac": (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000),
    "libopus": (48000,),
    "libmp3lame": (32000, 44100, 48000),
}
_MOST_CHANNELS = {"libmp3lame": 2, "libopus": 8, "aac": 8, "flac": 8}
_STREAM_NAMES = {"libopus": "opus", "libmp3lame": "mp3"}


class SoundEncoder:
    """Decodes one sound stream and encodes it anew, at the same times."""

    def __init__(self, output: OutputContainer, source: Any, encoder: str) -> None:
        """Add the stream to `output`.

        Args:
            output: to add the stream to.
            source: the sound stream to decode.
            encoder: FFmpeg's name.
        """
        context = source.codec_context
        rates = _RATES.get(encoder, ())
        rate = context.sample_rate or 48000
        if rates and rate not in rates:
            rate = 44100 if 44100 in rates and rate % 11025 == 0 else 48000
        channels = min(context.layout.nb_channels or 2, _MOST_CHANNELS[encoder])
        layout = context.layout.name if channels == context.layout.nb_channels else "stereo"
        stream: Any = output.add_stream(encoder, rate=rate)
        if channels <= 2:
            layout = ("mono", "stereo")[channels - 1]
        stream.codec_context.layout = layout
        stream.codec_context.time_base = Fraction(1, rate)
        if encoder in _BITS_PER_CHANNEL:
            stream.codec_context.bit_rate = _BITS_PER_CHANNEL[encoder] * channels
        stream.codec_context.open()
        self.stream = stream
        self.codec_name = _STREAM_NAMES.get(encoder, encoder)
        self._source = source
        self._rate, self._layout = rate, layout
        self._resampler: av.AudioResampler | None = None
        self._next: int | None = None
        self._broken = 0

    def encode(self, packet: Packet, offset_ticks: int, notices: list[str]) -> list[Packet]:
        """Decode a packet of the source and return what the encoder has ready.

        `offset_ticks` is added to the time, in ticks of the packet. Packets that do not decode are skipped
        and named once in `notices`.
        """
        base = packet.time_base
        try:
            frames = self._source.decode(packet)
        except av.error.FFmpegError as error:
            self._broken += 1
            if self._broken == 1:
                notices.append(f"sound stream {self._source.index}: damaged packets were skipped ({error})")
            return []
        ready: list[Packet] = []
        for frame in frames:
            if frame.pts is not None:
                frame.pts += round(offset_ticks * base / frame.time_base) if frame.time_base else offset_ticks
            ready += self._encode(frame)
        return ready

    def flush(self) -> list[Packet]:
        """What the decoder, the resampler and the encoder still hold."""
        if self._resampler is None:
            return []
        ready: list[Packet] = []
        for frame in self._resampler.resample(None):
            ready += self.stream.encode(self._timed(frame))
        return ready + self.stream.encode(None)

    def _encode(self, frame: Any) -> list[Packet]:
        if self._resampler is None:
            format_name = self.stream.codec_context.format.name
            size = self.stream.codec_context.frame_size or None
            self._resampler = av.AudioResampler(format_name, self._layout, self._rate, size)
        ready: list[Packet] = []
        for resampled in self._resampler.resample(frame):
            ready += self.stream.encode(self._timed(resampled))
        return ready

    def _timed(self, frame: Any) -> Any:
        """Contiguous times where the source's clock merely rounds, the source's own where it jumps."""
        base = Fraction(1, self._rate)
        own = None if frame.pts is None else round(frame.pts * frame.time_base / base)
        if self._next is None:
            self._next = own or 0
        elif own is not None and own - self._next > self._rate // 20:
            self._next = own
        frame.pts, frame.time_base = self._next, base
        self._next += frame.samples
        return frame
