"""Convolutions that are shaped while training and plain when exported.

Nothing here looks at the statistics of a frame: what conditions training is the norm of the *weights*
(weight demodulation, Karras et al. 2020, without a style), and what keeps strides quiet is a fixed low-pass
convolved into the kernel. Both fold into ordinary convolutions without changing one output.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

BINOMIAL = {
    1: (1.0,),
    2: (1.0, 1.0),
    3: (1.0, 2.0, 1.0),
    4: (1.0, 3.0, 3.0, 1.0),
    5: (1.0, 4.0, 6.0, 4.0, 1.0),
}


def in_float32(like: Tensor) -> AbstractContextManager[object]:
    """Autocast is off inside: for small products whose bf16 levels would be seen, on the device of `like`."""
    if like.device.type == "meta":  # it knows shapes alone
        return nullcontext()
    return torch.autocast(like.device.type, enabled=False)


def separable_kernel(taps: tuple[float, ...]) -> Tensor:
    """The outer product of `taps` with itself, summing to 1; `(k, k)`."""
    # In Python: on the meta device, where a pack's shapes are compared, each operation of torch would have it
    # import its compiler, which takes a second and makes a folder.
    whole = sum(taps) ** 2
    return torch.tensor([[a * b / whole for b in taps] for a in taps], dtype=torch.float32)


def convolve_kernels(weight: Tensor, fixed: Tensor) -> Tensor:
    """Convolve each `(k, k)` plane of `weight` (O, I, k, k) with `fixed` (m, m): (O, I, k+m-1, k+m-1)."""
    out_channels, in_channels, side, _ = weight.shape
    planes = weight.reshape(out_channels * in_channels, 1, side, side)
    pad = fixed.shape[0] - 1
    planes = F.conv2d(planes, fixed.flip(0, 1)[None, None].to(weight.dtype), padding=pad)
    return planes.reshape(out_channels, in_channels, side + pad, side + pad)


Padding = Literal["zeros", "replicate"]
"""What a convolution sees beyond the frame: nothing, which tells it where it is, or the last pixels again."""


def _plain_conv(weight: Tensor, bias: Tensor, *, stride: int, reach: int, padding: Padding) -> nn.Conv2d:
    out_channels, in_channels, side, _ = weight.shape
    conv = nn.Conv2d(in_channels, out_channels, side, stride=stride, padding=reach, padding_mode=padding)
    conv.weight.data.copy_(weight)
    conv.bias.data.copy_(bias)  # pyright: ignore[reportOptionalMemberAccess]
    return conv


def side_by_side(first: nn.Conv2d, second: nn.Conv2d) -> nn.Conv2d:
    """One convolution with the outputs of two that look at the same window."""
    weight = torch.cat([first.weight.data, second.weight.data])
    bias = torch.cat([first.bias.data, second.bias.data])  # pyright: ignore
    stride, reach = first.stride[0], int(first.padding[0])
    padding: Padding = first.padding_mode  # pyright: ignore[reportAssignmentType]
    return _plain_conv(weight, bias, stride=stride, reach=reach, padding=padding)


class DemodulatedConv(nn.Module):
    """A convolution whose filters have unit norm times a learned gain per output channel.

    Args:
        in_channels, out_channels: channels.
        kernel: learned side.
        gain: initial gain; sqrt(2) keeps unit variance through a ReLU, small ones quieten a residual branch.
    """

    phases = 1
    """Output pixels that share one kernel's taps: factor^2 where the layer upsamples."""
    padding: Padding = "zeros"
    """See `set_padding`."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int = 3, *, gain: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, kernel, kernel))
        self.gain = nn.Parameter(torch.full((out_channels,), float(gain)))
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def shaped(self, weight: Tensor) -> Tensor:
        """Hook of the subclasses: the kernel that is normalised."""
        return weight

    def arranged(self, weight: Tensor) -> Tensor:
        """Hook of the subclasses: the normalised kernel as the plain convolution wants it."""
        return weight

    def normalised(self) -> Tensor:
        """The shaped kernel in float32; what one output pixel sees of it has the norm of the gain."""
        weight = self.shaped(self.weight.float())
        norm = weight.square().sum(dim=(1, 2, 3), keepdim=True).div(self.phases).add(1e-8).rsqrt()
        return weight * norm * self.gain.float()[:, None, None, None]

    def kernel_and_bias(self) -> tuple[Tensor, Tensor]:
        """The plain kernel and bias that this layer is equal to, in float32."""
        return self.arranged(self.normalised()), self.bias.float().repeat_interleave(self.phases)

    def convolved(self, x: Tensor, kernel: Tensor, bias: Tensor | None = None) -> Tensor:
        """`x` under an `arranged` kernel."""
        reach = kernel.shape[-1] // 2
        if self.padding == "zeros":
            return F.conv2d(x, kernel, bias, padding=reach)
        return F.conv2d(F.pad(x, (reach,) * 4, mode=self.padding), kernel, bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.convolved(x, *self.kernel_and_bias())

    def folded(self) -> nn.Conv2d:
        """An `nn.Conv2d` with the same outputs."""
        with torch.no_grad():
            weight, bias = self.kernel_and_bias()
        return _plain_conv(weight, bias, stride=1, reach=weight.shape[-1] // 2, padding=self.padding)


class LowPassDownConv(DemodulatedConv):
    """Stride-`stride` convolution with a `3*stride` window: learned kernel convolved with a low-pass.

    The fixed low-pass attenuates what the stride would alias (Zhang 2019, "Making convolutional networks
    shift-invariant again"), at no cost, since both kernels are one. Computed as pixel-unshuffle + 3x3.
    """

    def __init__(
        self, in_channels: int, out_channels: int, stride: int, blur: int, *, gain: float = 1.0
    ) -> None:
        super().__init__(in_channels, out_channels, 3 * stride - blur + 1, gain=gain)
        self.stride = stride
        self.register_buffer("low_pass", separable_kernel(BINOMIAL[blur]), persistent=False)

    def shaped(self, weight: Tensor) -> Tensor:
        return convolve_kernels(weight, self.low_pass)  # pyright: ignore[reportArgumentType]

    def arranged(self, weight: Tensor) -> Tensor:
        out_channels, in_channels, _, _ = weight.shape
        s = self.stride
        weight = weight.reshape(out_channels, in_channels, 3, s, 3, s)
        return weight.permute(0, 1, 3, 5, 2, 4).reshape(out_channels, in_channels * s * s, 3, 3)

    def convolved(self, x: Tensor, kernel: Tensor, bias: Tensor | None = None) -> Tensor:
        if self.padding == "zeros":
            return super().convolved(F.pixel_unshuffle(x, self.stride), kernel, bias)
        # One cell of the unshuffled picture on each side, made of pixels.
        x = F.pad(x, (self.stride,) * 4, mode=self.padding)
        return F.conv2d(F.pixel_unshuffle(x, self.stride), kernel, bias)

    def folded(self) -> nn.Conv2d:
        """The strided convolution that this is: runners have no fast pixel-unshuffle."""
        with torch.no_grad():
            weight, bias = self.normalised(), self.bias.float()
        return _plain_conv(weight, bias, stride=self.stride, reach=self.stride, padding=self.padding)


class BandPassDownConv(LowPassDownConv):
    """A `LowPassDownConv` whose filters each sum to zero: a flat colour gives the bias alone."""

    def shaped(self, weight: Tensor) -> Tensor:
        weight = super().shaped(weight)
        return weight - weight.mean(dim=(2, 3), keepdim=True)


class LocalContrast(nn.Module):
    """What little there is to see in a flat place, brought to the strength of what is seen elsewhere.

    Band-pass responses over the root of their own energy nearby (divisive normalisation, Heeger 1992;
    Carandini & Heeger 2012): the grain of plaster, the shading of a cheek. Strokes need something to hold on
    to that travels with the object, and a wall gives a network without normalisation next to nothing.
    It looks at its window alone, so tiles stay exact.

    Args:
        channels: of the responses.
        stride: of the output.
        floor: energy that counts as nothing, in the range of the picture; 0.004 is half a grey level.
    """

    window = 5

    def __init__(self, channels: int, stride: int, *, floor: float = 0.004) -> None:
        super().__init__()
        self.filters = BandPassDownConv(3, channels, stride, blur=5)
        self.floor = floor

    def forward(self, x: Tensor) -> Tensor:
        return normalised_nearby(self.filters(x), self.window, self.floor)


def normalised_nearby(responses: Tensor, window: int, floor: float) -> Tensor:
    """`(N, C, h, w)` over the root mean square of all channels within `window`, plus `floor`."""
    energy = responses.square().mean(dim=1, keepdim=True)
    energy = F.avg_pool2d(energy, window, stride=1, padding=window // 2, count_include_pad=False)
    return responses / (energy.sqrt() + floor)


class SmoothUpConv(DemodulatedConv):
    """Upsampling by `factor`: a transposed convolution, window `3*factor`, that cannot print a flat grid.

    The learned kernel is convolved with a box of `factor` (what "nearest upsampling, then a convolution" is;
    Odena et al. 2016) and with a further binomial, so that every sub-pixel phase has the same sum: a
    constant input gives a constant output. Computed as 3x3 + pixel-shuffle, so it costs what a sub-pixel
    head costs.
    """

    def __init__(
        self, in_channels: int, out_channels: int, factor: int, blur: int, *, gain: float = 1.0
    ) -> None:
        super().__init__(in_channels, out_channels, 2 * factor - blur + 2, gain=gain)
        self.factor = factor
        self.phases = factor**2
        self.register_buffer("box", separable_kernel((1.0,) * factor), persistent=False)
        self.register_buffer("low_pass", separable_kernel(BINOMIAL[blur]), persistent=False)

    def shaped(self, weight: Tensor) -> Tensor:
        weight = convolve_kernels(weight, self.box)  # pyright: ignore[reportArgumentType]
        # Box and blur sum to 1 over a window that feeds factor^2 phases: bring each phase's sum back.
        return convolve_kernels(weight, self.low_pass) * self.phases  # pyright: ignore[reportArgumentType]

    def arranged(self, weight: Tensor) -> Tensor:
        out_channels, in_channels, _, _ = weight.shape
        f = self.factor
        # Output phase p at tap t takes the transposed kernel's element p + f * (2 - t).
        weight = weight.reshape(out_channels, in_channels, 3, f, 3, f).flip(2, 4)
        return weight.permute(0, 3, 5, 1, 2, 4).reshape(out_channels * f * f, in_channels, 3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(super().forward(x), self.factor)


def set_padding(network: nn.Module, padding: Padding) -> None:
    """Decide what all layers of this kind in `network` see beyond the frame."""
    for layer in network.modules():
        if isinstance(layer, DemodulatedConv):
            layer.padding = padding


def rounded_to_bf16(weight: Tensor) -> Tensor:
    """Round to values that bf16 holds exactly, keeping each 3x3 window's sum.

    Rounded one by one, the windows of a layer's sub-pixel phases no longer sum to the same, and a network
    that runs in bf16 prints a faint 2-px grid. So each tap hands its rounding error on to the next smaller.

    Args:
        weight: `(O, I, k, k)` float32.

    Returns:
        The same shape, float32; every sum over a window is off by at most the last tap's rounding.
    """
    taps = weight.flatten(2)
    order = taps.abs().argsort(dim=2, descending=True)
    rounded, error = torch.empty_like(taps), torch.zeros_like(taps[..., :1])
    for place in order.split(1, dim=2):
        wanted = taps.gather(2, place) + error
        value = wanted.to(torch.bfloat16).float()
        rounded.scatter_(2, place, value)
        error = wanted - value
    return rounded.reshape(weight.shape)


class ResidualBlock(nn.Module):
    """x + conv(relu(conv(x))), the branch starting quiet so that depth does not hurt early training."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = DemodulatedConv(channels, channels, gain=2**0.5)
        self.second = DemodulatedConv(channels, channels, gain=0.3)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.relu(self.first(x)))
