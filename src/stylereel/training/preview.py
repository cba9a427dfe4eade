"""Sheets to look at: held-out content beside what the averaged generator makes of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylereel.data.stream import to_pixels, to_tensor
from stylereel.training.phases import Recipe

MARGIN_PX = 4
EDGE_PX = 16
"""Pictures are continued by reflection this far, as a runner does, so that no padding is seen."""


def fit_for_network(pixels: np.ndarray, short_side_px: int, multiple: int) -> np.ndarray:
    """Resize to a short side and crop centrally to multiples, so that any network takes it; `(H, W, 3)`
    uint8."""
    height, width = pixels.shape[:2]
    factor = short_side_px / min(height, width)
    size = (max(multiple, round(width * factor)), max(multiple, round(height * factor)))
    shrinks = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    resized = cv2.resize(pixels, size, interpolation=shrinks)
    height, width = (side // multiple * multiple for side in resized.shape[:2])
    top, left = (resized.shape[0] - height) // 2, (resized.shape[1] - width) // 2
    return resized[top : top + height, left : left + width]


def stylized_pixels(recipe: Recipe, generator: nn.Module, pixels: np.ndarray, number: int = 0) -> np.ndarray:
    """One picture through the averaged generator; `(H, W, 3)` uint8 in and out, sides multiples of its
    rule. Of several looks it is shown in the one whose turn `number` is."""
    device = next(generator.parameters()).device
    multiple = int(generator.size_multiple)  # type: ignore[arg-type]
    margin = -(-EDGE_PX // multiple) * multiple
    content: Tensor = F.pad(to_tensor(pixels[None]), (margin,) * 4, mode="reflect").to(device)
    with torch.no_grad():
        stylized = recipe.preview(generator, content, number)[..., margin:-margin, margin:-margin]
    return to_pixels(stylized)[0]


def pairs_sheet(pairs: Sequence[tuple[np.ndarray, np.ndarray]], cell_height_px: int = 256) -> np.ndarray:
    """Rows of content beside stylized, two pairs to a row, `(H, W, 3)` uint8."""
    cells = []
    for before, after in pairs:
        joined = np.concatenate(
            [before, np.full((before.shape[0], MARGIN_PX, 3), 255, np.uint8), after], axis=1
        )
        width = round(joined.shape[1] * cell_height_px / joined.shape[0])
        cells.append(cv2.resize(joined, (width, cell_height_px), interpolation=cv2.INTER_AREA))
    rows = [np.concatenate(_margins(cells[index : index + 2]), axis=1) for index in range(0, len(cells), 2)]
    widest = max(row.shape[1] for row in rows)
    padded = [
        cv2.copyMakeBorder(
            row, 0, MARGIN_PX, 0, widest - row.shape[1], cv2.BORDER_CONSTANT, value=(255, 255, 255)
        )
        for row in rows
    ]
    return np.concatenate(padded, axis=0)


def write_picture(path: Path, pixels: np.ndarray, quality: int = 92) -> None:
    """Write `(H, W, 3)` uint8 RGB as the ending says, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path_temporary = path.with_name(f".{os.getpid()}.{path.name}")
    path_temporary.write_bytes(encoded(pixels, path.suffix, quality))
    os.replace(path_temporary, path)


def encoded(pixels: np.ndarray, ending: str, quality: int = 92) -> bytes:
    """A picture as file content; `ending` is .jpg or .png."""
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    options = [cv2.IMWRITE_JPEG_QUALITY, quality] if ending in (".jpg", ".jpeg") else []
    done, content = cv2.imencode(ending, bgr, options)
    if not done:
        raise ValueError(f"OpenCV cannot write {ending} pictures")
    return content.tobytes()


def _margins(cells: list[np.ndarray]) -> list[np.ndarray]:
    spaced: list[np.ndarray] = []
    for cell in cells:
        spaced += [cell, np.full((cell.shape[0], 3 * MARGIN_PX, 3), 255, np.uint8)]
    return spaced[:-1]
