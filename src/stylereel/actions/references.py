"""Pictures and clips that a look is read off: what the user named, as pixels."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from stylereel.core.errors import UsageError, VideoOpenError
from stylereel.data.media import MediaFile, find_media, read_picture, with_short_side
from stylereel.data.video_frames import sample_frames
from stylereel.packs.encoder import LARGEST_SHORT_SIDE_PX

FRAMES_PER_VIDEO = 12
MOST_PER_REFERENCE = 24
"""Pictures of one reference, spread over what a folder holds."""
MOST_NAMED = 3


def reference_paths(reference: str | Path | Sequence[str | Path] | None) -> tuple[Path, ...]:
    """One reference or several, as paths; none is an empty tuple.

    Raises:
        UsageError: it is neither a path nor a list of paths.
    """
    if reference is None:
        return ()
    is_list = isinstance(reference, Sequence) and not isinstance(reference, str | bytes)
    several: Sequence[object] = reference if is_list else (reference,)  # type: ignore[assignment]
    paths = []
    for path in several:
        if not isinstance(path, str | os.PathLike):
            raise UsageError(
                f"reference is {reference!r}: expected the path of a picture, a video or a folder, or a list "
                f"of such paths, and got {type(path).__name__}."
            )
        paths.append(Path(path).expanduser())
    return tuple(paths)


def reference_pictures(paths: Sequence[Path]) -> list[list[np.ndarray]]:
    """The pictures of each reference, `(H, W, 3)` uint8 RGB, reduced as training reads them.

    Args:
        paths: pictures, videos (frames spread over each) and folders of both.

    Raises:
        MissingInputError: one is not there.
        DatasetError: a folder without pictures and videos, or another kind of file.
        VideoOpenError: a file that cannot be read.
    """
    found = []
    for path in paths:
        files = find_media([path], "reference")
        few = np.linspace(0, len(files) - 1, min(len(files), MOST_PER_REFERENCE)).round().astype(int)
        frames = max(1, min(FRAMES_PER_VIDEO, MOST_PER_REFERENCE // len(few)))
        found.append([picture for index in few for picture in _pictures(files[index], frames)])
    return found


def reference_name(paths: Sequence[Path]) -> str:
    """What a look is called that was read off these: their file names, never where they lie."""
    names = [" ".join("".join(c if c.isprintable() else " " for c in path.name).split()) for path in paths]
    shown = " + ".join(name[:80] or "folder" for name in names[:MOST_NAMED])
    more = f" + {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"reference {shown}{more}"


def _pictures(file: MediaFile, frames: int) -> list[np.ndarray]:
    if file.kind == "video":
        found = sample_frames(file.path, frames, LARGEST_SHORT_SIDE_PX)
        if not found:
            raise VideoOpenError(f"The reference {file.path} shows no frame: choose another.")
        return found
    pixels = read_picture(file.path)
    if pixels is None:
        raise VideoOpenError(f"The reference {file.path} is no picture that can be read: choose another.")
    return [with_short_side(pixels, LARGEST_SHORT_SIDE_PX)]
