"""Optical flow of the source (DIS, medium), and which of its pixels can be followed (Lai et al. 2018)."""

from __future__ import annotations

import cv2
import numpy as np

_DIS_SMALLEST_PX = 16


class SourceFlow:
    """Forward flow and trust mask between two frames, as the metrics' protocols fix them."""

    def __init__(self) -> None:
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def between(self, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Flow from `first` to `second`, both (H, W, 3) uint8 RGB.

        Returns:
            (H, W, 2) float32 flow in px, and an (H, W) bool mask: True where it can be trusted; nowhere in
            pictures that are too small to be followed.
        """
        if min(first.shape[:2]) < _DIS_SMALLEST_PX:
            return np.zeros((*first.shape[:2], 2), np.float32), np.zeros(first.shape[:2], bool)
        grey_first, grey_second = (cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (first, second))
        forward = self._dis.calc(grey_first, grey_second, None)  # type: ignore[call-overload]
        backward = self._dis.calc(grey_second, grey_first, None)  # type: ignore[call-overload]
        return forward, trusted(forward, backward)


def warped(picture: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """`picture` (H, W, C) of the later moment, seen from the earlier: picture(p + flow(p)), bilinear."""
    height, width = flow.shape[:2]
    rows, columns = np.indices((height, width), np.float32)
    return cv2.remap(
        picture,
        columns + flow[..., 0],
        rows + flow[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )


def trusted(forward: np.ndarray, backward: np.ndarray) -> np.ndarray:
    """(H, W) bool: neither occluded, nor on a motion boundary, nor leaving the picture.

    Occluded where |b(p + f) + f|^2 > 0.01 (|f|^2 + |b(p + f)|^2) + 0.5;
    boundary where |grad u|^2 + |grad v|^2 > 0.01 |f|^2 + 0.002.
    """
    height, width = forward.shape[:2]
    returned = warped(backward, forward)
    forward_sq, returned_sq = (forward**2).sum(-1), (returned**2).sum(-1)
    occluded = ((returned + forward) ** 2).sum(-1) > 0.01 * (forward_sq + returned_sq) + 0.5
    gradient = sum(part**2 for component in (0, 1) for part in np.gradient(forward[..., component]))
    boundary = gradient > 0.01 * forward_sq + 0.002
    rows, columns = np.indices((height, width), np.float32)
    columns, rows = columns + forward[..., 0], rows + forward[..., 1]
    inside = (columns >= 0) & (columns <= width - 1) & (rows >= 0) & (rows <= height - 1)
    return inside & ~occluded & ~boundary
