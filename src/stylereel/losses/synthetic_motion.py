"""Coherence in time without any video: the look of a moved picture must be the moved look of the picture.

The idea of compound regularisation (Wang et al. 2020, ReReVST): a random smooth motion, some noise, a
change of exposure; `G(warp(x) + n)` must equal `warp(G(x))`. The same motion is applied to both sides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Motion:
    """One random motion for a batch: a sampling grid and where it stays inside the picture."""

    grid: Tensor  # (N, H, W, 2) in grid_sample's [-1, 1]
    inside: Tensor  # (N, 1, H, W) float, 1 where the source lies inside the picture

    def to(self, device: torch.device) -> Motion:
        """The same motion on `device`."""
        return Motion(self.grid.to(device), self.inside.to(device))

    def warp(self, pictures: Tensor) -> Tensor:
        """Move `(N, C, H, W)`; bicubic, so that warping blurs little."""
        return F.grid_sample(
            pictures.float(), self.grid, mode="bicubic", padding_mode="border", align_corners=False
        )


def random_motion(
    n: int,
    height: int,
    width: int,
    rng: torch.Generator,
    *,
    shift_px: float = 10.0,
    local_px: float = 3.0,
    edge_px: int = 8,
) -> Motion:
    """As many kinds of motion as films have, each as likely as the others.

    None (a camera on its stand: only noise and light differ), a shift by whole pixels (its warp is exact and
    teaches no blur), a shift by fractions of pixels, and a shift with rotation, zoom and a smooth local flow.

    Args:
        n, height, width: of the batch.
        rng: source of every random choice.
        shift_px: largest shift per axis; a shift by fractions goes a fifth as far.
        local_px: standard deviation of the local flow's knots, one per 32 px.
        edge_px: margin that counts as outside, in both views (zero padding speaks there).
    """

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(n, generator=rng)

    kind = torch.randint(4, (n,), generator=rng)
    still, whole, fine, free = (torch.eq(kind, number).float() for number in range(4))
    rotation = uniform(-4, 4) * math.pi / 180 * free
    zoom = 1 + uniform(-0.06, 0.06) * free
    shift = torch.stack([uniform(-shift_px, shift_px), uniform(-shift_px, shift_px)], dim=1)
    shift = torch.where(whole[:, None] > 0, shift.round(), shift) * (1 - still - 0.8 * fine)[:, None]
    knots = torch.randn(n, 2, height // 32 + 2, width // 32 + 2, generator=rng) * local_px
    local = F.interpolate(knots, size=(height, width), mode="bicubic", align_corners=True)
    local = local * free[:, None, None, None]

    return _motion(shift, rotation, zoom, local, edge_px)


def camera_path(
    n: int,
    height: int,
    width: int,
    frames: int,
    rng: torch.Generator,
    *,
    shift_px: float = 5.0,
    edge_px: int = 8,
) -> list[Motion]:
    """A steady camera move: the motions that show a picture as frames 1, 2, ... after frame 0, itself.

    Args:
        n, height, width: of the batch.
        frames: how many frames, frame 0 counted; one motion less comes back.
        rng: source of every random choice.
        shift_px: largest shift per frame and axis; every fourth camera stands still.
        edge_px: margin that counts as outside.
    """
    moves = (torch.rand(n, generator=rng) < 0.75).float()
    shift = (torch.rand(n, 2, generator=rng) * 2 - 1) * shift_px * moves[:, None]
    rotation = (torch.rand(n, generator=rng) * 2 - 1) * math.pi / 180 * moves
    zoom = 1 + (torch.rand(n, generator=rng) * 2 - 1) * 0.02 * moves
    none = torch.zeros(n, 2, height, width)
    return [_motion(shift * at, rotation * at, zoom**at, none, edge_px) for at in range(1, frames)]


def _motion(shift: Tensor, rotation: Tensor, zoom: Tensor, local: Tensor, edge_px: int) -> Motion:
    """Sampling grid of a shift `(N, 2)` in px, an angle, a zoom `(N,)` and a local flow `(N, 2, H, W)`."""
    height, width = local.shape[-2:]
    rows = torch.arange(height, dtype=torch.float32) - (height - 1) / 2
    columns = torch.arange(width, dtype=torch.float32) - (width - 1) / 2
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    cos, sin = (rotation.cos() * zoom)[:, None, None], (rotation.sin() * zoom)[:, None, None]
    source_x = cos * x - sin * y + shift[:, 0, None, None] + local[:, 0]
    source_y = sin * x + cos * y + shift[:, 1, None, None] + local[:, 1]
    grid = torch.stack([source_x * 2 / width, source_y * 2 / height], dim=-1)
    inside = (grid.abs().amax(dim=-1) <= 1 - 2 * edge_px / min(height, width)).float()[:, None]
    own = torch.zeros(height, width)
    own[edge_px : height - edge_px, edge_px : width - edge_px] = 1
    inside = inside * own
    return Motion(grid, inside)


def disturbed(
    pictures: Tensor, rng: torch.Generator, *, noise: float = 0.03, exposure: float = 0.06
) -> Tensor:
    """Noise and a change of exposure and contrast, as between frames of a film; stays in [-1, 1].

    A sensor's noise is fine, a codec's comes in patches: each picture gets noise of one grain, 1 to 8 px.
    """
    n, _, height, width = pictures.shape
    device = pictures.device
    level = torch.rand(n, 1, 1, 1, generator=rng) * noise
    gain = 1 + (torch.rand(n, 1, 1, 1, generator=rng) * 2 - 1) * exposure
    bias = (torch.rand(n, 1, 1, 1, generator=rng) * 2 - 1) * exposure * 0.5
    grains = torch.cat([_grain(height, width, 2 ** int(torch.randint(4, (), generator=rng)), rng)
                        for _ in range(n)])  # fmt: skip
    noisy = pictures + (grains * level).to(device)
    return (noisy * gain.to(device) + bias.to(device)).clamp(-1, 1)


def _grain(height: int, width: int, side: int, rng: torch.Generator) -> Tensor:
    """`(1, 3, height, width)` noise of unit deviation whose grains are about `side` px wide."""
    small = torch.randn(1, 3, -(-height // side), -(-width // side), generator=rng)
    return F.interpolate(small, scale_factor=float(side), mode="nearest")[..., :height, :width]


def synthetic_motion(look: Tensor, look_of_moved: Tensor, motion: Motion) -> Tensor:
    """Mean absolute difference of `warp(G(x))` and `G(warp(x) + n)` where the motion stays inside.

    Args:
        look: G(x), `(N, 3, H, W)`.
        look_of_moved: G(warp(x) + n), the same shape.
        motion: the motion of the second view.

    Returns:
        Scalar float32.
    """
    difference = (motion.warp(look) - look_of_moved.float()).abs() * motion.inside
    return difference.sum() / (motion.inside.sum() * look.shape[1]).clamp_min(1)
