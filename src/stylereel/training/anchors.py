"""Anchors for crops: where they lie at random, and where they have gone to when the crop has moved."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from stylereel.core.anchors import CELL_PX, TEXEL_PX, TEXTURE_SIDE, anchors_at, still_places

JITTER_PX = 0.25
"""Standard deviation of the error of a place that was followed: no flow is exact."""


def random_places(n: int, height: int, width: int, rng: torch.Generator) -> Tensor:
    """Places for `n` crops that lie anywhere on the texture: `(n, 2, H/4, W/4)`, (x, y) in px."""
    still = torch.from_numpy(still_places(height, width)).permute(2, 0, 1)
    offset = torch.rand(n, 2, 1, 1, generator=rng) * TEXEL_PX * TEXTURE_SIDE
    return still + offset


def places_after_motion(places: Tensor, grid: Tensor, rng: torch.Generator) -> Tensor:
    """Where the anchors of crops have gone to that were moved by a sampling grid.

    Args:
        places: `(n, 2, H/4, W/4)` before.
        grid: `(n, H, W, 2)` in grid_sample's [-1, 1]: where each pixel now shows what was before.
        rng: of the jitter.
    """
    _, height, width, _ = grid.shape
    source = grid.permute(0, 3, 1, 2) * torch.tensor([width / 2, height / 2])[:, None, None]
    return _moved(places, source + torch.tensor([(width - 1) / 2, (height - 1) / 2])[:, None, None], rng)


def places_after_flow(places: Tensor, flow: Tensor, rng: torch.Generator) -> Tensor:
    """The same for crops of a clip: `flow` `(n, 2, H, W)` in px leads from the later frame to the earlier."""
    height, width = flow.shape[-2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return _moved(places, flow + torch.stack([x, y]), rng)


def _moved(places: Tensor, source_px: Tensor, rng: torch.Generator) -> Tensor:
    """Places read where each pixel came from; beyond the crop they go on as at its border.

    Args:
        places: `(n, 2, h, w)`, one per cell.
        source_px: `(n, 2, H, W)`, (x, y) of where each pixel came from.
    """
    height, width = source_px.shape[-2:]
    source = F.avg_pool2d(source_px.float(), CELL_PX)
    displaced = places - torch.from_numpy(still_places(height, width)).permute(2, 0, 1)
    size = torch.tensor([width, height])[:, None, None]
    grid = ((2 * source + 1) / size - 1).permute(0, 2, 3, 1)
    read = F.grid_sample(displaced, grid, mode="bilinear", padding_mode="border", align_corners=False)
    return source + read + torch.randn(len(places), 2, 1, 1, generator=rng) * JITTER_PX


def anchor_maps(places: Tensor, channels: int) -> Tensor:
    """What lies at `(n, 2, h, w)` places: `(n, channels, h, w)` float32."""
    found = [anchors_at(np.ascontiguousarray(one.permute(1, 2, 0).numpy()), channels) for one in places]
    return torch.from_numpy(np.stack(found)).permute(0, 3, 1, 2).contiguous()


def still_anchors(like: Tensor, channels: int) -> Tensor:
    """Anchors of pictures `(n, 3, H, W)` that stand still: `(n, channels, H/4, W/4)` on their device."""
    height, width = like.shape[-2:]
    found = torch.from_numpy(anchors_at(still_places(height, width), channels)).permute(2, 0, 1)
    return found.to(like.device).expand(like.shape[0], -1, -1, -1)
