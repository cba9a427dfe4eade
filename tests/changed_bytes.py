"""What can become of a file's bytes. Each function changes them in place and says what it did."""

from __future__ import annotations

import random
from collections.abc import Callable

MARKS = (
    b"ftyp", b"moov", b"mvhd", b"trak", b"tkhd", b"mdhd", b"hdlr", b"stsd", b"avc1", b"avcC", b"hvcC",
    b"stts", b"stss", b"ctts", b"stsc", b"stsz", b"stco", b"elst", b"chpl", b"mdat", b"udta",  # MP4, MOV
    b"\x1a\x45\xdf\xa3", b"\x15\x49\xa9\x66", b"\x16\x54\xae\x6b", b"\x1f\x43\xb6\x75", b"\x1c\x53\xbb\x6b",
    b"\xb0\x81", b"\xba\x81",  # Matroska: header, info, tracks, cluster, cues, width, height
    b"RIFF", b"avih", b"strh", b"strf", b"idx1", b"movi", b"00dc", b"VP8 ", b"VP8X", b"VP8L",
    b"IHDR", b"PLTE", b"IDAT", b"acTL", b"fcTL", b"fdAT", b"\xff\xc0", b"\xff\xc4", b"\xff\xda", b"\xff\xdb",
    b"II*\0", b"BM", b"dataWindow", b"displayWindow", b"compression", b"GIF8", b"\x21\xf9", b"\x2c\0",
    b"FLV\x01",
    b"YUV4MPEG2 ", b"FRAME", b"\0\0\1\xb3", b"\0\0\0\1\x67", b"\0\0\1\x65", b"\x47\x40", b"P6", b"jP  ",
    b"ihdr",
)  # fmt: skip
EXTREMES = (0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)

Change = Callable[[bytearray, random.Random], str]


def place_in(data: bytearray, rng: random.Random, length: int = 1) -> int:
    """Anywhere, more often near the beginning, where the headers are."""
    most = max(0, len(data) - length)
    return rng.randint(0, min(most, 200) if rng.random() < 0.5 else most)


def flip(data: bytearray, rng: random.Random) -> str:
    count = rng.choice((1, 2, 8, 40))
    for _ in range(count if data else 0):
        data[place_in(data, rng)] ^= 1 << rng.randrange(8)
    return f"{count} bits flipped"


def truncate(data: bytearray, rng: random.Random) -> str:
    keep = place_in(data, rng)
    del data[keep:]
    return f"cut to {keep} bytes"


def swap(data: bytearray, rng: random.Random) -> str:
    length = rng.choice((1, 4, 16, 188, 512))
    a, b = place_in(data, rng, length), place_in(data, rng, length)
    data[a : a + length], data[b : b + length] = data[b : b + length], data[a : a + length]
    return f"{length} bytes at {a} and {b} swapped"


def insert(data: bytearray, rng: random.Random) -> str:
    at, length = place_in(data, rng), rng.choice((1, 3, 64, 1000))
    data[at:at] = rng.randbytes(length)
    return f"{length} bytes inserted at {at}"


def repeat(data: bytearray, rng: random.Random) -> str:
    at, length, times = place_in(data, rng), rng.choice((1, 8, 100, 1000)), rng.choice((1, 10, 200))
    data[at:at] = data[at : at + length] * times
    return f"{length} bytes at {at} repeated {times} times"


def remove(data: bytearray, rng: random.Random) -> str:
    at, length = place_in(data, rng), rng.choice((1, 2, 4, 100, 1000))
    del data[at : at + length]
    return f"{length} bytes removed at {at}"


def overwrite(data: bytearray, rng: random.Random) -> str:
    at, length = place_in(data, rng), rng.choice((4, 32, 300))
    length = min(length, len(data) - at)
    data[at : at + length] = rng.choice((b"\0" * length, b"\xff" * length, rng.randbytes(length)))
    return f"{length} bytes at {at} overwritten"


def extreme(data: bytearray, rng: random.Random) -> str:
    """An extreme number behind a mark that formats put before their fields, or anywhere."""
    size, order = rng.choice((1, 2, 4, 4, 8)), rng.choice(("big", "little"))
    value = rng.choice(EXTREMES) & (256**size - 1)
    found = [at for mark in MARKS if (at := data.find(mark)) >= 0]
    at = rng.choice(found) + rng.randint(0, 64) if found and rng.random() < 0.7 else place_in(data, rng, size)
    data[at : at + size] = value.to_bytes(size, order)  # type: ignore[arg-type]
    return f"{size} bytes at {at} set to {value:#x} ({order})"


CHANGES: tuple[Change, ...] = (
    flip, flip, truncate, swap, insert, repeat, remove, overwrite, extreme, extreme, extreme,
)  # fmt: skip
