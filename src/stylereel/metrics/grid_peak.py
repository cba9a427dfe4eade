"""Whether upsampling printed a grid: spectral peaks at periods of 2, 4 and 8 px.

The amplitude spectrum of the Hann-windowed luma, averaged over frames (Odena et al. 2016 describe the fault).
At a period p the value is the largest of the amplitudes at (1/p, 0), (0, 1/p) and (1/p, 1/p), each over the
median of its neighbours: along the axis for the first two, because pictures have energy there by nature, in a
square for the third. A clean picture has 1 to 2. `grid_peak_ratio` is the output's over the source's own.
Optimum: a ratio of 1. The output is never resized, for that would move the grid; a source of another size is
brought to the output's.
"""

from __future__ import annotations

import cv2
import numpy as np

from stylereel.metrics import _bands
from stylereel.metrics._facts import Facts

LEAST_SIDE_PX = 32
"""Smaller pictures have no neighbourhood to compare a peak with."""
PERIODS_PX = (2, 4, 8)
NEAR, FAR = 3, 16

FACTS = Facts(
    key="grid_peak_ratio",
    title="grid",
    question="Did the network print a grid? The source's own is at 1.",
    optimum=1.0,
    good=2.0,
    fair=4.0,
    unit="x",
    sampled=True,
)


class Metric:
    """Frame by frame; every frame of one size."""

    name = "grid_peak"
    optimum = FACTS.optimum

    def __init__(self) -> None:
        self._sums: list[np.ndarray] = []

    def update(self, source: np.ndarray, stylized: np.ndarray) -> None:
        """Add a frame and its stylised counterpart, (H, W, 3) uint8 RGB."""
        if source.shape != stylized.shape:
            source = cv2.resize(source, stylized.shape[1::-1], interpolation=cv2.INTER_AREA)
        found = [_amplitude(_bands.grey(frame)) for frame in (source, stylized)]
        self._sums = [a + b for a, b in zip(self._sums, found, strict=True)] if self._sums else found

    def result(self) -> dict[str, float]:
        """`grid_peak` is the largest of `grid_peak_2`, `_4` and `_8`; NaN without a frame of 32 px."""
        if not self._sums or min(self._sums[0].shape) < LEAST_SIDE_PX:
            return dict.fromkeys(("grid_peak", "grid_peak_source", "grid_peak_ratio"), float("nan"))
        source = max(_peak(self._sums[0], period) for period in PERIODS_PX)
        peaks = {f"grid_peak_{period}": _peak(self._sums[1], period) for period in PERIODS_PX}
        largest = max(peaks.values())
        ratio = largest / max(source, 1e-6)
        return {"grid_peak": largest, **peaks, "grid_peak_source": source, "grid_peak_ratio": ratio}


def _amplitude(picture: np.ndarray) -> np.ndarray:
    """Spectrum of the largest part whose sides are multiples of 8, so that each period falls on a bin."""
    height, width = (length // 8 * 8 for length in picture.shape)
    picture = picture[:height, :width]
    if not picture.size:
        return np.zeros((0, 0))
    window = np.outer(np.hanning(height + 1)[:-1], np.hanning(width + 1)[:-1])
    return np.abs(np.fft.fft2((picture - picture.mean()) * window))


def _peak(amplitude: np.ndarray, period: int) -> float:
    row, column = amplitude.shape[0] // period, amplitude.shape[1] // period
    far = max(NEAR + 1, min(FAR, row // 2, column // 2))
    offsets = np.array([offset for offset in range(-far, far + 1) if abs(offset) >= NEAR])
    rows, columns = (row + offsets) % amplitude.shape[0], (column + offsets) % amplitude.shape[1]
    neighbours = (amplitude[0, columns], amplitude[rows, 0], amplitude[np.ix_(rows, columns)])
    places = (amplitude[0, column], amplitude[row, 0], amplitude[row, column])
    return max(
        float(value) / max(float(np.median(near)), 1e-6)
        for value, near in zip(places, neighbours, strict=True)
    )
