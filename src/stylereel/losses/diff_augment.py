"""The same differentiable disturbance for real and fake, so that a discriminator cannot memorise a small set.

Zhao et al. 2020, "Differentiable augmentation for data-efficient GAN training"; without its colour
operations, which would leak into the colours of the look.
"""

from __future__ import annotations

import torch
from torch import Tensor


def diff_augment(
    pictures: Tensor, rng: torch.Generator, *, shift: float = 0.125, cutout: float = 0.25
) -> Tensor:
    """Flip, shift (zero border) and cut out a square, per picture.

    Args:
        pictures: `(N, 3, H, W)` in [-1, 1].
        rng: source of every random choice.
        shift: largest shift as a part of the side.
        cutout: side of the square that is blanked as a part of the side; 0 for none.

    Returns:
        `(N, 3, H, W)`, differentiable.
    """
    n, _, height, width = pictures.shape

    def uniform(low: int, high: int) -> Tensor:
        return torch.randint(low, high + 1, (n, 1, 1), generator=rng)

    rows = torch.arange(height)[None, :, None]
    columns = torch.arange(width)[None, None, :]
    dy = uniform(-int(height * shift), int(height * shift))
    dx = uniform(-int(width * shift), int(width * shift))
    flip = torch.rand(n, 1, 1, generator=rng) < 0.5
    source_columns = torch.where(flip, width - 1 - columns, columns) + dx
    source_rows = rows + dy
    inside = (source_rows >= 0) & (source_rows < height) & (source_columns >= 0) & (source_columns < width)
    if cutout > 0:
        side_y, side_x = int(height * cutout), int(width * cutout)
        top, left = uniform(-side_y // 2, height - side_y // 2), uniform(-side_x // 2, width - side_x // 2)
        hole = (rows >= top) & (rows < top + side_y) & (columns >= left) & (columns < left + side_x)
        inside = inside & ~hole
    batch = torch.arange(n)[:, None, None]
    moved = pictures[
        batch, :, source_rows.clamp(0, height - 1), source_columns.clamp(0, width - 1)
    ]  # (N, H, W, 3)
    return (moved * inside[..., None].to(pictures.device)).permute(0, 3, 1, 2)
