"""Which look each content crop of a batch is shown in, drawn at random."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor


class Shares(BaseModel):
    """Which part of the batch is shown in which kind of look; they are divided by their sum."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    named: float = Field(default=0.5, gt=0)
    """The learned code of a style."""
    reference: float = Field(default=0.22, ge=0)
    """What the encoder reads off a picture."""
    varied: float = Field(default=0.08, ge=0)
    """A named code moved by noise."""
    mixed: float = Field(default=0.1, ge=0)
    """A mixture of two named codes."""
    photograph: float = Field(default=0.1, ge=0)
    """The photograph as it is."""
    recolored: float = Field(default=0.4, ge=0, le=1)
    """The part of the references whose colours are exchanged, so that they belong to no style."""


@dataclass(frozen=True)
class Looks:
    """What was drawn; indices into the content crops, which stand beside the style crops of the same number.

    Attributes:
        weights: `(N, styles)`, which styles a look is made of; rows of zeros belong to none.
        referenced: those that take their code from the style crop beside them.
        recolored: positions in `referenced` whose style crop has its colours exchanged.
        varied: those moved by noise.
        photographs: those that stay as they are.
        judged: those that the discriminator sees: all that claim a style.
        styled: all but the photographs.
    """

    weights: Tensor
    referenced: Tensor
    recolored: Tensor
    varied: Tensor
    photographs: Tensor
    judged: Tensor
    styled: Tensor

    def to(self, device: torch.device | str) -> Looks:
        """The same on `device`."""
        return Looks(**{name: value.to(device) for name, value in vars(self).items()})

    def groups(self, labels: list[int]) -> list[Tensor]:
        """Rows that are shown wholly in the style of the crop beside them, one tensor per style.

        Reads the weights: ask before they go to a device.
        """
        whole = (self.weights.max(dim=1).values == 1).tolist()
        found: dict[int, list[int]] = {}
        for row, is_whole in enumerate(whole):
            if is_whole:
                found.setdefault(labels[row], []).append(row)
        return [torch.tensor(rows) for _, rows in sorted(found.items())]

    def named_by_label(self, labels: list[int], wanted: Collection[int]) -> dict[int, Tensor]:
        """Rows that are shown under the name of the style beside them alone, for the labels in `wanted`.

        Reads the weights: ask before they go to a device.
        """
        moved = {*self.referenced.tolist(), *self.varied.tolist()}
        whole = (self.weights.max(dim=1).values == 1).tolist()
        rows: dict[int, list[int]] = {}
        for row, is_whole in enumerate(whole):
            if is_whole and row not in moved and labels[row] in wanted:
                rows.setdefault(labels[row], []).append(row)
        return {label: torch.tensor(found) for label, found in sorted(rows.items())}


def draw_looks(labels: list[int], n: int, styles: int, shares: Shares, rng: torch.Generator) -> Looks:
    """Draw a kind of look for each of `n` content crops; the first is always a named one.

    Args:
        labels: which style the style crop beside each shows.
        n: content crops.
        styles: how many there are.
        shares: of the kinds.
        rng: source of every random choice.
    """
    parts = torch.tensor([shares.named, shares.reference, shares.varied, shares.mixed, shares.photograph])
    # Even over the batch: one draw, then equal steps, in an order of their own.
    places = ((torch.arange(n) + torch.rand((), generator=rng)) / n)[torch.randperm(n, generator=rng)]
    kinds = torch.bucketize(places, torch.cumsum(parts / parts.sum(), 0)[:-1], right=True)
    kinds[0] = 0
    weights = torch.eye(styles)[torch.tensor(labels[:n])]
    referenced, varied, mixed, photographs = (torch.nonzero(kinds == kind).flatten() for kind in (1, 2, 3, 4))
    for row in mixed.tolist():
        other = int(torch.randint(styles, (), generator=rng))
        share = float(torch.rand((), generator=rng))
        weights[row] = share * weights[row] + (1 - share) * torch.eye(styles)[other]
    recolored = torch.nonzero(torch.rand(len(referenced), generator=rng) < shares.recolored).flatten()
    unclaimed = torch.cat([photographs, referenced[recolored]])
    weights[unclaimed] = 0
    judged = torch.nonzero(weights.sum(dim=1) > 0).flatten()
    styled = torch.nonzero(kinds != 4).flatten()
    return Looks(weights, referenced, recolored, varied, photographs, judged, styled)


def exchanged_colors(pictures: Tensor, rng: torch.Generator) -> Tensor:
    """Pictures with their colours exchanged: turned about the grey axis, channels swapped, faded or deepened.

    Args:
        pictures: `(N, 3, H, W)` in [-1, 1].
        rng: source of every random choice.
    """
    if not len(pictures):
        return pictures
    changed = []
    for picture in pictures:
        order = torch.randperm(3, generator=rng)
        saturation = 0.3 + 1.4 * float(torch.rand((), generator=rng))
        contrast = 0.7 + 0.5 * float(torch.rand((), generator=rng))
        tint = ((torch.rand(3, 1, 1, generator=rng) - 0.5) * 0.6).to(picture.device)
        swapped = picture[order.to(picture.device)]
        grey = swapped.mean(dim=0, keepdim=True)
        changed.append(contrast * (grey + saturation * (swapped - grey)) + tint)
    return torch.stack(changed).clamp(-1, 1)
