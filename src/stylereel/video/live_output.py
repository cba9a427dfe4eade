"""Where live frames go: a file, a pipe, nowhere, or one of `live_broadcast`; and which one a name means."""

from __future__ import annotations

import os
import re
import sys
from fractions import Fraction
from pathlib import Path

from stylereel.core.errors import UsageError
from stylereel.core.frames import Frame
from stylereel.video.live_broadcast import HlsOutput, RtmpOutput, VirtualCamera
from stylereel.video.live_programme import SHORT_PATIENCE_SECONDS, LiveOutput, Programme
from stylereel.video.pipe_output import PipeFormat
from stylereel.video.plan import plan_output
from stylereel.video.writer import FrameWriter

NULL = "null"


class NullOutput:
    """Takes frames and shows them nowhere: for measuring, and for trying keys and looks."""

    name, comes_back, patience_seconds = NULL, False, SHORT_PATIENCE_SECONDS

    def open(self, programme: Programme) -> None:
        """See `LiveOutput.open`."""

    def write(self, frame: Frame) -> None:
        """See `LiveOutput.write`."""

    def close(self) -> None:
        """See `LiveOutput.close`."""

    def abandon(self) -> None:
        """See `LiveOutput.abandon`."""


class FileOutput:
    """A video file; each frame at its own time, so that dropped ones leave the rest where they belong."""

    comes_back, patience_seconds = False, None

    def __init__(self, path: Path, *, codec: str | None, quality: int | None, overwrite: bool) -> None:
        self.name = str(path)
        self._path, self._codec, self._quality, self._overwrite = path, codec, quality, overwrite
        programme = Programme((640, 360), Fraction(30))
        plan = plan_output(path, programme.info, codec=codec, quality=quality, overwrite=overwrite)
        if plan.kind != "video" or plan.container is None or plan.container.muxer == "gif":
            raise UsageError(
                f"output {path}: a live run is written to a video, .mp4, .mkv, .mov or .webm; to an HLS "
                "folder (folder/index.m3u8), an address (rtmp://...), a pipe (-), a virtual camera (camera) "
                "or null."
            )
        self._writer: FrameWriter | None = None
        self._frames = 0

    def open(self, programme: Programme) -> None:
        """See `LiveOutput.open`."""
        self._writer = FrameWriter(
            self._path,
            info=programme.info,
            source_path=None,
            size=programme.size,
            codec=self._codec,
            quality=self._quality,
            overwrite=self._overwrite,
            metadata=programme.metadata,
            copy_streams=False,
        )

    def write(self, frame: Frame) -> None:
        """See `LiveOutput.write`."""
        assert self._writer is not None
        self._frames += 1
        self._writer.write(frame)

    def close(self) -> None:
        """See `LiveOutput.close`; a run without a frame leaves no file."""
        if self._writer is not None and self._frames:
            self._writer.finish()
        elif self._writer is not None:
            self._writer.abort()

    def abandon(self) -> None:
        """See `LiveOutput.abandon`."""


class PipeOutput:
    """Frames on stdout; a pipe knows no times, so that what was dropped is filled with the frame after it."""

    name, comes_back, patience_seconds = "-", False, SHORT_PATIENCE_SECONDS

    def __init__(self, format: PipeFormat) -> None:
        if format.stream is None and sys.stdout.isatty():
            raise UsageError(
                "output is - but stdout is a terminal: pipe it on, as in stylereel live ... --output - | "
                "ffplay -i -"
            )
        self._format = format
        self._writer: FrameWriter | None = None
        self._rate, self._count = Fraction(1), 0
        self._first: Fraction | None = None

    def open(self, programme: Programme) -> None:
        """See `LiveOutput.open`."""
        # Not sys.stdout's own buffer, whose lock a blocked writer would hold while Python shuts down.
        stream = self._format.stream or _Descriptor(os.dup(1))
        format = PipeFormat(self._format.format, self._format.layout, stream)
        self._rate = programme.rate
        self._writer = FrameWriter(
            "-", info=programme.info, source_path=None, size=programme.size, pipe=format
        )

    def write(self, frame: Frame) -> None:
        """See `LiveOutput.write`."""
        assert self._writer is not None
        seconds = frame.pts * frame.time_base
        self._first = seconds if self._first is None else self._first
        due = int((seconds - self._first) * self._rate + Fraction(1, 2)) + 1
        for _ in range(self._count, due):
            self._writer.write(frame)
        self._count = max(self._count, due)

    def close(self) -> None:
        """See `LiveOutput.close`."""
        if self._writer is not None and self._count:
            self._writer.finish()

    def abandon(self) -> None:
        """See `LiveOutput.abandon`."""


class _Descriptor:
    """A binary stream over a file descriptor, with no buffer and no lock."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data: bytes) -> int:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        return len(data)

    def flush(self) -> None: ...


def live_output(
    text: str | Path,
    *,
    codec: str | None = None,
    quality: int | None = None,
    overwrite: bool = False,
    pipe: PipeFormat | None = None,
) -> LiveOutput:
    """The output of that name, checked as far as can be before a run.

    Args:
        text: a video's name, `folder/index.m3u8`, `rtmp://...`, `-`, `camera`, `camera:DEVICE` or `null`.
        codec: of files.
        quality: of files and streams, 0 to 100; None for a good one.
        overwrite: what exists may be replaced.
        pipe: what goes through `-`; None for y4m.

    Raises:
        UsageError: no such kind of output.
        OutputError: it exists, or its folder does not.
        EnvironmentMissingError: a virtual camera's plug-in is not installed.
    """
    text = str(text)
    if text == NULL:
        return NullOutput()
    if text == "-":
        return PipeOutput(pipe or PipeFormat())
    if text == "camera" or text.startswith("camera:"):
        return VirtualCamera(text.partition(":")[2] or None)
    if re.match(r"rtmps?://", text):
        return RtmpOutput(text, quality=quality)
    if re.match(r"[a-z][a-z0-9+.-]+://", text, re.I):
        raise UsageError(f"output {text!r}: of addresses, rtmp:// and rtmps:// can be written to.")
    if text == "page" or text.startswith("page:"):
        raise UsageError(
            f"output {text!r}: a page is served by `stylereel live`; in Python give "
            "stylereel.studio.live_page.PageOutput()."
        )
    if text.lower().endswith(".m3u8"):
        return HlsOutput(Path(text), quality=quality, overwrite=overwrite)
    return FileOutput(Path(text), codec=codec, quality=quality, overwrite=overwrite)
