"""Anchors for crops: where they lie at random, and where they have gone to when the crop has moved."""

from __future__ import annotations

import functools

import torch
import torch.nn.functional as F
from torch import Tensor

from stylereel.core.anchors import CELL_PX, TEXEL_PX, TEXTURE_SIDE, still_places, texture

JITTER_PX = 0.25
"""Standard deviation of the error of a place that was followed: no flow is exact."""


def random_places(n: int, height: int, width: int, rng: torch.Generator) -> Tensor:
    """Places for `n` crops that lie anywhere on the texture: `(n, 2, H/4, W/4)`, (x, y) in px."""
    offset = torch.rand(n, 2, 1, 1, generator=rng) * TEXEL_PX * TEXTURE_SIDE
    return _still(height, width) + offset


def places_after_motion(places: Tensor, grid: Tensor, rng: torch.Generator) -> Tensor:
    """Where the anchors of crops have gone to that were moved by a sampling grid.

    Args:
        places: `(n, 2, H/4, W/4)` before.
        grid: `(n, H, W, 2)` in grid_sample's [-1, 1]: where each pixel now shows what was before.
        rng: of the jitter.
    """
    size = torch.tensor([grid.shape[2], grid.shape[1]], device=grid.device)[:, None, None]
    return _moved(places, grid.permute(0, 3, 1, 2) * size / 2 + (size - 1) / 2, rng)


def places_after_flow(places: Tensor, flow: Tensor, rng: torch.Generator) -> Tensor:
    """The same for crops of a clip: `flow` `(n, 2, H, W)` in px leads from the later frame to the earlier."""
    rows, columns = (torch.arange(side, device=flow.device) for side in flow.shape[-2:])
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    return _moved(places, flow + torch.stack([x, y]), rng)


def _moved(places: Tensor, source_px: Tensor, rng: torch.Generator) -> Tensor:
    """Places read where each pixel came from; beyond the crop they go on as at its border.

    Args:
        places: `(n, 2, h, w)`, one per cell.
        source_px: `(n, 2, H, W)`, (x, y) of where each pixel came from.
        rng: of the jitter.
    """
    height, width = source_px.shape[-2:]
    source = F.avg_pool2d(source_px.float(), CELL_PX)
    displaced = places - _still(height, width).to(places.device)
    size = torch.tensor([width, height], device=places.device)[:, None, None]
    grid = ((2 * source + 1) / size - 1).permute(0, 2, 3, 1)
    read = F.grid_sample(displaced, grid, mode="bilinear", padding_mode="border", align_corners=False)
    jitter = torch.randn(len(places), 2, 1, 1, generator=rng) * JITTER_PX
    return source + read + jitter.to(places.device)


def anchor_maps(places: Tensor, channels: int) -> Tensor:
    """What lies at `(n, 2, h, w)` places: `(n, channels, h, w)` float32, as `core.anchors` reads."""
    around = F.pad(_texture(channels).to(places.device), (0, 1, 0, 1), mode="circular")
    at = (places.permute(0, 2, 3, 1) / TEXEL_PX) % TEXTURE_SIDE
    grid = (2 * at + 1) / (TEXTURE_SIDE + 1) - 1
    around = around.expand(len(places), -1, -1, -1)
    return F.grid_sample(around, grid, mode="bilinear", align_corners=False, padding_mode="border")


def still_anchors(like: Tensor, channels: int) -> Tensor:
    """Anchors of pictures `(n, 3, H, W)` that stand still: `(n, channels, H/4, W/4)` on their device."""
    found = anchor_maps(_still(*like.shape[-2:])[None], channels)
    return found.to(like.device).expand(like.shape[0], -1, -1, -1)


def _still(height: int, width: int) -> Tensor:
    return torch.from_numpy(still_places(height, width)).permute(2, 0, 1)


@functools.cache
def _texture(channels: int) -> Tensor:
    return torch.from_numpy(texture(channels)).permute(2, 0, 1)[None].contiguous()
