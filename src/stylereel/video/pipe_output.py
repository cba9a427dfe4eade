"""Frames into a pipe: yuv4mpeg or raw pictures, and nothing else, on stdout."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import av

from stylereel.core.color import ColorTags
from stylereel.core.errors import UsageError
from stylereel.core.frames import Frame
from stylereel.core.pixels import Chroma
from stylereel.video.codecs import EncoderSettings, VideoCodec
from stylereel.video.encoder import VideoEncoder
from stylereel.video.info import SourceInfo
from stylereel.video.pipe_input import PIPE_FORMATS, check_layout

_MUXERS = {"y4m": "yuv4mpegpipe", "raw": "rawvideo"}
_Y4M_CHROMA: tuple[Chroma, ...] = ("420", "422", "444")
_WRITABLE = {
    "rgb24": ("444", 8, True, False),
    "rgba": ("444", 8, True, True),
    "rgb48le": ("444", 16, True, False),
    "rgba64le": ("444", 16, True, True),
    **{
        f"yuv{chroma}p{bits if bits > 8 else ''}{'le' if bits > 8 else ''}": (chroma, bits, False, False)
        for chroma in _Y4M_CHROMA
        for bits in (8, 10, 12, 16)
    },
    "yuva420p": ("420", 8, False, True),
    "yuva444p": ("444", 8, False, True),
    "yuva444p10le": ("444", 10, False, True),
}
RAW_OUTPUT_LAYOUTS = tuple(_WRITABLE)
"""The values of `--output-pixel-format`, as FFmpeg names them."""


@dataclass(frozen=True)
class PipeFormat:
    """What goes into the pipe.

    Attributes:
        format: one of `PIPE_FORMATS`.
        layout: of raw pictures, one of `RAW_OUTPUT_LAYOUTS`; "" for y4m, which keeps the colour resolution of
            its source.
        stream: a binary file that is written; None is stdout.
    """

    format: str = "y4m"
    layout: str = ""
    stream: Any = None

    @classmethod
    def checked(cls, format: str | None = None, pixel_format: str | None = None) -> PipeFormat:
        """From what a user wrote; `UsageError` where it cannot be."""
        format = format or ("raw" if pixel_format is not None else "y4m")
        if format not in PIPE_FORMATS:
            raise UsageError(f"output-format is {format!r}: expected one of {', '.join(PIPE_FORMATS)}.")
        if format == "y4m":
            if pixel_format is not None:
                raise UsageError(
                    "output-pixel-format is for raw pictures: y4m keeps that of its source. Leave it out, or "
                    "say --output-format raw."
                )
            return cls()
        layout = check_layout(pixel_format or "rgb24", "output-pixel-format")
        if layout not in _WRITABLE:
            raise UsageError(
                f"output-pixel-format {layout} can be read but not written: choose one of "
                f"{', '.join(_WRITABLE)}."
            )
        return cls("raw", layout)

    @property
    def holds_alpha(self) -> bool:
        """Raw pictures of a layout with opacity."""
        return self.format == "raw" and _WRITABLE[self.layout][3]

    @property
    def needs_bits(self) -> int | None:
        """Bits of each component where the layout says so."""
        return _WRITABLE[self.layout][1] if self.format == "raw" else None

    def settings(self, info: SourceInfo, bit_depth: int) -> EncoderSettings:
        """How pictures are laid out."""
        if self.format == "raw":
            chroma, bits, is_rgb, alpha = _WRITABLE[self.layout]
            return EncoderSettings({}, self.layout, chroma, bits, is_rgb=is_rgb, alpha=alpha)  # type: ignore[arg-type]
        chroma = chroma_of_layout(info.pixel_format)
        layout = f"yuv{chroma}p" + (f"{bit_depth}le" if bit_depth > 8 else "")
        return EncoderSettings({}, layout, chroma, bit_depth)


def chroma_of_layout(pixel_format: str) -> Chroma:
    """Colour resolution of a layout, rounded up to what is written: 4:4:4 for RGB, 4:2:0 if unknown."""
    if "422" in pixel_format or pixel_format.startswith(("nv16", "nv20", "p210", "p216", "yvyu", "y21")):
        return "422"
    if any(part in pixel_format for part in ("444", "440", "rgb", "bgr", "gbr")):
        return "444"
    return "420"


class PipeOutput:
    """Writes each frame once, in order; the pipe has no clock but its rate.

    Raises:
        BrokenPipeError: whoever reads the pipe has left.
        UsageError: stdout is a terminal.
    """

    def __init__(
        self, format: PipeFormat, info: SourceInfo, size: tuple[int, int], rate: Fraction, bit_depth: int
    ) -> None:
        self.notices: list[str] = []
        self._count = 0
        self._rate = rate
        self._sink = _Outgoing(format.stream if format.stream is not None else _stdout())
        self._muxer: Any = av.open(
            self._sink, "w", format=_MUXERS[format.format], options={"strict": "-1", "flush_packets": "1"}
        )
        settings = format.settings(info, bit_depth)
        encoder = "wrapped_avframe" if format.format == "y4m" else "rawvideo"
        # Nothing in the pipe says what its numbers mean, so they mean what players take untagged ones for.
        tags = ColorTags().resolved(*size)
        self._encoder = VideoEncoder(
            self._muxer,
            VideoCodec(format.format, encoder),
            settings,
            tags,
            size=size,
            tick=1 / rate,
            info=replace(info, frame_rate=rate),
        )

    def write(self, frame: Frame) -> None:
        """Write a frame at once."""
        for packet in self._encoder.encode_now(frame, self._count):
            self._mux(packet)
        self._count += 1

    def finish(self, *, overwrite: bool) -> int:
        """Write what is left; returns the bytes that went through."""
        del overwrite
        for packet in self._encoder.flush():
            self._mux(packet)
        with self._told():
            self._muxer.close()
            self._sink.flush()
        return self._sink.bytes

    def abort(self) -> None:
        """Close the pipe; what went through cannot be called back."""
        self._sink.is_closed = True
        with contextlib.suppress(Exception):
            self._muxer.close()

    def _mux(self, packet: Any) -> None:
        with self._told():
            self._muxer.mux(packet)

    @contextlib.contextmanager
    def _told(self) -> Any:
        """FFmpeg says of a reader that left only that writing failed."""
        try:
            yield
        except Exception as error:
            if self._sink.failure is not None:
                raise self._sink.failure from error
            raise


class _Outgoing:
    """What PyAV writes into; keeps the first failure."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.bytes = 0
        self.failure: OSError | None = None
        self.is_closed = False

    def write(self, data: bytes) -> int:
        if self.is_closed:
            return len(data)
        try:
            self._stream.write(data)
            self._stream.flush()
        except OSError as error:
            self.failure = self.failure or error
            raise
        self.bytes += len(data)
        return len(data)

    def flush(self) -> None:
        self._stream.flush()


def _stdout() -> Any:
    if sys.stdout.isatty():
        raise UsageError(
            "OUTPUT is - but stdout is a terminal: pipe it on, as in stylereel stylize in.mp4 - ... | "
            "ffmpeg -i - ..."
        )
    return sys.stdout.buffer
