"""What each term of the recipe `unpaired` is there for: the same short training with it and without.

    python benchmarks/ablation.py --data DIR --out RUNS --style-set vangogh --only all without-tone

Every row is a training of `--steps` steps (2,000) from the shipped preset with 96-px crops, two at a time,
with one thing changed; rows that are done are not trained again, so the table can grow in several sittings.
The look is then laid over the first `--frames` frames of the clips at 640x360, anchors travelling, no
stabiliser, and measured as `benchmarks/looks.py` does.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
from looks import clip_frames, measured
from quality import load_critic

from stylereel.actions.train import TrainEvents, resolve_options, train

ROWS: dict[str, list[str]] = {
    "all": [],
    "without anchors": ["unpaired.generator.anchor_channels=0"],
    "without motion": ["unpaired.motion_weight=0"],
    "without real motion": ["unpaired.real_motion_weight=0"],
    "without either motion": ["unpaired.motion_weight=0", "unpaired.real_motion_weight=0"],
    "with three frames": ["unpaired.temporal_weight=0.5"],
    "without the game": ["unpaired.adversarial_weight=0"],
    "without features": ["unpaired.features_weight=0"],
    "without filters": ["unpaired.filters_weight=0"],
    "without photographs": ["unpaired.photographs=0"],
    "without nce": ["unpaired.nce_weight=0"],
    "without palette": ["unpaired.palette_weight=0"],
    "without tone": ["unpaired.tone_weight=0"],
    "without identity": ["unpaired.identity_weight=0"],
}
CLIPS = ("dog_park.mp4", "football_juggle.mp4", "coffee_pour.mp4", "cups_game.mp4")
COLUMNS = ("style_likeness", "warping_n_ratio", "warping_n_ratio_gap5", "content_ssim", "grid_peak")


def trained(row: str, options: argparse.Namespace) -> Path:
    """The row's pack, trained unless it is there."""
    output = options.out / row.replace(" ", "-")
    if (output / "card.json").is_file():
        return output
    assignments = [*ROWS[row], "data.crop_px=96", "data.batch_size=2"]
    given = {"steps": options.steps}
    resolved = resolve_options(
        "unpaired", given, assignments, preset=options.style_set, data_root=options.data
    )
    began, last = time.monotonic(), [0.0]

    def tell(progress: object, report: object) -> None:
        if time.monotonic() - last[0] > 60:
            last[0] = time.monotonic()
            print(f"{row}: {progress}", flush=True)

    events = TrainEvents(on_progress=tell)
    summary = train(
        resolved,
        output,
        resume=(output / "run").is_dir(),
        data_root=options.data,
        device="cpu",
        threads=options.threads,
        events=events,
    )
    figures = {"steps_per_second": summary.steps_per_second, "seconds": time.monotonic() - began}
    (output / "pace.json").write_text(json.dumps(figures))
    return output


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("STYLEREEL_DATA"))
    parser.add_argument("--out", type=Path, required=True, help="folder of the trainings")
    parser.add_argument("--style-set", default="vangogh", help="a shipped preset of that style set")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--frames", type=int, default=30, help="of each clip")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", nargs="+", default=list(ROWS), choices=list(ROWS), help="rows")
    parser.add_argument("--cache", type=Path, help="folder of trained critics")
    options = parser.parse_args(arguments)
    if options.data is None:
        raise SystemExit("give --data or STYLEREEL_DATA")
    options.data = Path(options.data)
    cv2.setNumThreads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    packs = {row: trained(row, options) for row in options.only}
    critic = load_critic(options.data, options.style_set, cache=options.cache)
    clips = {clip: clip_frames(options.data, clip, options.frames, (640, 360)) for clip in CLIPS}
    print("| row | " + " | ".join(COLUMNS) + " | steps/s |")
    print("|---" * (len(COLUMNS) + 2) + "|")
    for row, pack in packs.items():
        pooled = measured(str(pack), critic, clips, 0.0, options.threads)
        pace = json.loads((pack / "pace.json").read_text())["steps_per_second"]
        cells = [f"{pooled[column]:.2f}" for column in COLUMNS]
        print(f"| {row} | " + " | ".join(cells) + f" | {pace:.1f} |", flush=True)


if __name__ == "__main__":
    main()
