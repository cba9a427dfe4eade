"""The small critic behind `style_likeness`: trained once per set of style pictures, then kept on disk.

Positives are 96-px crops of the style pictures at their stored scale; negatives are crops of photographs at
short side 360, as they are, with their Laplacian bands scaled to the style's mean energy, and with bands
scaled by random gains up to about five. All crops are grey and normalised to zero mean and unit contrast,
so that neither palette nor contrast decides. From a third of the training on, half of the photographs'
windows are those that fooled it by then (grass and foliage, mostly). Pictures are split into folds (a single
picture into the black and the white fields of a chess board); crops of one picture, tiles of it included,
never stand on both sides.

Both classes go through the same small changes (mirror, zoom by up to 10 %, blur, JPEG), so that the critic
does not tell them apart by how their files were made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np

from stylereel.metrics import _bands
from stylereel.metrics._critic import (
    CROP_PX,
    Critic,
    Weights,
    forward,
    grid_crops,
    network,
    normalized,
)

FOLDS = 2
STEPS = 400
LEARNING_RATE = 2e-3
HALF_BATCH = 32
LABEL_SMOOTHING = 0.05
WINDOW_PX = 144


def train_critic(
    groups: dict[str, list[np.ndarray]],
    photographs: list[np.ndarray],
    *,
    steps: int,
    seed: int,
    threads: int,
    on_step: Callable[[int, int], None] | None = None,
) -> Critic:
    """Train one network per fold.

    Args:
        groups: pictures, (H, W) uint8, by the whole picture that they belong to; two groups at least.
        photographs: (H, W) uint8 at short side 360.
        steps: per fold.
        seed: of everything random.
        threads: CPU threads.
        on_step: told (steps done, steps in all).
    """
    import torch

    energies = _mean_energies(groups)
    gains = np.array([_bands.matching_gains(_bands.grey(photo), energies) for photo in photographs])
    names = sorted(groups)
    np.random.default_rng(seed).shuffle(names)
    threads_before = torch.get_num_threads()
    torch.set_num_threads(threads)
    folds, anchors, recalls = [], [], []
    try:
        for fold in range(FOLDS):
            train = [groups[name] for position, name in enumerate(names) if position % FOLDS != fold]
            held_out = [groups[name] for position, name in enumerate(names) if position % FOLDS == fold]
            weights = _train_fold(
                train,
                photographs,
                gains,
                steps=steps,
                seed=seed * 1000 + fold,
                on_step=_counting(on_step, fold * steps, FOLDS * steps),
            )
            style_logits = forward(weights, _crops_of([picture for group in held_out for picture in group]))
            folds.append(weights)
            anchors.append(float(style_logits.mean()))
            recalls.append(float((style_logits > 0).mean()))
    finally:
        torch.set_num_threads(threads_before)
    return Critic(energies, tuple(folds), tuple(anchors), tuple(recalls))


def _counting(on_step: Callable[[int, int], None] | None, before: int, total: int) -> Callable[[int], None]:
    return lambda step: on_step(before + step, total) if on_step else None


def _crops_of(pictures: Sequence[np.ndarray]) -> np.ndarray:
    return np.stack([crop for picture in pictures for crop in grid_crops(_bands.grey(picture))])


def _train_fold(
    train: Sequence[list[np.ndarray]],
    photographs: list[np.ndarray],
    gains: np.ndarray,
    *,
    steps: int,
    seed: int,
    on_step: Callable[[int], None],
) -> Weights:
    import torch
    from torch.nn import functional

    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        judge = network()
    optimizer = torch.optim.AdamW(judge.parameters(), lr=LEARNING_RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps, pct_start=0.1)
    labels = torch.tensor([1 - LABEL_SMOOTHING] * HALF_BATCH + [LABEL_SMOOTHING] * HALF_BATCH)
    hard = None
    for step in range(steps):
        if step == steps // 3:
            hard = _hard_places(judge, photographs, rng)
        crops = [_positive(train, rng) for _ in range(HALF_BATCH)]
        crops += [_negative(photographs, gains, hard, position % 3, rng) for position in range(HALF_BATCH)]
        logits = judge(torch.from_numpy(np.stack(crops))[:, None]).flatten()
        loss = functional.binary_cross_entropy_with_logits(logits, labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
        on_step(step + 1)
    return {name: value.detach().numpy().copy() for name, value in judge.state_dict().items()}


def _positive(groups: Sequence[list[np.ndarray]], rng: np.random.Generator) -> np.ndarray:
    group = groups[int(rng.integers(len(groups)))]
    return _varied(_bands.grey(_window(group[int(rng.integers(len(group)))], WINDOW_PX, rng)), rng)


def _negative(
    photographs: Sequence[np.ndarray],
    gains: np.ndarray,
    hard: np.ndarray | None,
    kind: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Kind 0 is the photograph itself, 1 scaled to the style's energy, 2 sharpened by chance."""
    if hard is not None and rng.random() < 0.5:
        index, top, left = hard[int(rng.integers(len(hard)))]
        window = photographs[index][top : top + WINDOW_PX, left : left + WINDOW_PX]
    else:
        index = int(rng.integers(len(photographs)))
        window = _window(photographs[index], WINDOW_PX, rng)
    window = _bands.grey(window)
    if rng.random() < 0.5:
        window = _compressed(window, rng)
    if kind:
        chance = np.exp(rng.uniform(0, np.log(5)) + rng.normal(0, 0.4, _bands.LEVELS))
        window = _bands.scaled(window, gains[index] if kind == 1 else chance)
    return _varied(window, rng)


