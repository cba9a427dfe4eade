"""How good are stylised videos? Likeness, calm, structure, grid and halo of each, as a table and as JSON.

    python benchmarks/quality.py --data DIR --style-set vangogh \\
        --outputs dog=out/dog.mp4:DIR/clips/dog_park.mp4 cups=out/cups.mp4:DIR/clips/cups_game.mp4

`--style-set` is a folder of DIR/styles, or `wave` for the single picture of Hokusai, or any folder or
picture. An output is `name=stylised:source`; several form the pooled row. `DIR` may come from STYLEREEL_DATA.
The critic is trained at the first use of a style set (two to three minutes) and then cached (`--cache`,
STYLEREEL_CACHE). The metrics are those of `stylereel evaluate`, which judges one clip and makes a report.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from stylereel.actions.judging import video_metrics
from stylereel.metrics import color_distance, style_likeness, texture_distance
from stylereel.metrics._critic import Critic
from stylereel.metrics._facts import Material
from stylereel.metrics._motion import Motion
from stylereel.metrics._style_set import style_floor, style_patches
from stylereel.metrics.style_likeness import chosen_frames

SINGLE_PICTURES = {
    "wave": "single_classics/img/014_wave.jpg",
    "rain_princess": "single_classics/img/008_rain_princess.jpg",
}
COLUMNS = (
    "style_likeness",
    "style_likeness_source",
    "warping_n_ratio",
    "warping_n_ratio_gap5",
    "warping_ratio",
    "content_ssim",
    "texture_ratio",
    "texture_ratio_control",
    "texture_ratio_floor",
    "color_ratio",
    "color_ratio_floor",
    "flicker_added",
    "tof_ratio",
    "edge_agreement",
    "grid_peak",
    "halo",
    "halo_dark",
)


def style_paths(data: Path | None, name: str) -> list[Path]:
    """Picture files of a style set by its name in the data folder, or of any folder or file."""
    if data is not None and name in SINGLE_PICTURES:
        return [data / "styles" / SINGLE_PICTURES[name]]
    inside = data / "styles" / name if data is not None else None
    return style_likeness.list_pictures(inside if inside is not None and inside.exists() else Path(name))


def load_critic(
    data: Path | None, style: str, *, photographs: Path | None = None, cache: Path | None = None
) -> Critic:
    """The cached or newly trained critic of a style set."""
    folder = photographs or (data / "photos" if data else None)
    if folder is None:
        raise SystemExit("a critic needs photographs: give --data, STYLEREEL_DATA or --photographs")
    return style_likeness.train_or_load(
        style_paths(data, style), style_likeness.list_pictures(folder), cache=cache
    )


def read_frames(path: Path, limit: int | None = None) -> Iterator[np.ndarray]:
    """Frames of a video, (H, W, 3) uint8 RGB, decoded by OpenCV as for the committed tables."""
    capture = cv2.VideoCapture(str(path))
    if not capture.isOpened():
        raise SystemExit(f"cannot open {path}")
    for _ in itertools.count() if limit is None else range(limit):
        ok, frame = capture.read()
        if not ok:
            break
        yield np.ascontiguousarray(frame[..., ::-1])
    capture.release()


def evaluate_frames(
    source_frames: Iterable[np.ndarray], stylized_frames: Iterable[np.ndarray], material: Material
) -> dict[str, float]:
    """All metrics of one clip that there is material for.

    Args:
        source_frames: consecutive frames, (H, W, 3) uint8 RGB.
        stylized_frames: their results, in the same order; the shorter of the two decides.
        material: critic, style patches and the like; see `load_material`.
    """
    pairs = [(_sized_like(a, b), b) for a, b in zip(source_frames, stylized_frames, strict=False)]
    if not pairs:
        raise SystemExit("no frames to compare")
    material = replace(material, motion=Motion())
    chosen = chosen_frames(len(pairs))
    found: dict[str, float] = {"frames": len(pairs)}
    for module in video_metrics().values():
        arguments = material.arguments(module.FACTS)
        if arguments is not None:
            metric = module.Metric(**arguments)
            for index in chosen if module.FACTS.sampled else range(len(pairs)):
                metric.update(*pairs[index])
            found.update(metric.result())
    return found


def load_material(critic: Critic, style: Sequence[Path] | None) -> Material:
    """The critic, and what the distances need of the style's pictures; None leaves the distances out."""
    if style is None:
        return Material(critic=critic)
    return Material(
        critic=critic, energies=critic.energies, style=style_patches(style), floor=style_floor(style)
    )


