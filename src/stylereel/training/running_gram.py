"""The style's mean Gram matrices, gathered batch by batch; part of a run's checkpoint."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from stylereel.losses.gram import gram_matrix
from stylereel.networks.blocks import in_float32


class RunningGram(nn.Module):
    """Moving averages of Gram matrices, one per layer; plain means until they are as old as `decay` says.

    Args:
        channels: of each layer's map.
        decay: share kept per update. Fixed features bear a slow average, learning ones a quick one.
    """

    def __init__(self, channels: list[int], decay: float) -> None:
        super().__init__()
        self.decay = decay
        self.matrices: list[str] = [f"layer_{index}" for index in range(len(channels))]
        for name, count in zip(self.matrices, channels, strict=True):
            self.register_buffer(name, torch.zeros(count + 1, count + 1))
        self.register_buffer("updates", torch.zeros((), dtype=torch.long))

    @torch.no_grad()
    def update(self, features: list[Tensor]) -> None:
        """Take in the maps of a batch of style pictures, `(N, C, H, W)` per layer."""
        seen = self.get_buffer("updates")
        keep = (seen / (seen + 1)).clamp_max(self.decay)
        for matrix, maps in zip(self.means(), features, strict=True):
            matrix.lerp_(gram_matrix(maps).mean(dim=0), 1 - keep)
        seen += 1

    def means(self) -> list[Tensor]:
        """One `(C + 1, C + 1)` matrix per layer."""
        return [self.get_buffer(name) for name in self.matrices]


class RunningGrams(nn.Module):
    """The same of several styles at once: one moving average each.

    Args:
        channels: of each layer's map.
        decay: share kept per update.
        styles: how many.
    """

    def __init__(self, channels: list[int], decay: float, styles: int) -> None:
        super().__init__()
        self.decay = decay
        self.matrices: list[str] = [f"layer_{index}" for index in range(len(channels))]
        for name, count in zip(self.matrices, channels, strict=True):
            self.register_buffer(name, torch.zeros(styles, count + 1, count + 1))
        self.register_buffer("updates", torch.zeros(styles))

    @torch.no_grad()
    def update(self, features: list[Tensor], weights: Tensor) -> None:
        """Take in a batch of style pictures.

        Args:
            features: maps per layer, `(N, C, H, W)`.
            weights: `(N, styles)`, a 1 for the style that a picture shows.
        """
        seen = self.get_buffer("updates")
        count = weights.sum(dim=0)
        keep = torch.where(count > 0, (seen / (seen + 1)).clamp_max(self.decay), 1.0)
        for name, maps in zip(self.matrices, features, strict=True):
            with in_float32(maps):
                sums = torch.einsum("nk,nab->kab", weights, gram_matrix(maps).float())
            found = sums / count.clamp_min(1)[:, None, None]
            self.get_buffer(name).lerp_(found, (1 - keep)[:, None, None])
        seen += (count > 0).float()

    def means(self, weights: Tensor) -> list[Tensor]:
        """Mixtures of the styles' matrices, `(N, C + 1, C + 1)` per layer, by `(N, styles)` weights."""
        with in_float32(weights):
            return [torch.einsum("nk,kab->nab", weights, self.get_buffer(name)) for name in self.matrices]
