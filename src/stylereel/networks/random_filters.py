"""Features that nobody trained: fixed random filters on the levels of a pyramid, rectified."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class RandomFilters(nn.Module):
    """See Ustyuzhaninov et al. 2017: one layer of random filters of many sizes describes textures well.

    Args:
        count: filters per level; each gives two maps, its positive and its negative part.
        levels: pyramid levels; a filter on level k spans `side * 2^k` px.
        side: of a filter.
        seed: of the filters, which are the same in every run.
    """

    def __init__(self, count: int = 48, levels: int = 4, side: int = 7, seed: int = 0) -> None:
        super().__init__()
        rng = torch.Generator().manual_seed(seed)
        filters = torch.randn(levels, count, 3, side, side, generator=rng)
        # Half of them look at light alone: strokes are seen in grey first.
        filters[:, ::2] = filters[:, ::2].mean(dim=2, keepdim=True)
        filters = filters - filters.mean(dim=(3, 4), keepdim=True)
        filters = filters / filters.flatten(2).norm(dim=2)[..., None, None, None]
        self.channels = [2 * count] * levels
        self.register_buffer("filters", filters, persistent=False)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """`(N, 3, H, W)` in [-1, 1] to one map `(N, 2 * count, h, w)` per level, the finest first."""
        maps = []
        for level, filters in enumerate(self.filters):  # pyright: ignore[reportArgumentType]
            if level:
                pictures = F.avg_pool2d(pictures, 2)
            missing = max(0, filters.shape[-1] - min(pictures.shape[-2:]))  # small crops leave little to see
            responses = F.conv2d(F.pad(pictures, (0, missing, 0, missing), mode="replicate"), filters)
            maps.append(torch.cat([F.relu(responses), F.relu(-responses)], dim=1))
        return maps
