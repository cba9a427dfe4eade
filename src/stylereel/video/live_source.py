"""Live frames: from a camera, from an address, or from a file as if it were one."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import av
import av.error
import cv2

from stylereel.core import pixels
from stylereel.core.errors import RefusedError, VideoOpenError
from stylereel.core.frames import Frame
from stylereel.video.convert import FrameConverter, tags_of
from stylereel.video.live_address import LiveAddress
from stylereel.video.reader import FrameReader
from stylereel.video.sizes import LARGEST_PIXELS
from stylereel.video.source import average_rate

ARRIVAL_TICK = Fraction(1, 90_000)
"""Of the clock by which frames are stamped that come without a time of their own."""
OPEN_SECONDS, SILENT_SECONDS = 10.0, 5.0
"""How long an address may take to answer, and to send nothing, until it counts as gone."""
_BROKEN_PACKETS = 200

Clock = Callable[[], float]


@dataclass(frozen=True)
class LiveFacts:
    """What is known of an open source.

    Attributes:
        size: `(width, height)` of its frames, px.
        rate: frames per second, as far as it says.
        sample_aspect_ratio: width over height of a pixel.
    """

    size: tuple[int, int]
    rate: Fraction
    sample_aspect_ratio: Fraction = Fraction(1)


class OpenSource(Protocol):
    """A source that is open; its frames carry the times that it gives them.

    Attributes:
        facts: its size and rate.
    """

    facts: LiveFacts

    def frames(self) -> Iterator[Frame]:
        """Frames until it ends or fails.

        Raises:
            VideoOpenError: it broke off.
        """
        ...

    def close(self) -> None:
        """Let go of it; safe to call twice."""
        ...


def open_live(
    address: LiveAddress,
    *,
    max_side: int | None = None,
    camera_size: tuple[int, int] | None = None,
    clock: Clock = time.monotonic,
) -> OpenSource:
    """Open a source once.

    Args:
        address: which one.
        max_side: frames are shrunk until their longer side is at most this, px.
        camera_size: `(width, height)` to ask a camera for; it may give another.
        clock: seconds, for what comes without times.

    Raises:
        MissingInputError, VideoOpenError, RefusedError: it is not there, or is no video.
    """
    if address.kind == "camera":
        return CameraSource(address, max_side, camera_size, clock)
    if address.kind == "address":
        return AddressSource(address, max_side, clock)
    return FileSource(address, max_side)


class FileSource:
    """A file, read as `stylize` reads it."""

    def __init__(self, address: LiveAddress, max_side: int | None) -> None:
        self._reader = FrameReader(address.text, max_side=max_side)
        info = self._reader.info
        if info.kind != "video":
            self.close()
            raise VideoOpenError(
                f"{address.text} is no video: a live source is a video, a camera or a stream"
            )
        self.facts = LiveFacts(self._reader.size, info.frame_rate, info.sample_aspect_ratio)

    def frames(self) -> Iterator[Frame]:
        """See `OpenSource.frames`."""
        return iter(self._reader)

    def close(self) -> None:
        """See `OpenSource.close`."""
        self._reader.close()


class AddressSource:
    """A stream from an address; a playlist there can open no file of this machine."""

    def __init__(self, address: LiveAddress, max_side: int | None, clock: Clock) -> None:
        self._address, self._max_side, self._clock = address, max_side, clock
        options = {**address.options, "max_pixels": str(LARGEST_PIXELS)}
        try:
            self._container = av.open(
                address.text,
                "r",
                options=options,
                timeout=(OPEN_SECONDS, SILENT_SECONDS),
                metadata_errors="replace",
            )
        except (av.error.ArgumentError, av.error.PermissionError) as error:
            raise RefusedError(
                f"{address.shown}: what comes from there is no video stream, or a playlist that names "
                f"something which may not be opened: refused ({error.strerror}). Give the address of the "
                "video itself."
            ) from error
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise _gone(address, error) from error
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        videos = self._container.streams.video
        if not videos:
            raise VideoOpenError(
                f"{self._address.shown} has no video stream: it holds sound alone, or nothing."
            )
        self._stream = videos[0]
        self._stream.thread_type = "SLICE"  # threads by frame would each hold one back
        self._decoded = self._decode()
        self._first = next(self._decoded, None)
        if self._first is None:
            raise VideoOpenError(f"{self._address.shown} ended before its first picture came.")
        first = self._first
        tags = tags_of(first, self._stream.codec_context.name).resolved(first.width, first.height)
        self._convert = FrameConverter(tags, max_side=self._max_side)
        size = pixels.fitted_size(first.width, first.height, self._max_side)
        aspect = self._stream.codec_context.sample_aspect_ratio or Fraction(1)
        self.facts = LiveFacts(size, average_rate(self._stream), Fraction(aspect))

    def frames(self) -> Iterator[Frame]:
        """See `OpenSource.frames`; times are the stream's own where it is paced by them, else of arrival."""
        begins = self._clock()
        first, self._first = self._first, None
        assert first is not None
        yield self._stamped(first, begins)
        for frame in self._decoded:
            yield self._stamped(frame, begins)

    def close(self) -> None:
        """See `OpenSource.close`."""
        self._container.close()

    def _decode(self) -> Iterator[av.VideoFrame]:
        """Pictures as they come; what is damaged on the way is left out, as players do."""
        broken = 0
        try:
            for packet in self._container.demux(self._stream):
                try:
                    frames: list[Any] = packet.decode()
                except av.error.EOFError:
                    return
                except av.error.InvalidDataError:
                    broken += 1
                    if broken > _BROKEN_PACKETS:
                        raise
                    continue
                broken = 0 if frames else broken
                yield from frames
        except av.error.EOFError:
            return
        except (av.error.FFmpegError, OSError) as error:
            raise _gone(self._address, error) from error

    def _stamped(self, frame: av.VideoFrame, begins: float) -> Frame:
        rgb = self._convert(frame)
        if self._address.is_paced and frame.pts is not None and frame.time_base:
            return Frame(rgb, frame.pts, Fraction(frame.time_base))
        return Frame(rgb, _ticks(self._clock() - begins), ARRIVAL_TICK)


