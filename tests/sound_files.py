"""A small sound file of every kind that can be read."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from clips import make_clip, smooth
from stylereel.video.exr import encode_exr

SIZE = (48, 32)
FRAMES = 8

CLIPS: dict[str, dict[str, Any]] = {
    "h264.mp4": {"audio": True, "subtitles": True, "chapters": True},
    "cover.mp4": {"cover": True, "rotation": 90},
    "hevc.mp4": {"codec": "libx265", "size": (64, 48)},
    "av1.mp4": {"codec": "libsvtav1", "options": {"preset": "12"}},
    "prores.mov": {"codec": "prores_ks", "pix_fmt": "yuv422p10le", "color": None},
    "png.mov": {"codec": "png", "pix_fmt": "rgb24", "color": None},
    "qtrle.mov": {"codec": "qtrle", "pix_fmt": "rgb24", "color": None},
    "h264.mkv": {"audio": True, "subtitles": True, "chapters": True},
    "ffv1.mkv": {"codec": "ffv1"},
    "vp8.webm": {"codec": "libvpx", "audio": True, "audio_codec": "libopus"},
    "vp9.webm": {"codec": "libvpx-vp9"},
    "mpeg4.avi": {"codec": "mpeg4", "audio": True, "audio_codec": "libmp3lame"},
    "mjpeg.avi": {"codec": "mjpeg", "pix_fmt": "yuvj420p", "color": None},
    "raw.avi": {"codec": "rawvideo", "pix_fmt": "bgr24", "color": None},
    "h264.ts": {"audio": True},
    "mpeg2.mpg": {"codec": "mpeg2video"},
    "mpeg2.mxf": {"codec": "mpeg2video"},
    "flv1.flv": {"codec": "flv", "color": None},
    "h263.3gp": {"codec": "h263", "size": (176, 144), "color": None},
    "wmv2.wmv": {"codec": "wmv2", "color": None},
    "ffv1.nut": {"codec": "ffv1"},
    "plain.gif": {"codec": "gif", "pix_fmt": "gray", "color": None},
    "plain.apng": {"codec": "apng", "pix_fmt": "rgb24", "color": None},
    "pipe.y4m": {"codec": "wrapped_avframe", "frames": 4},
}
PICTURES = ("plain.png", "alpha.png", "plain.jpg", "plain.tif", "plain.bmp", "plain.webp", "plain.exr",
            "plain.ppm", "plain.jp2")  # fmt: skip


class Sounds:
    """The files by name, each made when it is first asked for, below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made: dict[str, bytes] = {}

    def __call__(self, name: str) -> bytes:
        """The file as it should be."""
        if name not in self._made:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._made[name] = _sound(self.folder / name)
        return self._made[name]


def _sound(path: Path) -> bytes:
    name = path.name
    if name in CLIPS:
        return make_clip(path, **{"frames": FRAMES, "size": SIZE, **CLIPS[name]}).read_bytes()
    pixels = smooth(3, *SIZE)[..., ::-1]
    if name == "alpha.png":
        pixels = np.dstack([pixels, np.arange(pixels[..., 0].size, dtype=np.uint8).reshape(pixels.shape[:2])])
    if name.endswith(".exr"):
        return encode_exr(pixels.astype(np.uint16) * 257, None)
    return cv2.imencode(path.suffix, pixels)[1].tobytes()


def mend_png(data: bytearray) -> None:
    """Make the checksums fit, so that what is wrong gets past them."""
    at = 8
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if at + 12 + length > len(data):
            return
        data[at + 8 + length : at + 12 + length] = zlib.crc32(data[at + 4 : at + 8 + length]).to_bytes(
            4, "big"
        )
        at += 12 + length
