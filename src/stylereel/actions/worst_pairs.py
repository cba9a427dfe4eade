"""The moments where a result boils most, as pictures of what was seen there."""

from __future__ import annotations

import cv2
import numpy as np

from stylereel.actions.evaluation import WorstPair
from stylereel.actions.paired_frames import seconds_of
from stylereel.core.frames import Frame
from stylereel.metrics import warping_error

WORST_PAIRS = 3
APART_SECONDS = 0.5
SMALL_WIDTH_PX = 480
CROP_SIDE = 0.3
"""Part of the frame's shorter side that is enlarged."""


class WorstPairs:
    """Keeps the pairs that boil most beyond their source, half a second apart, as small pictures."""

    def __init__(self) -> None:
        self._kept: list[tuple[float, WorstPair]] = []
        self._frames = 0
        self._times: tuple[float, float] = (0.0, 0.0)

    def consider(self, metric: warping_error.Metric, frame: Frame) -> None:
        """Look at the pair that the metric has just measured; `frame` is its second."""
        self._frames += 1
        self._times = (self._times[1], seconds_of(frame))
        pair = metric.last
        if pair is None:
            return
        badness = pair.error - pair.error_source
        near = [kept for kept in self._kept if self._times[0] - kept[1].seconds < APART_SECONDS]
        rivals = near or (self._kept if len(self._kept) >= WORST_PAIRS else [])
        if badness <= 0 or (rivals and badness <= min(kept[0] for kept in rivals)):
            return
        if rivals:
            self._kept.remove(min(rivals, key=lambda kept: kept[0]))
        self._kept.append((badness, _pictured(pair, self._frames - 2, self._times[0])))

    def pairs(self) -> tuple[WorstPair, ...]:
        """The worst first."""
        return tuple(pair for _, pair in sorted(self._kept, key=lambda kept: -kept[0]))


def _pictured(pair: warping_error.Pair, frame: int, seconds: float) -> WorstPair:
    difference = warping_error.difference(pair)
    side = max(16, round(CROP_SIDE * min(difference.shape)))
    where = cv2.blur(difference, (side, side))
    half = side // 2
    inner = where[half : difference.shape[0] - half, half : difference.shape[1] - half]
    row, column = np.unravel_index(int(inner.argmax()), inner.shape) if inner.size else (0, 0)
    part = np.s_[row : row + 2 * half, column : column + 2 * half]
    marked = pair.first.copy()
    thickness = max(2, min(difference.shape) // 120)
    corner = (int(column) + 2 * half, int(row) + 2 * half)
    cv2.rectangle(marked, (int(column), int(row)), corner, (255, 255, 255), thickness + 2)
    cv2.rectangle(marked, (int(column), int(row)), corner, (225, 60, 60), thickness)
    heat = cv2.applyColorMap(
        np.clip(difference[part] * 4 * 255, 0, 255).astype(np.uint8), cv2.COLORMAP_INFERNO
    )
    return WorstPair(
        frame,
        seconds,
        pair.error,
        pair.error_source,
        jpeg(small(marked)),
        jpeg(_enlarged(pair.first_output[part])),
        jpeg(_enlarged(pair.second_output[part])),
        jpeg(_enlarged(heat[..., ::-1])),
    )


def jpeg(rgb: np.ndarray) -> bytes:
    """An (H, W, 3) uint8 RGB picture as JPEG."""
    return cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes()


def small(rgb: np.ndarray) -> np.ndarray:
    """The picture at a width of 480 px at most; a copy."""
    height, width = rgb.shape[:2]
    if width <= SMALL_WIDTH_PX:
        return rgb.copy()
    size = (SMALL_WIDTH_PX, max(1, round(height * SMALL_WIDTH_PX / width)))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)


def _enlarged(rgb: np.ndarray) -> np.ndarray:
    times = max(1, round(320 / max(rgb.shape[:2])))
    return cv2.resize(rgb, None, fx=times, fy=times, interpolation=cv2.INTER_NEAREST)
