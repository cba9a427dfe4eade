"""Coherence on real film: the look of a frame, moved as the film moved, must be the look of the next one.

The short- and long-term consistency of Huang et al. 2017 and Lai et al. 2018: with the flow f from frame t+1
back to frame t of the *content*, `G(x_t)(p + f(p))` and `G(x_{t+1})(p)` must agree wherever the flow can be
trusted.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def warped_by_flow(pictures: Tensor, flow: Tensor) -> Tensor:
    """`pictures(p + flow(p))`, bicubic, borders continued.

    Args:
        pictures: `(N, C, H, W)`.
        flow: `(N, 2, H, W)`, (x, y) in px.
    """
    height, width = flow.shape[-2:]
    rows = torch.arange(height, dtype=torch.float32, device=flow.device)
    columns = torch.arange(width, dtype=torch.float32, device=flow.device)
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    grid_x = (2 * (x + flow[:, 0].float()) + 1) / width - 1
    grid_y = (2 * (y + flow[:, 1].float()) + 1) / height - 1
    return F.grid_sample(
        pictures.float(),
        torch.stack([grid_x, grid_y], dim=-1),
        mode="bicubic",
        padding_mode="border",
        align_corners=False,
    )


def real_motion(
    look: Tensor, look_of_next: Tensor, flow: Tensor, trusted: Tensor, edge_px: int = 8
) -> Tensor:
    """Mean absolute difference of the moved look and the look of the next frame, where the flow holds.

    Args:
        look: G(x_t), `(N, 3, H, W)`.
        look_of_next: G(x_{t+1}), the same shape.
        flow: `(N, 2, H, W)` in px, from frame t+1 back to frame t.
        trusted: `(N, 1, H, W)`, 1 where it can be followed.
        edge_px: margin that is not looked at (zero padding speaks there).

    Returns:
        Scalar float32; 0 where nothing can be followed.
    """
    seen = torch.zeros_like(trusted)
    seen[..., edge_px:-edge_px, edge_px:-edge_px] = trusted[..., edge_px:-edge_px, edge_px:-edge_px]
    difference = (warped_by_flow(look, flow) - look_of_next.float()).abs() * seen
    return difference.sum() / (seen.sum() * look.shape[1]).clamp_min(1)
