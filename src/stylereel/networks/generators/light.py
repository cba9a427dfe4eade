"""`light`: the fast generator. Trunk at 1/8 resolution, quiet strides, a head without grids or beads.

    frame ──LowPassDown x4──► detail (1/4) ──LowPassDown x2──► trunk (1/8): N residual blocks
      │                          │                                   │
      │                          └────────────── + ◄──SmoothUp x2────┘
      │                                          │ ReLU
      └─────LowPassDown x2──────► edges (1/2) ── + ◄──SmoothUp x2
                                                 │ ReLU
                                                 └──SmoothUp x2──► tanh ──► stylized

The half-resolution layer is what keeps lines continuous: a head that goes from 1/4 to 1 in one step draws
diagonal strokes as strings of beads. No statistic of the frame is used anywhere: the look of a pixel
depends on its receptive field alone.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from stylereel.networks.blocks import LowPassDownConv, ResidualBlock, SmoothUpConv, rounded_to_bf16


class Config(BaseModel):
    """Shape of the light generator."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    edge_channels: int = Field(default=16, ge=4, le=64)
    """Channels at half the resolution: crisp lines."""
    detail_channels: int = Field(default=32, ge=8, le=128)
    """Channels at a quarter of the resolution: strokes and small things."""
    trunk_channels: int = Field(default=80, ge=8, le=256)
    """Channels at an eighth of the resolution: where the look is decided."""
    blocks: int = Field(default=4, ge=1, le=16)
    """Residual blocks of two 3x3 convolutions in the trunk."""


class Generator(nn.Module):
    """Maps `(N, 3, H, W)` RGB in [-1, 1] to the same shape and range; H and W multiples of 8."""

    size_multiple = 8

    def __init__(self, config: Config | None = None) -> None:
        super().__init__()
        self.config = config or Config()
        edge, detail, trunk = (
            self.config.edge_channels,
            self.config.detail_channels,
            self.config.trunk_channels,
        )
        self.edges = LowPassDownConv(3, edge, 2, blur=3)
        self.stem = LowPassDownConv(3, detail, 4, blur=5, gain=2**0.5)
        self.down = LowPassDownConv(detail, trunk, 2, blur=3, gain=2**0.5)
        self.trunk = nn.ModuleList(ResidualBlock(trunk) for _ in range(self.config.blocks))
        self.up = SmoothUpConv(trunk, detail, 2, blur=2)
        self.up_edges = SmoothUpConv(detail, edge, 2, blur=2)
        self.head = SmoothUpConv(edge, 3, 2, blur=2, gain=0.5)

    @property
    def receptive_field_px(self) -> int:
        """How far, in pixels to each side, an output pixel can see (an upper bound)."""
        trunk = 8 * (2 * self.config.blocks + 1 + 1)
        return trunk + 4 * 3 + 2 * 2 + 8

    @property
    def feature_channels(self) -> list[int]:
        """Channels of each map that `features` returns."""
        return [self.config.detail_channels] + [self.config.trunk_channels] * 3

    def features(self, x: Tensor) -> list[Tensor]:
        """Maps for PatchNCE: the detail layer (1/4), then the trunk's entry, a third and two thirds (1/8)."""
        detail = F.relu(self.stem(x))
        h = F.relu(self.down(detail))
        maps = [detail, h]
        marks = {max(1, self.config.blocks // 3), max(1, 2 * self.config.blocks // 3)}
        for index, block in enumerate(self.trunk, start=1):
            h = block(h)
            if index in marks:
                maps.append(h)
            if len(maps) == 4:
                break
        while len(maps) < 4:
            maps.append(h)
        return maps

    def forward(self, x: Tensor, code: Tensor | None = None) -> Tensor:
        """`code` is `(N, 0)`: this generator is unconditional."""
        detail = F.relu(self.stem(x))
        h = F.relu(self.down(detail))
        for block in self.trunk:
            h = block(h)
        h = F.relu(self.up(h) + detail)
        h = F.relu(self.up_edges(h) + self.edges(x))
        return torch.tanh(self.head(h))

    def folded(self) -> Folded:
        """The same function made of plain convolutions alone: what is exported and run."""
        return Folded(self)


class Folded(nn.Module):
    """`light` for running: plain and strided convolutions, pixel-shuffle, ReLU, tanh."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.edges = generator.edges.folded()
        self.stem = generator.stem.folded()
        self.down = generator.down.folded()
        self.trunk = nn.ModuleList(
            nn.ModuleList([block.first.folded(), block.second.folded()])  # pyright: ignore
            for block in generator.trunk
        )
        self.up = generator.up.folded()
        self.up_edges = generator.up_edges.folded()
        self.head = generator.head.folded()
        self.head.weight.data.copy_(rounded_to_bf16(self.head.weight.data))

    def forward(self, x: Tensor) -> Tensor:
        """`(N, 3, H, W)` in [-1, 1] to the same."""
        detail = F.relu(self.stem(x))
        h = F.relu(self.down(detail))
        for first, second in self.trunk:  # pyright: ignore
            h = h + second(F.relu(first(h)))
        h = F.relu(F.pixel_shuffle(self.up(h), 2) + detail)
        h = F.relu(F.pixel_shuffle(self.up_edges(h), 2) + self.edges(x))
        return torch.tanh(F.pixel_shuffle(self.head(h), 2))
