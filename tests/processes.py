"""Runs the command line in a process of its own and watches how much memory it takes."""

from __future__ import annotations

import json
import subprocess
import sys
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


def _status(process_id: int) -> dict[str, int]:
    try:
        lines = Path(f"/proc/{process_id}/status").read_text("ascii", errors="replace").splitlines()
    except OSError:
        return {}
    parts = (line.split() for line in lines if line.startswith(("VmHWM", "VmRSS")))
    return {part[0].rstrip(":"): int(part[1]) * 1024 for part in parts}
