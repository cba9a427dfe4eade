"""Finds picture and video files in what the user named, and reads pictures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from stylereel.core.errors import DatasetError, MissingInputError
from stylereel.video.embedded import embedded_in

PICTURE_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".jp2"})
VIDEO_ENDINGS = frozenset(
    {".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".gif", ".ogv"}
    | {".wmv", ".flv", ".3gp", ".mxf", ".y4m", ".apng"}
)


@dataclass(frozen=True)
class MediaFile:
    """One file of a training set.

    Attributes:
        path: the file.
        kind: picture or video.
        root: the folder or file that the user named and under which it was found.
    """

    path: Path
    kind: Literal["picture", "video"]
    root: Path


def find_media(named: Iterable[Path], role: str) -> list[MediaFile]:
    """Every picture and video under the named folders (recursively) and files, sorted, each once.

    Args:
        named: folders and single files.
        role: "content" or "style", for the error's text.

    Raises:
        MissingInputError: a path does not exist.
        DatasetError: nothing that is a picture or a video by its ending.
    """
    named = [Path(path) for path in named]
    found: dict[Path, MediaFile] = {}
    for root in named:
        if not root.exists():
            raise MissingInputError(f"The {role} {root} does not exist: check the path.")
        files = (
            [root] if root.is_file() else sorted(path for path in root.rglob("*") if _is_visible(path, root))
        )
        for path in files:
            kind = _kind_of(path)
            if kind is not None:
                found.setdefault(path.resolve(), MediaFile(path, kind, root))
    if not found:
        listing = ", ".join(str(path) for path in named) or "nothing"
        raise DatasetError(
            f"No pictures or videos for {role} in {listing}: expected files such as .jpg, .png, .webp, "
            f".mp4 or "
            ".webm, in the folder or below it."
        )
    return list(found.values())


def read_picture(path: Path) -> np.ndarray | None:
    """Decode a picture, upright by its EXIF, as `(H, W, 3)` uint8 RGB (alpha over white); None if it cannot
    be read."""
    try:
        data = np.fromfile(path, np.uint8)
        pixels = cv2.imdecode(data, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH) if data.size else None
        if pixels is None:
            return None
        if path.suffix.lower() in {".png", ".webp", ".tif", ".tiff"}:
            raw = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
            if raw is not None and raw.ndim == 3 and raw.shape[2] == 4:  # OpenCV leaves these lying
                raw = embedded_in(data.tobytes()).orientation.apply(raw)
            pixels = _over_white(raw, pixels)
        if pixels.dtype == np.uint16:
            pixels = (np.asarray(pixels, np.uint16) >> 8).astype(np.uint8)
        if pixels.dtype != np.uint8:
            return None
        return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
    except (OSError, cv2.error):
        return None


def with_short_side(pixels: np.ndarray, short_side_px: int) -> np.ndarray:
    """Reduce a picture so that its short side is at most `short_side_px`; smaller ones stay as they are."""
    height, width = pixels.shape[:2]
    if min(height, width) <= short_side_px:
        return pixels
    factor = short_side_px / min(height, width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def _over_white(raw: np.ndarray | None, opaque: np.ndarray) -> np.ndarray:
    if raw is None or raw.ndim != 3 or raw.shape[2] != 4 or raw.shape[:2] != opaque.shape[:2]:
        return opaque
    top = 65535.0 if raw.dtype == np.uint16 else 255.0
    alpha = raw[..., 3:].astype(np.float32) / top
    mixed = raw[..., :3] * alpha + top * (1.0 - alpha)
    return mixed.round().astype(raw.dtype)


def _is_visible(path: Path, root: Path) -> bool:
    return path.is_file() and not any(part.startswith(".") for part in path.relative_to(root).parts)


def _kind_of(path: Path) -> Literal["picture", "video"] | None:
    ending = path.suffix.lower()
    if ending in PICTURE_ENDINGS:
        return "picture"
    return "video" if ending in VIDEO_ENDINGS else None
