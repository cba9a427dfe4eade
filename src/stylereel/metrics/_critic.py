"""The small critic behind `style_likeness`: trained once per set of style pictures, then kept on disk.

Positives are 96-px crops of the style pictures at their stored scale; negatives are crops of photographs at
short side 360, as they are, with their Laplacian bands scaled to the style's mean energy, and with bands
scaled by random gains up to and past that. All crops are grey and normalised to zero mean and unit contrast,
so that neither palette nor contrast decides. Pictures are split into folds (a single picture into halves,
each two opposite quarters, so that both have sky and ground); crops of one picture, tiles of it included,
never stand on both sides.

Both classes go through the same small changes (mirror, zoom by up to 10 %, blur, JPEG), so that the critic
does not tell them apart by how their files were made.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from stylereel.core.errors import DatasetError
from stylereel.metrics import _bands

PROTOCOL = "style-critic-1"
CROP_PX = 96
SHORT_SIDE_PX = 360
FOLDS = 2
STEPS = 500
LEARNING_RATE = 2e-3
HALF_BATCH = 32
LABEL_SMOOTHING = 0.05
PHOTOGRAPHS = 400
PICTURE_ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}

Weights = dict[str, np.ndarray]


@dataclass(frozen=True)
class Critic:
    """What a trained critic knows: one network per fold, and its anchor at 1.

    Attributes:
        energies: (3,) mean band energy of the style, for the control.
        folds: weights of each fold's network.
        held_out_logits: mean logit of each network on the style crops that it never saw.
        agreement: for each fold the share of held-out style crops and unseen photographs told apart.
    """

    energies: np.ndarray
    folds: tuple[Weights, ...]
    held_out_logits: tuple[float, ...]
    agreement: tuple[float, ...]

    def logits(self, crops: np.ndarray) -> np.ndarray:
        """(N, 96, 96) normalised crops to (folds,) mean logits."""
        return np.array([float(_forward(weights, crops).mean()) for weights in self.folds])


def normalized(crop: np.ndarray) -> np.ndarray:
    """Zero mean and unit contrast; below a contrast of 2 % the noise is not blown up further."""
    crop = crop.astype(np.float32)
    return (crop - crop.mean()) / max(float(crop.std()), 0.02)


def grid_crops(picture: np.ndarray, size_px: int = CROP_PX) -> list[np.ndarray]:
    """Evenly placed normalised crops that cover a grey picture."""
    rows, columns = (
        np.linspace(0, length - size_px, max(1, round(length / size_px))).round().astype(int)
        for length in picture.shape
    )
    return [
        normalized(picture[top : top + size_px, left : left + size_px]) for top in rows for left in columns
    ]


def cache_folder() -> Path:
    """Where critics are kept: `STYLEREEL_CACHE`, else the user's cache folder."""
    base = os.environ.get("STYLEREEL_CACHE")
    if base:
        return Path(base)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stylereel" / "critics"


def list_pictures(folder: Path) -> list[Path]:
    """All picture files under `folder`, sorted; a file is itself."""
    if folder.is_file():
        return [folder]
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURE_ENDINGS)
    if not found:
        raise DatasetError(f"no pictures in {folder}: expected files ending in {sorted(PICTURE_ENDINGS)}")
    return found


def train_or_load(
    style: Sequence[Path],
    photographs: Sequence[Path],
    *,
    cache: Path | None = None,
    steps: int = STEPS,
    seed: int = 0,
    threads: int = 1,
) -> Critic:
    """The critic of these style pictures, from the cache or trained now (about 90 s a fold on one core).

    Args:
        style: picture files; tiles of `name.jpg` are called `name_t00.jpg` and stay in its fold.
        photographs: picture files of the ordinary world, at least 20 recommended.
        cache: folder of kept critics; None is the user's.
        steps: training steps per fold.
        seed: of everything random.
        threads: CPU threads for training.

    Raises:
        DatasetError: a set is empty, or a picture is smaller than a crop.
    """
    if not style or not photographs:
        raise DatasetError(
            f"a critic needs pictures: got {len(style)} of style, {len(photographs)} photographs"
        )
    chosen = _chosen_photographs(photographs, seed)
    path = (cache or cache_folder()) / f"{_key(style, chosen, steps, seed)}.npz"
    if path.is_file():
        return _load(path)
    critic = _train(_style_groups(style), _read_photographs(chosen), steps=steps, seed=seed, threads=threads)
    _save(path, critic)
    return critic


