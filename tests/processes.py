"""Runs the command line in a process of its own and watches how much memory it takes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-c", "from stylereel.cli.main import main; main()"]
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Finished:
    """A run that ended well.

    Attributes:
        peak_bytes: most that was resident.
        resident_bytes: at each look, in order.
        summary: what it printed as JSON.
    """

    peak_bytes: int
    resident_bytes: tuple[int, ...]
    summary: dict[str, Any]


def watched(arguments: list[str], environment: dict[str, str]) -> Finished:
    """`stylereel` with these arguments, to its end; Linux alone tells of memory."""
    peak, seen = 0, []
    with subprocess.Popen(
        [*COMMAND, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while True:
            status = _status(process.pid)
            peak = max(peak, status.get("VmHWM", 0))
            if "VmRSS" in status:
                seen.append(status["VmRSS"])
            try:
                output, errors = process.communicate(timeout=_POLL_SECONDS)
                break
            except subprocess.TimeoutExpired:
                continue
    assert process.returncode == 0, errors
    return Finished(peak, tuple(seen), json.loads(output))


def interruptible(
    command: list[str], kind: int, environment: dict[str, str] | None = None
) -> subprocess.Popen:
    """A process that hears the signal `kind`: what a shell starts in the background ignores Ctrl-C."""
    return subprocess.Popen(
        command,
        env={**(os.environ if environment is None else environment), "PYTHONFAULTHANDLER": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(kind, signal.SIG_DFL),
    )


def wait_until(process: subprocess.Popen, is_done: Callable[[], bool], *, seconds: float = 90) -> None:
    """Wait for what a running process does.

    Raises:
        AssertionError: it ended before, or took longer: with what it said and, with PYTHONFAULTHANDLER set,
            the stacks of its threads.
    """
    deadline = time.monotonic() + seconds
    while not is_done():
        ended = process.poll() is not None
        if ended or time.monotonic() > deadline:
            process.send_signal(signal.SIGABRT)
            said = process.communicate()
            raise AssertionError(f"it ended with {process.returncode}" if ended else "it hangs", *said)
        time.sleep(0.01)


def _status(process_id: int) -> dict[str, int]:
    try:
        lines = Path(f"/proc/{process_id}/status").read_text("ascii", errors="replace").splitlines()
    except OSError:
        return {}
    parts = (line.split() for line in lines if line.startswith(("VmHWM", "VmRSS")))
    return {part[0].rstrip(":"): int(part[1]) * 1024 for part in parts}
