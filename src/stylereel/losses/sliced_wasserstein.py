"""How far the patches of two sets of pictures are apart, as distributions, with a gradient.

Sliced Wasserstein distance (Rabin et al. 2011; Heitz et al. 2021 for textures) of square patches on the
levels of a Laplacian pyramid: project the patches onto random unit directions, sort, compare quantiles.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def laplacian_levels(pictures: Tensor, levels: int) -> list[Tensor]:
    """Band-pass levels, the finest first, then the low-pass rest; `levels + 1` maps."""
    bands = []
    for _ in range(levels):
        low = F.avg_pool2d(pictures, 2)
        bands.append(
            pictures - F.interpolate(low, size=pictures.shape[-2:], mode="bilinear", align_corners=False)
        )
        pictures = low
    return [*bands, pictures]


def patches_of(band: Tensor, side: int, count: int, rng: torch.Generator) -> Tensor:
    """`count` random patches of all pictures together: `(count, 3 * side * side)`."""
    n, channels, height, width = band.shape
    picture = torch.randint(n, (count, 1, 1), generator=rng)
    top = torch.randint(height - side + 1, (count, 1, 1), generator=rng)
    left = torch.randint(width - side + 1, (count, 1, 1), generator=rng)
    offsets = torch.arange(side)
    patches = band[picture, :, top + offsets[None, :, None], left + offsets[None, None, :]]
    return patches.reshape(count, side * side * channels)


def sliced_wasserstein(
    fake: Tensor,
    real: Tensor,
    rng: torch.Generator,
    *,
    sides: tuple[int, ...] = (7, 7, 7),
    count: int = 1024,
    projections: int = 48,
) -> Tensor:
    """Mean over levels of the L1 distance between sorted projections, each level over the real side's spread.

    Args:
        fake, real: `(N, 3, H, W)` in [-1, 1], the same size; the gradient flows to `fake`.
        rng: source of patches and directions.
        sides: side of the patches per level, the finest first. The low-pass rest is left out: four crops
            tell little of a palette, and the picture would chase the colours of each batch.
        count: patches per level.
        projections: directions per level.

    Returns:
        Scalar float32; 0 where the distributions agree.
    """
    total = fake.new_zeros(())
    fakes = laplacian_levels(fake.float(), len(sides))[:-1]
    reals = laplacian_levels(real.float(), len(sides))[:-1]
    for side, fake_band, real_band in zip(sides, fakes, reals, strict=True):
        side = min(side, *fake_band.shape[-2:])  # small crops leave little of the coarse levels
        fake_patches = patches_of(fake_band, side, count, rng)
        real_patches = patches_of(real_band, side, count, rng)
        directions = torch.randn(fake_patches.shape[1], projections, generator=rng)
        directions = (directions / directions.norm(dim=0, keepdim=True)).to(fake.device)
        fake_sorted = (fake_patches @ directions).sort(dim=0).values
        real_sorted = (real_patches @ directions).sort(dim=0).values
        spread = real_sorted.std(dim=0).mean().clamp_min(1e-3)
        total = total + (fake_sorted - real_sorted).abs().mean() / spread
    return total / len(sides)
