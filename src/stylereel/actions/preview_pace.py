"""How large a frame may be painted while a slider moves: by what it is painted with, and as it turns out."""

from __future__ import annotations

import statistics
from collections import deque

BUDGET_MS = 110.0
"""For painting, of the 150 ms that an answer may take."""
EASY_MS = 75.0
"""What a larger size must be expected to take before it is gone back to."""
STEPS = (1.0, 0.5, 0.25)
SMALLEST_PX = 640 * 360
_REMEMBERED = 5
_LEAST_TELLING_PX = 100_000


class Pace:
    """Learns from each frame that was painted how many pixels are quick.

    Begins with `most_px` and goes down in `STEPS` where the machine is slower or busy, never below
    `SMALLEST_PX`; and up again with a distance, so that the size does not change to and fro.

    Args:
        most_px: of a frame, on a machine that is as quick as it should be.
    """

    def __init__(self, most_px: int) -> None:
        self._sizes = [max(min(most_px, SMALLEST_PX), round(step * most_px)) for step in STEPS]
        self._ms_per_px: deque[float] = deque(maxlen=_REMEMBERED)
        self._step = 0

    @property
    def quick_px(self) -> int:
        """Pixels of a frame that should take no longer than a slider's move."""
        return self._sizes[self._step]

    def took(self, px: int, milliseconds: float) -> None:
        """A frame of so many pixels was painted; not the first of its size, for which more is to be done."""
        if px < _LEAST_TELLING_PX:
            return
        self._ms_per_px.append(milliseconds / px)
        if len(self._ms_per_px) < _REMEMBERED:
            return
        rate = statistics.median(self._ms_per_px)
        while self._step + 1 < len(STEPS) and rate * self.quick_px > BUDGET_MS:
            self._step += 1
        while self._step and rate * self._sizes[self._step - 1] < EASY_MS:
            self._step -= 1
