"""What a picture's file carries beside its pixels: a colour profile, and the camera's EXIF data.

The decoders hand over neither. They are looked at here so that what is not applied and not kept can be said,
and so that pictures with transparency, which OpenCV leaves lying, are turned upright.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from stylereel.video.orientation import UPRIGHT, Orientation

_ORIENTATION_TAG, _PROFILE_TAG, _CAMERA_TAG = 0x0112, 0x8773, 0x8769
_TELLING_TAGS = frozenset(
    # description, maker, model, date, artist, copyright, place
    {0x010E, 0x010F, 0x0110, 0x0132, 0x013B, 0x8298, 0x8825, _CAMERA_TAG}
)
_TYPE_BYTES = (1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8)
_LARGEST_PROFILE_BYTES = 1 << 24
_BY_EXIF = (
    *(UPRIGHT, Orientation(0, True), Orientation(2), Orientation(2, True)),
    *(Orientation(1, True), Orientation(3), Orientation(3, True), Orientation(1)),
)
# Columns of IEC 61966-2-1, adapted to D50 as profiles are.
_SRGB_COLUMNS = {
    b"rXYZ": (0.4361, 0.2225, 0.0139),
    b"gXYZ": (0.3851, 0.7169, 0.0971),
    b"bXYZ": (0.1431, 0.0606, 0.7141),
}
_NEAR_SRGB_AT_HALF = (0.20, 0.23)
"""Light at half the signal: sRGB has 0.214, a plain power of 2.2 has 0.218."""


@dataclass(frozen=True)
class Embedded:
    """What lies in a picture's file.

    Attributes:
        foreign_profile: name of a colour profile that is not sRGB, None where there is none.
        has_exif: EXIF says more than how the picture lies: camera, date, place, author and their like.
        orientation: how JPEG, PNG and WebP lie by their EXIF.
    """

    foreign_profile: str | None = None
    has_exif: bool = False
    orientation: Orientation = UPRIGHT


def embedded_in(data: bytes) -> Embedded:
    """Look into a picture's bytes; what is broken or unknown counts as absent."""
    try:
        profile, exif = _parts(data)
        lies = max(exif.get(_ORIENTATION_TAG, b""), default=1)  # 1 to 8, in either order of bytes
        orientation = _BY_EXIF[lies - 1] if 1 <= lies <= 8 else UPRIGHT
        return Embedded(_foreign_name(profile), bool(_TELLING_TAGS & exif.keys()), orientation)
    except (struct.error, IndexError, ValueError, zlib.error):
        return Embedded()


def left_aside(pictures: Sequence[Embedded]) -> list[str]:
    """Sentences for the user: what of these pictures is not applied and not kept."""
    total, notices = len(pictures), []
    names = [picture.foreign_profile for picture in pictures if picture.foreign_profile is not None]
    if names:
        kinds = ", ".join(sorted(set(names))[:3])
        notices.append(
            f"the colour profile of {_some(len(names), total)} ({kinds}) is not applied and the values are "
            "taken as sRGB, so that colours come out too dull or too strong: convert to sRGB first where "
            "that matters"
        )
    count = sum(picture.has_exif for picture in pictures)
    if count:
        notices.append(
            f"the EXIF data of {_some(count, total)} (such as camera, date, place and author) is not carried "
            "over; how the picture lies is applied"
        )
    return notices


def _some(count: int, total: int) -> str:
    return "the picture" if total == 1 else f"{count} of {total} pictures"


def _parts(data: bytes) -> tuple[bytes, dict[int, bytes]]:
    """The colour profile, empty where there is none, and the values of EXIF's first directory by tag."""
    if data.startswith(b"\xff\xd8"):
        profile, exif = _parts_of_jpeg(data)
    elif data.startswith(b"\x89PNG\r\n\x1a\n"):
        chunks = _chunks(data, 8, is_png=True)
        _, _, packed = chunks.get(b"iCCP", b"").partition(b"\0")
        profile = zlib.decompressobj().decompress(packed[1:], _LARGEST_PROFILE_BYTES) if packed else b""
        exif = chunks.get(b"eXIf", b"")
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        chunks = _chunks(data, 12, is_png=False)
        profile, exif = chunks.get(b"ICCP", b""), chunks.get(b"EXIF", b"").removeprefix(b"Exif\0\0")
    elif data[:4] in (b"II*\0", b"MM\0*"):
        tags = _directory(data)
        tags.pop(_ORIENTATION_TAG, None)  # the decoder has seen to it
        return tags.get(_PROFILE_TAG, b""), tags
    elif data[4:8] == b"ftyp":
        at = data.find(b"colrprof") - 4
        profile = data[at + 12 : at + struct.unpack_from(">I", data, at)[0]] if at >= 0 else b""
        has_exif = re.search(rb"infe[\x02\x03].{7,9}Exif", data, re.DOTALL)
        return profile, {_CAMERA_TAG: b""} if has_exif else {}
    else:
        return b"", {}
    return profile, _directory(exif) if exif else {}


