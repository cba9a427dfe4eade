"""`resnet`: the generator that the field knows from CycleGAN, without its instance norm.

    frame ── 7x7 ──LowPassDown x2──LowPassDown x2──► trunk (1/4): N residual blocks
                                                        │
    stylized ◄── tanh ◄── 7x7 ◄──SmoothUp x2──SmoothUp x2

In the papers' notation: c7s1-64, d128, d256, R256 x 9, u128, u64, c7s1-3 (Johnson et al. 2016; Zhu et al.
2017). Three things differ. No statistic of the frame is used: weights are demodulated where the paper
normalises features, so that a dark object entering on the left changes nothing on the right. Strides look
through a low-pass. Upsampling is "nearest, then a convolution" folded into one kernel, where the paper's
transposed convolution prints a checkerboard. The paper trains with six blocks at 128 px, nine from 256 px on.

For those who want quality over speed: 12 million learned weights, a trunk at a quarter of the resolution,
two layers at the whole of it. Measured at 640x360 with OpenVINO on two cores, a frame takes 52 times as long
as with `light` in bf16 and 59 times in fp32.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from stylereel.networks.blocks import (
    DemodulatedConv,
    LowPassDownConv,
    ResidualBlock,
    SmoothUpConv,
    rounded_to_bf16,
)


class Config(BaseModel):
    """Shape of the ResNet generator."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    channels: int = Field(default=64, ge=4, le=128)
    """Channels at the full resolution; twice as many at a half, four times as many at a quarter."""
    blocks: int = Field(default=9, ge=1, le=16)
    """Residual blocks of two 3x3 convolutions at a quarter of the resolution; 6 is the paper's small one."""


class Generator(nn.Module):
    """Maps `(N, 3, H, W)` RGB in [-1, 1] to the same shape and range; H and W multiples of 4."""

    size_multiple = 4

    def __init__(self, config: Config | None = None) -> None:
        super().__init__()
        self.config = config or Config()
        width = self.config.channels
        gain = 2**0.5
        self.stem = DemodulatedConv(3, width, 7, gain=gain)
        self.down_half = LowPassDownConv(width, 2 * width, 2, blur=3, gain=gain)
        self.down_quarter = LowPassDownConv(2 * width, 4 * width, 2, blur=3, gain=gain)
        self.trunk = nn.ModuleList(ResidualBlock(4 * width) for _ in range(self.config.blocks))
        self.up_half = SmoothUpConv(4 * width, 2 * width, 2, blur=2, gain=gain)
        self.up_full = SmoothUpConv(2 * width, width, 2, blur=2, gain=gain)
        self.head = DemodulatedConv(width, 3, 7, gain=0.5)

    @property
    def receptive_field_px(self) -> int:
        """How far, in pixels to each side, an output pixel can see (an upper bound)."""
        stem_and_head, strides = 3 + 3, 3 + 2 * 3
        trunk, ups = 4 * 2 * self.config.blocks, 2 * 4 + 2 * 2
        return stem_and_head + strides + trunk + ups

    @property
    def feature_channels(self) -> list[int]:
        """Channels of each map that `features` returns."""
        width = self.config.channels
        return [2 * width] + [4 * width] * 3

    def features(self, x: Tensor) -> list[Tensor]:
        """Maps for PatchNCE: half the resolution, then the trunk's entry, a third and two thirds (1/4)."""
        maps = self._encoded(x, self._marks[-1] - 1)
        return [maps[index] for index in self._marks]

    def with_features(self, x: Tensor, code: Tensor | None = None) -> tuple[Tensor, list[Tensor]]:
        """The output of `forward` and the maps of `features`, in one pass."""
        maps = self._encoded(x, self.config.blocks)
        return self._decoded(maps[-1]), [maps[index] for index in self._marks]

    def forward(self, x: Tensor, code: Tensor | None = None) -> Tensor:
        """`code` is `(N, 0)`: this generator is unconditional."""
        return self._decoded(self._encoded(x, self.config.blocks)[-1])

    @property
    def _marks(self) -> list[int]:
        """Places in `_encoded` that PatchNCE looks at."""
        blocks = self.config.blocks
        return [0, 1, 1 + max(1, blocks // 3), 1 + max(1, 2 * blocks // 3)]

    def _encoded(self, x: Tensor, blocks: int) -> list[Tensor]:
        """The map at a half, the trunk's entry, and the output of each of the first `blocks` blocks."""
        half = F.relu(self.down_half(F.relu(self.stem(x))))
        maps = [half, F.relu(self.down_quarter(half))]
        for block in self.trunk[:blocks]:
            maps.append(block(maps[-1]))
        return maps

    def _decoded(self, trunk: Tensor) -> Tensor:
        return torch.tanh(self.head(F.relu(self.up_full(F.relu(self.up_half(trunk))))))

    def folded(self) -> Folded:
        """The same function made of plain convolutions alone: what is exported and run."""
        return Folded(self)


class Folded(nn.Module):
    """`resnet` for running: plain and strided convolutions, pixel-shuffle, ReLU, tanh."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.stem = generator.stem.folded()
        self.down_half = generator.down_half.folded()
        self.down_quarter = generator.down_quarter.folded()
        self.trunk = nn.ModuleList(
            nn.ModuleList([block.first.folded(), block.second.folded()])  # pyright: ignore
            for block in generator.trunk
        )
        self.up_half = generator.up_half.folded()
        self.up_full = generator.up_full.folded()
        # Its sub-pixel phases must sum alike in bf16 too, or a faint 2-px grid shows.
        self.up_full.weight.data.copy_(rounded_to_bf16(self.up_full.weight.data))
        self.head = generator.head.folded()

    def forward(self, x: Tensor) -> Tensor:
        """`(N, 3, H, W)` in [-1, 1] to the same."""
        h = F.relu(self.down_quarter(F.relu(self.down_half(F.relu(self.stem(x))))))
        for first, second in self.trunk:  # pyright: ignore
            h = h + second(F.relu(first(h)))
        h = F.relu(F.pixel_shuffle(self.up_half(h), 2))
        h = F.relu(F.pixel_shuffle(self.up_full(h), 2))
        return torch.tanh(self.head(h))
