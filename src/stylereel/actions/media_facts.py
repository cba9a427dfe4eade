"""What a file from somebody else is, found by decoding some of it."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from stylereel.core.errors import InputError, VideoOpenError
from stylereel.video.info import SourceInfo
from stylereel.video.reader import FrameReader
from stylereel.video.sizes import Room

LARGEST_SIDE_PX = 16384
ROOM_BYTES = 1_500_000_000
_PLACES = (0.5, 0.95)
"""Of its length, where frames are looked at beside the first."""
_CONTENT_TYPES = {
    "mp4": "video/mp4",
    "webm": "video/webm",
    "avi": "video/x-msvideo",
    "mpegts": "video/mp2t",
    "ogg": "video/ogg",
    "gif": "image/gif",
}
_PICTURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG", "image/png"),
    (b"RIFF", "image/webp"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
)
UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class MediaFacts:
    """A video or a picture, as its frames will come out.

    Attributes:
        kind: "video" (GIF included) or "picture".
        width: of upright frames, px.
        height: of upright frames, px.
        seconds: how long it is, None where nobody knows, and of pictures.
        frames: how many, as its header says; None where it does not, 1 of a picture.
        frame_rate: average, frames per second; None of a picture.
        has_sound: there is a sound track.
        codec: FFmpeg's name of what the pictures are encoded with.
        content_type: for HTTP, by its content and not by its name.
    """

    kind: Literal["video", "picture"]
    width: int
    height: int
    seconds: float | None
    frames: int | None
    frame_rate: float | None
    has_sound: bool
    codec: str
    content_type: str

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def examine_media(
    path: str | Path, *, largest_side_px: int = LARGEST_SIDE_PX, room_bytes: int = ROOM_BYTES
) -> MediaFacts:
    """Open one file and decode its first frame, and of a video one in the middle and one near its end.

    Nothing but this file is read: playlists, scripts and patterns of names are refused.

    Args:
        path: a file; a folder is refused.
        largest_side_px: longer sides are refused.
        room_bytes: of memory, for decoding one frame.

    Raises:
        InputError: no video or picture, broken beyond opening, or too large.
        RefusedError: a playlist or a script.
        MemoryShortError: a frame needs more than `room_bytes`.
    """
    path = Path(path)
    if not path.is_file():
        raise VideoOpenError(f"{path} is no file")
    with FrameReader(path, room=Room(room_bytes), threads=2) as reader:
        info = reader.info
        if max(info.width, info.height) > largest_side_px:
            raise VideoOpenError(
                f"{path} is {info.width}x{info.height}: sides of more than {largest_side_px} px are not "
                "taken. Shrink it, or cut it into parts first"
            )
        if next(reader, None) is None:
            raise VideoOpenError(f"not one frame of {path} can be decoded. Record or download it again")
    if info.kind == "video" and info.duration_seconds:
        for place in _PLACES:
            _look_at(path, place * info.duration_seconds, room_bytes)
    return _facts(info)


def _look_at(path: Path, seconds: float, room_bytes: int) -> None:
    """Decode one frame; a file may end before its header says, and be damaged here and there."""
    with (
        contextlib.suppress(InputError),
        FrameReader(path, start_seconds=seconds, room=Room(room_bytes), threads=2) as reader,
    ):
        next(reader, None)


def _facts(info: SourceInfo) -> MediaFacts:
    is_picture = info.kind == "image"
    return MediaFacts(
        kind="picture" if is_picture else "video",
        width=info.width,
        height=info.height,
        seconds=None if is_picture else info.duration_seconds,
        frames=1 if is_picture else info.frame_count_estimate,
        frame_rate=None if is_picture else float(info.frame_rate),
        has_sound=info.audio_streams > 0,
        codec=info.codec,
        content_type=_picture_type(info.path) if is_picture else _video_type(info.container),
    )


def _video_type(demuxer: str) -> str:
    known = (_CONTENT_TYPES[name] for name in demuxer.split(",") if name in _CONTENT_TYPES)
    return next(known, UNKNOWN_TYPE)


def _picture_type(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:12] == b"ftypavif":
        return "image/avif"
    return next((kind for magic, kind in _PICTURES if head.startswith(magic)), UNKNOWN_TYPE)
