"""Tells whether a source is the one it was, without reading all of it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from stylereel.core.errors import VideoOpenError
from stylereel.video.info import SourceInfo

_SAMPLES = 64
_SAMPLE_BYTES = 1 << 16


def source_fingerprint(info: SourceInfo) -> str:
    """SHA-256, hexadecimal, of a source's size and of 64 stretches spread evenly over its content.

    For several pictures their names and sizes are in it, and the stretches are spread over all of them. Where
    the files lie and when they were changed is not: a source may be moved or copied.

    Raises:
        VideoOpenError: the source cannot be read any more.
    """
    several = info.kind == "images"
    paths = list(info.image_paths) if several else [info.path]
    found = hashlib.sha256()
    try:
        sizes = [path.stat().st_size for path in paths]
        for path, size in zip(paths, sizes, strict=True):
            found.update(f"{path.name if several else ''}\0{size}\0".encode("utf-8", "surrogateescape"))
        total = sum(sizes)
        starts = sorted({(total - 1) * k // (_SAMPLES - 1) for k in range(_SAMPLES)}) if total else []
        before = index = 0
        for start in starts:
            while start >= before + sizes[index]:
                before, index = before + sizes[index], index + 1
            found.update(_piece(paths[index], start - before, sizes[index]))
    except OSError as error:
        raise VideoOpenError(f"cannot read {info.path}: {error.strerror or error}") from error
    return found.hexdigest()


def _piece(path: Path, start: int, size: int) -> bytes:
    """A stretch around `start`, pushed inside the file."""
    with path.open("rb") as file:
        file.seek(max(0, min(start, size - _SAMPLE_BYTES)))
        return file.read(_SAMPLE_BYTES)
