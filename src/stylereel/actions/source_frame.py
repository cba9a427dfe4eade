"""One frame of a source as a JPEG: what stands under a scrubber."""

from __future__ import annotations

import contextlib
from pathlib import Path

import cv2

from stylereel.core.errors import InputError, UsageError, VideoOpenError
from stylereel.video.reader import FrameReader
from stylereel.video.sizes import Room

QUALITY = 85
_LAST_SECONDS = 1.0


def source_frame_jpeg(
    source: str | Path,
    seconds: float = 0.0,
    *,
    max_side: int | None = None,
    quality: int = QUALITY,
    room_bytes: int | None = None,
) -> bytes:
    """The frame that is shown at a time, upright, as a JPEG.

    Args:
        source: a video or a picture.
        seconds: on the player's clock; past the end it is the last frame. A picture has one frame.
        max_side: shrink so that the longer side is at most this, px.
        quality: of the JPEG, 1 to 100.
        room_bytes: of memory, for decoding one frame; None for no limit but that of all pictures.

    Raises:
        UsageError: a time below 0, or a quality that is none.
        InputError: the source cannot be read, or no frame of it can.
    """
    if not 0 <= seconds < float("inf"):
        raise UsageError(f"the time is {seconds}: expected seconds from 0 on.")
    if not 1 <= quality <= 100:
        raise UsageError(f"quality is {quality}: expected 1 to 100.")
    for start in dict.fromkeys((seconds, max(0.0, seconds - _LAST_SECONDS), 0.0)):
        with contextlib.suppress(InputError):
            pixels = _shown(Path(source), start, seconds, max_side, Room(room_bytes))
            if pixels is not None:
                done, encoded = cv2.imencode(
                    ".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
                )
                if done:
                    return encoded.tobytes()
    raise VideoOpenError(f"no frame of {source} can be read at {seconds:g} s. Choose another time")


def _shown(path: Path, start: float, wanted: float, max_side: int | None, room: Room):
    """The last frame from `start` on that is shown by `wanted`, else the first there is."""
    with FrameReader(path, start_seconds=start or None, max_side=max_side, room=room) as reader:
        last = None
        for frame in reader:
            if last is not None and start + frame.seconds > wanted:
                break
            last = frame.pixels
            if start + frame.seconds >= wanted:
                break
        return last
