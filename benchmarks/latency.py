"""Milliseconds from a frame going into a pipe to its look coming out, as a camera would feed it.

    python benchmarks/latency.py --style vangogh [--stabilize 0.7]

Frames of a slow pan come at a steady rate; the first 30, in which everything is loaded, do not count.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import threading
import time
from collections.abc import Sequence

import child
import cv2
import machine
import numpy as np

LEFT_OUT, LOADING_SECONDS = 30, 4.0


def pan(count: int, width: int, height: int) -> list[bytes]:
    """Raw frames of a view that moves by 2 px a frame over soft noise."""
    noise = np.random.default_rng(0).integers(0, 256, (height, width + 2 * count, 3)).astype(np.float32)
    wide = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 4), None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
    return [np.ascontiguousarray(wide[:, 2 * at : 2 * at + width]).tobytes() for at in range(count)]


def delays(
    frames: Sequence[bytes], size: tuple[int, int], rate: float, options: Sequence[str]
) -> list[float]:
    """Seconds that each frame took, without the first ones, which came while all was loaded."""
    command = child.command(["stylize", "-", "-", *options])
    command += ["--size", f"{size[0]}x{size[1]}", "--pixel-format", "rgb24", "--fps", f"{rate:g}"]
    command += ["--output-format", "raw"]
    sent = [0.0] * len(frames)
    run = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert run.stdin is not None and run.stdout is not None
    into = run.stdin

    def feed() -> None:
        begins = time.perf_counter()
        for index, frame in enumerate(frames):
            at = begins + index / rate + (LOADING_SECONDS if index >= LEFT_OUT // 2 else 0.0)
            time.sleep(max(0.0, at - time.perf_counter()))
            sent[index] = time.perf_counter()
            into.write(frame)
            into.flush()
        into.close()

    threading.Thread(target=feed, daemon=True).start()
    found = []
    for index, frame in enumerate(frames):
        if len(run.stdout.read(len(frame))) < len(frame):
            raise SystemExit(f"the run ended after {index} of {len(frames)} frames")
        found.append(time.perf_counter() - sent[index])
    run.wait()
    return found[LEFT_OUT:]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--style", default="vangogh")
    parser.add_argument("--stabilize", type=float, nargs="+", default=[0.0, 0.7])
    parser.add_argument("--size", default="640x360")
    parser.add_argument("--rate", type=float, default=25.0, help="frames per second")
    parser.add_argument("--frames", type=int, default=180)
    options = parser.parse_args(arguments)
    width, height = (int(side) for side in options.size.split("x"))
    frames = pan(options.frames, width, height)
    rows: list[machine.Row] = []
    for stabilize in options.stabilize:
        given = ("--style", options.style, "--stabilize", f"{stabilize:g}")
        ms = sorted(1000 * taken for taken in delays(frames, (width, height), options.rate, given))
        rows.append(
            {
                "stabilize": stabilize,
                "size": options.size,
                "median ms": statistics.median(ms),
                "95 % ms": ms[int(0.95 * len(ms))],
                "longest ms": ms[-1],
                "of a frame's time": statistics.median(ms) * options.rate / 1000,
            }
        )
    machine.report("stylereel stylize from pipe to pipe, frame in to frame out", rows, None)


if __name__ == "__main__":
    main()
