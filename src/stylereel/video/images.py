"""Single pictures, and folders or patterns of them, as a source of frames."""

from __future__ import annotations

import glob
import re
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from stylereel.core import pixels
from stylereel.core.color import SRGB_PICTURE
from stylereel.core.errors import MissingInputError, UsageError, VideoOpenError
from stylereel.video import exr
from stylereel.video.convert import FrameConverter
from stylereel.video.embedded import Embedded, embedded_in
from stylereel.video.info import SourceInfo
from stylereel.video.picture import PLAIN, Picture, Wanted
from stylereel.video.safety import check_is_file, refuse_scripts
from stylereel.video.sizes import AMPLE, Room, check_picture
from stylereel.video.source import VideoSource

IMAGE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".tif", ".tiff", ".webp", ".avif", ".heic"}
    | {".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".j2k", ".jxl", ".qoi", ".tga", ".dpx", ".sgi", ".exr"}
)
DEFAULT_FPS = Fraction(25)
_COUNTER = re.compile(r"%0?\d*d")


def natural_key(path: Path) -> list[tuple[int, int, str]]:
    """Sort key under which frame2 comes before frame10."""
    parts = re.split(r"(\d+)", path.name)
    return [(0, int(part), "") if part.isdigit() else (1, 0, part.lower()) for part in parts if part]


def is_picture(path: Path) -> bool:
    """True for a file that holds one still picture, by its first bytes, else by its ending."""
    with path.open("rb") as file:
        head = file.read(1 << 16)
    if head.startswith(b"\xff\xd8\xff"):
        return path.suffix.lower() not in (".mjpg", ".mjpeg")
    if head.startswith(exr.MAGIC):
        return True
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return b"acTL" not in head.split(b"IDAT")[0]
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return True
    if head[4:8] == b"ftyp":
        return head[8:12] in (b"avif", b"heic", b"heix", b"mif1")
    return path.suffix.lower() in IMAGE_SUFFIXES


def find_pictures(path: Path) -> tuple[Path, ...] | None:
    """The pictures that a folder or a pattern stands for, in natural order.

    Args:
        path: a folder, a glob pattern ("shots/*.png"), or a counter pattern ("shots/frame_%04d.png").
            What exists under that very name is never taken for a pattern.

    Returns:
        The files, or None where `path` is neither folder nor pattern.

    Raises:
        MissingInputError: nothing matches.
        VideoOpenError: a folder without pictures.
    """
    if path.is_dir():
        entries = (entry for entry in path.iterdir() if entry.is_file() and not entry.name.startswith("."))
        found = sorted((e for e in entries if e.suffix.lower() in IMAGE_SUFFIXES), key=natural_key)
        if not found:
            raise VideoOpenError(
                f"the folder {path} holds no pictures. Expected files such as .png, .jpg, .webp or .tif in it"
            )
        return tuple(found)
    if path.exists():
        return None
    if _COUNTER.search(path.name):
        wildcard = "*".join(glob.escape(part) for part in _COUNTER.split(str(path)))
        exact = re.compile(r"(\d+)".join(re.escape(part) for part in _COUNTER.split(path.name)))
        found = [Path(name) for name in glob.glob(wildcard) if exact.fullmatch(Path(name).name)]
    elif glob.has_magic(str(path)):
        found = [Path(name) for name in glob.glob(str(path), recursive=True)]
    else:
        return None
    found = sorted((entry for entry in found if entry.is_file()), key=natural_key)
    if not found:
        raise MissingInputError(f"no file matches the pattern {path}. Check the folder and the name")
    return tuple(found)


def read_picture(path: Path, max_side: int | None = None) -> np.ndarray:
    """One picture, upright (EXIF applied), `(H, W, 3)` uint8 RGB, transparent areas over white.

    Raises:
        MissingInputError, VideoOpenError, RefusedError: missing, unreadable, or no picture.
    """
    return read_picture_whole(path, max_side)[0].pixels


