"""A job, as the child that does it sees it."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import IO, Any

from stylereel.core.progress import Progress

ORDER_NAME = "order.json"
_TELL_SECONDS = 0.2


class Work:
    """A job, as its child sees it.

    Attributes:
        folder: of the job; it may write there.
        order: what the kind's `plan` made.
        is_resumed: an earlier child began it, and may have left something there.
    """

    def __init__(self, folder: Path, answers: IO[str]) -> None:
        told = json.loads((folder / ORDER_NAME).read_text("utf-8"))
        self.folder, self.order, self.is_resumed = folder, told["order"], bool(told["is_resumed"])
        self.kind: str = told["kind"]
        self._names: dict[str, str] = told["names"]
        self._answers, self._lock, self._told_at = answers, threading.Lock(), -1.0

    def progress(self, progress: Progress) -> None:
        """How far it is; to be given as `on_progress`. Called often, it tells five times a second."""
        now = time.monotonic()
        is_last = progress.total is not None and progress.done >= progress.total
        if now - self._told_at >= _TELL_SECONDS or is_last:
            self._told_at = now
            self.tell("progress", vars(progress))

    def notice(self, text: str) -> None:
        """A sentence for the user."""
        self.tell("notice", self.shown(text))

    def facts(self, name: str, facts: dict[str, Any]) -> None:
        """What is known so far; `name` is the job's field that it becomes: "training" or "comparison"."""
        self.tell("facts", {name: facts})

    def tell(self, kind: str, value: Any) -> None:
        """One line to the server."""
        with self._lock:
            self._answers.write(json.dumps({kind: value}, default=str) + "\n")
            self._answers.flush()

    def shown(self, text: str) -> str:
        """A text with files called as people call them."""
        for path, name in self._names.items():
            text = text.replace(path, f"'{name}'")
        return text.replace(f"{self.folder}{os.sep}", "")
