"""Frames per second of `stylereel stylize`, from the command's start to the finished file with sound.

    python benchmarks/stylize_speed.py --style vangogh [--clip my.mp4]

Beside it, in turn, the same reading and writing without a network: `of plain` is how much of a plain
transcode's pace is left, a figure that compares across machines. Medians.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

import child
import machine
from made_clips import make_clip
from untrained import untrained_pack

from stylereel import FrameReader, FrameWriter

SIZES = ((640, 360), (1280, 720), (1920, 1080))


def transcode(source: Path, output: Path) -> int:
    """Read, and write as `stylize` would, with the sound; returns frames."""
    with (
        FrameReader(source) as reader,
        FrameWriter(
            output,
            info=reader.info,
            source_path=source,
            size=(reader.info.width, reader.info.height),
            overwrite=True,
        ) as writer,
    ):
        for frame in reader:
            writer.write(frame)
        return writer.finish().frames


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--style", help="name or folder of a pack; without it an untrained one (needs torch)")
    parser.add_argument(
        "--clip", type=Path, nargs="+", default=[], help="measure these instead of made clips"
    )
    parser.add_argument("--seconds", type=float, default=10.0, help="length of the made clips")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--runner", default="auto")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--scale", type=float, nargs="+", default=[1.0])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    rows: list[machine.Row] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        style = options.style or str(untrained_pack(folder / "untrained").folder)
        clips = options.clip or [make_clip(folder / f"{w}x{h}.mp4", w, h, options.seconds) for w, h in SIZES]
        for clip in clips:
            for scale in options.scale:
                given = ("--runner", options.runner, "--precision", options.precision, "--scale", str(scale))
                rows.append({"scale": scale, **_row(clip, folder, style, options.repeats, given)})
    machine.report("stylereel stylize, decode to finished file with sound", rows, options.json)


def _row(clip: Path, folder: Path, style: str, repeats: int, given: Sequence[str]) -> machine.Row:
    whole, inner, plain = [], [], []
    for _ in range(repeats):
        done = child.stylize(clip, folder / "out.mp4", style, *given)
        frames = done.summary["frames"]
        whole.append(frames / done.seconds)
        inner.append(done.summary["frames_per_second"])
        plain.append(frames / machine.seconds_of(lambda: transcode(clip, folder / "plain.mp4")))
    return {
        "clip": clip.stem,
        "size": f"{done.summary['width']}x{done.summary['height']}",
        "frames": frames,
        "fps": statistics.median(whole),
        "fps after start-up": statistics.median(inner),
        "plain transcode fps": statistics.median(plain),
        "of plain": statistics.median(inner) / statistics.median(plain),
        "at work": f"{done.summary['runner']} {done.summary['precision']}",
    }


if __name__ == "__main__":
    main()
