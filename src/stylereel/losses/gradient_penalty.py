"""R1: keep the discriminator flat where the real pictures are (Mescheder et al. 2018)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def r1_penalty(discriminator: Callable[[Tensor], list[Tensor]], real: Tensor) -> Tensor:
    """Half the mean squared gradient norm of the logits at real pictures: E ||grad D(x)||^2 / 2.

    Args:
        discriminator: maps `(N, 3, H, W)` to a list of logit maps.
        real: `(N, 3, H, W)` in [-1, 1].

    Returns:
        Scalar float32, differentiable with respect to the discriminator's weights.
    """
    real = real.detach().float().requires_grad_(True)
    total = torch.stack([logits.float().mean(dim=(1, 2, 3)).sum() for logits in discriminator(real)]).sum()
    (gradient,) = torch.autograd.grad(total, real, create_graph=True)
    return 0.5 * gradient.square().sum(dim=(1, 2, 3)).mean()
