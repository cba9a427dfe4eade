"""`light`: the fast generator. Trunk at 1/8 resolution, quiet strides, a head without grids or beads.

    frame ──LowPassDown x4──► detail (1/4) ──LowPassDown x2──► trunk (1/8): N residual blocks
      ├─────LocalContrast x4──► + │                                  │
      │      (anchors, 1/4) ──► + │                                  │
      │                          └────────────── + ◄──SmoothUp x2────┘
      │                                          │ ReLU
      └─────LowPassDown x2──────► edges (1/2) ── + ◄──SmoothUp x2
                                                 │ ReLU
                                                 └──SmoothUp x2──► tanh ──► stylized

Local contrast is what strokes hold on to: a wall has grain and shading of a few grey levels, which stand
still on it from frame to frame, and normalised by their own strength they carry a stroke as well as foliage
does. Without it flat places stay flat, whatever the losses ask.

The half-resolution layer is what keeps lines continuous: a head that goes from 1/4 to 1 in one step draws
diagonal strokes as strings of beads. No statistic of the frame is used anywhere: the look of a pixel
depends on its receptive field alone.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from stylereel.networks.blocked import Blocked
from stylereel.networks.blocks import (
    DemodulatedConv,
    LocalContrast,
    LowPassDownConv,
    Padding,
    ResidualBlock,
    SmoothUpConv,
    normalised_nearby,
    rounded_to_bf16,
    set_padding,
    side_by_side,
)


class Config(BaseModel):
    """Shape of the light generator."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    edge_channels: int = Field(default=16, ge=4, le=64)
    """Channels at half the resolution: crisp lines."""
    detail_channels: int = Field(default=32, ge=8, le=128)
    """Channels at a quarter of the resolution: strokes and small things."""
    contrast_channels: int = Field(default=8, ge=1, le=64)
    """Channels of local contrast: what strokes hold on to where the picture is nearly flat."""
    anchor_channels: int = Field(default=0, ge=0, le=4)
    """Channels of the anchors (`core/anchors.py`): what strokes hold on to where all is flat."""
    trunk_channels: int = Field(default=64, ge=8, le=256)
    """Channels at an eighth of the resolution: where the look is decided."""
    blocks: int = Field(default=6, ge=1, le=16)
    """Residual blocks of two 3x3 convolutions in the trunk."""
    padding: Padding = "zeros"
    """What layers see beyond the frame. From zeros a network knows where the frame ends, and a look learned
    from one picture may paint its edge there; "replicate" shows it the frame's last pixels."""


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
        self.contrast = LocalContrast(self.config.contrast_channels, 4)
        self.grain = DemodulatedConv(self.config.contrast_channels, detail, gain=0.5)
        anchors = self.config.anchor_channels
        self.anchor = DemodulatedConv(anchors, detail, gain=0.5) if anchors else None
        self.down = LowPassDownConv(detail, trunk, 2, blur=3, gain=2**0.5)
        self.trunk = nn.ModuleList(ResidualBlock(trunk) for _ in range(self.config.blocks))
        self.up = SmoothUpConv(trunk, detail, 2, blur=2)
        self.up_edges = SmoothUpConv(detail, edge, 2, blur=2)
        self.head = SmoothUpConv(edge, 3, 2, blur=2, gain=0.5)
        set_padding(self, self.config.padding)

    @property
    def receptive_field_px(self) -> int:
        """How far, in pixels to each side, an output pixel can see (an upper bound)."""
        trunk = 8 * (2 * self.config.blocks + 1 + 1)
        contrast = 4 * (LocalContrast.window // 2 + 1)
        return trunk + contrast + 4 * 3 + 2 * 2 + 8

    @property
    def feature_channels(self) -> list[int]:
        """Channels of each map that `features` returns."""
        return [self.config.detail_channels] + [self.config.trunk_channels] * 3

    def features(self, x: Tensor) -> list[Tensor]:
        """Maps for PatchNCE: the detail layer (1/4), then the trunk's entry, a third and two thirds (1/8).

        Without anchors: what lies where is a question to the picture alone.
        """
        maps = self._encoded(x)
        return [maps[index] for index in self._marks]

    def with_features(
        self, x: Tensor, code: Tensor | None = None, anchors: Tensor | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        """The output of `forward` and the maps behind it, of the layers of `features`, in one pass."""
        maps = self._encoded(x, anchors, whole=True)
        return self._decoded(x, maps[0], maps[-1]), [maps[index] for index in self._marks]

    def forward(self, x: Tensor, code: Tensor | None = None, anchors: Tensor | None = None) -> Tensor:
        """The look of `x`.

        Args:
            x: `(N, 3, H, W)` in [-1, 1].
            code: `(N, 0)`: this generator is unconditional.
            anchors: `(N, anchor_channels, H/4, W/4)`; None is zeros, as `features` has it.
        """
        return self.with_features(x, code, anchors)[0]

    @property
    def _marks(self) -> list[int]:
        """Places in `_encoded` that PatchNCE looks at."""
        blocks = self.config.blocks
        return [0, 1, 1 + max(1, blocks // 3), 1 + max(1, 2 * blocks // 3)]

    def _encoded(self, x: Tensor, anchors: Tensor | None = None, *, whole: bool = False) -> list[Tensor]:
        """The detail layer, the trunk's entry and each block's output, as far as `features` or all of it."""
        detail = self.stem(x) + self.grain(self.contrast(x))
        if self.anchor is not None and anchors is not None:
            detail = detail + self.anchor(anchors)
        detail = F.relu(detail)
        maps = [detail, F.relu(self.down(detail))]
        for block in self.trunk if whole else self.trunk[: self._marks[-1] - 1]:
            maps.append(block(maps[-1]))
        return maps

    def _decoded(self, x: Tensor, detail: Tensor, trunk: Tensor) -> Tensor:
        h = F.relu(self.up(trunk) + detail)
        h = F.relu(self.up_edges(h) + self.edges(x))
        return torch.tanh(self.head(h))

    def folded(self) -> Folded:
        """The same function made of plain convolutions alone: what is exported and run."""
        return Folded(self)


class Folded(nn.Module):
    """`light` for running: plain and strided convolutions, pixel-shuffle, ReLU, tanh."""

    anchor: nn.Conv2d | None

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.edges = generator.edges.folded()
        self.stem = side_by_side(generator.stem.folded(), generator.contrast.filters.folded())
        self.window, self.floor = generator.contrast.window, generator.contrast.floor
        self.grain = generator.grain.folded()
        self.anchor = None if generator.anchor is None else generator.anchor.folded()
        self.down = generator.down.folded()
        self.trunk = nn.ModuleList(
            nn.ModuleList([block.first.folded(), block.second.folded()])  # pyright: ignore
            for block in generator.trunk
        )
        self.up = generator.up.folded()
        self.up_edges = generator.up_edges.folded()
        self.head = generator.head.folded()
        self.head.weight.data.copy_(rounded_to_bf16(self.head.weight.data))

    def between_levels(self, dtype: torch.dtype) -> Blocked:
        """The same function from levels to levels, arranged for graphics cards, as a module of its own."""
        return Blocked(self, dtype)

    def forward(self, x: Tensor, anchors: Tensor | None = None) -> Tensor:
        """`(N, 3, H, W)` in [-1, 1] to the same; `anchors` where the network takes some."""
        detail, contrast = self.stem(x).tensor_split([self.grain.out_channels], dim=1)
        detail = detail + self.grain(normalised_nearby(contrast, self.window, self.floor))
        if self.anchor is not None and anchors is not None:
            detail = detail + self.anchor(anchors)
        detail = F.relu(detail)
        h = F.relu(self.down(detail))
        for first, second in self.trunk:  # pyright: ignore
            h = h + second(F.relu(first(h)))
        h = F.relu(F.pixel_shuffle(self.up(h), 2) + detail)
        h = F.relu(F.pixel_shuffle(self.up_edges(h), 2) + self.edges(x))
        return torch.tanh(F.pixel_shuffle(self.head(h), 2))
