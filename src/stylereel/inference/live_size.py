"""Chooses how large the network sees live frames, so that it keeps up: steps down at once, up with care."""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Callable, Sequence

SCALES = (1.0, 0.75, 0.5, 0.35, 0.25)
"""Of the frame's sides: each step is about half the work of the one before."""
_SEEN_FRAMES, _FEW_FRAMES, _SEEN_SECONDS = 15, 5, 0.5
"""What is judged: so many frames, or few that took so long together."""
_TOO_BUSY, _EASY = 0.9, 0.65
"""Shares of a frame's time: above the first the rate is not held, below the second there is time to spare."""
_FIRST_PATIENCE_SECONDS, _LONGEST_PATIENCE_SECONDS = 5.0, 80.0


class SizeSteps:
    """Follows how long frames take.

    After a step up that did not hold, the next one is waited for twice as long: the size does not swing.

    Attributes:
        scale: of the frame that the network should see, one of `SCALES`.
        steps: how often it changed.
    """

    def __init__(
        self, budget_seconds: float, clock: Callable[[], float], scales: Sequence[float] = SCALES
    ) -> None:
        """Begin with the whole frame.

        Args:
            budget_seconds: how long a frame may take, 1 / rate.
            clock: seconds.
            scales: to choose from, falling.
        """
        self._budget, self._clock, self._scales = budget_seconds, clock, tuple(scales)
        self._at = 0
        self._seen = deque[float](maxlen=_SEEN_FRAMES)
        self._patience = _FIRST_PATIENCE_SECONDS
        self._easy_since: float | None = None
        self._went_up_at = -math.inf
        self.steps = 0

    @property
    def scale(self) -> float:
        """See the class."""
        return self._scales[self._at]

    def took(self, seconds: float, scale: float) -> bool:
        """A frame at `scale` took so long; True where `scale` is another from now on.

        Frames at another scale than the wanted one, which is being made ready, do not count.
        """
        if scale != self.scale:
            return False
        self._seen.append(seconds)
        is_slow = len(self._seen) >= _FEW_FRAMES and sum(self._seen) >= _SEEN_SECONDS
        if len(self._seen) < _SEEN_FRAMES and not is_slow:
            return False
        usual = statistics.median(self._seen)
        now = self._clock()
        if usual > _TOO_BUSY * self._budget:
            return self._down(now)
        if self._at == 0 or usual * self._growth > _EASY * self._budget:
            self._easy_since = None
            return False
        if self._easy_since is None:
            self._easy_since = now
        if now - self._easy_since < self._patience:
            return False
        self._went_up_at = now
        return self._move(-1)

    @property
    def _growth(self) -> float:
        """How much more work the next larger step is."""
        return (self._scales[self._at - 1] / self._scales[self._at]) ** 2

    def _down(self, now: float) -> bool:
        if self._at == len(self._scales) - 1:
            return False
        if now - self._went_up_at < _LONGEST_PATIENCE_SECONDS:
            self._patience = min(_LONGEST_PATIENCE_SECONDS, 2 * self._patience)
        else:
            self._patience = _FIRST_PATIENCE_SECONDS
        return self._move(1)

    def _move(self, by: int) -> bool:
        self._at += by
        self._seen.clear()
        self._easy_since = None
        self.steps += 1
        return True
