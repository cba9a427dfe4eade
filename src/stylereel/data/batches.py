"""The typed batch that a training step sees."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Moving:
    """Windows of clips, with the flow between their frames.

    Attributes:
        frames: `(M, T, 3, h, w)` float in [-1, 1], RGB, consecutive or evenly spaced.
        flow: `(M, T-1, 2, h, w)` float, (x, y) in px: from frame t+1 back to frame t; `(M, 0, 2, h, w)` where
            nobody asked for it.
        trusted: `(M, T-1, 1, h, w)` float, 1 where that flow can be followed; likewise.
    """

    frames: Tensor
    flow: Tensor
    trusted: Tensor

    def to(self, device: torch.device | str) -> Moving:
        """The same clips on `device`."""
        return Moving(self.frames.to(device), self.flow.to(device), self.trusted.to(device))


@dataclass(frozen=True)
class Batch:
    """Crops of one step; content and style are unpaired.

    Attributes:
        content: `(N, 3, h, w)` float in [-1, 1], RGB.
        style: the same shape and range.
        moving: clips of content, where the recipe wants some and there are videos to cut them from.
        style_moving: clips of the style, likewise.
        labels: `(N,)` int64, which of several styles each style crop shows; None where there is one.
    """

    content: Tensor
    style: Tensor
    moving: Moving | None = None
    style_moving: Moving | None = None
    labels: Tensor | None = None

    def to(self, device: torch.device | str) -> Batch:
        """The same batch on `device`."""
        moving, style_moving = (
            part if part is None else part.to(device) for part in (self.moving, self.style_moving)
        )
        labels = None if self.labels is None else self.labels.to(device)
        return Batch(self.content.to(device), self.style.to(device), moving, style_moving, labels)