def _parts_of_jpeg(data: bytes) -> tuple[bytes, bytes]:
    """Profile and EXIF from the application segments before the first scan."""
    pieces: dict[int, bytes] = {}
    exif, at = b"", 2
    while data[at] == 0xFF and data[at + 1] != 0xDA:
        end = at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        marker, body = data[at + 1], data[at + 4 : end]
        if marker == 0xE1 and body.startswith(b"Exif\0\0"):
            exif = exif or body[6:]
        elif marker == 0xE2 and body.startswith(b"ICC_PROFILE\0"):
            pieces[body[12]] = body[14:]
        at = end
    return b"".join(pieces[number] for number in sorted(pieces)), exif


def _chunks(data: bytes, at: int, *, is_png: bool) -> dict[bytes, bytes]:
    """The first chunk of each name in a PNG or a RIFF file."""
    found: dict[bytes, bytes] = {}
    while at + 8 <= len(data):
        first, second = data[at : at + 4], data[at + 4 : at + 8]
        name, size = (second, int.from_bytes(first)) if is_png else (first, int.from_bytes(second, "little"))
        found.setdefault(name, data[at + 8 : at + 8 + size])
        at += 8 + size + (4 if is_png else size % 2)
    return found


def _directory(tiff: bytes) -> dict[int, bytes]:
    """The first directory of a TIFF structure: values as stored, by tag."""
    order = "<" if tiff[:2] == b"II" else ">"
    at = struct.unpack_from(order + "I", tiff, 4)[0]
    found = {}
    for index in range(struct.unpack_from(order + "H", tiff, at)[0]):
        entry = at + 2 + 12 * index
        tag, kind, count = struct.unpack_from(order + "HHI", tiff, entry)
        size = count * (_TYPE_BYTES[kind - 1] if 1 <= kind <= len(_TYPE_BYTES) else 0)
        start = entry + 8 if size <= 4 else struct.unpack_from(order + "I", tiff, entry + 8)[0]
        found[tag] = tiff[start : start + size]
    return found


def _foreign_name(profile: bytes) -> str | None:
    """What an ICC profile (ICC.1:2022) calls itself, or None where it is as good as sRGB."""
    if not profile:
        return None
    count = struct.unpack_from(">I", profile, 128)[0]
    entries = [struct.unpack_from(">4sII", profile, 132 + 12 * index) for index in range(min(count, 100))]
    tags = {name: profile[start : start + size] for name, start, size in entries}
    name = _text(tags.get(b"desc", b"")).strip() or "unnamed"
    if profile[16:20] == b"RGB " and _SRGB_COLUMNS.keys() <= tags.keys():
        is_srgb = all(
            abs(struct.unpack_from(">i", tags[column], 8 + 4 * index)[0] / 65536 - value) < 0.01
            for column, values in _SRGB_COLUMNS.items()
            for index, value in enumerate(values)
        ) and all(_is_near_srgb(tags.get(curve, b"")) for curve in (b"rTRC", b"gTRC", b"bTRC"))
    elif profile[16:20] == b"GRAY":
        is_srgb = _is_near_srgb(tags.get(b"kTRC", b""))
    else:
        is_srgb = profile[16:20] == b"RGB " and "srgb" in name.lower()
    return None if is_srgb else name


def _is_near_srgb(curve: bytes) -> bool:
    """Whether half the signal means about as much light as in sRGB."""
    kind, number = curve[:4], struct.unpack_from(">I", curve, 8)[0]
    if kind == b"para":
        gamma, *rest = (
            value / 65536 for value in struct.unpack_from(f">{(len(curve) - 12) // 4}i", curve, 12)
        )
        a, b = (*rest, 0.0, 0.0)[:2] if number >> 16 else (1.0, 0.0)
        light = (a * 0.5 + b) ** gamma
    elif number == 0:
        light = 0.5
    elif number == 1:
        light = 0.5 ** (struct.unpack_from(">H", curve, 12)[0] / 256)
    else:
        light = struct.unpack_from(">H", curve, 12 + 2 * (number // 2))[0] / 65535
    return _NEAR_SRGB_AT_HALF[0] < light < _NEAR_SRGB_AT_HALF[1]


def _text(tag: bytes) -> str:
    """A description in either of the two ways that profiles write it."""
    if tag[:4] == b"desc":
        size = struct.unpack_from(">I", tag, 8)[0]
        return tag[12 : 12 + size].rstrip(b"\0").decode("ascii", "replace")
    if tag[:4] == b"mluc":
        size, start = struct.unpack_from(">II", tag, 20)
        return tag[start : start + size].decode("utf-16-be", "replace")
    return ""
