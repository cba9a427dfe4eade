"""Steps per second of `stylereel train unpaired` as it is set by default: 128-px crops, batch 4.

    python benchmarks/training_speed.py --content DIR/photos --style DIR/styles/vangogh --steps 60

The pace is the median time of a step after the first ten, waiting for data included, saving left out.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

import machine

from stylereel.actions.train import TrainEvents, resolve_options, train

WARM_UP_STEPS = 10


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--content", nargs="+", required=True)
    parser.add_argument("--style", nargs="+", required=True)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--set", nargs="+", default=[], dest="assignments", help="settings as name.of.it=value"
    )
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    given = {"content": options.content, "style": options.style, "steps": options.steps}
    resolved = resolve_options("unpaired", given, options.assignments)
    seconds: list[float] = []
    events = TrainEvents(on_progress=lambda progress, report: seconds.append(report.seconds))
    with tempfile.TemporaryDirectory() as scratch:
        train(resolved, Path(scratch) / "look", device="cpu", threads=options.threads, events=events)
    pace = statistics.median(seconds[WARM_UP_STEPS:] or seconds)
    row = {"threads": options.threads, "steps": len(seconds), "ms per step": pace * 1000, "steps/s": 1 / pace}
    machine.report("Training, recipe unpaired", [row], options.json)


if __name__ == "__main__":
    main()
