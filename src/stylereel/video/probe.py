"""What a source is, without reading it through."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from stylereel.core.paths import check_can_be
from stylereel.video.images import describe_pictures, find_pictures, is_picture
from stylereel.video.info import SourceInfo, SourceKind
from stylereel.video.pipe_input import PipeInput
from stylereel.video.safety import check_is_file, refuse_scripts
from stylereel.video.sizes import AMPLE, Room
from stylereel.video.source import VideoSource

__all__ = ["SourceInfo", "SourceKind", "open_source", "probe"]


def open_source(
    path: str | Path,
    *,
    fps: Fraction | float | None = None,
    threads: int | None = None,
    pipe: PipeInput | None = None,
    on_packet: Callable[[], object] | None = None,
    room: Room = AMPLE,
) -> tuple[SourceInfo, VideoSource | None]:
    """Open anything that frames can come from; the second is None for pictures. Errors as `probe`.

    With a `pipe`, that is what is opened, and `path` is its name alone. `on_packet` is called for every
    packet of a video that is read. What is larger than `room` is a `MemoryShortError`.
    """
    path = Path(path)
    if pipe is not None:
        source = VideoSource(path, threads=threads, opener=pipe.open, on_packet=on_packet, room=room)
        return source.info, source
    check_can_be(path)
    rate = None if fps is None else Fraction(fps).limit_denominator(100000)
    files = find_pictures(path)
    if files is not None:
        return describe_pictures(path, files, rate, "images", room), None
    check_is_file(path)
    refuse_scripts(path)
    if is_picture(path):
        return describe_pictures(path, (path,), rate, "image", room), None
    source = VideoSource(path, threads=threads, on_packet=on_packet, room=room)
    return source.info, source


def probe(path: str | Path, *, fps: Fraction | float | None = None) -> SourceInfo:
    """Describe a video, GIF, picture, folder of pictures or pattern of pictures.

    Args:
        path: what to open.
        fps: rate for folders and patterns, 25 when None. A video keeps its own.

    Returns:
        The description; the first frame has been decoded to be sure that there is one.

    Raises:
        MissingInputError: no such file, or nothing matches the pattern.
        VideoOpenError: not a video or picture, no video stream, no frame, a folder without pictures.
        RefusedError: a playlist or script.
        UsageError: `fps` is not above 0; no file can have that name.
    """
    info, source = open_source(path, fps=fps)
    if source is not None:
        source.close()
    return info
