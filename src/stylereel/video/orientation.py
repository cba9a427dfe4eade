"""Turns stored frames upright, as the container's display matrix says."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Orientation:
    """One of the eight ways to lay a picture: first mirrored left to right, then turned.

    Attributes:
        quarter_turns: counter-clockwise, 0..3.
        mirrored: flipped left to right before it is turned.
    """

    quarter_turns: int = 0
    mirrored: bool = False

    @property
    def degrees(self) -> int:
        """Counter-clockwise turn in degrees: 0, 90, 180 or 270."""
        return 90 * self.quarter_turns

    @property
    def swaps_sides(self) -> bool:
        """True where width and height change places."""
        return self.quarter_turns % 2 == 1

    def apply(self, pixels: np.ndarray) -> np.ndarray:
        """`(H, W, C)` as stored -> upright, contiguous."""
        if self.mirrored:
            pixels = cv2.flip(pixels, 1)
        if self.quarter_turns:
            turn = (cv2.ROTATE_90_COUNTERCLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_CLOCKWISE)
            pixels = cv2.rotate(pixels, turn[self.quarter_turns - 1])
        return pixels


UPRIGHT = Orientation()


def orientation_of(display_matrix: bytes) -> Orientation:
    """The orientation that a display matrix asks for.

    Args:
        display_matrix: 36 bytes, nine native-endian int32, `a b u c d v x y w` of ISO 14496-12: the stored
            point (x, y), y down, shows at (a x + c y, b x + d y).

    Returns:
        The nearest of the eight; other angles and shears are left to the nearest right angle.
    """
    a, b, _, c, d, *_ = struct.unpack("=9i", display_matrix[:36])
    mirrored = a * d - b * c < 0
    if mirrored:  # undo the mirror, which is applied first: columns of x change sign
        a, b = -a, -b
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Orientation(0 if a + d >= 0 else 2, mirrored)
    return Orientation(3 if b - c > 0 else 1, mirrored)
