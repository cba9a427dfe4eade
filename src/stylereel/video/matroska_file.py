"""Writes the sample aspect ratio of a finished Matroska or WebM file, which PyAV cannot tell the muxer.

The muxer reserves room by a longer track name (`reserve_room`); afterwards the name is put right and the room
becomes the display size. Nothing else in the file moves.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

_SEGMENT, _TRACKS, _TRACK, _VIDEO = 0x18538067, 0x1654AE6B, 0xAE, 0xE0
_NAME, _DISPLAY_WIDTH, _DISPLAY_HEIGHT, _DISPLAY_UNIT = 0x536E, 0x54B0, 0x54BA, 0x54B2
_VOID, _CRC = 0xEC, 0xBF
_MOST_TRACKS_BYTES = 1 << 24
_ROOM = 40


def reserve_room(title: str) -> str:
    """A track title that takes the room for what `set_aspect` adds."""
    return title + "." * _ROOM


def set_aspect(path: Path, ratio: Fraction, size: tuple[int, int], title: str) -> None:
    """Set the display size of the first video track.

    Args:
        path: a whole Matroska file, changed in place, whose video track is named `reserve_room(title)`.
        ratio: width over height of a pixel.
        size: `(width, height)` of the pictures, pixels.
        title: the track's own name, "" for none.

    Raises:
        ValueError: the file is not laid out as FFmpeg does it.
    """
    with path.open("r+b") as file:
        head = file.read(_MOST_TRACKS_BYTES)
        tracks = _find_tracks(head)
        changed = _with_display(tracks, ratio, size, title)
        if len(changed) != tracks.end - tracks.start:
            raise ValueError(f"{path}: the track entry would change its size")
        file.seek(tracks.start)
        file.write(changed)


@dataclass(frozen=True)
class _Element:
    identity: int
    data: bytes
    head: int
    start: int
    end: int


def _find_tracks(head: bytes) -> _Element:
    top = _elements(head, 0, len(head))
    segment = next(element for element in top if element.identity == _SEGMENT)
    inside = _elements(head, segment.start, min(segment.end, len(head)))
    found = next((element for element in inside if element.identity == _TRACKS), None)
    if found is None:
        raise ValueError("no track list at the beginning of the file")
    return found


def _elements(data: bytes, start: int, end: int) -> list[_Element]:
    """The elements side by side in `data[start:end]` (RFC 8794 section 5), as far as they are whole."""
    found = []
    while start < end:
        head = start
        length = 9 - data[start].bit_length()
        identity = int.from_bytes(data[start : start + length])
        start += length
        length = 9 - data[start].bit_length()
        size = int.from_bytes(data[start : start + length]) - (1 << 7 * length)
        start += length
        stop = end if size == (1 << 7 * length) - 1 else start + size
        found.append(_Element(identity, data[start:stop], head, start, stop))
        start = stop
    return found


def _pack(identity: int, data: bytes) -> bytes:
    name = identity.to_bytes((identity.bit_length() + 7) // 8)
    length = next(length for length in range(1, 9) if len(data) < (1 << 7 * length) - 1)
    return name + (len(data) | 1 << 7 * length).to_bytes(length) + data


def _pack_number(identity: int, value: int) -> bytes:
    return _pack(identity, value.to_bytes(max(1, (value.bit_length() + 7) // 8)))


def _with_display(tracks: _Element, ratio: Fraction, size: tuple[int, int], title: str) -> bytes:
    children = _elements(tracks.data, 0, len(tracks.data))
    body = b""
    is_done = False
    for child in children:
        if child.identity == _CRC:
            continue
        entry = _elements(child.data, 0, len(child.data)) if child.identity == _TRACK else []
        if not is_done and any(element.identity == _VIDEO for element in entry):
            body += _entry_with_display(entry, len(child.data), ratio, size, title, tracks, child)
            is_done = True
        else:
            body += _as_it_was(tracks.data, child)
    has_check = bool(children) and children[0].identity == _CRC
    return (_pack(_CRC, zlib.crc32(body).to_bytes(4, "little")) if has_check else b"") + body


def _as_it_was(data: bytes, element: _Element) -> bytes:
    """An element with its own header, whatever the length of its size field was."""
    return data[element.head : element.end]


def _entry_with_display(
    entry: list[_Element],
    length: int,
    ratio: Fraction,
    size: tuple[int, int],
    title: str,
    tracks: _Element,
    child: _Element,
) -> bytes:
    shown = max(1, round(size[0] * ratio)), size[1]
    if ratio < 1:  # never fewer pixels than there are
        shown = size[0], max(1, round(size[1] / ratio))
    body = b""
    for element in entry:
        if element.identity == _NAME:
            body += _pack(_NAME, title.encode()) if title else b""
        elif element.identity == _VIDEO:
            kept = [
                inner
                for inner in _elements(element.data, 0, len(element.data))
                if inner.identity not in (_DISPLAY_WIDTH, _DISPLAY_HEIGHT, _DISPLAY_UNIT)
            ]
            video = b"".join(_as_it_was(element.data, inner) for inner in kept)
            video += _pack_number(_DISPLAY_WIDTH, shown[0]) + _pack_number(_DISPLAY_HEIGHT, shown[1])
            body += _pack(_VIDEO, video)
        else:
            body += _as_it_was(child.data, element)
    room = length - len(body)
    if room < 2:
        raise ValueError("no room was reserved in the track entry")
    if room > 128:
        raise ValueError("more room in the track entry than was reserved")
    return tracks.data[child.head : child.start] + body + _pack(_VOID, bytes(room - 2))
