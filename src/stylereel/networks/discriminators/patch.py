"""`patch`: PatchGAN discriminators at several scales, with spectral norm.

Isola et al. 2017 (PatchGAN), Wang et al. 2018 (several scales), Miyato et al. 2018 (spectral norm).
The first scale sees brush strokes at full detail; each further one sees the crop at half the size,
hence twice the extent of the picture. The brush discriminator sees the crop in grey with its mean and
contrast taken away: a tint cannot please it, only strokes can.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from stylereel.core.color import LUMA_OF_RGB


class Config(BaseModel):
    """Shape of the discriminators."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    channels: int = Field(default=32, ge=4, le=256)
    """Channels of the first layer; doubled per layer up to four times that."""
    layers: int = Field(default=3, ge=1, le=5)
    """Strided layers; 3 gives a receptive field of 70 px, 2 of 34 px."""
    scales: int = Field(default=2, ge=1, le=4)
    """How many discriminators, each at half the size of the one before."""
    logit_gain: float = Field(default=4.0, gt=0)
    """Factor on the logits: spectral norm alone keeps differences of texture below the hinge's margin."""
    brush: bool = True
    """One more, on the grey, contrast-normalised crop."""
    frames: int = Field(default=1, ge=1, le=5)
    """Consecutive frames judged together, their channels one behind the other: 3 see how a look moves."""
    heads: int = Field(default=1, ge=1, le=64)
    """Verdicts: one per style where one discriminator knows several, on features that they share."""


class PatchDiscriminator(nn.Module):
    """One scale: `(N, in_channels, H, W)` to a map of logits `(N, heads, h, w)`."""

    def __init__(self, channels: int, layers: int, in_channels: int = 3, heads: int = 1) -> None:
        super().__init__()
        widths = [channels * min(2**index, 4) for index in range(layers)]
        parts: list[nn.Module] = []
        before = in_channels
        for width in widths:
            parts.append(spectral_norm(nn.Conv2d(before, width, 4, stride=2, padding=1)))
            before = width
        parts.append(spectral_norm(nn.Conv2d(before, before, 3, padding=1)))
        self.feature_channels = [*widths, before]
        self.convolutions = nn.ModuleList(parts)
        self.logits = spectral_norm(nn.Conv2d(before, heads, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        return self.with_features(x)[0]

    def with_features(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The logits, and the map behind each layer."""
        maps = []
        for convolution in self.convolutions:
            x = F.leaky_relu(convolution(x), 0.2)
            maps.append(x)
        return self.logits(x), maps


def grey_contrast(pictures: Tensor) -> Tensor:
    """Luma of each crop with zero mean and unit deviation: `(N, 3 T, H, W)` to `(N, T, H, W)`."""
    weights = torch.tensor(LUMA_OF_RGB, device=pictures.device)[:, None, None]
    luma = (pictures.float().unflatten(1, (-1, 3)) * weights).sum(2)
    luma = luma - luma.mean(dim=(1, 2, 3), keepdim=True)
    return luma / (luma.square().mean(dim=(1, 2, 3), keepdim=True) + 1e-3).sqrt()


class Discriminator(nn.Module):
    """Returns a list of logit maps, the finest scale first, the brush last."""

    def __init__(self, config: Config | None = None) -> None:
        super().__init__()
        self.config = config or Config()
        self.scales = nn.ModuleList(self._one(3 * self.config.frames) for _ in range(self.config.scales))
        self.brush = self._one(self.config.frames) if self.config.brush else None

    def _one(self, in_channels: int) -> PatchDiscriminator:
        return PatchDiscriminator(self.config.channels, self.config.layers, in_channels, self.config.heads)

    @property
    def feature_channels(self) -> list[int]:
        """Channels of each map that `with_features` returns."""
        return [count for part in self._parts for count in part.feature_channels]

    def forward(self, x: Tensor) -> list[Tensor]:
        """`x` is `(N, 3 frames, H, W)` RGB in [-1, 1]."""
        return self.with_features(x)[0]

    def with_features(self, x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Logit maps, and the feature maps of every layer of every scale in the same order."""
        views = [x]
        for _ in self.scales[1:]:
            views.append(F.avg_pool2d(views[-1], 2))
        if self.brush is not None:
            views.append(grey_contrast(x))
        logits: list[Tensor] = []
        features: list[Tensor] = []
        for part, view in zip(self._parts, views, strict=True):
            found, maps = part.with_features(view)
            logits.append(self.config.logit_gain * found)
            features += maps
        return logits, features

    @property
    def _parts(self) -> list[PatchDiscriminator]:
        return [*self.scales, *([] if self.brush is None else [self.brush])]  # pyright: ignore
