"""From one look to another in eleven steps: does the picture go there evenly?

    python benchmarks/mixing.py --data DIR --pack atelier --pairs vangogh+ukiyoe tarot+engraving

For each share of the second look the same frames of six clips are stylised, and their distance to those of
either end is measured: texture (band-pass levels) and colour (low-pass rest) by the sliced Wasserstein
distances of `stylereel evaluate`. Going on, the distance to the first end must grow and that to the second
must fall; the largest step of the pictures themselves (mean absolute difference) is told as a multiple of
the mean step. With `--strengths` the sweep goes over --strength of each look instead, from source to look.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from looks import SIX, clip_frames, stylised

from stylereel.metrics import color_distance, texture_distance
from stylereel.metrics._patches import distance, gather

STEPS = 11


def figures(shown: Sequence[Sequence[np.ndarray]]) -> dict[str, object]:
    """Distances of each step's pictures to both ends, and the steps between neighbours."""
    patches = [gather(frames, len(frames)) for frames in shown]
    found: dict[str, object] = {}
    broken = 0
    for name, levels in (("texture", texture_distance.LEVELS), ("color", color_distance.LEVELS)):
        for end, at in (("first", 0), ("second", -1)):
            row = [sum(distance(p[lv], patches[at][lv]) for lv in levels) for p in patches]
            steps = np.diff(row) * (1 if end == "first" else -1)
            broken += int((steps < -0.02 * max(row)).sum())
            found[f"{name}_to_{end}"] = [round(value, 3) for value in row]
    moves = [
        float(np.mean([np.abs(a.astype(int) - b).mean() for a, b in zip(one, other, strict=True)]))
        for one, other in itertools.pairwise(shown)
    ]
    return {
        **found,
        "moves": [round(move, 3) for move in moves],
        "largest_over_mean": round(max(moves) / float(np.mean(moves)), 3),
        "steps_back": broken,
    }


def mixtures(pack: str, first: str, second: str) -> list[str]:
    """Names of the looks on the way."""
    names = [f"{pack}:{first}"]
    for step in range(1, STEPS - 1):
        share = step / (STEPS - 1)
        names.append(f"{pack}:{first}*{1 - share:g}+{second}*{share:g}")
    return [*names, f"{pack}:{second}"]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("STYLEREEL_DATA"))
    parser.add_argument("--pack", default="atelier")
    parser.add_argument("--pairs", nargs="*", default=["vangogh+ukiyoe", "tarot+engraving"])
    parser.add_argument("--strengths", nargs="*", default=[], help="looks whose strength is swept")
    parser.add_argument("--frames", type=int, default=2, help="of each clip")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    if options.data is None:
        raise SystemExit("give --data or STYLEREEL_DATA")
    clips = [clip_frames(Path(options.data), name, 12 * options.frames, (640, 360))[::12] for name in SIX]
    frames = [frame for clip in clips for frame in clip]
    found = {}
    print("| sweep | largest step / mean step | steps back, of 40 |\n|---|---|---|")
    for pair in options.pairs:
        names = mixtures(options.pack, *pair.split("+"))
        found[pair] = figures([list(stylised(name, frames, still=True)) for name in names])
    for look in options.strengths:
        strengths = np.linspace(0, 1, STEPS)
        name = f"{options.pack}:{look}"
        shown = [list(stylised(name, frames, still=True, strength=float(s))) for s in strengths]
        found[f"strength of {look}"] = figures(shown)
    for name, row in found.items():
        print(f"| {name} | {row['largest_over_mean']:.2f} | {row['steps_back']} |", flush=True)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
