"""Makes any frame size fit a network's size rule, and takes the margin off again."""

from __future__ import annotations

import cv2
import numpy as np


def pad_to_multiple(frames: np.ndarray, multiple: int) -> np.ndarray:
    """Extend frames to the right and below until both sides are multiples of `multiple`.

    The margin mirrors the picture; where the picture is narrower than its margin, the rest repeats the edge.

    Args:
        frames: `(N, H, W, 3)` uint8.
        multiple: the network's size rule, in pixels.

    Returns:
        `(N, H', W', 3)` uint8, contiguous; the same array when nothing is missing.
    """
    height, width = frames.shape[1:3]
    below, right = -height % multiple, -width % multiple
    if not below and not right:
        return np.ascontiguousarray(frames)
    return np.stack([_extend(frame, below, right) for frame in frames])


def _extend(frame: np.ndarray, below: int, right: int) -> np.ndarray:
    mirrored_below = min(below, frame.shape[0] - 1)
    mirrored_right = min(right, frame.shape[1] - 1)
    frame = cv2.copyMakeBorder(frame, 0, mirrored_below, 0, mirrored_right, cv2.BORDER_REFLECT_101)
    rest_below, rest_right = below - mirrored_below, right - mirrored_right
    if rest_below or rest_right:
        frame = cv2.copyMakeBorder(frame, 0, rest_below, 0, rest_right, cv2.BORDER_REPLICATE)
    return frame
