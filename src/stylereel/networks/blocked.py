"""`light` as a graphics card likes it: blocks of pixels as channels, so that no layer has only three.

A card multiplies matrices, and a strided convolution over three channels leaves it waiting. So the frame
comes in as blocks of 4x4 px with 48 channels, where all layers that see the frame are one 3x3 convolution:
their kernels, laid into a window of 3x3 blocks. Upsampling layers give their sub-pixel phases with the
channels innermost, which is how pictures lie in memory, and are added before they are laid out. The frame
is levels 0 to 255 less `middle`, which bf16 holds exactly; what makes [-1, 1] of them is in the weights.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylereel.networks.blocks import normalised_nearby, rounded_to_bf16

BLOCK = 4
"""Side of a block, px."""
WINDOW = 3 * BLOCK
PER_LEVEL = 2 / 255
OUTPUTS = 16
"""Of the last layer: 3 colours of 2x2 px, and four that nobody reads, because cards want multiples of 8."""


class Blocked(nn.Module):
    """Maps levels to levels, and is equal to a folded `light` but for rounding.

    Args:
        folded: of `light`.
        dtype: that the convolutions are computed in; local contrast and both ends are float32.
    """

    def __init__(self, folded: Any, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        self.middle = 128.0 if dtype == torch.bfloat16 else 127.5
        self.window, self.floor = folded.window, folded.floor
        self.detail, self.edge = folded.grain.out_channels, folded.edges.out_channels
        self.padding = folded.edges.padding_mode
        self.first = self._of_the_frame(folded)
        self.grain = _with_anchors(folded.grain, folded.anchor)
        self.down, self.trunk = copy.deepcopy(folded.down), copy.deepcopy(folded.trunk)
        self.up = _phases_outside(folded.up)
        self.up_edges = _phases_outside(folded.up_edges)
        head = _phases_outside(folded.head)
        self.head = _conv(_padded(head.weight, OUTPUTS), _padded(head.bias, OUTPUTS), self.padding)
        self.to(dtype=dtype, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    def forward(self, levels: Tensor, anchors: Tensor | None = None) -> Tensor:
        """The look of `levels`.

        Args:
            levels: `(N, H, W, 3)` uint8, contiguous; H and W multiples of 8.
            anchors: `(N, H/4, W/4, C)` float32, where the network takes some.

        Returns:
            `(N, H, W, 3)` uint8, contiguous.
        """
        count, height, width, _ = levels.shape
        if self.padding != "zeros":  # whole pixels are repeated, not blocks of them
            levels = _with_last_pixels(levels)
        seen = self.first(self._in_blocks(levels))
        detail, contrast, edges = seen.split([self.detail, self._contrast, seen.shape[1] - self._before], 1)
        held = normalised_nearby(contrast.float(), self.window, self.floor).to(self.dtype)
        if anchors is not None:
            held = torch.cat([held, anchors.to(self.dtype).permute(0, 3, 1, 2)], 1)
        spare = self.grain.in_channels - held.shape[1]
        held = F.pad(held, (0, 0, 0, 0, 0, spare)) if spare else held
        detail = self.grain(held.contiguous(memory_format=torch.channels_last)).add_(detail).relu_()
        h = self.down(detail).relu_()
        for first, second in self.trunk:
            h = second(first(h).relu_()).add_(h)
        upsampled = _phases(_last(self.up(h)), self.detail)
        _last(detail).unflatten(1, (-1, 2)).unflatten(3, (-1, 2)).add_(upsampled)
        h = self.up_edges(detail.relu_()).add_(edges).relu_()
        half = _phases(_last(h), self.edge).reshape(count, height // 2, width // 2, self.edge)
        lines = _last(self.head(half.permute(0, 3, 1, 2)))[..., :12].float()
        # The half that makes truncation rounding.
        lines = lines.tanh_().mul_(127.5).add_(128.0).to(torch.uint8)
        return _phases(lines, 3).reshape(count, height, width, 3)

    @property
    def _contrast(self) -> int:
        return self._before - self.detail

    @property
    def _before(self) -> int:
        """Channels of the first layer before those of the edges."""
        return self.first.out_channels - self.edge * 4

    def _in_blocks(self, levels: Tensor) -> Tensor:
        """`(N, 48, H/4, W/4)` in channels-last order; within a block row, column, colour."""
        blocks = levels.unflatten(1, (-1, BLOCK)).unflatten(3, (-1, BLOCK)).permute(0, 1, 3, 2, 4, 5)
        blocks = blocks.to(self.dtype, memory_format=torch.contiguous_format).sub_(self.middle)
        return blocks.flatten(3).permute(0, 3, 1, 2)

    def _of_the_frame(self, folded: Any) -> nn.Conv2d:
        """What the three layers that see the frame are together, on blocks."""
        edges, stem = folded.edges, folded.stem
        kernel = edges.weight.data
        phases = torch.zeros(2, 2, *kernel.shape[:2], WINDOW, WINDOW)
        side = kernel.shape[-1]
        for row in (0, 1):
            for column in (0, 1):
                top, left = (BLOCK + 2 * place - edges.padding[0] for place in (row, column))
                phases[row, column, :, :, top : top + side, left : left + side] = kernel
        weight = PER_LEVEL * torch.cat([stem.weight.data, phases.flatten(0, 2)])
        if self.dtype == torch.bfloat16:
            weight = rounded_to_bf16(weight)  # flat colours must stay without contrast
        bias = torch.cat([stem.bias.data, edges.bias.data.repeat(4)])
        bias = bias + (self.middle - 127.5) * weight.sum(dim=(1, 2, 3))
        weight = weight.unflatten(2, (3, BLOCK)).unflatten(4, (3, BLOCK)).permute(0, 3, 5, 1, 2, 4)
        first = _conv(weight.flatten(1, 3), bias, "zeros")
        if self.padding != "zeros":
            first.padding = (0, 0)
        return first


def _with_last_pixels(levels: Tensor) -> Tensor:
    """`(N, H, W, 3)` uint8 with a block of repeated pixels around it."""
    height, width = levels.shape[1:3]
    rows = torch.arange(-BLOCK, height + BLOCK, device=levels.device).clamp_(0, height - 1)
    columns = torch.arange(-BLOCK, width + BLOCK, device=levels.device).clamp_(0, width - 1)
    return levels[:, rows][:, :, columns].contiguous()


def _last(x: Tensor) -> Tensor:
    """`(N, C, H, W)` as `(N, H, W, C)`."""
    return x.permute(0, 2, 3, 1)


def _phases(x: Tensor, channels: int) -> Tensor:
    """`(N, h, w, 4 * channels)` as `(N, h, 2, w, 2, channels)`, without a copy."""
    return x.unflatten(3, (2, 2, channels)).permute(0, 1, 3, 2, 4, 5)


def _phases_outside(conv: nn.Conv2d) -> nn.Conv2d:
    """The layer before a pixel-shuffle by 2, with its outputs as (row, column, channel)."""
    order = torch.arange(conv.out_channels).reshape(-1, 4).T.flatten()
    assert conv.bias is not None
    return _conv(conv.weight.data[order], conv.bias.data[order], conv.padding_mode)


def _with_anchors(grain: nn.Conv2d, anchor: nn.Conv2d | None) -> nn.Conv2d:
    """The layers of local contrast and anchors as one, its inputs filled up to a multiple of 8."""
    assert grain.bias is not None
    weight, bias = grain.weight.data, grain.bias.data
    if anchor is not None:
        assert anchor.bias is not None
        weight, bias = torch.cat([weight, anchor.weight.data], 1), bias + anchor.bias.data
    inputs = weight.shape[1] + -weight.shape[1] % 8
    return _conv(_padded(weight, inputs, 1), bias, grain.padding_mode)


def _padded(values: Tensor | None, length: int, dim: int = 0) -> Tensor:
    """With zeros up to that length."""
    assert values is not None
    shape = list(values.shape)
    shape[dim] = length - shape[dim]
    return torch.cat([values.detach(), values.new_zeros(shape)], dim)


def _conv(weight: Tensor, bias: Tensor, padding: Any) -> nn.Conv2d:
    outputs, inputs, side, _ = weight.shape
    conv = nn.Conv2d(inputs, outputs, side, padding=side // 2, padding_mode=padding).requires_grad_(False)
    conv.weight.copy_(weight)
    assert conv.bias is not None
    conv.bias.copy_(bias)
    return conv


def between_levels(folded: nn.Module, dtype: torch.dtype) -> nn.Module:
    """A folded generator from levels to levels, computed in `dtype`: its own way where it has one."""
    own = getattr(folded, "between_levels", None)
    return (Levels(folded, dtype) if own is None else own(dtype)).eval().requires_grad_(False)


class Levels(nn.Module):
    """Any folded generator between levels; see `Blocked.forward`."""

    def __init__(self, folded: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        self.network = copy.deepcopy(folded).to(dtype=dtype, memory_format=torch.channels_last)  # pyright: ignore

    def forward(self, levels: Tensor, anchors: Tensor | None = None, ends: Tensor | None = None) -> Tensor:
        """As `Blocked.forward`; `ends` `(N, E)` float32 where the network is steered (`networks.steered`)."""
        # NHWC memory seen as NCHW is what channels_last means: no copy.
        inputs = [levels.permute(0, 3, 1, 2).float().mul_(PER_LEVEL).sub_(1).to(self.dtype)]
        if ends is not None:
            inputs.append(ends.to(self.dtype))
        if anchors is not None:
            inputs.append(anchors.permute(0, 3, 1, 2).to(self.dtype))
        stylized = self.network(*inputs).float()
        stylized = stylized.mul_(127.5).add_(127.5).clamp_(0, 255).round_().to(torch.uint8)
        return _last(stylized).contiguous()
