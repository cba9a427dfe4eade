"""A look read off a picture that no training saw: how near does it come, at once and after --adapt?

    python benchmarks/references.py --data DIR --adapt 0 60

For each reference the frames of some clips are stylised with it; with --adapt it is fitted to each clip.
Told are the texture distance of `stylereel evaluate` over the sources' own, the colours' likewise, and the
style likeness by a critic that was trained on that picture (a few minutes each at first, then cached).
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from looks import SIX, clip_frames
from quality import load_critic, load_material

from stylereel.actions.chosen_style import chosen_style
from stylereel.actions.content_frames import Content
from stylereel.actions.stylizer import Stylizer
from stylereel.metrics import color_distance, content_ssim, style_likeness, texture_distance
from stylereel.metrics._facts import Material

REFERENCES = (
    "029_large_blue_horses.jpg",
    "030_senecio.jpg",
    "031_the_kiss_klimt.jpg",
)
"""Single pictures of DIR/styles/single_classics that no shipped look was learned from."""


def figures(
    pack: str, picture: Path, clips: dict[Path, list[np.ndarray]], adapt: float, material: Material
) -> dict[str, float]:
    """What stylising every clip's frames with one reference comes to, pooled; a fit for each clip."""
    assert material.critic is not None and material.style is not None
    likeness, rows = style_likeness.Metric(material.critic), []
    seconds = 0.0
    for clip, frames in clips.items():
        began = time.monotonic()
        look = chosen_style(pack, reference=picture, adapt_seconds=adapt or None, content=Content(clip))
        seconds += time.monotonic() - began
        stylizer = Stylizer.load(look)
        style = {"style": material.style, "energies": material.energies, "floor": material.floor}
        metrics = [texture_distance.Metric(**style), color_distance.Metric(**style), content_ssim.Metric()]
        for frame in frames:
            result = stylizer(frame)
            likeness.update(frame, result)
            for metric in metrics:
                metric.update(frame, result)
        rows.append({key: value for metric in metrics for key, value in metric.result().items()})
    return {
        "style_likeness": likeness.result()["style_likeness"],
        "texture_ratio": texture_distance.pooled(rows)["texture_ratio"],
        "color_ratio": color_distance.pooled(rows)["color_ratio"],
        "content_ssim": float(np.mean([row["content_ssim"] for row in rows])),
        "seconds_to_read": seconds / len(clips),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("STYLEREEL_DATA"))
    parser.add_argument("--pack", default="atelier")
    parser.add_argument("--references", nargs="*", type=Path, help="pictures; else three of the data folder")
    parser.add_argument("--adapt", nargs="*", type=float, default=[0.0], help="seconds; 0 is at once")
    parser.add_argument("--clips", type=int, default=4, help="so many of the six")
    parser.add_argument("--frames", type=int, default=4, help="of each clip")
    parser.add_argument("--cache", type=Path, help="folder of trained critics")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    if options.data is None:
        raise SystemExit("give --data or STYLEREEL_DATA")
    data = Path(options.data)
    pictures = options.references or [data / "styles/single_classics/img" / name for name in REFERENCES]
    clips = {
        data / "clips" / name: clip_frames(data, name, 12 * options.frames, (640, 360))[::12]
        for name in SIX[: options.clips]
    }
    columns = ("style_likeness", "texture_ratio", "color_ratio", "content_ssim", "seconds_to_read")
    print("| reference | adapt | " + " | ".join(columns) + " |")
    print("|---" * (len(columns) + 2) + "|")
    found = []
    for picture in pictures:
        material = load_material(load_critic(data, str(picture), cache=options.cache), [picture])
        for adapt in options.adapt:
            row = figures(options.pack, picture, clips, adapt, material)
            cells = [f"{row[column]:.2f}" for column in columns]
            print(f"| {picture.stem} | {adapt:g} | " + " | ".join(cells) + " |", flush=True)
            found.append({"reference": picture.name, "adapt": adapt, **row})
    for adapt in options.adapt:
        mean = {c: float(np.mean([row[c] for row in found if row["adapt"] == adapt])) for c in columns}
        print(f"| mean | {adapt:g} | " + " | ".join(f"{mean[c]:.2f}" for c in columns) + " |")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
