"""More than 8 bits through a network of 8: the source's own depth, and what the look changed of it.

The network takes and gives 8 bits. With x the source at full depth, x8 its rounding and y8 the result, the
change y8 - x8 is exact but for two roundings, which show as bands where the picture is smooth. There the
change is, closely, a linear function of the source: so it is fitted as one, window by window (the guided
filter of He, Sun and Tang, "Guided Image Filtering", PAMI 2013, with the source's luma at full depth as the
guide), which averages the roundings away. What the fit leaves is what the look painted by itself, strokes and
grain; it is added again, less the part that is no larger than the roundings.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from stylereel.core.color import LUMA_OF_RGB
from stylereel.core.frames import Frame
from stylereel.core.pixels import DEEP_PEAK, to_deep

_WINDOW_OF_HEIGHT = 1 / 24
_LEAST_WINDOW_PX = 16
_CELL_PX = 4
_FLAT_LEVELS = 0.5
ROUNDING_LEVELS = 1.25
"""What of a result's deviation from the fit is taken for rounding, in 8-bit levels."""


def deepened(deep: np.ndarray, source: np.ndarray, stylized: np.ndarray) -> np.ndarray:
    """The look at the source's depth.

    Args:
        deep: `(H, W, 3)` uint16 with peak `DEEP_PEAK`, the source.
        source: `(H, W, 3)` uint8, its rounding, which the network saw.
        stylized: `(H, W, 3)` uint8.

    Returns:
        `(H, W, 3)` uint16 with peak `DEEP_PEAK`: near `stylized`, and `deep` itself where that is
        `source`. Memory and time are those of a few box filters, whatever the window.
    """
    change = cv2.subtract(stylized, source, dtype=cv2.CV_32F)
    side_px = max(_LEAST_WINDOW_PX, round(source.shape[0] * _WINDOW_OF_HEIGHT))
    fine = deep.astype(np.float32) * np.float32(1 / 256)
    guide = cv2.transform(fine, np.array([LUMA_OF_RGB], np.float32))
    fitted = _fitted(guide, change, side_px)
    painted = change - fitted
    # A soft threshold: continuous, so that no edge appears where a stroke begins.
    painted -= np.clip(painted, -ROUNDING_LEVELS, ROUNDING_LEVELS)
    levels = fine + np.clip(fitted + painted, change - 2.5, change + 2.5)
    return np.rint(np.clip(levels * 256, 0, DEEP_PEAK)).astype(np.uint16)


def _fitted(guide: np.ndarray, change: np.ndarray, side_px: int) -> np.ndarray:
    """`change` (`(H, W, 3)` float32) as `slope * guide + offset` in every window, averaged over the windows.

    The windows are looked at in pixels of `_CELL_PX`, which their averages do not notice.
    """
    height, width = guide.shape
    small = (max(1, width // _CELL_PX), max(1, height // _CELL_PX))
    side = round(side_px / _CELL_PX) | 1
    window = (min(side, small[0]), min(side, small[1]))
    centered = guide - np.float32(guide.mean())  # squares of large numbers would lose what is looked for
    seen = cv2.resize(centered, small, interpolation=cv2.INTER_AREA)
    change = cv2.resize(change, small, interpolation=cv2.INTER_AREA)
    mean, mean_change = _averaged(seen, window), _averaged(change, window)
    variance = np.maximum(_averaged(seen * seen, window) - mean * mean, 0)
    together = _averaged(change * seen[..., None], window) - mean_change * mean[..., None]
    slope = together / (variance + _FLAT_LEVELS**2)[..., None]
    offset = mean_change - slope * mean[..., None]
    slope, offset = (
        cv2.resize(_averaged(part, window), (width, height), interpolation=cv2.INTER_LINEAR)
        for part in (slope, offset)
    )
    return slope * centered[..., None] + offset


def _averaged(values: np.ndarray, window: tuple[int, int]) -> np.ndarray:
    return cv2.blur(values, window, borderType=cv2.BORDER_REFLECT)


@dataclass(frozen=True)
class Deepener:
    """Gives each result the depth of its source; a finisher without state."""

    def step(self, source: Frame, stylized: Frame, state: None) -> tuple[Frame, None]:
        """The frame with `deep` filled in; a result that is its source is the source, bit for bit."""
        deep = source.deep if source.deep is not None else to_deep(source.pixels, 8)
        if stylized.pixels is not source.pixels:
            deep = deepened(deep, source.pixels, stylized.pixels)
        return replace(stylized, deep=deep), state
