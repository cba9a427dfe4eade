"""Notices that a file ends before it says it does."""

from __future__ import annotations

import struct
from pathlib import Path


def is_shorter_than_declared(path: Path) -> bool:
    """True where the outermost boxes of the file reach beyond its end: a cut recording or download."""
    declared = declared_bytes(path)
    return declared is not None and declared > path.stat().st_size


def declared_bytes(path: Path) -> int | None:
    """How long a file says it is, from its outermost boxes or header; None where it does not say.

    Knows ISO media (MP4, MOV), RIFF (AVI), EBML (Matroska, WebM), MPEG-TS (whole packets of 188 or 192
    bytes) and GIF (its last byte).
    """
    actual = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(1024)
        if head[:4] == b"GIF8":
            file.seek(-1, 2)
            return actual + (file.read(1) != b";")
        for packet_bytes, sync in ((188, 0), (192, 4)):
            if all(head[sync + k * packet_bytes : sync + k * packet_bytes + 1] == b"G" for k in range(4)):
                return -(-actual // packet_bytes) * packet_bytes
        if head[:4] == b"RIFF":
            return None if actual > 1 << 30 else 8 + struct.unpack("<I", head[4:8])[0]
        if head[:4] == b"\x1aE\xdf\xa3":
            return _declared_ebml(head)
        if head[4:8] not in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
            return None
        position = 0
        while position + 8 <= actual:
            file.seek(position)
            size, _kind = struct.unpack(">I4s", file.read(8))
            if size == 1:
                size = struct.unpack(">Q", file.read(8).rjust(8, b"\0"))[0]
            if size < 8:
                return None
            position += size
        return position


def _declared_ebml(head: bytes) -> int | None:
    position = 0
    for _ in range(2):  # the EBML header, then the segment
        position += 4
        first = head[position]
        length = 9 - first.bit_length()
        if length > 8:
            return None
        size = int.from_bytes(head[position : position + length], "big") - (1 << 7 * length)
        if size == (1 << 7 * length) - 1:  # unknown: written live
            return None
        position += length + size
        if position >= len(head):
            break
    return position
