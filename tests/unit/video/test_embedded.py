"""What a picture's file carries beside its pixels is told where it is not applied and not kept."""

from __future__ import annotations

import random
import struct
import zlib
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from clips import corners
from stylereel.video.embedded import Embedded, embedded_in
from stylereel.video.images import read_picture
from stylereel.video.reader import FrameReader

SRGB = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
DISPLAY_P3 = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
MAKER = struct.pack(">HHI4s", 0x010F, 2, 4, b"Ada\0")


def profile(name: str, columns, gamma: float, *, modern: bool = False) -> bytes:
    """A small RGB profile of three columns and one power; a modern one writes both in the newer ways."""
    if modern:
        text = name.encode("utf-16-be")
        desc = b"mluc" + struct.pack(">III4sII", 0, 1, 12, b"enUS", len(text), 28) + text
        curve = b"para" + struct.pack(">IHHi", 0, 0, 0, round(gamma * 65536))
    else:
        desc = b"desc" + struct.pack(">II", 0, len(name) + 1) + name.encode() + b"\0"
        curve = b"curv" + struct.pack(">IIH", 0, 1, round(gamma * 256))
    tags = {b"desc": desc, b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    for tag, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True):
        tags[tag] = b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in column))
    table, body = struct.pack(">I", len(tags)), b""
    for tag, value in tags.items():
        table += struct.pack(">4sII", tag, 132 + 12 * len(tags) + len(body), len(value))
        body += value
    return bytes(16) + b"RGB XYZ " + bytes(104) + table + body


def exif(orientation: int, *entries: bytes) -> bytes:
    lies = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    return b"MM\0*" + struct.pack(">IH", 8, 1 + len(entries)) + b"".join((*entries, lies)) + bytes(4)


