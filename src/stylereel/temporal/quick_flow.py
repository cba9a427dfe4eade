"""Backward flow that is cheap enough to run beside a live video: coarse DIS, then one step of Lucas-Kanade.

DIS (Kroeger et al. 2016) runs on half of the view and is right within half a pixel, which is not enough to
carry strokes over hundreds of frames. One Gauss-Newton step of Lucas and Kanade (1981) with the gradients
of the whole view brings the residual near that of the preset that the metrics use, for a fraction of its
time. The flow is then smoothed a little: one that follows the source's noise shakes the strokes.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import cv2
import numpy as np

LONGEST_SIDE_PX = 640
"""The view's longer side is at most this: larger frames are looked at from further away."""

_HALVED_FROM_PX = 256
_DIS_SMALLEST_PX = 32
_PATCH_STRIDE = 5
_STEP_LIMIT_PX = 1.0
_STEP_WINDOW = 7
_SMOOTHED = 5
_STEP_DAMPING = 10.0
_SOBEL_SCALE = 1 / 8
_SAME_FIT, _SAME_LEVELS_SQ = 1.6, 0.5


def view_of(frame: np.ndarray) -> np.ndarray:
    """`(H, W, 3)` uint8 RGB -> `(h, w)` uint8 grey, whose longer side is at most `LONGEST_SIDE_PX`."""
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    height, width = grey.shape
    if max(height, width) <= LONGEST_SIDE_PX:
        return grey
    scale = LONGEST_SIDE_PX / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA)


def halved(view: np.ndarray) -> np.ndarray:
    """The view at half its size, where it is large enough for that."""
    height, width = view.shape[:2]
    if max(height, width) < _HALVED_FROM_PX:
        return view
    return cv2.resize(view, (-(-width // 2), -(-height // 2)), interpolation=cv2.INTER_AREA)


@dataclass(frozen=True)
class Followed:
    """A view followed back to the one before it.

    Attributes:
        flow: `(h, w, 2)` float32, in px OF THE VIEW: before(p + flow(p)) is view(p).
        residual: `(h, w)` float32, what the flow leaves unexplained, in levels.
        gradient_sq: `(h, w)` float32, the view's squared gradient around each place, (levels per px)^2.
        is_inside: `(h, w)` bool: False where the flow comes from outside the picture.
    """

    flow: np.ndarray
    residual: np.ndarray
    gradient_sq: np.ndarray
    is_inside: np.ndarray


class QuickFlow:
    """Flow from a view back to the one before it; keeps nothing from call to call."""

    def __init__(self) -> None:
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self._dis.setFinestScale(1)
        self._dis.setGradientDescentIterations(12)
        self._dis.setPatchStride(_PATCH_STRIDE)
        self._dis.setVariationalRefinementIterations(0)

    def back(self, view: np.ndarray, before: np.ndarray) -> Followed:
        """Where each place of `view` was in `before`.

        Args:
            view: `(h, w)` uint8 grey.
            before: the same shape and type.

        Returns:
            What was found, at the size of `halved(view)`.
        """
        small, small_before = halved(view), halved(before)
        if min(small.shape) < _DIS_SMALLEST_PX:
            flow = np.zeros((*small.shape, 2), np.float32)
        else:
            flow = self._dis.calc(small, small_before, None)  # type: ignore[call-overload]
            flow *= view.shape[1] / small.shape[1]
        return _refined(view, before, flow)


@functools.lru_cache(maxsize=4)
def grid(height: int, width: int) -> np.ndarray:
    """`(height, width, 2)` float32: each place's own x and y. Read only."""
    rows, columns = np.indices((height, width), np.float32)
    places = np.ascontiguousarray(np.stack([columns, rows], -1))
    places.flags.writeable = False
    return places


def _refined(view: np.ndarray, before: np.ndarray, flow: np.ndarray) -> Followed:
    """One damped step of Lucas-Kanade at the flow's own places, with the gradients of the whole view."""
    stride = 2 if flow.shape[:2] != view.shape else 1
    across, down = (
        cv2.Sobel(view, cv2.CV_16S, *order, ksize=3, borderType=cv2.BORDER_REPLICATE)[::stride, ::stride]
        for order in ((1, 0), (0, 1))
    )
    across, down = (part.astype(np.float32) * _SOBEL_SCALE for part in (across, down))
    xx, xy, yy = (_around(a, b) for a, b in ((across, across), (across, down), (down, down)))
    gradient_sq = xx + yy
    xx += _STEP_DAMPING
    yy += _STEP_DAMPING
    scale = 1 / (xx * yy - xy * xy)
    places = grid(*flow.shape[:2]) * stride + flow
    seen = cv2.remap(before, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
    now = np.ascontiguousarray(view[::stride, ::stride])
    residual = cv2.subtract(now, seen, dtype=cv2.CV_32F)
    xr, yr = _around(across, residual), _around(down, residual)
    x_step = np.clip((yy * xr - xy * yr) * scale, -_STEP_LIMIT_PX, _STEP_LIMIT_PX)
    y_step = np.clip((xx * yr - xy * xr) * scale, -_STEP_LIMIT_PX, _STEP_LIMIT_PX)
    x, y = cv2.split(places)
    residual -= across * x_step
    residual -= down * y_step
    unmoved = cv2.subtract(now, np.ascontiguousarray(before[::stride, ::stride]), dtype=cv2.CV_32F)
    gain = _around(unmoved, unmoved) / (_SAME_FIT * _around(residual, residual) + _SAME_LEVELS_SQ)
    moves = np.clip(2 * gain - 2, 0, 1)
    flow += cv2.merge([x_step, y_step])
    return Followed(
        cv2.blur(flow * moves[..., None], (_SMOOTHED, _SMOOTHED)),
        cv2.blendLinear(residual, unmoved, moves, 1 - moves),
        gradient_sq,
        (x >= -1) & (x <= view.shape[1]) & (y >= -1) & (y <= view.shape[0]),
    )


def _around(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Mean of a times b around each place."""
    return cv2.blur(a * b, (_STEP_WINDOW, _STEP_WINDOW))
