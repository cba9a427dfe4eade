"""Single live frames as JPEG, as browsers send and show them."""

from __future__ import annotations

import struct

import cv2
import numpy as np

from stylereel.core.errors import RefusedError, VideoOpenError
from stylereel.video.sizes import jpeg_header

MEDIA_TYPE = "image/jpeg"
_ONE_PASS = (0xC0, 0xC1)
"""JPEGs that are read from top to bottom once. Others may be gone over thousands of times, in few bytes."""


def decode_jpeg(data: bytes, *, most_side_px: int, least_side_px: int = 1) -> np.ndarray:
    """A frame; what its header says is checked before memory is taken for it.

    Args:
        data: a baseline JPEG, as a browser's canvas gives it.
        most_side_px, least_side_px: of both its sides.

    Returns:
        `(H, W, 3)` uint8 RGB, as it lies there: how a camera was held is not looked at.

    Raises:
        VideoOpenError: it is no JPEG, or damaged.
        RefusedError: it is too large, too small, or a JPEG of many passes.
    """
    try:
        header = jpeg_header(data) if data[:2] == b"\xff\xd8" else None
    except (struct.error, IndexError):
        header = None
    if header is None:
        raise VideoOpenError(f"a frame of {len(data)} bytes is no JPEG: send JPEG pictures.")
    kind, width, height = header
    if kind not in _ONE_PASS:
        raise RefusedError("a frame is a progressive JPEG: send baseline ones, as a browser's canvas does.")
    if not (least_side_px <= min(width, height) and max(width, height) <= most_side_px):
        raise RefusedError(
            f"a frame is {width}x{height}: sides from {least_side_px} to {most_side_px} px are taken. Send "
            "it smaller."
        )
    try:
        bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        bgr = None
    if bgr is None or bgr.shape[:2] != (height, width):
        raise VideoOpenError(f"a frame of {width}x{height} is damaged: its JPEG cannot be decoded.")
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB, dst=bgr)


def encode_jpeg(pixels: np.ndarray, quality: int = 85) -> bytes:
    """A frame as baseline JPEG with 4:2:0 chroma.

    Args:
        pixels: `(H, W, 3)` uint8 RGB.
        quality: 0 to 100, JPEG's own scale.
    """
    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    return cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options)[1].tobytes()
