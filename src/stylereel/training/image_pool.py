"""A history of fakes, so that a discriminator cannot forget what it once knew; part of a run's checkpoint."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class ImagePool(nn.Module):
    """Gives fakes of now and of long ago, half and half (Shrivastava et al. 2017; 50 in Zhu et al. 2017).

    Until it is full, each fake is kept and also given. Then each is given with a chance of one half, and
    otherwise takes the place of a kept one, which is given in its stead.

    Args:
        capacity: fakes kept; 0 gives back what comes.
    """

    def __init__(self, capacity: int) -> None:
        super().__init__()
        self.capacity = capacity
        self.register_buffer("pictures", torch.empty(0, 3, 0, 0))
        self.register_load_state_dict_pre_hook(_take_shape)

    @torch.no_grad()
    def exchange(self, fakes: Tensor, rng: torch.Generator) -> Tensor:
        """Put in `(N, 3, H, W)`, always of one size, and get as many; float32, without gradient."""
        given = []
        for fake in fakes.detach().float():
            kept = self.get_buffer("pictures")
            if len(kept) < self.capacity:
                self.pictures = torch.cat([kept.reshape(-1, *fake.shape), fake[None]])
                given.append(fake)
                continue
            exchanges = self.capacity > 0 and float(torch.rand((), generator=rng)) < 0.5
            if exchanges:
                place = int(torch.randint(self.capacity, (), generator=rng))
                given.append(kept[place].clone())
                kept[place] = fake
            else:
                given.append(fake)
        return torch.stack(given)


def _take_shape(pool: nn.Module, state: dict[str, Any], prefix: str, *_: Any) -> None:
    """A checkpoint knows how many fakes of which size there are; a new pool does not."""
    pool.pictures = pool.get_buffer("pictures").new_empty(state[f"{prefix}pictures"].shape)
