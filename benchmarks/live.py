"""Frames a second, dropped frames and latency of `stylereel live`, and whether its memory stays flat.

    python benchmarks/live.py --style vangogh --seconds 60

A made clip is played at its own rate, again and again, into nowhere (`null`) or other outputs. Start-up does
not count. What else the machine does counts a lot: the load average of the minute before is printed beside.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import child
import machine
import made_clips


def run(arguments: Sequence[str]) -> tuple[dict, list[int]]:
    """The run's summary, and its resident MB once a second."""
    process = subprocess.Popen(child.command(arguments), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert process.stdout is not None
    resident = []
    while process.poll() is None:
        resident.append(_resident_mb(process.pid))
        time.sleep(1.0)
    if process.returncode:
        raise SystemExit(f"stylereel {' '.join(arguments)} ended with {process.returncode}")
    return json.loads(process.stdout.read()), resident


def _resident_mb(process_id: int) -> int:
    try:
        lines = Path(f"/proc/{process_id}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS")), 0)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--style", default="vangogh")
    parser.add_argument("--size", default="640x360")
    parser.add_argument("--rate", type=int, default=30, help="frames per second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--stabilize", type=float, nargs="+", default=[0.0])
    parser.add_argument("--output", action="append", help="as that of live; null where not given")
    parser.add_argument("--more", nargs=argparse.REMAINDER, default=[], help="further options of live")
    options = parser.parse_args(arguments)
    width, height = (int(side) for side in options.size.split("x"))
    rows: list[machine.Row] = []
    with tempfile.TemporaryDirectory() as folder:
        clip = made_clips.make_clip(Path(folder) / "clip.mp4", width, height, 10.0, options.rate)
        for stabilize in options.stabilize:
            load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
            words = [
                "live",
                "--input",
                str(clip),
                "--loop",
                "--style",
                options.style,
                "--json",
                "--overwrite",
            ]
            words += ["--seconds", f"{options.seconds:g}", "--stabilize", f"{stabilize:g}"]
            for output in options.output or ["null"]:
                words += ["--output", output]
            found, resident = run([*words, *options.more])
            quarter = max(1, len(resident) // 4)
            rows.append(
                {
                    "stabilize": stabilize,
                    "size": options.size,
                    "fps in": found["fps_in"],
                    "fps out": found["fps_out"],
                    "dropped %": 100 * found["dropped_share"],
                    "p50 ms": found["latency_p50_ms"],
                    "p95 ms": found["latency_p95_ms"],
                    "size steps": found["size_steps"],
                    "MB after 1/4": resident[quarter],
                    "MB at half": resident[len(resident) // 2],
                    "MB at the end": max(resident[-quarter:]),
                    "load before": load,
                    "load after": os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0,
                    "runner": f"{found['runner']}, {found['precision']}",
                }
            )
    machine.report(f"stylereel live for {options.seconds:g} s at {options.rate} fps", rows, None)


if __name__ == "__main__":
    main()