def markdown(rows: dict[str, dict[str, float]]) -> str:
    """A table with a row per clip."""
    columns = [name for name in COLUMNS if any(name in row for row in rows.values())]
    lines = ["| clip | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name, row in rows.items():
        cells = [f"{row[column]:.2f}" if column in row else "-" for column in columns]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def evaluate_clips(
    clips: Iterable[tuple[str, Iterable[np.ndarray], Iterable[np.ndarray]]], material: Material
) -> dict[str, dict[str, float]]:
    """`(name, source frames, stylised frames)` of each clip to rows, and a `pooled` row.

    Pooled are the likeness over all frames, the distances as sums over sums, and the means of all else.
    """
    likeness = style_likeness.Metric(material.critic)
    rows = {}
    for name, source_frames, stylized_frames in clips:
        pairs = list(zip(source_frames, stylized_frames, strict=False))
        rows[name] = evaluate_frames(*zip(*pairs, strict=True), material) if pairs else {}
        for index in chosen_frames(len(pairs)):
            likeness.update(_sized_like(*pairs[index]), pairs[index][1])
    if len(rows) > 1:
        names = [name for name in next(iter(rows.values())) if name != "frames"]
        pooled = {name: float(np.nanmean([row[name] for row in rows.values()])) for name in names}
        pooled.update(likeness.result())
        if material.style is not None:
            pooled.update(texture_distance.pooled(rows.values()) | color_distance.pooled(rows.values()))
        rows["pooled"] = pooled
    return rows


def _sized_like(source: np.ndarray, result: np.ndarray) -> np.ndarray:
    if source.shape == result.shape:
        return source
    return cv2.resize(source, result.shape[1::-1], interpolation=cv2.INTER_AREA)


def _named_output(text: str) -> tuple[str, Path, Path]:
    name, separator, files = text.partition("=")
    stylized, colon, source = files.partition(":")
    if not (separator and colon):
        raise argparse.ArgumentTypeError(f"got {text!r}, expected name=stylised.mp4:source.mp4")
    return name, Path(stylized), Path(source)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("STYLEREEL_DATA"))
    parser.add_argument("--style-set", "--style", dest="style", required=True)
    parser.add_argument("--photographs", type=Path)
    parser.add_argument("--outputs", type=_named_output, nargs="+", default=[])
    parser.add_argument("--frames", type=int, default=60, help="of each clip, from its start (default 60)")
    parser.add_argument("--no-texture", action="store_true", help="leave out the texture distance")
    parser.add_argument("--cache", type=Path, help="folder of trained critics")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args(arguments)
    data = Path(options.data) if options.data else None
    cv2.setNumThreads(1)
    critic = load_critic(data, options.style, photographs=options.photographs, cache=options.cache)
    recall = ", ".join(f"{share:.2f}" for share in critic.recall)
    print(f"critic of {options.style}: takes {recall} of the held-out crops for style", file=sys.stderr)
    if not options.outputs:
        return
    material = load_material(critic, None if options.no_texture else style_paths(data, options.style))
    clips = (
        (n, read_frames(s, options.frames), read_frames(o, options.frames)) for n, o, s in options.outputs
    )
    rows = evaluate_clips(clips, material)
    print(markdown(rows))
    if options.json:
        options.json.write_text(
            json.dumps({"style": options.style, "frames": options.frames, "clips": rows}, indent=1)
        )


if __name__ == "__main__":
    main()
