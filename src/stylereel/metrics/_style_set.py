"""The pictures of a style: read one by one, and split in halves by picture, never by tile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from stylereel.core.errors import DatasetError
from stylereel.core.tile_names import whole_name
from stylereel.metrics import _bands, _patches

PICTURE_ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}
BLOCK_PX = 160
LEAST_SIDE_PX = 96


def list_pictures(folder: Path) -> list[Path]:
    """All picture files under `folder`, sorted; a file is itself."""
    if folder.is_file():
        return [folder]
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURE_ENDINGS)
    if not found:
        raise DatasetError(f"no pictures in {folder}: expected files ending in {sorted(PICTURE_ENDINGS)}")
    return found


def read_rgb(path: Path) -> np.ndarray:
    """(H, W, 3) uint8 RGB, at the stored scale.

    Raises:
        DatasetError: it is no picture, or below 96 px.
    """
    picture = cv2.imread(str(path))
    if picture is None:
        raise DatasetError(f"cannot read {path} as a picture")
    if min(picture.shape[:2]) < LEAST_SIDE_PX:
        raise DatasetError(
            f"{path} is {picture.shape[1]}x{picture.shape[0]}; expected {LEAST_SIDE_PX} px at least"
        )
    return picture[..., ::-1]


def groups_of(paths: Sequence[Path]) -> dict[str, list[Path]]:
    """Files by the whole picture that they belong to, tiles with the picture that they were cut from."""
    groups: dict[str, list[Path]] = {}
    for path in sorted(paths):
        groups.setdefault(whole_name(path.stem), []).append(path)
    return groups


def chess_halves(picture: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The black and the white fields of one picture, each of 160 px or a little more; no pixel is in both."""
    halves: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    rows, columns = (
        max(2, length // BLOCK_PX) if length >= 2 * LEAST_SIDE_PX else 1 for length in picture.shape[:2]
    )
    for row, band in enumerate(np.array_split(picture, rows, axis=0)):
        for column, block in enumerate(np.array_split(band, columns, axis=1)):
            halves[(row + column) % 2].append(block)
    return halves


def style_patches(
    paths: Sequence[Path], seed: int = 0, on_picture: Callable[[], None] | None = None
) -> list[np.ndarray]:
    """Patches of all style pictures: for each level, finest first and low-pass last, (6000, 147) float32."""
    return _patches.gather(_read(sorted(paths), on_picture), len(paths), seed)


def style_floor(
    paths: Sequence[Path], seed: int = 0, on_picture: Callable[[], None] | None = None
) -> list[float]:
    """Distance on every level between two halves of the style: what a perfect result would score.

    Pictures are dealt out whole, with their tiles; a single picture is split like a chess board.
    """
    groups = groups_of(paths)
    if len(groups) == 1:
        (files,) = groups.values()
        black, white = chess_halves(max(_read(files, on_picture), key=lambda picture: picture.size))
        halves = [_patches.gather(blocks, len(blocks), seed) for blocks in (black, white)]
    else:
        names = sorted(groups)
        np.random.default_rng(seed).shuffle(names)
        parts = [[file for name in names[half::2] for file in groups[name]] for half in (0, 1)]
        halves = [_patches.gather(_read(part, on_picture), len(part), seed) for part in parts]
    return [_patches.distance(a, b) for a, b in zip(*halves, strict=True)]


def style_energies(paths: Sequence[Path]) -> np.ndarray:
    """(3,) float32 mean band energy of the style, every whole picture counting alike."""
    per_group = [
        np.mean([_bands.energies(_bands.grey(read_rgb(path))) for path in files], axis=0)
        for files in groups_of(paths).values()
    ]
    return np.mean(per_group, axis=0).astype(np.float32)


def _read(paths: Sequence[Path], on_picture: Callable[[], None] | None) -> Iterator[np.ndarray]:
    for path in paths:
        yield read_rgb(path)
        if on_picture:
            on_picture()
