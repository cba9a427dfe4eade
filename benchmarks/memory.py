"""Peak memory of `stylereel stylize` at 1280x720, for a short clip and for a long one: it must not grow.

python benchmarks/memory.py --style vangogh --long-seconds 600 --frame-rate 5

Fewer frames a second make ten minutes of video, with all their sound, quicker to run.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import child
import machine
from made_clips import FRAME_RATE, make_clip, make_long
from untrained import untrained_pack


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--style", help="name or folder of a pack; without it an untrained one (needs torch)")
    parser.add_argument("--short-seconds", type=float, default=10.0)
    parser.add_argument("--long-seconds", type=float, default=600.0)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=720)
    parser.add_argument("--frame-rate", type=int, default=FRAME_RATE)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    rows: list[machine.Row] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        style = options.style or str(untrained_pack(folder / "untrained").folder)
        size = (options.width, options.height)
        short = make_clip(folder / "short.mp4", *size, options.short_seconds, options.frame_rate)
        for clip in (short, make_long(folder / "long.mp4", short, options.long_seconds)):
            done = child.stylize(clip, folder / "out.mp4", style)
            rows.append(
                {
                    "size": f"{options.width}x{options.height}",
                    "seconds": float(done.summary["duration_seconds"]),
                    "frames": done.summary["frames"],
                    "peak MB": done.peak_bytes / 1e6,
                    "fps": done.summary["frames_per_second"],
                }
            )
    machine.report("Peak memory of stylereel stylize", rows, options.json)


if __name__ == "__main__":
    main()