def _read_grey(path: Path) -> np.ndarray:
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise DatasetError(f"cannot read {path} as a picture")
    return picture


def _style_groups(paths: Sequence[Path]) -> dict[str, list[np.ndarray]]:
    """Whole pictures with their tiles, (H, W) uint8; a single one becomes two halves of opposite quarters."""
    groups: dict[str, list[np.ndarray]] = {}
    for path in sorted(paths):
        picture = _read_grey(path)
        if min(picture.shape) < CROP_PX + 14:
            raise DatasetError(
                f"{path} is {picture.shape[1]}x{picture.shape[0]}; expected {CROP_PX + 14} px at least"
            )
        groups.setdefault(re.sub(r"_t\d+$", "", path.stem), []).append(picture)
    if len(groups) > 1:
        return groups
    whole = max(next(iter(groups.values())), key=lambda picture: picture.size)
    row, column = whole.shape[0] // 2, whole.shape[1] // 2
    return {
        "half 1": [whole[:row, :column], whole[row:, column:]],
        "half 2": [whole[:row, column:], whole[row:, :column]],
    }


def _chosen_photographs(paths: Sequence[Path], seed: int) -> list[Path]:
    order = np.random.default_rng(seed).permutation(len(paths))[:PHOTOGRAPHS]
    return [sorted(paths)[index] for index in sorted(order)]


def _read_photographs(paths: Sequence[Path]) -> list[np.ndarray]:
    return [_bands.short_side_to(_read_grey(path), SHORT_SIDE_PX) for path in paths]


def _mean_energies(groups: dict[str, list[np.ndarray]]) -> np.ndarray:
    per_group = [
        np.mean([_bands.energies(_bands.grey(picture)) for picture in pictures], axis=0)
        for pictures in groups.values()
    ]
    return np.mean(per_group, axis=0).astype(np.float32)


