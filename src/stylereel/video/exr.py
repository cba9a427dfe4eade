"""OpenEXR pictures: linear light in floats, to and from the signal that the network sees.

FFmpeg reads and writes them, so that no further library is needed. Light is encoded with the sRGB curve
(IEC 61966-2-1), full scale at 1.0; brighter light is cut off there, which is where screens end. Opacity is
premultiplied in a file, straight in a frame.
"""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import av
import av.error
import numpy as np
from av.codec.context import CodecContext

from stylereel.core.errors import OutputError, VideoOpenError
from stylereel.core.pixels import DEEP_PEAK
from stylereel.video.safety import IMAGE_DEMUXERS
from stylereel.video.sizes import AMPLE, LIGHT_BYTES, Room

MAGIC = b"\x76\x2f\x31\x01"
ENDING = ".exr"


def encoded_light(light: np.ndarray) -> np.ndarray:
    """Linear light, 1.0 is white, to the sRGB signal in [0, 1]; NaN and what is below 0 become 0."""
    light = np.clip(np.nan_to_num(light, nan=0.0, posinf=1.0, neginf=0.0), 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.power(light, 1 / 2.4) - 0.055)


def decoded_signal(signal: np.ndarray) -> np.ndarray:
    """The inverse of `encoded_light`."""
    return np.where(signal <= 0.04045, signal / 12.92, np.power((signal + 0.055) / 1.055, 2.4))


def decode_exr(data: bytes, room: Room = AMPLE) -> tuple[np.ndarray, np.ndarray | None]:
    """`(H, W, 3)` RGB and `(H, W)` straight opacity or None, both uint16 with peak `DEEP_PEAK`.

    Raises:
        VideoOpenError: it cannot be read, or is too large.
        MemoryShortError: it is larger than `room`.
    """
    try:
        most = {"max_pixels": str(room.most_pixels(LIGHT_BYTES))}
        with av.open(
            io.BytesIO(data), "r", options={"format_whitelist": IMAGE_DEMUXERS, **most}
        ) as container:
            context = container.streams.video[0].codec_context
            context.options = most
            planes = _planes(next(container.decode(video=0)))
    except (av.error.FFmpegError, StopIteration, IndexError, ValueError) as error:
        raise VideoOpenError(f"an EXR picture that FFmpeg cannot read: {error}") from error
    light, opacity = planes[..., :3], planes[..., 3] if planes.shape[2] == 4 else None
    if opacity is None:
        return _deep(encoded_light(light)), None
    opacity = np.clip(np.nan_to_num(opacity), 0, 1)
    straight = np.where(opacity[..., None] > 0, light / np.maximum(opacity, 1e-6)[..., None], light)
    return _deep(encoded_light(straight)), _deep(opacity)


def encode_exr(rgb: np.ndarray, opacity: np.ndarray | None) -> bytes:
    """A file of half floats, compressed without loss.

    Args:
        rgb: `(H, W, 3)` uint16 with peak `DEEP_PEAK`.
        opacity: `(H, W)` likewise, or None.

    Raises:
        OutputError: FFmpeg refused.
    """
    light = decoded_signal(rgb.astype(np.float32) / DEEP_PEAK)
    height, width = rgb.shape[:2]
    layout, planes = "gbrpf32le", [light[..., 1], light[..., 2], light[..., 0]]
    if opacity is not None:
        share = opacity.astype(np.float32) / DEEP_PEAK
        layout, planes = "gbrapf32le", [*(plane * share for plane in planes), share]
    frame = av.VideoFrame(width, height, layout)
    targets: Any = frame.planes
    for target, plane in zip(targets, planes, strict=True):
        np.frombuffer(target, np.float32).reshape(target.height, -1)[:, :width] = plane
    frame.pts = 0
    encoder: Any = CodecContext.create("exr", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, layout
    encoder.time_base, encoder.options = Fraction(1, 25), {"compression": "zip16", "format": "half"}
    try:
        return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])
    except av.error.FFmpegError as error:
        raise OutputError(f"cannot encode an EXR picture of {width}x{height}: {error}") from error


def _planes(frame: av.VideoFrame) -> np.ndarray:
    """`(H, W, 3 or 4)` float32, RGB or RGBA, linear and premultiplied."""
    name = frame.format.name
    half = "f16" in name
    if not name.startswith(("gbrpf", "gbrapf", "grayf")) or name.endswith("be"):
        alpha = any(component.is_alpha for component in frame.format.components)
        frame, half = frame.reformat(format="gbrapf32le" if alpha else "gbrpf32le"), False
    kind = np.float16 if half else np.float32
    planes = [
        np.frombuffer(memoryview(plane), kind).reshape(plane.height, -1)[:, : plane.width].astype(np.float32)
        for plane in frame.planes
    ]
    if len(planes) == 1:
        return np.dstack(planes * 3)
    return np.dstack([planes[2], planes[0], planes[1], *planes[3:]])


def _deep(signal: np.ndarray) -> np.ndarray:
    return np.rint(signal * DEEP_PEAK).astype(np.uint16)
