"""Photographs as the discriminators' counter-examples: detail alone must not pass for a style.

Shown as fakes beside the generator's, they teach the discriminators what strokes have and photographs,
however crisp, have not (AnimeGAN shows edge-smoothed pictures with the same intent; Chen et al. 2019).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

LARGEST_GAIN = 5.0


def sharpened(pictures: Tensor, rng: torch.Generator) -> Tensor:
    """Fine and middle detail scaled by gains between 1 and 5, each left alone in 40 % of the pictures.

    Args:
        pictures: `(N, 3, H, W)` in [-1, 1].
        rng: source of the gains.

    Returns:
        The same shape and range.
    """
    low = _blurred(pictures, 5)
    lower = _blurred(low, 13)
    fine, middle = _gain(pictures, rng) * (pictures - low), _gain(pictures, rng) * (low - lower)
    return (lower + fine + middle).clamp(-1, 1)


def _blurred(pictures: Tensor, side: int) -> Tensor:
    margin = side // 2
    return F.avg_pool2d(F.pad(pictures, (margin,) * 4, mode="reflect"), side, stride=1)


def _gain(pictures: Tensor, rng: torch.Generator) -> Tensor:
    shape = (len(pictures), 1, 1, 1)
    gain = LARGEST_GAIN ** torch.rand(shape, generator=rng)
    return torch.where(torch.rand(shape, generator=rng) < 0.6, gain, torch.ones(shape)).to(pictures.device)
