"""The game between generator and discriminator, in four forms.

With logits `l = D(x)` and `sigma` the logistic function, averaged over patches, scales and the batch:

    minimax        D: -log sigma(l_real) - log(1 - sigma(l_fake))     G:  log(1 - sigma(l_fake))
                   (Goodfellow et al. 2014, the value function V(D, G) itself)
    nonsaturating  D: the same                                        G: -log sigma(l_fake)
    lsgan          D: (l_real - 1)^2 / 2 + l_fake^2 / 2               G: (l_fake - 1)^2 / 2  (Mao 2017)
    hinge          D: max(0, 1 - l_real) + max(0, 1 + l_fake)         G: -l_fake              (Lim & Ye 2017)
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor

Objective = Literal["minimax", "nonsaturating", "lsgan", "hinge"]
OBJECTIVES: tuple[str, ...] = get_args(Objective)


def _mean_over_scales(terms: list[Tensor]) -> Tensor:
    return torch.stack([term.mean() for term in terms]).mean()


def discriminator_loss(objective: Objective, real: list[Tensor], fake: list[Tensor]) -> Tensor:
    """What the discriminator minimises.

    Args:
        objective: one of `OBJECTIVES`.
        real, fake: logit maps per scale, any shape.

    Returns:
        Scalar float32.

    Raises:
        ValueError: for an unknown objective.
    """
    pairs = [(r.float(), f.float()) for r, f in zip(real, fake, strict=True)]
    if objective in ("minimax", "nonsaturating"):
        return _mean_over_scales([F.softplus(-r) for r, _ in pairs]) + _mean_over_scales(
            [F.softplus(f) for _, f in pairs]
        )
    if objective == "lsgan":
        return 0.5 * _mean_over_scales([(r - 1).square() for r, _ in pairs]) + 0.5 * _mean_over_scales(
            [f.square() for _, f in pairs]
        )
    if objective == "hinge":
        return _mean_over_scales([F.relu(1 - r) for r, _ in pairs]) + _mean_over_scales(
            [F.relu(1 + f) for _, f in pairs]
        )
    raise ValueError(f"unknown adversarial objective {objective!r}; choose one of {', '.join(OBJECTIVES)}")


def generator_loss(objective: Objective, fake: list[Tensor]) -> Tensor:
    """What the generator minimises; arguments and errors as in `discriminator_loss`."""
    maps = [f.float() for f in fake]
    if objective == "minimax":
        return _mean_over_scales([-F.softplus(f) for f in maps])
    if objective == "nonsaturating":
        return _mean_over_scales([F.softplus(-f) for f in maps])
    if objective == "lsgan":
        return 0.5 * _mean_over_scales([(f - 1).square() for f in maps])
    if objective == "hinge":
        return _mean_over_scales([-f for f in maps])
    raise ValueError(f"unknown adversarial objective {objective!r}; choose one of {', '.join(OBJECTIVES)}")
