"""`conditional` for running with another look in each frame: it is given what a code makes of its layers.

A code acts on a layer through its ends alone: scales of its inputs, factors and shifts of its outputs. Here
these are the input, one vector for each frame, so that the network holds neither codes nor what reads them,
and whoever runs it needs numpy alone to steer it (`packs.looks.ends_of`).
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from stylereel.networks.blocks import rounded_to_bf16
from stylereel.networks.generators.conditional import Folded, FoldedConv, Generator


class SteeredConv(nn.Module):
    """A layer whose ends are a stretch of the vector that all layers share.

    Args:
        folded: the layer.
        first: where its stretch begins: I scales, O factors, O shifts.
    """

    def __init__(self, folded: FoldedConv, first: int) -> None:
        super().__init__()
        self.conv, self.factor, self.first = folded.conv, folded.factor, first
        inputs, outputs = folded.energy.shape  # pyright: ignore
        self.sizes = [int(inputs), int(outputs), int(outputs)]

    @property
    def last(self) -> int:
        """Where its stretch ends."""
        return self.first + sum(self.sizes)

    def forward(self, x: Tensor, ends: Tensor) -> Tensor:
        """`x` `(N, I, h, w)`, the ends of all layers `(N, E - 1)`."""
        scale, factor, shift = ends[:, self.first : self.last, None, None].split(self.sizes, 1)
        y = self.conv(x * scale)
        if self.factor > 1:
            y = F.pixel_shuffle(y, self.factor)
        return y * factor + shift


class Steered(Folded):
    """Maps `(N, 3, H, W)` in [-1, 1], ends `(N, E)` and, where it takes some, anchors to such pictures.

    Its layers have their stretches in the order of `packs.looks.ends_of`; the last entry is the share of the
    source. The head is rounded as that of `light` is, so that it prints no grid in bf16.
    """

    def __init__(self, generator: Generator) -> None:
        super().__init__(generator)
        self.config, self.size_multiple = generator.config, generator.size_multiple
        self._length = 0
        self.edges, self.stem = self._steered(self.edges), self._steered(self.stem)
        self.grain = self._steered(self.grain)
        self.anchor = None if self.anchor is None else self._steered(self.anchor)
        self.down = self._steered(self.down)
        self.trunk = nn.ModuleList(
            nn.ModuleList([self._steered(layer) for layer in block])  # pyright: ignore
            for block in self.trunk
        )
        self.up, self.up_edges = self._steered(self.up), self._steered(self.up_edges)
        self.head = self._steered(self.head)
        self.share_at = self._length
        self.head.conv.weight.data.copy_(rounded_to_bf16(self.head.conv.weight.data))

    def _steered(self, layer: nn.Module) -> SteeredConv:
        assert isinstance(layer, FoldedConv)
        steered = SteeredConv(layer, self._length)
        self._length = steered.last
        return steered

    @property
    def code_size(self) -> int:
        """Length E of what it is given for a frame."""
        return self._length + 1

    def folded(self) -> Steered:
        """Itself: it is made for running."""
        return self
