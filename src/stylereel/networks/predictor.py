"""Guesses the next frame from two: what `recycle` learns of how a film goes on. It exists while training."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class NextFrame(nn.Module):
    """A small U-Net (Ronneberger et al. 2015): `(N, 2, 3, h, w)`, two frames in order, to the one after.

    It guesses the change from the second frame, so it begins by repeating that frame, which is a good guess
    already. Sides are multiples of 8.

    Args:
        channels: at half the resolution; doubled at a quarter, and once more at an eighth.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        widths = [channels, 2 * channels, 4 * channels]
        self.down = nn.ModuleList(
            nn.Conv2d(before, after, 4, stride=2, padding=1)
            for before, after in zip([6, *widths[:-1]], widths, strict=True)
        )
        self.middle = nn.Conv2d(widths[-1], widths[-1], 3, padding=1)
        self.up = nn.ModuleList(
            nn.Conv2d(below + beside, beside, 3, padding=1)
            for below, beside in ((widths[2], widths[1]), (widths[1], widths[0]))
        )
        self.change = nn.Conv2d(widths[0] + 6, 3, 3, padding=1)
        nn.init.zeros_(self.change.weight)
        nn.init.zeros_(self.change.bias)  # pyright: ignore[reportArgumentType]

    def forward(self, frames: Tensor) -> Tensor:
        """The guessed frame, `(N, 3, h, w)` in [-1, 1]."""
        two = frames.flatten(1, 2)
        maps = [two]
        for convolution in self.down:
            maps.append(F.leaky_relu(convolution(maps[-1]), 0.2))
        h = F.leaky_relu(self.middle(maps[-1]), 0.2)
        for convolution, beside in zip(self.up, (maps[2], maps[1]), strict=True):
            h = F.leaky_relu(convolution(torch.cat([F.interpolate(h, scale_factor=2), beside], dim=1)), 0.2)
        change = self.change(torch.cat([F.interpolate(h, scale_factor=2), two], dim=1))
        return (frames[:, 1] + change).clamp(-1, 1)
