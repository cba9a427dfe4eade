"""Numbers that come one by one: their exact mean, and a curve whose length stays bounded."""

from __future__ import annotations

import numpy as np

MOST_POINTS = 2000


class Series:
    """Each number is a row of `columns` values at a frame; beyond `MOST_POINTS` neighbours are averaged."""

    def __init__(self, columns: int) -> None:
        self._sum = np.zeros(columns)
        self._count = 0
        self._points: list[np.ndarray] = []
        self._open: list[np.ndarray] = []
        self._span = 1

    def add(self, frame: int, *values: float) -> None:
        """Take the values of one frame, or of the pair that ends with it."""
        self._sum += values
        self._count += 1
        self._open.append(np.array([frame, *values]))
        if len(self._open) == self._span:
            self._points.append(np.mean(self._open, axis=0))
            self._open = []
        if len(self._points) >= MOST_POINTS:
            pairs = np.array(self._points[: MOST_POINTS // 2 * 2]).reshape(-1, 2, len(self._sum) + 1)
            self._points = list(pairs.mean(axis=1))
            self._span *= 2

    @property
    def mean(self) -> np.ndarray:
        """(columns,) float64, NaN where nothing was added."""
        return self._sum / self._count if self._count else np.full(len(self._sum), np.nan)

    @property
    def curve(self) -> np.ndarray:
        """(points, 1 + columns): the frame, then the values."""
        return np.array(self._points, np.float64).reshape(-1, len(self._sum) + 1)