def _hard_places(judge: Any, photographs: Sequence[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """(N, 3) index, top and left of windows of photographs, drawn by how much they pass for style."""
    import torch

    places, crops = [], []
    for index, photograph in enumerate(photographs):
        for _ in range(8):
            top, left = (int(rng.integers(0, max(1, length - WINDOW_PX))) for length in photograph.shape)
            places.append((index, top, left))
            margin = (WINDOW_PX - CROP_PX) // 2
            part = photograph[top : top + WINDOW_PX, left : left + WINDOW_PX]
            part = cv2.resize(part, (WINDOW_PX, WINDOW_PX)) if min(part.shape) < WINDOW_PX else part
            crops.append(normalized(_bands.grey(part[margin : margin + CROP_PX, margin : margin + CROP_PX])))
    judge.eval()
    with torch.no_grad():
        parts = torch.from_numpy(np.stack(crops))[:, None].split(128)
        likeness = torch.cat([judge(part) for part in parts]).flatten().sigmoid().double().numpy() + 0.01
    judge.train()
    return np.array(places)[rng.choice(len(places), 2000, p=likeness / likeness.sum())]


def _varied(window: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A window of some 140 px in [0, 1] to a normalised crop: place, zoom, mirror, blur, JPEG."""
    side = round(CROP_PX / rng.uniform(0.9, 1.1))
    crop = _window(window, side, rng)
    smoothing = cv2.INTER_AREA if side > CROP_PX else cv2.INTER_LINEAR
    crop = cv2.resize(crop, (CROP_PX, CROP_PX), interpolation=smoothing)
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    if rng.random() < 0.5:
        crop = cv2.GaussianBlur(crop, (0, 0), rng.uniform(0.2, 0.7))
    if rng.random() < 0.5:
        crop = _compressed(crop, rng)
    return normalized(crop)


def _compressed(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(50, 96))]
    _, packed = cv2.imencode(".jpg", (picture * 255).astype(np.uint8), quality)
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.float32) / 255


def _window(picture: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    side = min(side, *picture.shape)
    top = rng.integers(0, picture.shape[0] - side + 1)
    left = rng.integers(0, picture.shape[1] - side + 1)
    return picture[top : top + side, left : left + side]


def _mean_energies(groups: dict[str, list[np.ndarray]]) -> np.ndarray:
    per_group = [
        np.mean([_bands.energies(_bands.grey(picture)) for picture in pictures], axis=0)
        for pictures in groups.values()
    ]
    return np.mean(per_group, axis=0).astype(np.float32)
