"""Peak memory of `stylereel stylize`: with a short clip and a long one, where it must not grow; at 4K and 8K.

python benchmarks/memory.py --style vangogh --long-seconds 600 --frame-rate 5
python benchmarks/memory.py --style vangogh --large 3840x2160 7680x4320 --memory-limit 8GB --stabilize 0.7

Fewer frames a second make ten minutes of video, with all their sound, quicker to run. With `--large`, each
size is run as a single picture and as a clip of a few frames; the picture has nothing before it and is not
stabilised.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import child
import machine
from made_clips import FRAME_RATE, make_clip, make_long, make_picture
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
    parser.add_argument("--large", nargs="+", metavar="WIDTHxHEIGHT", default=[])
    parser.add_argument("--large-frames", type=int, default=3)
    parser.add_argument("--memory-limit", help="passed on to stylize")
    parser.add_argument("--stabilize", default="0", help="passed on to stylize, for clips")
    parser.add_argument("--runner", default="auto", help="passed on to stylize")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        style = options.style or str(untrained_pack(folder / "untrained").folder)
        if options.large:
            rows = [row for size in options.large for row in _large(folder, style, size, options)]
            machine.report("Peak memory of stylereel stylize, large frames", rows, options.json)
            return
        rows: list[machine.Row] = []
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


def _large(folder: Path, style: str, size: str, options: argparse.Namespace) -> list[machine.Row]:
    width, height = (int(side) for side in size.split("x"))
    picture = make_picture(folder / "still.png", width, height)
    clip = make_clip(folder / "clip.mp4", width, height, options.large_frames / FRAME_RATE)
    more = ["--runner", options.runner]
    more += ["--memory-limit", options.memory_limit] if options.memory_limit else []
    rows: list[machine.Row] = []
    for what, source, output, own in (
        ("picture", picture, "out.png", []),
        (f"{options.large_frames} frames", clip, "out.mp4", ["--stabilize", options.stabilize]),
    ):
        done = child.stylize(source, folder / output, style, *more, *own)
        tile = done.summary["tile"]
        rows.append(
            {
                "size": size,
                "what": what,
                "limit": options.memory_limit or "none",
                "runner": f"{done.summary['runner']} {done.summary['precision']}",
                "tile": "x".join(map(str, tile)) if tile else "whole",
                "peak MB": done.peak_bytes / 1e6,
                "seconds": done.seconds,
            }
        )
    return rows


if __name__ == "__main__":
    main()
