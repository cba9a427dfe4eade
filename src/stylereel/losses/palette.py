"""How far the broad colours of two sets of pictures are apart, with a gradient.

Sliced Wasserstein distance (Rabin et al. 2011) of the colours of cells: project them onto random
directions of RGB, sort, compare. Without it a strong game on texture may settle on one colour and wash out.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def palette(
    fake: Tensor, real: Tensor, rng: torch.Generator, *, cell_px: int = 4, directions: int = 24
) -> Tensor:
    """Mean L1 distance between sorted projections of the cells' colours.

    Args:
        fake, real: `(N, 3, H, W)` in [-1, 1], the same size; the gradient flows to `fake`.
        rng: source of the directions.
        cell_px: side of the cells whose mean colours count.
        directions: random directions in RGB.

    Returns:
        Scalar float32; 0 where both use the same colours equally often.
    """
    axes = torch.randn(3, directions, generator=rng)
    axes = (axes / axes.norm(dim=0, keepdim=True)).to(fake.device)
    fake_sorted, real_sorted = (
        (F.avg_pool2d(pictures.float(), cell_px).permute(0, 2, 3, 1).reshape(-1, 3) @ axes).sort(dim=0).values
        for pictures in (fake, real)
    )
    return (fake_sorted - real_sorted).abs().mean()
