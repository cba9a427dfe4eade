"""One running job: its child process, followed by a thread."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stylereel.studio.children import ask_to_stop, start_child
from stylereel.studio.job_store import LOG_NAME

PATIENCE_SECONDS = 20.0
"""A child that was asked to stop may take so long to close its files; then it is killed."""

OnLine = Callable[[str, Any], None]
OnEnd = Callable[[int], None]


class JobProcess:
    """Starts a child in a job's folder, and tells what it says and how it ended, from a thread of its own."""

    def __init__(self, folder: Path, on_line: OnLine, on_end: OnEnd) -> None:
        self._on_line, self._on_end = on_line, on_end
        with (folder / LOG_NAME).open("ab") as log:
            self._child = start_child("stylereel.studio.job_child", str(folder), stderr=log)
        self._patience: threading.Timer | None = None
        self._follower = threading.Thread(
            target=self._follow, name=f"stylereel-job-{folder.name[:6]}", daemon=True
        )

    @property
    def pid(self) -> int:
        """Of the child."""
        return self._child.pid

    def follow(self) -> None:
        """Begin to listen."""
        self._follower.start()

    def stop(self) -> None:
        """Ask it to end cleanly, and end it where it does not."""
        if self._patience is not None:
            return
        ask_to_stop(self._child)
        self._patience = threading.Timer(PATIENCE_SECONDS, self.kill)
        self._patience.daemon = True
        self._patience.start()

    def kill(self) -> None:
        """End it, and whatever it has started."""
        if self._child.poll() is not None:
            return
        if hasattr(os, "killpg"):
            with contextlib.suppress(OSError):
                os.killpg(self._child.pid, signal.SIGKILL)
        self._child.kill()

    def join(self, seconds: float) -> bool:
        """Wait until it has ended and all is told."""
        self._follower.join(seconds)
        return not self._follower.is_alive()

    def _follow(self) -> None:
        child = self._child
        assert child.stdout is not None and child.stdin is not None
        try:
            for line in child.stdout:
                with contextlib.suppress(ValueError, AttributeError):
                    ((kind, value),) = json.loads(line).items()
                    self._on_line(kind, value)
        finally:
            code = child.wait()
            if self._patience is not None:
                self._patience.cancel()
            for pipe in (child.stdout, child.stdin):
                with contextlib.suppress(OSError):
                    pipe.close()
            self._on_end(code)


def why_it_broke_off(code: int) -> tuple[str, str]:
    """A text and a hint for a child that ended without a word."""
    if code < 0:
        with contextlib.suppress(ValueError):
            name = signal.Signals(-code).name
            if name in ("SIGKILL", "SIGXCPU"):
                return (
                    f"The job was ended from outside ({name}): most likely memory ran out.",
                    "Close other programs or choose a smaller size, then start it again.",
                )
            return (
                f"The job's process crashed ({name}).",
                "The file may bring down a decoder: convert it first, or start the job again.",
            )
    return (
        f"The job's process ended without a result (exit code {code}).",
        "Start it again; where it happens again, report it with the log in the job's folder.",
    )
