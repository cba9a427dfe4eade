"""The codes of named styles, learned, and of variations within them, made from noise."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylereel.networks.blocks import in_float32


class StyleCodes(nn.Module):
    """A code per named style, one for the photograph as it is, and a mapping network from noise.

    The mapping network (Karras et al. 2019; per domain Choi et al. 2020) moves a style's code, by at most
    `REACH` per entry: random variations of a look that stay that look.

    Args:
        styles: how many.
        code_size: length S of a code; its last entry, how much of the source shows, is not learned.
        noise: length of the noise.
    """

    REACH = 1.0

    def __init__(self, styles: int, code_size: int, noise: int = 16) -> None:
        super().__init__()
        self.noise = noise
        self.named = nn.Parameter(torch.randn(styles, code_size - 1))
        self.photograph = nn.Parameter(torch.randn(code_size - 1))
        self.first = nn.Linear(noise + code_size - 1, 128)
        self.second = nn.Linear(128, 128)
        self.third = nn.Linear(128, code_size - 1)

    def of(self, weights: Tensor) -> Tensor:
        """Mixtures of the named styles: `(N, styles)` weights to `(N, S)` codes."""
        return F.pad(self._mixed(weights), (0, 1))

    def plain(self, n: int) -> Tensor:
        """The code that keeps a photograph a photograph, `n` times: `(n, S)`."""
        return F.pad(self.photograph.expand(n, -1), (0, 1))

    def varied(self, weights: Tensor, noise: Tensor) -> Tensor:
        """Variations of mixtures: `(N, styles)` and `(N, noise)` in unit deviation to `(N, S)` codes."""
        named = self._mixed(weights)
        h = F.leaky_relu(self.first(torch.cat([noise, named], dim=1)), 0.2)
        h = F.leaky_relu(self.second(h), 0.2)
        return F.pad(named + self.REACH * torch.tanh(self.third(h)).float(), (0, 1))

    def _mixed(self, weights: Tensor) -> Tensor:
        """In float32: a code that steps in bf16's coarse levels does not change smoothly."""
        with in_float32(weights):
            return weights.float() @ self.named.float()
