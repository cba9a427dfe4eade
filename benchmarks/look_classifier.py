"""Does a stranger name the look? A classifier that saw style pictures alone is shown stylised frames.

    python benchmarks/look_classifier.py --data DIR --pack atelier

A small network is trained on 128-px crops of the pictures of each look, a fifth of the pictures held out (a
part of the picture where a look has one), and asked for the look of (1) held-out pictures and (2) frames of
six clips that the pack makes in each look. A picture's or a frame's answer is the largest mean logit over its
crops. It shares nothing with the pack's training: not the discriminator, not the split, not the crops.
Colours are jittered while it trains, so that it looks at texture too.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from looks import SIX, clip_frames, stylised
from torch import Tensor, nn

from stylereel.metrics.style_likeness import list_pictures
from stylereel.packs.find import find_pack
from stylereel.training.settings import read_preset

CROP_PX = 128
CROPS = 12
HELD_OUT = 5
"""One picture of so many."""


class Classifier(nn.Module):
    """`(N, 3, 128, 128)` in [-1, 1] to logits `(N, looks)`."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        widths = (3, 32, 64, 128, 192)
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(widths):
            layers += [nn.Conv2d(before, after, 4, 2, 1), nn.GroupNorm(8, after), nn.ReLU()]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(2 * widths[-1], looks)

    def forward(self, x: Tensor) -> Tensor:
        maps = self.body(x)
        pooled = torch.cat([maps.mean((2, 3)), maps.std((2, 3))], dim=1)
        return self.head(F.dropout(pooled, 0.3, self.training))


def at_scale(path: Path, scale: float) -> np.ndarray:
    """A picture as training shows it: at most 1,024 px on its short side, then scaled; never below a crop."""
    pixels = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    short = min(pixels.shape[:2])
    factor = max(min(1.0, 1024 / short) * scale, (CROP_PX + 1) / short)
    size = round(pixels.shape[1] * factor), round(pixels.shape[0] * factor)
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)


def crops_of(pixels: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Crops at random places, `(count, 128, 128, 3)` uint8."""
    rows = rng.integers(pixels.shape[0] - CROP_PX + 1, size=count)
    columns = rng.integers(pixels.shape[1] - CROP_PX + 1, size=count)
    return np.stack([pixels[r : r + CROP_PX, c : c + CROP_PX] for r, c in zip(rows, columns, strict=True)])


def tensor(crops: np.ndarray) -> Tensor:
    """`(N, H, W, 3)` uint8 to `(N, 3, H, W)` in [-1, 1]."""
    return torch.from_numpy(np.ascontiguousarray(crops.transpose(0, 3, 1, 2))).float() / 127.5 - 1


def split_sets(data: Path, sources: Sequence[dict]) -> tuple[list[list[np.ndarray]], list[list[np.ndarray]]]:
    """Pictures of each look at the preset's mean scale, to learn from and held out; tiles go with none."""
    learned, held_out = [], []
    for source in sources:
        low, high = source.get("style_scales", (0.7, 1.3))
        paths = [p for p in list_pictures(data / source["path"]) if "tiles" not in p.parts]
        pictures = [at_scale(path, (low * high) ** 0.5) for path in paths]
        if len(pictures) == 1:
            first, rest = halves(pictures[0])
            learned.append([first])
            held_out.append([rest])
            continue
        held_out.append(pictures[::HELD_OUT])
        learned.append([picture for at, picture in enumerate(pictures) if at % HELD_OUT])
    return learned, held_out


def halves(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A picture that is alone in its look, parted along its longer side; the smaller holds a crop."""
    upright = pixels if pixels.shape[0] >= pixels.shape[1] else pixels.transpose(1, 0, 2)
    at = min(round(0.7 * len(upright)), len(upright) - CROP_PX - 1)
    parts = upright[:at], upright[at:]
    if upright is pixels:
        return parts
    return parts[0].transpose(1, 0, 2), parts[1].transpose(1, 0, 2)


def trained(learned: Sequence[Sequence[np.ndarray]], steps: int, seed: int = 0) -> Classifier:
    """A classifier of looks; every look as often as the others."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = Classifier(len(learned))
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    for _ in range(steps):
        labels = np.repeat(np.arange(len(learned)), 4)
        pictures = [learned[label][rng.integers(len(learned[label]))] for label in labels]
        x = tensor(np.concatenate([crops_of(picture, 1, rng) for picture in pictures]))
        gain = 1 + 0.4 * (torch.rand(len(x), 3, 1, 1) - 0.5)
        x = (x * gain + 0.3 * (torch.rand(len(x), 3, 1, 1) - 0.5)).clamp(-1, 1)
        loss = F.cross_entropy(network(x), torch.from_numpy(labels), label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network.eval()


@torch.no_grad()
def named(network: Classifier, pixels: np.ndarray, rng: np.random.Generator) -> int:
    """The look that the crops of a picture are most like."""
    return int(network(tensor(crops_of(pixels, CROPS, rng))).mean(0).argmax())


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("STYLEREEL_DATA"))
    parser.add_argument("--pack", default="atelier")
    parser.add_argument("--preset", default="atelier", help="whose style folders belong to the looks")
    parser.add_argument("--steps", type=int, default=900)
    parser.add_argument("--frames", type=int, default=4, help="of each clip")
    parser.add_argument("--every", type=int, default=8, help="frames between two that are asked about")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    if options.data is None:
        raise SystemExit("give --data or STYLEREEL_DATA")
    data = Path(options.data)
    sources = read_preset(options.preset)["style"]
    looks = [source["look"] for source in sources]
    known = find_pack(options.pack).card.styles
    learned, held_out = split_sets(data, sources)
    network = trained(learned, options.steps)
    rng = np.random.default_rng(1)
    of_pictures = [
        np.mean([named(network, picture, rng) == label for picture in pictures])
        for label, pictures in enumerate(held_out)
    ]
    clips = [clip_frames(data, name, options.frames * options.every, (640, 360)) for name in SIX]
    print("| look | held-out pictures | stylised frames | taken for |\n|---|---|---|---|")
    rows = []
    for label, look in enumerate(looks):
        if look not in known:
            continue
        answers = []
        for frames in clips:
            shown = list(stylised(f"{options.pack}:{look}", frames[:: options.every]))
            answers += [named(network, frame, rng) for frame in shown]
        right = float(np.mean([answer == label for answer in answers]))
        wrong = sorted(
            {looks[a] for a in answers if a != label}, key=lambda n: -answers.count(looks.index(n))
        )
        rows.append({"look": look, "pictures": float(of_pictures[label]), "frames": right})
        print(f"| {look} | {of_pictures[label]:.2f} | {right:.2f} | {', '.join(wrong) or '-'} |", flush=True)
    pictures, frames = (float(np.mean([row[key] for row in rows])) for key in ("pictures", "frames"))
    print(f"| mean | {pictures:.2f} | {frames:.2f} | ratio {frames / pictures:.2f} |")
    if options.json:
        options.json.write_text(json.dumps({"looks": rows, "ratio": frames / pictures}, indent=1))


if __name__ == "__main__":
    main()