def read_picture_whole(
    path: Path, max_side: int | None = None, wanted: Wanted = PLAIN, room: Room = AMPLE
) -> tuple[Picture, Embedded]:
    """The picture as `read_picture` gives it with what else is wanted, and what else its file carries.

    Raises:
        MemoryShortError: it is larger than `room`; others as `read_picture`.
    """
    check_is_file(path)
    room.check_file(path)
    encoded = np.fromfile(path, np.uint8)
    if _is_animated_webp(encoded):
        raise VideoOpenError(
            f"{path} is an animated WebP, which cannot be read. Convert it to GIF or MP4 first"
        )
    check_picture(path, encoded.tobytes(), room)
    embedded = embedded_in(encoded.tobytes())
    if encoded[:4].tobytes() == exr.MAGIC:
        try:
            light, clearness = exr.decode_exr(encoded.tobytes(), room)
        except VideoOpenError as error:
            raise VideoOpenError(f"{path}: {error}") from error
        return Picture.of(light, clearness, 16, wanted).fitted(max_side), embedded
    bgr = _decode(encoded)
    if bgr is None:
        return _read_with_ffmpeg(path, max_side, wanted, room), embedded
    if bgr.shape[2] == 4:  # OpenCV turns opaque pictures alone
        bgr = embedded.orientation.apply(bgr)
    bits = 8 if bgr.dtype == np.uint8 else 16
    opacity = pixels.to_deep(bgr[..., 3], bits) if bgr.shape[2] == 4 else None
    rgb = cv2.cvtColor(bgr[..., :3], cv2.COLOR_BGR2RGB)
    if bits == 16:
        rgb = pixels.to_deep(rgb, 16) if wanted.deep else cv2.convertScaleAbs(rgb, alpha=1 / 257)
    return Picture.of(rgb, opacity, bits, wanted).fitted(max_side), embedded


def describe_pictures(
    path: Path, files: tuple[Path, ...], fps: Fraction | None, kind: str, room: Room = AMPLE
) -> SourceInfo:
    """What is known of a row of pictures; `kind` is "image" or "images"."""
    rate = Fraction(DEFAULT_FPS if fps is None else fps)
    if rate <= 0:
        raise UsageError(f"fps must be above 0, got {fps}")
    first = next((found for file in files if (found := _readable(file, room)) is not None), None)
    if first is None:
        # Say why of the first one.
        first = read_picture_whole(files[0], room=room)[0]
    height, width = first.pixels.shape[:2]
    return SourceInfo(
        path=path,
        kind="image" if kind == "image" else "images",
        width=width,
        height=height,
        sample_aspect_ratio=Fraction(1),
        frame_rate=rate,
        time_base=1 / rate,
        frame_count_estimate=len(files),
        duration_seconds=float(len(files) / rate),
        is_variable_rate=False,
        color=SRGB_PICTURE,
        frame_color=SRGB_PICTURE,
        bit_depth=first.bits,
        has_alpha=first.alpha is not None,
        codec=files[0].suffix.lower().lstrip("."),
        container=kind,
        rotation=0,
        audio_streams=0,
        subtitle_streams=0,
        image_paths=files,
    )


def _readable(path: Path, room: Room) -> Picture | None:
    try:
        return read_picture_whole(path, wanted=Wanted(alpha=True), room=room)[0]
    except (VideoOpenError, MissingInputError):
        return None


def _decode(encoded: np.ndarray) -> np.ndarray | None:
    """OpenCV's picture, `(H, W, 3 or 4)`, or None where it cannot."""
    try:
        image = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED)
        if image is None or image.dtype not in (np.uint8, np.uint16):
            return None
        if image.ndim == 3 and image.shape[2] == 4:
            return image
        # Again, since only this way EXIF orientation is applied and every layout becomes BGR.
        return cv2.imdecode(encoded, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    except cv2.error:
        return None


def _is_animated_webp(encoded: np.ndarray) -> bool:
    head = encoded[:24].tobytes()
    return head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and bool(head[20] & 2)


def _read_with_ffmpeg(path: Path, max_side: int | None, wanted: Wanted, room: Room) -> Picture:
    refuse_scripts(path)
    source = VideoSource(path, as_image=True, room=room)
    try:
        frame = source.first
        convert = FrameConverter(
            source.info.color.resolved(frame.width, frame.height), source.orientation, max_side, wanted
        )
        return convert.picture(frame)
    finally:
        source.close()
