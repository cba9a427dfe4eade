"""Anchors: a soft random texture that lies on the things in a picture, for strokes to hold on to.

A network that sees one frame puts strokes where it finds something to put them on; a white wall gives it
nothing. So it may be given a second input: for each cell of 4x4 px a few numbers, read from one fixed random
texture at the place of the texture that lies there. Standing still, that place is the cell's own position
(`still_places`); in a video it travels with the content (`temporal/anchor_track.py`), so the strokes that
hold on to it travel too, and nothing is ever resampled twice. This is texture advection (Neyret 2003; for
painting on video Bousseau et al. 2007), with a network as the painter. Only the *place* is remembered from
frame to frame, never a stylised pixel, so no error of the look can pile up.
"""

from __future__ import annotations

import functools

import cv2
import numpy as np

CELL_PX = 4
"""Side of a cell, in pixels of the frame."""
TEXEL_PX = 2.0
"""Side of one element of the texture, in pixels of the frame where it lies undistorted."""
TEXTURE_SIDE = 256
"""Elements to a side; the texture repeats, after 512 px."""
MOST_CHANNELS = 4


@functools.cache
def texture(channels: int) -> np.ndarray:
    """The texture: `(256, 256, channels)` float32, zero mean, unit deviation, periodic, the same everywhere.

    White noise by a counter hash (SplitMix64; Steele et al. 2014), softened with a 3x3 binomial so that
    reading between elements changes little.
    """
    count = channels * TEXTURE_SIDE**2
    with np.errstate(over="ignore"):
        z = (np.arange(4 * count, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    uniform = ((z ^ (z >> np.uint64(31))) >> np.uint64(40)).astype(np.float32) / 2**24
    noise = uniform.reshape(TEXTURE_SIDE, TEXTURE_SIDE, channels, 4).sum(axis=3)  # nearly Gaussian
    for axis in (0, 1):
        noise = 0.25 * np.roll(noise, 1, axis) + 0.5 * noise + 0.25 * np.roll(noise, -1, axis)
    noise -= noise.mean(axis=(0, 1))
    return np.ascontiguousarray(noise / noise.std(axis=(0, 1)), np.float32)


def still_places(height_px: int, width_px: int, left_px: int = 0, top_px: int = 0) -> np.ndarray:
    """Where each cell lies on the texture while nothing has moved: its own centre.

    Args:
        height_px, width_px: of the picture, multiples of 4.
        left_px, top_px: margin outside the picture, so that the picture's own cells keep their places.

    Returns:
        `(H/4, W/4, 2)` float32, (x, y) in px.
    """
    rows, columns = np.mgrid[0 : height_px // CELL_PX, 0 : width_px // CELL_PX].astype(np.float32)
    centre = (CELL_PX - 1) / 2
    return np.stack([columns * CELL_PX + centre - left_px, rows * CELL_PX + centre - top_px], axis=-1)


def anchors_at(places: np.ndarray, channels: int) -> np.ndarray:
    """Read the texture, bilinearly.

    Args:
        places: `(h, w, 2)` float32, (x, y) in px.
        channels: 1 to 4.

    Returns:
        `(h, w, channels)` float32.
    """
    at = places * np.float32(1 / TEXEL_PX)
    at -= np.floor(at * np.float32(1 / TEXTURE_SIDE)) * np.float32(TEXTURE_SIDE)
    found = cv2.remap(texture(channels), at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return found.reshape(*places.shape[:2], channels)
