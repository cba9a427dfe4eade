"""Frames from a pipe: yuv4mpeg, or raw pictures whose size and layout the user states."""

from __future__ import annotations

import difflib
import re
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import av.error

from stylereel.core.errors import UsageError, VideoOpenError

if TYPE_CHECKING:
    from av.container import InputContainer

PIPE = "-"
PIPE_FORMATS = ("y4m", "raw")
USUAL_RATE = Fraction(25)
LARGEST_SIDE = 65535

_MAGIC = b"YUV4MPEG2 "
_SIZE = re.compile(r"(\d{1,5})[xX](\d{1,5})")
_LAYOUTS = (
    "rgb24 bgr24 rgba bgra rgb48le rgba64le gray gray10le gray16le nv12 p010le yuv420p yuv422p yuv444p "
    "yuv420p10le yuv422p10le yuv444p10le yuv420p12le yuv422p12le yuv444p12le yuv420p16le yuv422p16le "
    "yuv444p16le yuva420p yuva444p yuva444p10le gbrp gbrp10le uyvy422 yuyv422"
)
RAW_LAYOUTS = tuple(_LAYOUTS.split())
"""The values of `--pixel-format`, as FFmpeg names them."""


def is_pipe(place: str | Path) -> bool:
    """True for "-", which stands for stdin and stdout."""
    return str(place) == PIPE


def parse_size(text: str | tuple[int, int] | None, name: str = "size") -> tuple[int, int] | None:
    """`(width, height)` in pixels from "1280x720"; `UsageError` where it is none."""
    if text is None:
        return None
    match = _SIZE.fullmatch(text.strip()) if isinstance(text, str) else None
    width, height = (int(match[1]), int(match[2])) if match else text if isinstance(text, tuple) else (0, 0)
    if not (1 <= width <= LARGEST_SIDE and 1 <= height <= LARGEST_SIDE):
        raise UsageError(f"{name} is {text}: write WIDTHxHEIGHT in pixels, such as 1280x720.")
    return width, height


def check_layout(name: str, option: str) -> str:
    """A pixel layout of raw pictures; `UsageError` with the nearest one where it is unknown."""
    wanted = name + "le" if name + "le" in RAW_LAYOUTS else name
    if wanted not in RAW_LAYOUTS:
        close = difflib.get_close_matches(name, RAW_LAYOUTS, 1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise UsageError(f"{option} is {name!r}: expected one of {', '.join(RAW_LAYOUTS)}.{hint}")
    return wanted


@dataclass(frozen=True)
class PipeInput:
    """What comes through the pipe.

    Attributes:
        format: one of `PIPE_FORMATS`.
        size: `(width, height)` of raw pictures, pixels; None for y4m, which says it itself.
        layout: of raw pictures, one of `RAW_LAYOUTS`; "" for y4m.
        rate: frames per second of raw pictures.
        stream: a binary file that is read; None is stdin.
    """

    format: str = "y4m"
    size: tuple[int, int] | None = None
    layout: str = ""
    rate: Fraction = USUAL_RATE
    stream: Any = None

    @classmethod
    def checked(
        cls,
        format: str | None = None,
        size: str | tuple[int, int] | None = None,
        pixel_format: str | None = None,
        rate: Fraction | None = None,
    ) -> PipeInput:
        """From what a user wrote.

        Raises:
            UsageError: an unknown format or layout, raw pictures without a size, or y4m with one.
        """
        format = format or ("raw" if size is not None or pixel_format is not None else "y4m")
        if format not in PIPE_FORMATS:
            raise UsageError(f"input-format is {format!r}: expected one of {', '.join(PIPE_FORMATS)}.")
        if format == "y4m":
            if size is not None or pixel_format is not None:
                raise UsageError(
                    "size and pixel-format are for raw pictures: y4m says both itself. "
                    "Leave them out, or say --input-format raw."
                )
            return cls()
        found = parse_size(size)
        if found is None or pixel_format is None:
            raise UsageError(
                "Raw pictures do not say what they are: add --size 1280x720 and --pixel-format rgb24 (or "
                "what is sent), or send y4m (ffmpeg ... -f yuv4mpegpipe -)."
            )
        return cls("raw", found, check_layout(pixel_format, "pixel-format"), rate or USUAL_RATE)

    def open(self) -> InputContainer:
        """Open the pipe with the one demuxer that its format has.

        Raises:
            UsageError: stdin is a terminal.
            VideoOpenError: it is empty, or not what was said.
        """
        stream = _Incoming(self.stream if self.stream is not None else _stdin())
        demuxer, options = "yuv4mpegpipe", {}
        if self.format == "raw":
            assert self.size is not None
            demuxer = "rawvideo"
            options = {
                "video_size": f"{self.size[0]}x{self.size[1]}",
                "pixel_format": self.layout,
                "framerate": str(self.rate),
            }
        if not stream.head:
            raise VideoOpenError(
                "stdin is empty: no picture came through the pipe. See what the program before it says"
            )
        if self.format == "y4m" and not stream.head.startswith(_MAGIC):
            raise VideoOpenError(
                f"stdin is no yuv4mpeg (it begins with {stream.head!r}): send it with "
                "ffmpeg ... -f yuv4mpegpipe -, or raw pictures with --input-format raw. Other files are "
                "given by their name"
            )
        try:
            return av.open(
                stream,
                "r",
                format=demuxer,
                options={**options, "format_whitelist": demuxer, "protocol_whitelist": ""},
            )
        except (av.error.FFmpegError, ValueError) as error:
            raise VideoOpenError(f"stdin cannot be read as {self.format}: {error}") from error


class _Incoming:
    """What PyAV reads from: never seeks, never waits for more than there is."""

    def __init__(self, stream: Any) -> None:
        self._read = getattr(stream, "read1", stream.read)
        self.head = b""
        while len(self.head) < len(_MAGIC):
            more = self._read(len(_MAGIC) - len(self.head))
            if not more:
                break
            self.head += more
        self._ahead = self.head

    def read(self, count: int) -> bytes:
        ahead, self._ahead = self._ahead, b""
        return ahead or self._read(count)


def _stdin() -> Any:
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError(
            "INPUT is - but nothing is piped in: write ffmpeg -i in.mp4 -f yuv4mpegpipe - | "
            "stylereel stylize - ..."
        )
    return sys.stdin.buffer
