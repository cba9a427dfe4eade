"""Looks as videos: likeness, calm, structure and grid of each, pooled, without and with the stabiliser.

    python benchmarks/looks.py --data DIR --looks vangogh=vangogh ukiyoe=ukiyoe wave=wave --stabilize 0 0.7

A look is `pack=style set`: a shipped name or a pack's folder, and a folder of DIR/styles (or `wave`, the
single picture), whose critic judges it. Clips: six at 640x360 and two at 1280x720 that no shipped look was
trained on. Likeness is pooled over all frames that are looked at; the warping ratios and SSIM are means over
the clips; the grid's peak is the largest of the periods 2, 4 and 8 px. Every frame goes through the painter
in order, so anchors travel and the stabiliser leans, as in `stylereel stylize`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from quality import load_critic, read_frames

from stylereel.actions.stylizer import Stylizer
from stylereel.inference.painter import Look, Painter, PainterState
from stylereel.inference.runner import open_runner
from stylereel.metrics import content_ssim, grid_peak, style_likeness, warping_error, warping_error_long
from stylereel.metrics._critic import Critic
from stylereel.packs.find import find_pack
from stylereel.temporal.stabilizer import Stabilizer

SIX = (
    "dog_park.mp4",
    "football_juggle.mp4",
    "coffee_pour.mp4",
    "cups_game.mp4",
    "toy_elf.mp4",
    "people_walk_corridor.gif",
)
LARGE = ("dog_park.mp4", "coffee_pour.mp4")
LIKENESS_FRAMES = 6


def fitted(frame: np.ndarray, width: int, height: int) -> np.ndarray:
    """A frame scaled and cropped to a size."""
    scale = max(width / frame.shape[1], height / frame.shape[0])
    size = max(width, round(frame.shape[1] * scale)), max(height, round(frame.shape[0] * scale))
    frame = cv2.resize(frame, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    top, left = (frame.shape[0] - height) // 2, (frame.shape[1] - width) // 2
    return np.ascontiguousarray(frame[top : top + height, left : left + width])


def clip_frames(data: Path, name: str, count: int, size: tuple[int, int]) -> list[np.ndarray]:
    """The first frames of a clip, brought to a size."""
    return [fitted(frame, *size) for frame in read_frames(data / "clips" / name, count)]


def stylised(
    pack: str | Path,
    frames: Sequence[np.ndarray],
    *,
    stabilize: float = 0.0,
    threads: int | None = None,
    scale: float = 1.0,
    still: bool = False,
    strength: float = 1.0,
) -> Iterator[np.ndarray]:
    """The frames in the look, as a video's, or each by itself where `still`."""
    if still:
        yield from map(Stylizer.load(pack, threads=threads, scale=scale, strength=strength), frames)
        return
    stabilizer = Stabilizer(stabilize) if stabilize else None
    painter = Painter(open_runner(find_pack(pack), threads=threads), Look(scale=scale), stabilizer)
    state = PainterState()
    for frame in frames:
        result, state = painter.next(frame, state)
        yield result


def measured(
    pack: str,
    critic: Critic,
    clips: dict[str, list[np.ndarray]],
    stabilize: float,
    threads: int | None,
    scale: float = 1.0,
) -> dict[str, float]:
    """The pooled figures of a look."""
    likeness = style_likeness.Metric(critic)
    rows: list[dict[str, float]] = []
    for frames in clips.values():
        per_clip = [
            warping_error.Metric(),
            warping_error_long.Metric(),
            content_ssim.Metric(),
            grid_peak.Metric(),
        ]
        looked_at = style_likeness.chosen_frames(len(frames), LIKENESS_FRAMES)
        results = stylised(pack, frames, stabilize=stabilize, threads=threads, scale=scale)
        for index, (frame, result) in enumerate(zip(frames, results, strict=True)):
            for metric in per_clip[:3]:
                metric.update(frame, result)
            if index in looked_at:
                likeness.update(frame, result)
                per_clip[3].update(frame, result)
        rows.append({key: value for metric in per_clip for key, value in metric.result().items()})
    columns = ("warping_n_ratio", "warping_n_ratio_gap5", "content_ssim", "grid_peak")
    pooled = {name: float(np.mean([row[name] for row in rows])) for name in columns}
    return {**likeness.result(), **pooled}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("STYLEREEL_DATA"))
    parser.add_argument("--looks", nargs="+", required=True, help="pack=style set")
    parser.add_argument("--stabilize", nargs="+", type=float, default=[0.0, 0.7])
    parser.add_argument("--scale", nargs="+", type=float, default=[1.0], help="of what the network sees")
    parser.add_argument("--frames", type=int, default=30, help="of a clip at 640x360")
    parser.add_argument(
        "--large-frames", type=int, default=12, help="of a clip at 1280x720; 0 leaves them out"
    )
    parser.add_argument("--threads", type=int)
    parser.add_argument("--cache", type=Path, help="folder of trained critics")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args(arguments)
    if options.data is None:
        raise SystemExit("give --data or STYLEREEL_DATA")
    data = Path(options.data)
    cv2.setNumThreads(options.threads or 2)
    clips = {name: clip_frames(data, name, options.frames, (640, 360)) for name in SIX}
    if options.large_frames:
        for name in LARGE:
            clips[f"{name} 720p"] = clip_frames(data, name, options.large_frames, (1280, 720))
    columns = ("style_likeness", "style_likeness_source", "warping_n_ratio", "warping_n_ratio_gap5",
               "content_ssim", "grid_peak")  # fmt: skip
    print("| look | stabilize | scale | " + " | ".join(columns) + " |")
    print("|---" * (len(columns) + 3) + "|")
    found = []
    for pair in options.looks:
        pack, _, style = pair.partition("=")
        critic = load_critic(data, style or pack, cache=options.cache)
        for stabilize, scale in itertools.product(options.stabilize, options.scale):
            figures = measured(pack, critic, clips, stabilize, options.threads, scale)
            cells = [f"{figures[column]:.2f}" for column in columns]
            print(
                f"| {Path(pack).name} | {stabilize:g} | {scale:g} | " + " | ".join(cells) + " |", flush=True
            )
            found.append({"look": pack, "stabilize": stabilize, "scale": scale, **figures})
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
