"""Waits for a source no longer than it takes to be sure that nothing comes any more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from stylereel.core.errors import StalledError

Result = TypeVar("Result")

STALL_SECONDS = 180.0
_POLL_SECONDS = 0.1


def stalled(seconds: float) -> StalledError:
    """The error that says so, after `seconds` in vain."""
    return StalledError(
        f"The source has given no frame for {seconds:g} seconds, and has not ended: it is damaged, or its "
        "disk or network does not answer. Check that it plays, or copy it to a disk of this machine."
    )


class Patience:
    """For what may take long while it moves on, but must not stand still: opening, seeking, skipping.

    Args:
        seconds: longest time without a sign of life; None waits for ever, as for a live source.
    """

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._last_sign = time.monotonic()

    def sign_of_life(self) -> None:
        """Whoever is waited for has moved on; from any thread, and often."""
        self._last_sign = time.monotonic()

    def wait_for(self, action: Callable[[], Result]) -> Result:
        """What `action` returns; it runs in a thread of its own, which is left behind where it stands still.

        Raises:
            StalledError: no sign of life for too long.
            BaseException: what `action` raised.
        """
        if self._seconds is None:
            return action()
        results: list[Result] = []
        errors: list[BaseException] = []
        done = threading.Event()

        def act() -> None:
            try:
                results.append(action())
            except BaseException as error:
                errors.append(error)
            finally:
                done.set()

        self.sign_of_life()
        threading.Thread(target=act, name="stylereel-open", daemon=True).start()
        while not done.wait(_POLL_SECONDS):
            if time.monotonic() - self._last_sign > self._seconds:
                raise stalled(self._seconds)
        if errors:
            raise errors[0]
        return results[0]