class CameraSource:
    """A camera of this machine, by the number that the system gives it."""

    def __init__(
        self, address: LiveAddress, max_side: int | None, size: tuple[int, int] | None, clock: Clock
    ) -> None:
        self._address, self._max_side, self._clock = address, max_side, clock
        loud = cv2.utils.logging.getLogLevel()
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # what is wrong is told below
        self._camera = cv2.VideoCapture(address.camera, _backend())
        cv2.utils.logging.setLogLevel(loud)
        if size is not None:
            self._camera.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
            self._camera.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
        self._camera.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        is_open, first = self._camera.read() if self._camera.isOpened() else (False, None)
        if not is_open or first is None:
            self.close()
            raise VideoOpenError(
                f"{address.text} gives no picture: no such camera is here, another program has it, or this "
                "one may not use it (on Linux: be in the group 'video'; on macOS: allow the terminal in "
                "Privacy, Camera)."
            )
        rate = self._camera.get(cv2.CAP_PROP_FPS)
        size = pixels.fitted_size(first.shape[1], first.shape[0], max_side)
        self.facts = LiveFacts(size, Fraction(round(rate * 1000), 1000) if 1 <= rate <= 240 else Fraction(30))

    def frames(self) -> Iterator[Frame]:
        """See `OpenSource.frames`; times are those of arrival."""
        begins = self._clock()
        while True:
            is_there, picture = self._camera.read()
            if not is_there or picture is None:
                raise VideoOpenError(f"{self._address.text} gives no picture any more.")
            rgb = pixels.fit_within(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), self._max_side)
            yield Frame(rgb, _ticks(self._clock() - begins), ARRIVAL_TICK)

    def close(self) -> None:
        """See `OpenSource.close`."""
        self._camera.release()


def _backend() -> int:
    """The system's own way to its cameras: never FFmpeg's, which would open more than cameras."""
    return {"linux": cv2.CAP_V4L2, "darwin": cv2.CAP_AVFOUNDATION, "win32": cv2.CAP_MSMF}.get(
        sys.platform, cv2.CAP_ANY
    )


def _ticks(seconds: float) -> int:
    return round(seconds / ARRIVAL_TICK)


def _gone(address: LiveAddress, error: Exception) -> VideoOpenError:
    what = getattr(error, "strerror", None) or str(error) or type(error).__name__
    if isinstance(error, av.error.ExitError):
        what = f"nothing came for {SILENT_SECONDS:g} seconds"
    return VideoOpenError(f"{address.shown} does not answer, or broke off: {what}. Check the address.")
