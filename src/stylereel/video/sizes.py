"""How large pictures may be: what their headers say is held against it before memory is taken for them.

A file of some kilobytes can hold a picture of gigabytes that is all one colour, or claim to.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from stylereel.core.errors import MemoryShortError, VideoOpenError
from stylereel.core.memory import as_text

LARGEST_PIXELS = 1 << 28
"""16384 squared: the longest panoramas, the largest scans."""
VIDEO_BYTES, PICTURE_BYTES, DEEP_PICTURE_BYTES, LIGHT_BYTES = 32, 12, 32, 64
"""Per pixel while it is decoded: a film, a picture of 8 bits, one that may have 16, one of floats."""
_LARGEST_FILE_BYTES = 8 * LARGEST_PIXELS
_LEAST_ROOM_BYTES = 1 << 28
"""For reading there is always so much: what is too little for the rest is told by who plans it."""
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True)
class Room:
    """What reading may take.

    Attributes:
        room_bytes: of memory; None where nothing limits it.
    """

    room_bytes: int | None = None

    def most_pixels(self, bytes_per_px: int) -> int:
        """The largest picture that may be decoded, in pixels."""
        if self.room_bytes is None:
            return LARGEST_PIXELS
        return min(LARGEST_PIXELS, max(self.room_bytes, _LEAST_ROOM_BYTES) // bytes_per_px)

    def check(self, what: object, width: int, height: int, bytes_per_px: int) -> None:
        """Raise where a picture of that size may not be decoded.

        Raises:
            VideoOpenError: it is larger than any picture may be.
            MemoryShortError: it is larger than memory is left.
        """
        if width * height > LARGEST_PIXELS:
            raise VideoOpenError(
                f"{what} says that it is {width}x{height}: more than {LARGEST_PIXELS / 1e6:.0f} million "
                "pixels are not read. If that is true, shrink it or cut it into parts first"
            )
        if width * height > self.most_pixels(bytes_per_px):
            needed = as_text(width * height * bytes_per_px)
            raise MemoryShortError(
                f"{what} is {width}x{height}: reading it takes about {needed}, and "
                f"{as_text(self.room_bytes or 0)} may be used. Close other programs, raise --memory-limit "
                "where you set one, or shrink it first."
            )

    def check_file(self, path: Path) -> None:
        """Raise where a picture's file is too large to be held in memory.

        Raises:
            VideoOpenError: it is larger than the largest picture without compression.
            MemoryShortError: it is larger than memory is left.
        """
        size = path.stat().st_size
        if size > _LARGEST_FILE_BYTES:
            raise VideoOpenError(f"{path} has {as_text(size)}: no picture that can be read is so large")
        if self.room_bytes is not None and size > max(self.room_bytes, _LEAST_ROOM_BYTES):
            raise MemoryShortError(
                f"{path} has {as_text(size)}, and {as_text(self.room_bytes)} of memory may be used. Close "
                "other programs, or raise --memory-limit where you set one."
            )


AMPLE = Room()


def check_picture(what: object, data: bytes, room: Room) -> None:
    """Hold a picture's file against `room` by its header; what is unknown or broken is left to the decoders.

    Raises:
        VideoOpenError, MemoryShortError: see `Room.check`.
    """
    try:
        found = _stated(data)
    except (struct.error, IndexError):
        return
    if found is not None:
        room.check(what, *found)


def _stated(data: bytes) -> tuple[int, int, int] | None:
    """Width, height and bytes per pixel while it is decoded, or None."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return (*struct.unpack_from(">II", data, 16), PICTURE_BYTES if data[24] <= 8 else DEEP_PICTURE_BYTES)
    if data.startswith(b"\xff\xd8"):
        return _stated_by_jpeg(data)
    if data.startswith(b"BM"):
        short = struct.unpack_from("<I", data, 14)[0] == 12
        width, height = struct.unpack_from("<HH" if short else "<ii", data, 18)
        return abs(width), abs(height), PICTURE_BYTES
    if data[:4] in (b"II*\0", b"MM\0*"):
        return _stated_by_tiff(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _stated_by_webp(data)
    if data[4:8] == b"jP  " or data.startswith(b"\xff\x4f\xff\x51"):
        at = data.index(b"\xff\x51") if b"\xff\x51" in data else -1
        if at < 0:
            return None
        right, bottom, left, top = struct.unpack_from(">IIII", data, at + 6)
        return max(0, right - left), max(0, bottom - top), DEEP_PICTURE_BYTES
    if data[4:8] == b"ftyp" and (at := data.find(b"ispe")) >= 0:
        return (*struct.unpack_from(">II", data, at + 8), DEEP_PICTURE_BYTES)
    return None


def _stated_by_jpeg(data: bytes) -> tuple[int, int, int] | None:
    found = jpeg_header(data)
    return None if found is None else (*found[1:], PICTURE_BYTES)


def jpeg_header(data: bytes) -> tuple[int, int, int] | None:
    """The marker that begins the picture (0xC0 to 0xCF, which kind of JPEG it is), its width and its height.

    Raises:
        struct.error, IndexError: it ends before it says.
    """
    at = 2
    while data[at] == 0xFF:
        if data[at + 1] in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return data[at + 1], width, height
        at += 1 if data[at + 1] == 0xFF else 2 + struct.unpack_from(">H", data, at + 2)[0]
    return None


def _stated_by_tiff(data: bytes) -> tuple[int, int, int] | None:
    order = "<" if data[:2] == b"II" else ">"
    at = struct.unpack_from(order + "I", data, 4)[0]
    sides = {256: 0, 257: 0}
    for index in range(struct.unpack_from(order + "H", data, at)[0]):
        entry = at + 2 + 12 * index
        tag, kind = struct.unpack_from(order + "HH", data, entry)
        if tag in sides:
            sides[tag] = struct.unpack_from(order + ("H" if kind == 3 else "I"), data, entry + 8)[0]
    return sides[256], sides[257], DEEP_PICTURE_BYTES


def _stated_by_webp(data: bytes) -> tuple[int, int, int] | None:
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = (1 + int.from_bytes(data[at : at + 3], "little") for at in (24, 27))
    elif kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    else:
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    return width, height, PICTURE_BYTES