def picture(path, *, icc: bytes = b"", tiff: bytes = b"", transparent: bool = False):
    """`corners`, 64x48, with a profile and EXIF inside, as JPEG, PNG or WebP by its ending."""
    pixels = corners(0, 64, 48)[..., ::-1]
    if transparent:
        pixels = np.dstack([pixels, np.full((48, 64), 254, np.uint8)])
    lossless = [cv2.IMWRITE_WEBP_QUALITY, 101] if path.suffix == ".webp" else []
    data = cv2.imencode(path.suffix, pixels, lossless)[1].tobytes()
    if path.suffix == ".jpg":
        bodies = [b"Exif\0\0" + tiff] * bool(tiff)
        halves = icc[: len(icc) // 2], icc[len(icc) // 2 :]
        bodies += [b"ICC_PROFILE\0" + bytes([n + 1, 2]) + half for n, half in enumerate(halves) if icc]
        marks = [b"\xff\xe1" if body[:4] == b"Exif" else b"\xff\xe2" for body in bodies]
        segments = [mark + struct.pack(">H", len(b) + 2) + b for mark, b in zip(marks, bodies, strict=True)]
        data = data[:2] + b"".join(segments) + data[2:]
    elif path.suffix == ".png":
        bodies = [b"iCCPname\0\0" + zlib.compress(icc)] * bool(icc) + [b"eXIf" + tiff] * bool(tiff)
        chunks = [struct.pack(">I", len(b) - 4) + b + struct.pack(">I", zlib.crc32(b)) for b in bodies]
        data = data[:33] + b"".join(chunks) + data[33:]
    else:
        flags = 0x20 * bool(icc) | 0x08 * bool(tiff) | 0x10 * transparent
        head = bytes([flags, 0, 0, 0]) + (63).to_bytes(3, "little") + (47).to_bytes(3, "little")
        coded = data[12:] if data[12:16] != b"VP8X" else data[30:]
        body = riff(b"VP8X", head) + riff(b"ICCP", icc) * bool(icc) + coded + riff(b"EXIF", tiff) * bool(tiff)
        data = b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body
    path.write_bytes(data)
    return path


def riff(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def notices_of(path) -> list[str]:
    with FrameReader(path) as reader:
        list(reader)
    return reader.notices


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
@pytest.mark.parametrize("modern", [False, True])
def test_a_colour_profile_that_is_not_srgb_is_named(tmp_path, suffix, modern):
    icc = profile("Display P3", DISPLAY_P3, 2.2, modern=modern)
    (said,) = notices_of(picture(tmp_path / f"a{suffix}", icc=icc))
    assert "Display P3" in said and "not applied" in said and "convert to sRGB" in said


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_srgb_and_no_profile_need_no_words(tmp_path, suffix):
    assert notices_of(picture(tmp_path / f"plain{suffix}")) == []
    assert notices_of(picture(tmp_path / f"srgb{suffix}", icc=profile("sRGB", SRGB, 2.2))) == []


def test_srgb_colours_with_another_curve_are_not_srgb():
    icc = profile("Linear", SRGB, 1.0)
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 6 + len(zlib.compress(icc)))
    assert embedded_in(data + b"iCCPname\0\0" + zlib.compress(icc) + bytes(5)).foreign_profile == "Linear"


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_exif_that_is_dropped_is_told_and_a_bare_orientation_is_not(tmp_path, suffix):
    (said,) = notices_of(picture(tmp_path / f"told{suffix}", tiff=exif(6, MAKER)))
    assert "EXIF" in said and "not carried over" in said
    assert notices_of(picture(tmp_path / f"turned{suffix}", tiff=exif(6))) == []


def test_a_tiffs_profile_and_exif_are_found():
    icc = profile("Display P3", DISPLAY_P3, 2.2)
    entry = struct.pack(">HHII", 0x8773, 7, len(icc), 8 + 2 + 3 * 12 + 4)
    found = embedded_in(exif(6, MAKER, entry) + icc)
    assert found == Embedded("Display P3", True)  # how it lies is left to the decoder, which turns it


def test_a_folder_says_how_many_pictures_it_means(tmp_path):
    for index in range(4):
        icc = profile("Display P3", DISPLAY_P3, 2.2) if index % 2 else b""
        picture(tmp_path / f"{index}.jpg", icc=icc, tiff=exif(1, MAKER) if index else b"")
    profiles, data = notices_of(tmp_path)
    assert "2 of 4 pictures" in profiles and "3 of 4 pictures" in data


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_pictures_with_transparency_are_turned_upright_as_opaque_ones_are(tmp_path, suffix, orientation):
    tiff = exif(orientation)
    opaque = read_picture(picture(tmp_path / f"opaque{suffix}", tiff=tiff))
    clear = read_picture(picture(tmp_path / f"clear{suffix}", tiff=tiff, transparent=True))
    jpeg = read_picture(picture(tmp_path / "a.jpg", tiff=tiff))
    assert clear.shape == opaque.shape == jpeg.shape
    assert np.abs(clear.astype(int) - opaque).max() <= 2
    assert np.abs(clear.astype(int) - jpeg)[2:20, 2:20].max() <= 8


def test_broken_files_are_looked_into_without_harm(tmp_path):
    chance = random.Random(0)
    for suffix in (".jpg", ".png", ".webp"):
        icc = profile("Display P3", DISPLAY_P3, 2.2, modern=True)
        data = bytearray(picture(tmp_path / f"a{suffix}", icc=icc, tiff=exif(6, MAKER)).read_bytes())
        for _ in range(200):
            broken = data[: chance.randrange(1, len(data))]
            for _ in range(5):
                broken[chance.randrange(len(broken))] = chance.randrange(256)
            assert isinstance(embedded_in(bytes(broken)), Embedded)


def test_a_film_of_pictures_with_exif_is_read(tmp_path):
    still = picture(tmp_path / "still.jpg", tiff=exif(1)).read_bytes()
    with av.open(str(tmp_path / "film.avi"), "w") as out:
        stream = out.add_stream("mjpeg", rate=25)
        height, width = cv2.imread(str(tmp_path / "still.jpg")).shape[:2]
        stream.width, stream.height, stream.pix_fmt = width, height, "yuvj420p"
        for pts in range(3):
            packet = av.Packet(still)
            packet.stream, packet.pts, packet.dts, packet.time_base = stream, pts, pts, Fraction(1, 25)
            out.mux(packet)
    with FrameReader(tmp_path / "film.avi") as reader:
        assert reader.size == (width, height) and len(list(reader)) == 3
