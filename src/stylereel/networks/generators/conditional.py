"""`conditional`: the light generator, steered by a style code. One network, every look.

    (N, S) code ──► per layer: a scale for each input channel, a gain and a shift for each output channel
    frame ──► the layers of `light` ──► stylized

Style enters as in StyleGAN2 (Karras et al. 2020, modulated convolutions with demodulation), in the form
"scale the input channels, convolve, scale the output channels":

    y = g(c) d(c) conv(W, s(c) x) + b(c),      d(c) = 1 / sqrt(sum_i s_i(c)^2 |W_i|^2)

Scales, gains and shifts are affine functions of the code. No statistic of the frame is used anywhere, so the
look of a pixel depends on its receptive field and the code alone: it is calm in time and exact in tiles. A
fixed code folds into the weights: `baked(code)` is a `light` generator, of the same speed.

The last entry of the code is how much of the source shows: 0 is the look alone, 1 gives the source back.

A wide code, `(N, S + L)`, goes on with what is added to every layer's own scales, gains and shifts,

    s = 1 + A_s c + a_s + offset_s        and so on,

layer by layer in the order of their names, of each first the scales, then the gains, then the shifts. It
says what no plain code can, so that one look is fitted and the shared weights stay as they are; offsets of 0
are the plain code.
"""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from stylereel.networks.blocks import (
    DemodulatedConv,
    SmoothUpConv,
    in_float32,
    normalised_nearby,
)
from stylereel.networks.generators import light


class Config(light.Config):
    """Shape of the conditional generator: the light one's, and the code's length."""

    code_size: int = Field(default=64, ge=2, le=512)
    """Length S of a style code, the last entry counted."""


class Affine(nn.Module):
    """`nn.Linear` that begins with outputs of a given deviation for codes of unit deviation.

    `nn.Linear` itself, and `nn.init`, have torch import its compiler where only shapes are asked for.
    """

    def __init__(self, in_size: int, out_size: int, deviation: float) -> None:
        super().__init__()
        weight = torch.randn(out_size, in_size)
        if not weight.is_meta:  # there each operation costs the same import
            weight.mul_(deviation / in_size**0.5)
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros(out_size))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)


