"""Brings a look that was laid over a smaller frame to the frame's own size, with the source's edges as guide.

The look itself is interpolated. What interpolation cannot bring back, fine lines and edges, comes from the
source: its own fine detail, as strongly and with the sign with which the look repeats the source around
there. Where the look follows the source, edges are as crisp as the source's; where it goes its own way, as
in a stroke across a flat wall, nothing of the source shows through. The factor is the local regression of
the guided filter (He, Sun and Tang, "Guided Image Filtering", 2013), found at the small size (He and Sun,
"Fast Guided Filter", 2015).
"""

from __future__ import annotations

import cv2
import numpy as np

SMALLEST_SCALE = 0.25
_SMALLEST_SIDE_PX = 16
_AROUND_PX = 5
_NOISE_LEVELS = 6.0
"""Of luma: fainter structure than this is taken for grain, which no look repeats."""
_LEAST_GAIN, _MOST_GAIN = -1.0, 1.5
_BAND_PX = 2_000_000
_GAIN_STEPS = 256


def reduced(frame: np.ndarray, scale: float) -> np.ndarray:
    """`(H, W, 3)` uint8 at `scale` of its size, at least 16 px to a side; itself at 1."""
    height, width = reduced_size(frame.shape[0], frame.shape[1], scale)
    if (height, width) == frame.shape[:2]:
        return frame
    return cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)


def reduced_size(height: int, width: int, scale: float) -> tuple[int, int]:
    """`(height, width)` of what the network sees of such a frame."""
    found = [min(side, max(_SMALLEST_SIDE_PX, round(side * scale))) for side in (height, width)]
    return found[0], found[1]


def enlarged(source: np.ndarray, small: np.ndarray, stylized: np.ndarray) -> np.ndarray:
    """The look at the size of the source.

    Args:
        source: `(H, W, 3)` uint8 RGB.
        small: `(h, w, 3)` uint8, the source as the network saw it.
        stylized: `(h, w, 3)` uint8, what the network made of it.

    Returns:
        `(H, W, 3)` uint8 RGB; `stylized` itself where the sizes agree.
    """
    if small.shape == source.shape:
        return stylized
    height, width = source.shape[:2]
    light = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    gain = cv2.resize(_gain(light, stylized), (width, height), interpolation=cv2.INTER_LINEAR)
    coarse = cv2.resize(light, (width, height), interpolation=cv2.INTER_CUBIC)
    result = cv2.resize(stylized, (width, height), interpolation=cv2.INTER_CUBIC)
    band = max(1, _BAND_PX // width)
    for top in range(0, height, band):  # a large frame is not held many times over
        rows = slice(top, top + band)
        fine = cv2.cvtColor(source[rows], cv2.COLOR_RGB2GRAY)
        detail = cv2.subtract(fine, coarse[rows], dtype=cv2.CV_16S)
        detail = cv2.multiply(detail, gain[rows], scale=1 / _GAIN_STEPS, dtype=cv2.CV_16S)
        cv2.add(result[rows], cv2.merge([detail] * 3), result[rows], dtype=cv2.CV_8U)
    return result


def _gain(light: np.ndarray, stylized: np.ndarray) -> np.ndarray:
    """How the look's luma follows the source's around each pixel of the small frame, int16, 256 for 1."""
    guide = light.astype(np.float32)
    look = cv2.cvtColor(stylized, cv2.COLOR_RGB2GRAY).astype(np.float32)
    window = (_AROUND_PX, _AROUND_PX)
    mean, mean_look = cv2.blur(guide, window), cv2.blur(look, window)
    variance = cv2.blur(guide * guide, window) - mean * mean
    together = cv2.blur(guide * look, window) - mean * mean_look
    gain = together / (variance + np.float32(_NOISE_LEVELS**2))
    return np.rint(np.clip(gain, _LEAST_GAIN, _MOST_GAIN) * _GAIN_STEPS).astype(np.int16)
