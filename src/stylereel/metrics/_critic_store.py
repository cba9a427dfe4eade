"""Pictures for a critic, and the cache of trained ones: a style set is learned once on a machine."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from stylereel.core.caches import cache_folder
from stylereel.core.errors import DatasetError
from stylereel.core.tile_names import whole_name
from stylereel.metrics import _bands
from stylereel.metrics._critic import CROP_PX, SHORT_SIDE_PX, Critic
from stylereel.metrics._critic_training import STEPS, train_critic
from stylereel.metrics._style_set import BLOCK_PX, chess_halves, list_pictures

__all__ = ["list_pictures", "train_or_load"]

PROTOCOL = "style-critic-4"
PHOTOGRAPHS = 400


def train_or_load(
    style: Sequence[Path],
    photographs: Sequence[Path],
    *,
    cache: Path | None = None,
    steps: int = STEPS,
    seed: int = 0,
    threads: int = 1,
    on_step: Callable[[int, int], None] | None = None,
) -> Critic:
    """The critic of these style pictures, from the cache or trained now (about 90 s a fold on one core).

    Args:
        style: picture files; tiles of `name.jpg` are called `name_t00.jpg` and stay in its fold.
        photographs: picture files of the ordinary world, at least 20 recommended.
        cache: folder of kept critics; None is the user's.
        steps: training steps per fold.
        seed: of everything random.
        threads: CPU threads for training.
        on_step: told (steps done, steps in all) while training.

    Raises:
        DatasetError: a set is empty, or a picture is smaller than a crop.
    """
    if not style or not photographs:
        raise DatasetError(
            f"a critic needs pictures: got {len(style)} of style, {len(photographs)} photographs"
        )
    chosen = _chosen_photographs(photographs, seed)
    path = (cache or cache_folder("critics")) / f"{_key(style, chosen, steps, seed)}.npz"
    if path.is_file():
        return _load(path)
    critic = train_critic(
        _style_groups(style),
        _read_photographs(chosen),
        steps=steps,
        seed=seed,
        threads=threads,
        on_step=on_step,
    )
    _save(path, critic)
    return critic


def _read_grey(path: Path) -> np.ndarray:
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise DatasetError(f"cannot read {path} as a picture")
    return picture


def _style_groups(paths: Sequence[Path]) -> dict[str, list[np.ndarray]]:
    """Whole pictures with their tiles, (H, W) uint8; a single one becomes two halves, a chess board."""
    groups: dict[str, list[np.ndarray]] = {}
    for path in sorted(paths):
        picture = _read_grey(path)
        if min(picture.shape) < CROP_PX + 14:
            raise DatasetError(
                f"{path} is {picture.shape[1]}x{picture.shape[0]}; expected {CROP_PX + 14} px at least"
            )
        groups.setdefault(whole_name(path.stem), []).append(picture)
    if len(groups) > 1:
        return groups
    whole = max(next(iter(groups.values())), key=lambda picture: picture.size)
    if min(whole.shape) < BLOCK_PX:
        raise DatasetError(
            f"a single picture needs {BLOCK_PX} px at least; got {whole.shape[1]}x{whole.shape[0]}"
        )
    black, white = chess_halves(whole)
    return {"half 1": black, "half 2": white}


def _chosen_photographs(paths: Sequence[Path], seed: int) -> list[Path]:
    order = np.random.default_rng(seed).permutation(len(paths))[:PHOTOGRAPHS]
    return [sorted(paths)[index] for index in sorted(order)]


def _read_photographs(paths: Sequence[Path]) -> list[np.ndarray]:
    return [_bands.short_side_to(_read_grey(path), SHORT_SIDE_PX) for path in paths]


def _key(style: Sequence[Path], photographs: Sequence[Path], steps: int, seed: int) -> str:
    digest = hashlib.sha256(f"{PROTOCOL} {steps} {seed}".encode())
    for role, paths in (("style", style), ("photographs", photographs)):
        for path in sorted(paths):
            digest.update(f"\n{role} {path.name} {path.stat().st_size}".encode())
    stems = [path.stem for path in style]
    if any(whole_name(stem) != re.sub(r"_t\d+$", "", stem) for stem in stems):
        digest.update(b"\ntiles of every name")  # critics of such sets once took a tile for a whole picture
    return f"{PROTOCOL}-{digest.hexdigest()[:16]}"


def _save(path: Path, critic: Critic) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {
        f"{fold}/{name}": value
        for fold, weights in enumerate(critic.folds)
        for name, value in weights.items()
    }
    facts = {"held_out_logits": critic.held_out_logits, "recall": critic.recall, "protocol": PROTOCOL}
    temporary = path.with_name(f"{path.stem}.{os.getpid()}.part.npz")
    arrays |= {"energies": critic.energies, "facts": np.array(json.dumps(facts))}
    np.savez(temporary, allow_pickle=False, **arrays)
    temporary.replace(path)


def _load(path: Path) -> Critic:
    with np.load(path, allow_pickle=False) as stored:
        facts = json.loads(str(stored["facts"]))
        count = len(facts["held_out_logits"])
        folds = tuple(
            {key.split("/", 1)[1]: stored[key] for key in stored.files if key.startswith(f"{fold}/")}
            for fold in range(count)
        )
        return Critic(
            stored["energies"],
            folds,
            tuple(facts["held_out_logits"]),
            tuple(facts.get("recall", facts.get("agreement", ()))),
        )