class Modulation(nn.Module):
    """What a code does to one layer: scales of its inputs, gains and shifts of its outputs.

    Args:
        code_size: length of the part of the code that steers.
        in_channels, out_channels: of the layer, before any pixel-shuffle.
    """

    def __init__(self, code_size: int, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.scale = Affine(code_size, in_channels, 0.25)
        self.gain = Affine(code_size, out_channels, 0.1)
        self.shift = Affine(code_size, out_channels, 0.05)
        self.sizes = [in_channels, out_channels, out_channels]
        self.offsets_begin = 0

    def forward(self, code: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """`(N, I)` scales, `(N, O)` relative gains and `(N, O)` shifts of a code `(N, S)`, or wide."""
        steering = code[:, : self.scale.weight.shape[1]]
        scale, gain, shift = 1 + self.scale(steering), 1 + self.gain(steering), self.shift(steering)
        if code.shape[1] > steering.shape[1] + 1:
            own = code[:, self.offsets_begin : self.offsets_begin + sum(self.sizes)]
            of_scale, of_gain, of_shift = own.split(self.sizes, dim=1)
            return scale + of_scale, gain + of_gain, shift + of_shift
        return scale, gain, shift


def place_offsets(network: nn.Module, code_size: int) -> int:
    """Say where in a wide code each layer's offsets begin: layers in the order of their names.

    Returns:
        L, how many numbers a wide code has beside the `code_size` of a plain one.
    """
    layers = {name: part for name, part in network.named_modules() if isinstance(part, Modulation)}
    begin = code_size
    for _, layer in sorted(layers.items()):
        layer.offsets_begin = begin
        begin += sum(layer.sizes)
    return begin - code_size


class ModulatedConv(nn.Module):
    """A layer of `blocks` with a `Modulation`."""

    def __init__(self, layer: DemodulatedConv, code_size: int) -> None:
        super().__init__()
        self.layer = layer
        out_channels, in_channels = layer.weight.shape[:2]
        self.modulation = Modulation(code_size, in_channels, out_channels)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        """`x` `(N, I, h, w)`, a whole code for each."""
        layer = self.layer
        unit, energy = self.unit_kernel()
        with in_float32(x):
            scale, gain, shift = self.modulation(code.float())
            factor = (gain * layer.gain) * (scale.square() @ energy.T + 1e-8).rsqrt()
            shift = shift + layer.bias
        x = x * scale[:, :, None, None].to(x.dtype)
        y = layer.convolved(x, layer.arranged(unit))
        if isinstance(layer, SmoothUpConv):
            y = F.pixel_shuffle(y, layer.factor)
        return y * factor[:, :, None, None].to(y.dtype) + shift[:, :, None, None].to(y.dtype)

    def unit_kernel(self) -> tuple[Tensor, Tensor]:
        """The shaped kernel, each filter of unit norm, and each of its planes' energies `(O, I)`."""
        layer = self.layer
        with in_float32(layer.weight):
            weight = layer.shaped(layer.weight.float())
            energy = weight.square().sum(dim=(2, 3)) / layer.phases
            norm = energy.sum(dim=1, keepdim=True).add(1e-8)
            return weight * norm.rsqrt()[:, :, None, None], energy / norm

    @torch.no_grad()
    def baked(self, code: Tensor) -> DemodulatedConv:
        """The plain layer that this is for one code `(S,)`, or wide."""
        layer = copy.deepcopy(self.layer)
        scale, gain, shift = (part[0] for part in self.modulation(code.float()[None]))
        layer.weight.mul_(scale[None, :, None, None])
        layer.gain.mul_(gain)
        layer.bias.add_(shift)
        return layer


class Block(nn.Module):
    """x + conv(relu(conv(x))), both modulated."""

    def __init__(self, block: nn.Module, code_size: int) -> None:
        super().__init__()
        self.first = ModulatedConv(block.first, code_size)  # pyright: ignore[reportArgumentType]
        self.second = ModulatedConv(block.second, code_size)  # pyright: ignore[reportArgumentType]

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        return x + self.second(F.relu(self.first(x, code)), code)


class Generator(nn.Module):
    """Maps `(N, 3, H, W)` RGB in [-1, 1] and codes `(N, S)` to such pictures; H and W multiples of 8."""

    size_multiple = 8

    def __init__(self, config: Config | None = None) -> None:
        super().__init__()
        self.config = config or Config()
        plain = light.Generator(light_config(self.config))
        steering = self.config.code_size - 1
        self.edges = ModulatedConv(plain.edges, steering)
        self.stem = ModulatedConv(plain.stem, steering)
        self.contrast = plain.contrast
        self.grain = ModulatedConv(plain.grain, steering)
        self.anchor = None if plain.anchor is None else ModulatedConv(plain.anchor, steering)
        self.down = ModulatedConv(plain.down, steering)
        self.trunk = nn.ModuleList(Block(block, steering) for block in plain.trunk)
        self.up = ModulatedConv(plain.up, steering)
        self.up_edges = ModulatedConv(plain.up_edges, steering)
        self.head = ModulatedConv(plain.head, steering)
        self.receptive_field_px = plain.receptive_field_px
        self.feature_channels = plain.feature_channels
        self.offsets_size = place_offsets(self, self.config.code_size)

    @property
    def code_size(self) -> int:
        """Length of a style code."""
        return self.config.code_size

    def features(self, x: Tensor) -> list[Tensor]:
        """Maps for PatchNCE, as `light` has them, at the code of zeros: what lies where has no style."""
        code = x.new_zeros(len(x), self.code_size)
        maps = self._encoded(x, code)
        return [maps[index] for index in self._marks]

    def with_features(
        self, x: Tensor, code: Tensor | None = None, anchors: Tensor | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        """The output of `forward` and the maps behind it, of the layers of `features`, in one pass."""
        code = x.new_zeros(len(x), self.code_size) if code is None else code
        source = code[:, self.code_size - 1 : self.code_size]
        maps = self._encoded(x, code, anchors, whole=True)
        look = self._decoded(x, maps[0], maps[-1], code)
        shown = torch.lerp(look.float(), x.float(), source.float()[:, :, None, None])
        return shown, [maps[index] for index in self._marks]

    def forward(self, x: Tensor, code: Tensor | None = None, anchors: Tensor | None = None) -> Tensor:
        """The look of `x`.

        Args:
            x: `(N, 3, H, W)` in [-1, 1].
            code: `(N, S)`, or wide, `(N, S + L)` with L `offsets_size`; None is zeros, a look that nobody
                asked for.
            anchors: `(N, anchor_channels, H/4, W/4)`; None is zeros.
        """
        return self.with_features(x, code, anchors)[0]

    @property
    def _marks(self) -> list[int]:
        """Places in `_encoded` that PatchNCE looks at."""
        blocks = self.config.blocks
        return [0, 1, 1 + max(1, blocks // 3), 1 + max(1, 2 * blocks // 3)]

    def _encoded(
        self, x: Tensor, code: Tensor, anchors: Tensor | None = None, *, whole: bool = False
    ) -> list[Tensor]:
        detail = self.stem(x, code) + self.grain(self.contrast(x), code)
        if self.anchor is not None and anchors is not None:
            detail = detail + self.anchor(anchors, code)
        detail = F.relu(detail)
        maps = [detail, F.relu(self.down(detail, code))]
        for block in self.trunk if whole else self.trunk[: self._marks[-1] - 1]:
            maps.append(block(maps[-1], code))
        return maps

    def _decoded(self, x: Tensor, detail: Tensor, trunk: Tensor, code: Tensor) -> Tensor:
        h = F.relu(self.up(trunk, code) + detail)
        h = F.relu(self.up_edges(h, code) + self.edges(x, code))
        return torch.tanh(self.head(h, code))

    def baked(self, code: Tensor) -> light.Generator:
        """The `light` generator that this is for one code that shows none of the source: same outputs.

        Args:
            code: `(S,)`, or wide, `(S + L,)`.

        Raises:
            ValueError: the code lets some of the source show, which no plain network does.
        """
        shown = float(code[self.code_size - 1])
        if shown != 0.0:
            raise ValueError(f"the code shows {shown:g} of the source: only a whole look is baked")
        plain = light.Generator(light_config(self.config))
        plain.contrast = copy.deepcopy(self.contrast)
        names = ["edges", "stem", "grain", "down", "up", "up_edges", "head"]
        for name in [*names, *(["anchor"] if self.anchor is not None else [])]:
            setattr(plain, name, getattr(self, name).baked(code))
        for block, mine in zip(plain.trunk, self.trunk, strict=True):
            block.first, block.second = mine.first.baked(code), mine.second.baked(code)  # pyright: ignore
        return plain

    def folded(self) -> Folded:
        """The same function made of plain convolutions and products alone: what a code is folded into.

        Its head is not rounded to bf16, as that of `light` is: that is done when the code is in.
        """
        return Folded(self)


class FoldedConv(nn.Module):
    """A `ModulatedConv` for running: the plain kernel, and what the code makes of its ends."""

    def __init__(self, modulated: ModulatedConv) -> None:
        super().__init__()
        layer = modulated.layer
        energy = modulated.unit_kernel()[1]
        self.phases, self.factor = 1, 1
        if isinstance(layer, SmoothUpConv):
            self.phases, self.factor = layer.phases, layer.factor
        plain = copy.deepcopy(layer)
        plain.gain.data = torch.ones_like(layer.gain)
        plain.bias.data = torch.zeros_like(layer.bias)
        self.conv = plain.folded()
        self.conv.bias = None
        self.modulation = copy.deepcopy(modulated.modulation)
        self.register_buffer("energy", energy.detach().T.contiguous())
        self.register_buffer("gain", layer.gain.detach().clone())
        self.register_buffer("bias", layer.bias.detach().clone())

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        scale, gain, shift = self.modulation(code)
        factor = gain * self.gain * torch.rsqrt(torch.matmul(scale * scale, self.energy) + 1e-8)  # pyright: ignore
        shift = shift + self.bias  # pyright: ignore
        y = self.conv(x * scale[:, :, None, None])
        if self.factor > 1:
            y = F.pixel_shuffle(y, self.factor)
        return y * factor[:, :, None, None] + shift[:, :, None, None]


class Folded(nn.Module):
    """`conditional` for running: plain and strided convolutions, products per channel, pixel-shuffle."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.edges = FoldedConv(generator.edges)
        self.stem = FoldedConv(generator.stem)
        self.filters = generator.contrast.filters.folded()
        self.window, self.floor = generator.contrast.window, generator.contrast.floor
        self.grain = FoldedConv(generator.grain)
        self.anchor = None if generator.anchor is None else FoldedConv(generator.anchor)
        self.down = FoldedConv(generator.down)
        self.trunk = nn.ModuleList(
            nn.ModuleList([FoldedConv(block.first), FoldedConv(block.second)])  # pyright: ignore
            for block in generator.trunk
        )
        self.up = FoldedConv(generator.up)
        self.up_edges = FoldedConv(generator.up_edges)
        self.head = FoldedConv(generator.head)
        self.share_at = generator.code_size - 1

    def forward(self, x: Tensor, code: Tensor, anchors: Tensor | None = None) -> Tensor:
        """`(N, 3, H, W)` in [-1, 1], codes `(N, S)` or wide, and `anchors` where the network takes some."""
        source = code[:, self.share_at : self.share_at + 1, None, None]
        contrast = normalised_nearby(self.filters(x), self.window, self.floor)
        detail = self.stem(x, code) + self.grain(contrast, code)
        if self.anchor is not None and anchors is not None:
            detail = detail + self.anchor(anchors, code)
        detail = F.relu(detail)
        h = F.relu(self.down(detail, code))
        for first, second in self.trunk:  # pyright: ignore
            h = h + second(F.relu(first(h, code)), code)
        h = F.relu(self.up(h, code) + detail)
        h = F.relu(self.up_edges(h, code) + self.edges(x, code))
        look = torch.tanh(self.head(h, code))
        return look + source * (x - look)


def light_config(config: Config) -> light.Config:
    """The shape of the light generator that a fixed code makes of this one."""
    return light.Config(**config.model_dump(exclude={"code_size"}))
