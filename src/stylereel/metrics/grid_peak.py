"""Whether upsampling printed a grid: spectral peaks at periods of 2, 4 and 8 px.

The amplitude spectrum of the Hann-windowed luma, averaged over frames (Odena et al. 2016 describe the fault).
At a period p the value is the largest of the amplitudes at (1/p, 0), (0, 1/p) and (1/p, 1/p), each over the
median of its neighbours: along the axis for the first two, because pictures have energy there by nature, in a
square for the third. A clean picture has 1 to 2. Optimum: the source's own. The frame is never resized, for
that would move the grid.
"""

from __future__ import annotations

import numpy as np

from stylereel.metrics import _bands

PERIODS_PX = (2, 4, 8)
NEAR, FAR = 3, 16


class Metric:
    """Frame by frame; every frame of one size."""

    name = "grid_peak"
    optimum = 1.0

    def __init__(self) -> None:
        self._sum: np.ndarray | None = None

    def update(self, source: np.ndarray, stylized: np.ndarray) -> None:
        """Add a stylised frame, (H, W, 3) uint8 RGB; the source is not looked at."""
        del source
        amplitude = _amplitude(_bands.grey(stylized))
        self._sum = amplitude if self._sum is None else self._sum + amplitude

    def result(self) -> dict[str, float]:
        """`grid_peak` is the largest of `grid_peak_2`, `_4` and `_8`."""
        if self._sum is None:
            return {}
        peaks = {f"grid_peak_{period}": _peak(self._sum, period) for period in PERIODS_PX}
        return {"grid_peak": max(peaks.values()), **peaks}


def _amplitude(picture: np.ndarray) -> np.ndarray:
    """Spectrum of the largest part whose sides are multiples of 8, so that each period falls on a bin."""
    height, width = (length // 8 * 8 for length in picture.shape)
    picture = picture[:height, :width]
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
