"""Texture as the correlations between feature maps, with a gradient.

Gatys et al. 2015 describe a texture by the Gram matrices of a network's features. The features need not be
pretrained: those of random filters serve (Ustyuzhaninov et al. 2017, "What does it take to generate natural
textures?"), and so do those of a discriminator that is learning the style.
"""

from __future__ import annotations

import torch
from torch import Tensor


def gram_matrix(features: Tensor) -> Tensor:
    """Mean products of all pairs of channels, per picture; a constant 1 stands beside them for the means.

    Args:
        features: `(N, C, H, W)`.

    Returns:
        `(N, C + 1, C + 1)` float32.
    """
    flat = features.flatten(2)
    products = (flat @ flat.transpose(1, 2)).float() / flat.shape[2]
    means = flat.mean(dim=2, dtype=torch.float32)[:, :, None]
    rows = torch.cat([products, means], dim=2)
    last = torch.cat([means.transpose(1, 2), means.new_ones(len(means), 1, 1)], dim=2)
    return torch.cat([rows, last], dim=1)


def gram(features: list[Tensor], wanted: list[Tensor]) -> Tensor:
    """Mean over layers of `sum |G - G_wanted| / sum |G_wanted|`, for every picture by itself.

    Args:
        features: maps of the output per layer, `(N, C, H, W)`; the gradient flows here.
        wanted: the style's mean Gram matrix per layer, `(C + 1, C + 1)`, or one per picture,
            `(N, C + 1, C + 1)`.

    Returns:
        Scalar float32; 0 where every picture has the style's statistics.
    """
    terms = []
    for maps, target in zip(features, wanted, strict=True):
        difference = (gram_matrix(maps) - target).abs().mean(dim=(1, 2))
        terms.append((difference / target.abs().mean(dim=(-2, -1)).clamp_min(1e-6)).mean())
    return torch.stack(terms).mean()
