"""A place for one thing: what comes later takes the place of what still waits."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Slot(Generic[T]):
    """Hands the newest item from one thread to another, and counts those that were replaced.

    Attributes:
        dropped: how many items nobody took in time.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[T] = []
        self._is_closed = False
        self.dropped = 0

    def put(self, item: T) -> bool:
        """Leave an item at once; False where one that waited was dropped for it, or the slot is closed."""
        return self.exchange(item) is None

    def exchange(self, item: T) -> T | None:
        """Leave an item at once; gives the one that was dropped for it, or back itself to a closed slot."""
        with self._changed:
            if self._is_closed:
                return item
            before = self._waiting.pop() if self._waiting else None
            self.dropped += before is not None
            self._waiting[:] = [item]
            self._changed.notify_all()
            return before

    def take(self, timeout_seconds: float | None = None) -> T | None:
        """The item that waits, or the next one; None after the timeout, and at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed, timeout_seconds)
            return self._waiting.pop() if self._waiting else None

    def drop(self) -> None:
        """Take what waits, if anything does, and count it as dropped."""
        with self._changed:
            self.dropped += len(self._waiting)
            self._waiting.clear()

    def close(self) -> None:
        """Nothing comes any more; what waits can still be taken."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    @property
    def is_over(self) -> bool:
        """Closed, and nothing waits."""
        with self._changed:
            return self._is_closed and not self._waiting
