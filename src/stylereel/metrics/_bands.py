"""Laplacian bands of a grey picture, and scaling them to a wanted energy.

The pyramid is Burt and Adelson's (1983): `band[k] = gaussian[k] - up(gaussian[k + 1])`, so that the bands and
the low-pass rest add up to the picture exactly.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

LEVELS = 3


def short_side_to(frame: np.ndarray, short_side_px: int) -> np.ndarray:
    """Resize (H, W[, 3]) so that its shorter side is `short_side_px`; an equal size is returned untouched."""
    height, width = frame.shape[:2]
    scale = short_side_px / min(height, width)
    size = (round(width * scale), round(height * scale))
    if size == (width, height):
        return frame
    return cv2.resize(frame, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def grey(frame: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 RGB, or (H, W) uint8, to (H, W) float32 luma in [0, 1] (BT.601 weights)."""
    if frame.ndim == 3:
        frame = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    return frame.astype(np.float32) / 255.0


def split(picture: np.ndarray, levels: int = LEVELS) -> list[np.ndarray]:
    """(H, W[, C]) float32 to `levels` band-pass pictures, finest first, and the low-pass rest."""
    bands, current = [], picture
    for _ in range(levels):
        smaller = cv2.pyrDown(current)
        bands.append(current - cv2.pyrUp(smaller, dstsize=(current.shape[1], current.shape[0])))
        current = smaller
    return [*bands, current]


def join(bands: Sequence[np.ndarray]) -> np.ndarray:
    """The picture that `split` took apart."""
    current = bands[-1]
    for band in reversed(bands[:-1]):
        current = band + cv2.pyrUp(current, dstsize=(band.shape[1], band.shape[0]))
    return current


def energies(picture: np.ndarray, levels: int = LEVELS) -> np.ndarray:
    """(levels,) root mean square of each band of a float32 picture."""
    return np.array([np.sqrt(np.mean(band**2)) for band in split(picture, levels)[:-1]], np.float32)


def scaled(picture: np.ndarray, gains: Sequence[float] | np.ndarray) -> np.ndarray:
    """(H, W) float32 with each band multiplied by its gain, clipped to [0, 1]."""
    bands = split(picture, len(gains))
    bands[:-1] = [band * np.float32(gain) for band, gain in zip(bands[:-1], gains, strict=True)]
    return np.clip(join(bands), 0.0, 1.0)


def matching_gains(picture: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Gains that bring the bands of `picture` to the energies `wanted`; at most 8."""
    return np.minimum(wanted / np.maximum(energies(picture, len(wanted)), 1e-4), 8.0)


def energy_matched(picture: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The control that no style metric may reward: a grey picture with bands of the style's mean energy."""
    return scaled(picture, matching_gains(picture, wanted))
