"""`texture`: reads the style code off a picture, from what repeats in it and not from where things lie.

    picture ── conv /2 ── conv /2 ── conv /2 ── conv /2       each map, and the picture itself:
                 │          │          │          │           mean and deviation over all places
                 └──────────┴─────┬────┴──────────┘
                                  MLP ──► (N, S) code, its last entry 0: the look alone

Means and deviations of a network's maps describe a style (Li et al. 2017, "Demystifying neural style
transfer"). They are those of the reference, never of the frame that is stylized, so nothing flickers.
Several pictures, or a video's frames, are one style: their codes are averaged.
"""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn


class Config(BaseModel):
    """Shape of the encoder."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    channels: int = Field(default=48, ge=4, le=128)
    """Channels after the first stride; two, three and four times as many after the others."""
    hidden: int = Field(default=256, ge=16, le=1024)
    """Width of the layers behind the pooling."""
    code_size: int = Field(default=64, ge=2, le=512)
    """Length S of a code."""


class StyleEncoder(nn.Module):
    """`(N, 3, h, w)` RGB in [-1, 1], sides of at least 32 px, to codes `(N, S)`."""

    def __init__(self, config: Config | None = None) -> None:
        super().__init__()
        self.config = config or Config()
        widths = [3, *(self.config.channels * factor for factor in (1, 2, 3, 4))]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, after, 4, stride=2, padding=1) for before, after in itertools.pairwise(widths)
        )
        hidden = self.config.hidden
        self.first = nn.Linear(2 * sum(widths), hidden)
        self.second = nn.Linear(hidden, hidden)
        self.code = nn.Linear(hidden, self.config.code_size - 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """One code per picture."""
        maps = [pictures]
        for convolution in self.convolutions:
            maps.append(F.leaky_relu(convolution(maps[-1]), 0.2))
        statistics = []
        for values in maps:
            values = values.float()
            mean = values.mean(dim=(2, 3))
            spread = (values - mean[:, :, None, None]).square().mean(dim=(2, 3))
            statistics += [mean, (spread + 1e-4).sqrt()]
        h = F.leaky_relu(self.first(torch.cat(statistics, dim=1)), 0.2)
        h = F.leaky_relu(self.second(h), 0.2)
        code = self.code(h).float()
        return F.pad(code, (0, 1))
