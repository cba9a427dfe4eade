"""Little files that want to become much: giant sizes in headers, runs of zeros, times that lie ages apart."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from clips import make_clip
from sound_files import SIZE, Sounds, mend_png

Bomb = Callable[[random.Random, Sounds], tuple[str, bytes, str]]


def _sides(rng: random.Random, most: int) -> tuple[int, int]:
    sides = [rng.choice((most, most - 1, most // 2, 40000, 30000, 17000, 9000)) for _ in range(2)]
    sides = [min(side, most) for side in sides]
    sides[rng.randrange(2)] = rng.choice((sides[0], 1, 2, 100)) if rng.random() < 0.2 else sides[0]
    return sides[0], sides[1]


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def png(width: int, height: int, depth: int, color: int, body: bytes) -> bytes:
    """A PNG file of one packed body, whether it fits or not."""
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    chunks = _png_chunk(b"IHDR", header) + _png_chunk(b"IDAT", body) + _png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _png_bomb(rng: random.Random, _: Sounds) -> tuple[str, bytes, str]:
    width, height = _sides(rng, rng.choice((40000, 2**31 - 1)))
    depth, color = rng.choice(((1, 0), (8, 2), (16, 6), (8, 3)))
    row = 1 + min(width, 10**6) * depth * {0: 1, 2: 3, 3: 1, 6: 4}[color] // 8
    packer = zlib.compressobj(9)
    rows = min(height, 64 * 2**20 // row)
    body = b"".join(packer.compress(bytes(row)) for _ in range(rows)) + packer.flush()
    return (
        "bomb.png",
        png(width, height, depth, color, body),
        f"{width}x{height} of {depth} bits, {rows} rows",
    )


def _profile_bomb(rng: random.Random, all: Sounds) -> tuple[str, bytes, str]:
    sound, size = all("plain.png"), rng.choice((1 << 20, 64 << 20))
    kind = rng.choice((b"iCCP", b"zTXt", b"iTXt"))
    head = b"x\0\0" if kind != b"iTXt" else b"x\0\1\0\0\0"
    chunk = _png_chunk(kind, head + zlib.compress(bytes(size), 9))
    return "bomb.png", sound[:33] + chunk + sound[33:], f"{size} bytes of {kind.decode()}"


def _gif_bomb(rng: random.Random, all: Sounds) -> tuple[str, bytes, str]:
    data, (width, height) = bytearray(all("plain.gif")), _sides(rng, 65535)
    data[6:10] = struct.pack("<HH", width, height)
    at = data.find(b"\x2c\0\0\0\0")
    if rng.random() < 0.5 and at > 0:
        data[at + 5 : at + 9] = struct.pack("<HH", width, height)
    return "bomb.gif", bytes(data), f"a screen of {width}x{height}"


def _bmp_bomb(rng: random.Random, all: Sounds) -> tuple[str, bytes, str]:
    data, (width, height) = bytearray(all("plain.bmp")), _sides(rng, 2**31 - 1)
    data[18:26] = struct.pack("<ii", width, rng.choice((height, -height)))
    if rng.random() < 0.5:
        data[28:34] = struct.pack("<HI", 8, 1)  # 8 bits, run-length
    return "bomb.bmp", bytes(data), f"{width}x{height}"


def _tiff_bomb(rng: random.Random, all: Sounds) -> tuple[str, bytes, str]:
    data, (width, height) = bytearray(all("plain.tif")), _sides(rng, 2**31 - 1)
    at = int.from_bytes(data[4:8], "little")
    for entry in range(at + 2, at + 2 + 12 * int.from_bytes(data[at : at + 2], "little"), 12):
        tag = int.from_bytes(data[entry : entry + 2], "little")
        if tag in (256, 257, 278):
            data[entry + 2 : entry + 12] = struct.pack("<HII", 4, 1, width if tag == 256 else height)
    return "bomb.tif", bytes(data), f"{width}x{height}"


def _jpeg_bomb(rng: random.Random, all: Sounds) -> tuple[str, bytes, str]:
    data, (width, height) = bytearray(all("plain.jpg")), _sides(rng, 65535)
    at = data.find(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    if rng.random() < 0.3:
        data[at + 1] = 0xC2  # progressive: all of it is held until the end
    return "bomb.jpg", bytes(data), f"{width}x{height}"


def _webp_bomb(rng: random.Random, all: Sounds) -> tuple[str, bytes, str]:
    side = rng.choice((16383, 9000))
    data = bytearray(
        cv2.imencode(".webp", np.zeros((64, 64, 3), np.uint8), [cv2.IMWRITE_WEBP_QUALITY, 101])[1]
    )
    at = data.find(b"VP8L")
    if at > 0:
        bits = int.from_bytes(data[at + 9 : at + 13], "little") & ~0xFFFFFFF | (side - 1) | (side - 1) << 14
        data[at + 9 : at + 13] = bits.to_bytes(4, "little")
    return "bomb.webp", bytes(data), f"{side}x{side}"


def _exr_bomb(rng: random.Random, all: Sounds) -> tuple[str, bytes, str]:
    data, (width, height) = bytearray(all("plain.exr")), _sides(rng, 2**31 - 1)
    for name in (b"dataWindow\0box2i\0", b"displayWindow\0box2i\0"):
        at = data.find(name) + len(name) + 4
        data[at : at + 16] = struct.pack("<iiii", 0, 0, width - 1, height - 1)
    return "bomb.exr", bytes(data), f"{width}x{height}"


def _jp2_bomb(rng: random.Random, all: Sounds) -> tuple[str, bytes, str]:
    data, (width, height) = bytearray(all("plain.jp2")), _sides(rng, 2**31 - 1)
    at = data.find(b"ihdr") + 4
    data[at : at + 8] = struct.pack(">II", height, width)
    at = data.find(b"\xff\x51") + 6
    data[at : at + 8] = struct.pack(">II", width, height)
    return "bomb.jp2", bytes(data), f"{width}x{height}"


def _ppm_bomb(rng: random.Random, all: Sounds) -> tuple[str, bytes, str]:
    width, height = _sides(rng, 2**31 - 1)
    return "bomb.ppm", f"P6\n{width} {height}\n255\n".encode() + bytes(1000), f"{width}x{height}"


def _y4m_bomb(rng: random.Random, all: Sounds) -> tuple[str, bytes, str]:
    width, height = _sides(rng, rng.choice((65535, 2**31 - 1)))
    rate = rng.choice(("25:1", "1:0", "0:1", "2147483647:1", "1:2147483647"))
    head = f"YUV4MPEG2 W{width} H{height} F{rate} C420jpeg\nFRAME\n"
    return "bomb.y4m", head.encode() + bytes(5000), head.split("\n")[0]


def _container_bomb(rng: random.Random, all: Sounds) -> tuple[str, bytes, str]:
    """A container that declares a giant picture; the stream may say otherwise."""
    name = rng.choice(("png.mov", "qtrle.mov", "raw.avi", "mpeg4.avi", "h264.mp4", "ffv1.mkv", "plain.apng"))
    data, (width, height) = bytearray(all(name)), _sides(rng, 65535)
    said = 0
    for pack in (">HH", "<HH", ">II", "<II"):
        small, large = struct.pack(pack, *SIZE), struct.pack(pack, width, height)
        said += data.count(small)
        data = data.replace(small, large)
    if name == "ffv1.mkv":
        data = data.replace(b"\xb0\x81\x30", b"\xb0\x81\xff").replace(b"\xba\x81\x20", b"\xba\x81\xff")
    mend_png(data) if name == "plain.apng" else None
    return f"bomb{Path(name).suffix}", bytes(data), f"{name} that says {width}x{height} at {said} places"


def film_of_bombs(path: Path, side: int) -> Path:
    """Three frames of PNG, each `side` squared and thousands of times its bytes; the container says 48x32."""
    row, packer = bytes(1 + (side + 7) // 8), zlib.compressobj(9)
    picture = png(side, side, 1, 0, b"".join(packer.compress(row) for _ in range(side)) + packer.flush())
    with av.open(str(path), "w") as out:
        stream = out.add_stream("png", rate=25)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "rgb24"
        for pts in range(3):
            packet = av.Packet(picture)
            packet.stream, packet.pts, packet.dts = stream, pts, pts
            packet.time_base = Fraction(1, 25)
            out.mux(packet)
    return path


def _video_bomb(rng: random.Random, all: Sounds) -> tuple[str, bytes, str]:
    side = rng.choice((12000, 20000, 30000))
    path = all.folder / f"bomb-{side}.mov"
    all.folder.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        film_of_bombs(path, side)
    return "bomb.mov", path.read_bytes(), f"frames of {side}x{side}, the container says {SIZE}"


def _times_bomb(rng: random.Random, all: Sounds) -> tuple[str, bytes, str]:
    """Raw frames at times that lie ages apart."""
    step = rng.choice((10**6, 10**9, 2**31, 2**40, 2**55))
    path = all.folder / f"times-{step}.mkv"
    if not path.exists():
        try:
            make_clip(path, frames=3, size=SIZE, codec="ffv1", pts=[0, step, 2 * step])
        except Exception:  # no container has such times: then the first ones that it refused to close
            path.write_bytes(all("ffv1.mkv"))
    return "bomb.mkv", path.read_bytes(), f"frames {step} ms apart"


BOMBS: tuple[Bomb, ...] = (
    _png_bomb, _profile_bomb, _gif_bomb, _bmp_bomb, _tiff_bomb, _jpeg_bomb, _webp_bomb, _exr_bomb, _jp2_bomb,
    _ppm_bomb, _y4m_bomb, _container_bomb, _container_bomb, _video_bomb, _times_bomb,
)  # fmt: skip
