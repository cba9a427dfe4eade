"""Counts a live run: frames, pace and latency, now and in all, in memory that does not grow."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable

WINDOW_SECONDS = 5.0
_LONGEST_MS = 10_000


class Pace:
    """Events per second over the last few seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._times = clock, deque[float]()
        self._began = clock()
        self._lock = threading.Lock()
        self.count = 0

    def tick(self) -> None:
        """One more, now."""
        with self._lock:
            self.count += 1
            self._times.append(self._clock())
            self._forget()

    @property
    def per_second(self) -> float:
        """Of the last `WINDOW_SECONDS`, or of the time since the beginning where that is shorter."""
        with self._lock:
            self._forget()
            window = min(WINDOW_SECONDS, self._clock() - self._began)
            return len(self._times) / window if window > 0 else 0.0

    def _forget(self) -> None:
        oldest = self._clock() - WINDOW_SECONDS
        while self._times and self._times[0] < oldest:
            self._times.popleft()


class Latency:
    """How long things took, as a histogram of milliseconds; above ten seconds counts as ten."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._counts = [0] * (_LONGEST_MS + 1)
        self._recent = deque[tuple[float, int]]()
        self._lock = threading.Lock()

    def add(self, seconds: float) -> None:
        """One more that took so long."""
        ms = min(_LONGEST_MS, max(0, round(1000 * seconds)))
        with self._lock:
            self._counts[ms] += 1
            self._recent.append((self._clock(), ms))
            self._forget()

    def percentile(self, share: float) -> float | None:
        """Milliseconds that this share (0 to 1) of all took at most; None where there are none."""
        with self._lock:
            wanted = share * sum(self._counts)
            so_far = 0
            for ms, count in enumerate(self._counts):
                so_far += count
                if count and so_far >= wanted:
                    return float(ms)
            return None

    def recent(self, share: float) -> float | None:
        """The same over the last `WINDOW_SECONDS`."""
        with self._lock:
            self._forget()
            taken = sorted(ms for _, ms in self._recent)
        return float(taken[max(0, math.ceil(len(taken) * share) - 1)]) if taken else None

    def _forget(self) -> None:
        oldest = self._clock() - WINDOW_SECONDS
        while self._recent and self._recent[0][0] < oldest:
            self._recent.popleft()
