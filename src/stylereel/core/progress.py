"""How far a long job is: facts for whoever renders them, measured without knowing who that is."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """One moment of a job.

    Attributes:
        done: units finished.
        total: units in all as far as is known (an estimate for some containers), or None.
        per_second: recent pace in units per second, 0.0 until it is known.
        eta_seconds: time left at this pace, or None when the total or the pace is not known.
        unit: what is counted, such as "frames" or "steps".
        note: what is at work, such as "openvino on cpu, bf16".
    """

    done: int
    total: int | None = None
    per_second: float = 0.0
    eta_seconds: float | None = None
    unit: str = "frames"
    note: str = ""


OnProgress = Callable[[Progress], None]


class Meter:
    """Counts units and measures the recent pace over a sliding window."""

    def __init__(
        self,
        total: int | None = None,
        *,
        unit: str = "frames",
        note: str = "",
        done: int = 0,
        window_seconds: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.total, self.unit, self.note = total, unit, note
        self.done = done  # by an earlier sitting: it says nothing about this one's pace
        self._window_seconds, self._clock = window_seconds, clock
        self._seen: deque[tuple[float, int]] = deque([(clock(), done)])

    def advance(self, count: int = 1) -> Progress:
        """Count `count` more units and tell where the job stands."""
        now = self._clock()
        self.done += count
        self._seen.append((now, self.done))
        while len(self._seen) > 2 and now - self._seen[0][0] > self._window_seconds:
            self._seen.popleft()
        then, done_then = self._seen[0]
        pace = (self.done - done_then) / (now - then) if now > then else 0.0
        total = None if self.total is None else max(self.total, self.done)
        left = (total - self.done) / pace if total is not None and pace > 0 else None
        return Progress(self.done, total, pace, left, self.unit, self.note)
