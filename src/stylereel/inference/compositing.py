"""Lays the look over the source: how strongly, and with whose colours."""

from __future__ import annotations

import functools

import cv2
import numpy as np

from stylereel.core.pixels import DEEP_PEAK

_BAND_ROWS = 256
_CV_TYPES = {1: cv2.CV_8U, 2: cv2.CV_16U}
_LIGHT_STEP = 1.0
_COLOR_STEP = 4
_SRGB_FROM_XYZ = np.array(
    [[3.240479, -1.53715, -0.498535], [-0.969256, 1.875991, 0.041556], [0.055648, -0.204043, 1.057311]],
    np.float32,
)
_WHITE = (0.950456, 1.0, 1.088754)


def blend(source: np.ndarray, stylized: np.ndarray, strength: float) -> np.ndarray:
    """Between the source and the look, each channel monotone in `strength`.

    Args:
        source: `(H, W, 3)` uint8 RGB.
        stylized: the same shape and type.
        strength: 0 gives the source itself, 1 the look itself.
    """
    if strength <= 0:
        return source
    if strength >= 1:
        return stylized
    return cv2.addWeighted(source, 1.0 - strength, stylized, strength, 0.0)


def blend_where(outside: np.ndarray, inside: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """As `blend`, with a strength for each pixel.

    Args:
        outside: `(H, W, 3)` RGB, uint8 or uint16.
        inside: the same shape and type.
        mask: `(H, W)` uint16: 0 gives `outside` bit for bit, `DEEP_PEAK` gives `inside`.
    """
    result = np.empty_like(outside)
    for top in range(0, len(result), _BAND_ROWS):  # see `keep_source_colors`
        rows = slice(top, top + _BAND_ROWS)
        lowest, highest, *_ = cv2.minMaxLoc(mask[rows])
        if highest <= 0 or lowest >= DEEP_PEAK:
            result[rows] = outside[rows] if highest <= 0 else inside[rows]
            continue
        weight = mask[rows].astype(np.float32) * np.float32(1 / DEEP_PEAK)
        change = cv2.subtract(inside[rows], outside[rows], dtype=cv2.CV_32F)
        change = cv2.multiply(change, cv2.merge([weight, weight, weight]))
        result[rows] = cv2.add(outside[rows], change, dtype=_CV_TYPES[result.dtype.itemsize])
    return result


def keep_source_colors(source: np.ndarray, stylized: np.ndarray) -> np.ndarray:
    """The look's light and texture with the source's colours: L* of one, a*b* of the other.

    Not every light can carry every colour (no screen shows a black that is yellow). Where the look's L*
    leaves the sRGB gamut for the source's a*b*, the nearest L* that carries the colour is taken, so that
    colours stay and are never clipped into others.

    Args:
        source: `(H, W, 3)` uint8 RGB.
        stylized: the same shape and type.

    Returns:
        `(H, W, 3)` uint8 RGB.
    """
    result = np.empty_like(stylized)
    for top in range(0, len(source), _BAND_ROWS):  # in float a whole frame would be held many times over
        rows = slice(top, top + _BAND_ROWS)
        result[rows] = _with_source_colors(source[rows], stylized[rows])
    return result


def _with_source_colors(source: np.ndarray, stylized: np.ndarray) -> np.ndarray:
    light = cv2.extractChannel(cv2.cvtColor(stylized, cv2.COLOR_RGB2LAB), 0)
    _, a, b = cv2.split(cv2.cvtColor(source, cv2.COLOR_RGB2LAB))
    lowest, highest = _light_that_carries()
    column, row = a.astype(np.float32) / _COLOR_STEP, b.astype(np.float32) / _COLOR_STEP
    target = light.astype(np.float32) * (100 / 255)
    target = cv2.max(target, cv2.remap(lowest, column, row, cv2.INTER_LINEAR))
    target = cv2.min(target, cv2.remap(highest, column, row, cv2.INTER_LINEAR))
    lab = cv2.merge([target, a.astype(np.float32) - 128, b.astype(np.float32) - 128])
    return cv2.convertScaleAbs(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), alpha=255)


@functools.cache
def _light_that_carries() -> tuple[np.ndarray, np.ndarray]:
    """The lowest and highest L* inside the sRGB gamut for each `[b*, a*]` of a grid over -128..128.

    Computed from the definition of CIELAB (CIE 15, white D65); colours that no light carries get the light
    whose channels overshoot least.
    """
    axis = np.arange(-128, 128 + _COLOR_STEP, _COLOR_STEP, dtype=np.float32)
    lights = np.arange(0, 100 + _LIGHT_STEP, _LIGHT_STEP, dtype=np.float32)
    light, b, a = np.meshgrid(lights, axis, axis, indexing="ij")
    y = (light + 16) / 116
    xyz = [white * _uncompressed(f) for white, f in zip(_WHITE, (y + a / 500, y, y - b / 200), strict=True)]
    rgb = np.tensordot(_SRGB_FROM_XYZ, np.stack(xyz), axes=1)
    overshoot = np.maximum(-rgb.min(axis=0), rgb.max(axis=0) - 1)
    allowed = np.maximum(overshoot.min(axis=0), 0.002)
    inside = overshoot <= allowed
    lowest = lights[inside.argmax(axis=0)]
    highest = lights[len(lights) - 1 - inside[::-1].argmax(axis=0)]
    return lowest, highest


def _uncompressed(f: np.ndarray) -> np.ndarray:
    """Inverse of CIELAB's f: a cube, and a line near black."""
    knee = 6 / 29
    return np.where(f > knee, f**3, 3 * knee**2 * (f - 4 / 29))