def _window(picture: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    side = min(side, *picture.shape)
    top = rng.integers(0, picture.shape[0] - side + 1)
    left = rng.integers(0, picture.shape[1] - side + 1)
    return picture[top : top + side, left : left + side]


def _varied(window: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A window of some 140 px in [0, 1] to a normalised crop: place, zoom, mirror, blur, JPEG."""
    side = round(CROP_PX / rng.uniform(0.9, 1.1))
    crop = _window(window, side, rng)
    crop = cv2.resize(
        crop, (CROP_PX, CROP_PX), interpolation=cv2.INTER_AREA if side > CROP_PX else cv2.INTER_LINEAR
    )
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    if rng.random() < 0.5:
        crop = cv2.GaussianBlur(crop, (0, 0), rng.uniform(0.2, 0.7))
    if rng.random() < 0.5:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(50, 96))]
        _, packed = cv2.imencode(".jpg", (crop * 255).astype(np.uint8), quality)
        crop = cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255
    return normalized(crop)


def _positive(groups: Sequence[list[np.ndarray]], rng: np.random.Generator) -> np.ndarray:
    group = groups[rng.integers(len(groups))]
    return _varied(_bands.grey(_window(group[rng.integers(len(group))], 144, rng)), rng)


def _negative(
    photographs: Sequence[np.ndarray], gains: np.ndarray, kind: int, rng: np.random.Generator
) -> np.ndarray:
    """Kind 0 is the photograph itself, 1 scaled to the style's energy, 2 scaled by random gains."""
    index = rng.integers(len(photographs))
    window = _bands.grey(_window(photographs[index], 144, rng))
    if kind:
        wanted = gains[index]
        if kind == 2:
            wanted = wanted ** rng.uniform(0, 1.3) * np.exp(rng.normal(0, 0.3, len(wanted)))
        window = _bands.scaled(window, wanted)
    return _varied(window, rng)


def _train(
    groups: dict[str, list[np.ndarray]],
    photographs: list[np.ndarray],
    *,
    steps: int,
    seed: int,
    threads: int,
) -> Critic:
    import torch

    energies = _mean_energies(groups)
    gains = np.array([_bands.matching_gains(_bands.grey(photo), energies) for photo in photographs])
    names = sorted(groups)
    np.random.default_rng(seed).shuffle(names)
    threads_before = torch.get_num_threads()
    torch.set_num_threads(threads)
    folds, anchors, agreements = [], [], []
    try:
        for fold in range(FOLDS):
            train = [groups[name] for position, name in enumerate(names) if position % FOLDS != fold]
            held_out = [groups[name] for position, name in enumerate(names) if position % FOLDS == fold]
            weights = _train_fold(train, photographs, gains, steps=steps, seed=seed * 1000 + fold)
            style_crops = np.stack(
                [c for group in held_out for p in group for c in grid_crops(_bands.grey(p))]
            )
            photo_crops = np.stack(
                [
                    c
                    for p, g in zip(photographs, gains, strict=True)
                    for c in grid_crops(_bands.scaled(_bands.grey(p), g))[:2]
                ]
            )
            style_logits, photo_logits = _forward(weights, style_crops), _forward(weights, photo_crops)
            folds.append(weights)
            anchors.append(float(style_logits.mean()))
            agreements.append(float(((style_logits > 0).mean() + (photo_logits < 0).mean()) / 2))
    finally:
        torch.set_num_threads(threads_before)
    return Critic(energies, tuple(folds), tuple(anchors), tuple(agreements))


def _network():
    """Four strided convolutions and a mean: it sees texture of about 35 px, not composition."""
    from torch import nn

    widths = (1, 24, 48, 96, 128)
    layers: list[nn.Module] = []
    for index, (before, after) in enumerate(itertools.pairwise(widths)):
        kernel = 5 if index == 0 else 3
        convolution = nn.Conv2d(before, after, kernel, stride=2, padding=kernel // 2, bias=False)
        nn.init.kaiming_normal_(convolution.weight, 0.2)
        layers += [convolution, nn.BatchNorm2d(after), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(widths[-1], 1))


def _train_fold(
    train: Sequence[list[np.ndarray]],
    photographs: list[np.ndarray],
    gains: np.ndarray,
    *,
    steps: int,
    seed: int,
) -> Weights:
    import torch
    from torch.nn import functional

    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _network()
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps, pct_start=0.1)
    labels = torch.tensor([1 - LABEL_SMOOTHING] * HALF_BATCH + [LABEL_SMOOTHING] * HALF_BATCH)
    for _ in range(steps):
        crops = [_positive(train, rng) for _ in range(HALF_BATCH)]
        crops += [_negative(photographs, gains, position % 3, rng) for position in range(HALF_BATCH)]
        logits = network(torch.from_numpy(np.stack(crops))[:, None]).flatten()
        loss = functional.binary_cross_entropy_with_logits(logits, labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
    return {name: np.array(value.detach()) for name, value in network.state_dict().items()}


def _forward(weights: Weights, crops: np.ndarray) -> np.ndarray:
    """(N, 96, 96) to (N,) logits."""
    import torch

    network = _network()
    network.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in weights.items()})
    network.eval()
    with torch.no_grad():
        parts = [
            network(torch.from_numpy(crops[start : start + 128])[:, None])
            for start in range(0, len(crops), 128)
        ]
    return torch.cat(parts).flatten().numpy()


def _key(style: Sequence[Path], photographs: Sequence[Path], steps: int, seed: int) -> str:
    digest = hashlib.sha256(f"{PROTOCOL} {steps} {seed}".encode())
    for role, paths in (("style", style), ("photographs", photographs)):
        for path in sorted(paths):
            digest.update(f"\n{role} {path.name} {path.stat().st_size}".encode())
    return f"{PROTOCOL}-{digest.hexdigest()[:16]}"


def _save(path: Path, critic: Critic) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {
        f"{fold}/{name}": value
        for fold, weights in enumerate(critic.folds)
        for name, value in weights.items()
    }
    facts = {"held_out_logits": critic.held_out_logits, "agreement": critic.agreement, "protocol": PROTOCOL}
    temporary = path.with_name(f"{path.stem}.{os.getpid()}.part.npz")
    np.savez(temporary, energies=critic.energies, facts=np.array(json.dumps(facts)), **arrays)
    temporary.replace(path)


def _load(path: Path) -> Critic:
    with np.load(path, allow_pickle=False) as stored:
        facts = json.loads(str(stored["facts"]))
        count = len(facts["held_out_logits"])
        folds = tuple(
            {key.split("/", 1)[1]: stored[key] for key in stored.files if key.startswith(f"{fold}/")}
            for fold in range(count)
        )
        return Critic(stored["energies"], folds, tuple(facts["held_out_logits"]), tuple(facts["agreement"]))
