"""What the routes share: one object, made when the studio opens and closed with it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from stylereel.studio.settings import StudioSettings

Thing = TypeVar("Thing")
_log = logging.getLogger(__name__)


@dataclass
class House:
    """An open studio.

    Attributes:
        settings: what it was started with.
        rooms: what single routes keep for themselves and each other, by name; see `room`.
    """

    settings: StudioSettings
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
    """A house for these settings; its folder is made.

    Raises:
        OutputError: the folder cannot be made or written to.
    """
    return House(settings)
