"""Runs `stylereel` as its users do, in a process of its own, and watches time and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

POLL_SECONDS = 0.05
ENTRY = "from stylereel.cli.main import main; main()"


@dataclass(frozen=True)
class Finished:
    """A run that ended well: wall seconds, peak resident bytes (0 where unknown), its JSON summary."""

    seconds: float
    peak_bytes: int
    summary: dict[str, Any]


def command(arguments: Sequence[str]) -> list[str]:
    """The command line of `stylereel` under this interpreter."""
    return [sys.executable, "-c", ENTRY, *arguments]


def stylize(source: Path, output: Path, style: str, *more: str) -> Finished:
    """`stylereel stylize` to its end."""
    return run(["stylize", str(source), str(output), "--style", style, "--overwrite", "--json", *more])


def run(arguments: Sequence[str]) -> Finished:
    """Run to the end; the peak is the system's own high-water mark, read while the process lives."""
    began = time.perf_counter()
    with subprocess.Popen(
        command(arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        peak = 0
        while True:
            peak = max(peak, _high_water(process.pid))
            try:
                output, errors = process.communicate(timeout=POLL_SECONDS)
                break
            except subprocess.TimeoutExpired:
                continue
    seconds = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"stylereel {' '.join(arguments)} ended with {process.returncode}:\n{errors}")
    return Finished(seconds, peak, json.loads(output) if output.strip().startswith("{") else {})


def _high_water(process_id: int) -> int:
    try:
        status = Path(f"/proc/{process_id}/status").read_text()
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


if os.name != "posix":
    POLL_SECONDS = 1.0
