"""The typed batch that a training step sees."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Crops of one step; content and style are unpaired.

    Attributes:
        content: `(N, 3, h, w)` float in [-1, 1], RGB.
        style: the same shape and range.
    """

    content: Tensor
    style: Tensor

    def to(self, device: torch.device | str) -> Batch:
        """The same batch on `device`."""
        return Batch(self.content.to(device), self.style.to(device))
