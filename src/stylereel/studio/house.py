"""What the routes share: one object, made when the studio opens and closed with it."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from stylereel.core.errors import OutputError
from stylereel.studio.events import Events
from stylereel.studio.folder import only_studio
from stylereel.studio.jobs import JobDesk
from stylereel.studio.settings import StudioSettings
from stylereel.studio.shelf import MediaShelf

CARE_SECONDS = 3600.0
"""How often what has expired is looked for."""
Thing = TypeVar("Thing")
_log = logging.getLogger(__name__)


@dataclass
class House:
    """An open studio.

    Attributes:
        settings: what it was started with.
        events: tells open pages what changes.
        shelf: uploads and results.
        jobs: the queue.
        rooms: what single routes keep for themselves and each other, by name; see `room`.
    """

    settings: StudioSettings
    events: Events
    shelf: MediaShelf
    jobs: JobDesk
    rooms: dict[str, Any] = field(default_factory=dict)
    _at_opening: list[Callable[[], object]] = field(default_factory=list)
    _at_ending: list[Callable[[], object]] = field(default_factory=list)
    _at_closing: list[Callable[[], object]] = field(default_factory=list)

    def room(self, name: str, make: Callable[[], Thing]) -> Thing:
        """What lies under `name`, made by the first who asks; its `close()` is called at the end."""
        if name not in self.rooms:
            made = self.rooms[name] = make()
            if callable(close := getattr(made, "close", None)):
                self.when_closing(close)
        return self.rooms[name]

    def when_opening(self, action: Callable[[], object]) -> None:
        """Called once, when the server starts; it may start threads."""
        self._at_opening.append(action)

    def when_ending(self, action: Callable[[], object]) -> None:
        """Called once, in the server's thread, when it is asked to end: endless streams finish here."""
        self._at_ending.append(action)

    def when_closing(self, action: Callable[[], object]) -> None:
        """Called once, when the server ends, the last that was given first."""
        self._at_closing.append(action)

    def open(self) -> None:
        """The server starts."""
        for action in self._at_opening:
            action()

    def end(self) -> None:
        """The server was asked to end, and waits for its connections."""
        _call_all(self._at_ending)

    def close(self) -> None:
        """The server ends; whatever one room does, the others are closed too."""
        _call_all(self._at_closing)


def _call_all(actions: list[Callable[[], object]]) -> None:
    while actions:
        action = actions.pop()
        try:
            action()
        except Exception:
            _log.exception("while the studio was closed")


def open_house(settings: StudioSettings) -> House:
    """A house for these settings; its folder is made, and held until the house is closed.

    Raises:
        OutputError: the folder cannot be made or written to, or another studio holds it.
    """
    holding = contextlib.ExitStack()
    holding.enter_context(only_studio(settings.folder))
    try:
        events = Events()
        shelf = MediaShelf(settings, events)
        jobs = JobDesk(settings, shelf, events)
    except OSError as error:
        holding.close()
        raise OutputError(f"The studio cannot keep its files in {settings.folder}: {error}.") from error
    house = House(settings, events, shelf, jobs)
    care = _Care(house)
    for action in (holding.close, jobs.close, care.stop):
        house.when_closing(action)
    for action in (care.start, jobs.open):
        house.when_opening(action)
    house.when_ending(events.end)
    return house


class _Care:
    """Removes what has expired, at the start and every hour."""

    def __init__(self, house: House) -> None:
        self._house, self._has_ended = house, threading.Event()

    def start(self) -> None:
        self._tidy()
        threading.Thread(target=self._go_round, name="stylereel-care", daemon=True).start()

    def stop(self) -> None:
        self._has_ended.set()

    def _go_round(self) -> None:
        while not self._has_ended.wait(CARE_SECONDS):
            self._tidy()

    def _tidy(self) -> None:
        try:
            self._house.jobs.remove_expired()
            self._house.shelf.remove_expired()
        except Exception:
            _log.exception("while what has expired was removed")
