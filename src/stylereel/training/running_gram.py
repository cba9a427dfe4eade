"""The style's mean Gram matrices, gathered batch by batch; part of a run's checkpoint."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from stylereel.losses.gram import gram_matrix


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
