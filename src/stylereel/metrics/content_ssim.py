"""How much of the source's structure is left: SSIM of the luma (Wang et al. 2004).

Gaussian window of 11 px and sigma 1.5, K1 = 0.01, K2 = 0.03, range [0, 1], mean over pixels and frames.
Optimum: 1, which only the source itself reaches; a look must change something, so it is a floor to hold and
not a score to win.
"""

from __future__ import annotations

import cv2
import numpy as np

from stylereel.metrics import _bands
from stylereel.metrics._facts import Facts
from stylereel.metrics._series import Series

FACTS = Facts(
    key="content_ssim",
    title="structure kept",
    question="How much of the source's light and shade is left?",
    optimum=1.0,
    good=0.6,
    fair=0.45,
)


class Metric:
    """Frame by frame."""

    name = "content_ssim"
    optimum = FACTS.optimum

    def __init__(self) -> None:
        self._values = Series(1)
        self._frames = 0

    @property
    def curve(self) -> np.ndarray:
        """(points, 2): frame, SSIM."""
        return self._values.curve

    def update(self, source: np.ndarray, stylized: np.ndarray) -> None:
        """Add a frame and its stylised counterpart, (H, W, 3) uint8 RGB; sizes may differ."""
        if source.shape != stylized.shape:
            source = cv2.resize(source, stylized.shape[1::-1], interpolation=cv2.INTER_AREA)
        self._values.add(self._frames, ssim(_bands.grey(source), _bands.grey(stylized)))
        self._frames += 1

    def result(self) -> dict[str, float]:
        """Mean over the frames; NaN without one."""
        return {"content_ssim": float(self._values.mean[0])}


def ssim(first: np.ndarray, second: np.ndarray) -> float:
    """Mean structural similarity of two (H, W) float32 pictures in [0, 1]."""

    def local_mean(picture: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(picture, (11, 11), 1.5)

    mean_1, mean_2 = local_mean(first), local_mean(second)
    variance_1 = local_mean(first * first) - mean_1**2
    variance_2 = local_mean(second * second) - mean_2**2
    covariance = local_mean(first * second) - mean_1 * mean_2
    luminance = (2 * mean_1 * mean_2 + 1e-4) / (mean_1**2 + mean_2**2 + 1e-4)
    structure = (2 * covariance + 9e-4) / (variance_1 + variance_2 + 9e-4)
    return float((luminance * structure).mean())
