"""Who is next where one works at a time and only what was asked last is still wanted."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from stylereel.core.errors import SupersededError, UsageError

MOST_WAITING = 32
"""Requests that wait at most, of all clients; of more, the oldest is let go."""


@dataclass(eq=False)
class _Ticket:
    client: str | None
    is_behind: bool
    is_dropped: bool = False


class Turns:
    """One works at a time. Of a client that asks again while it waits, only the newest request stays.

    So a slider that is dragged never builds up a queue: there is at most one request of it at work and one
    that waits. Requests of different clients come in turn, those of the background after all others.
    """

    def __init__(self, most_waiting: int = MOST_WAITING) -> None:
        self._most_waiting = most_waiting
        self._changed = threading.Condition()
        self._waiting: list[_Ticket] = []
        self._is_busy = self._is_closed = False

    @contextlib.contextmanager
    def turn(self, client: str | None = None, *, behind: bool = False) -> Iterator[None]:
        """Wait for the turn, and hold it.

        Args:
            client: who asks; None is nobody whose requests replace each other.
            behind: let all who are not behind go first.

        Raises:
            SupersededError: a newer request of this client came while this one waited, or too many wait.
            UsageError: nobody works here any more.
        """
        self._take(_Ticket(client, behind))
        try:
            yield
        finally:
            with self._changed:
                self._is_busy = False
                self._changed.notify_all()

    def close(self) -> None:
        """Send all who wait away, and wait for the one at work."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._is_busy)

    def check_open(self) -> None:
        """`UsageError` once it is closed."""
        if self._is_closed:
            raise UsageError("The preview desk is closed.")

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return len(self._waiting)

    def _take(self, ticket: _Ticket) -> None:
        with self._changed:
            self._let_go_for(ticket)
            self._waiting.append(ticket)
            self._changed.notify_all()
            try:
                self._changed.wait_for(lambda: self._is_closed or ticket.is_dropped or self._is_up(ticket))
                self.check_open()
                if ticket.is_dropped:
                    raise SupersededError("A newer request took the place of this one.")
                self._is_busy = True
            finally:
                self._waiting.remove(ticket)

    def _let_go_for(self, newest: _Ticket) -> None:
        waiting = [ticket for ticket in self._waiting if not ticket.is_dropped]
        if newest.client is not None:
            for ticket in waiting:
                if ticket.client == newest.client and ticket.is_behind == newest.is_behind:
                    ticket.is_dropped = True
        if len(waiting) >= self._most_waiting and not any(ticket.is_dropped for ticket in waiting):
            waiting[0].is_dropped = True

    def _is_up(self, ticket: _Ticket) -> bool:
        staying = [each for each in self._waiting if not each.is_dropped]
        following = next((each for each in staying if not each.is_behind), staying[0])
        return not self._is_busy and following is ticket
