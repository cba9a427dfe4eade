"""`extend`: one more look for a pack that holds many, in a quarter of an hour.

The pack's network stays as it is, and so do the codes of its looks: all that is learned is one wide code
(`networks/generators/conditional.py`), with a fresh discriminator. So the other looks are, byte for byte,
what they were. The code begins at what the pack's encoder reads off the look's pictures. The terms are those
of `unpaired`, and

    small         offsets no larger than they need to be
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import safetensors.torch
import torch
from pydantic import Field, field_validator
from torch import Tensor

from stylereel.core.errors import PackError, UsageError
from stylereel.data.batches import Batch
from stylereel.networks.generators import conditional
from stylereel.packs.codes import CODES_NAME, entry, tensors_in
from stylereel.packs.find import find_pack
from stylereel.packs.store import WEIGHTS_NAME, Pack
from stylereel.training.one_code import OneCode
from stylereel.training.phases import Phase
from stylereel.training.recipes import unpaired


class Config(unpaired.Config):
    """Settings of the recipe that adds a look."""

    look: str = Field(default="added", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    """Name of the look; filled in from the folder's name."""
    generator: conditional.Config = conditional.Config(anchor_channels=4)  # pyright: ignore
    """Shape of the pack's network; filled in from the pack."""
    nce_weight: float = Field(default=0.15, ge=0)
    """Weight of PatchNCE."""
    nce_fine: float = Field(default=0.0, ge=0)
    """Weight of PatchNCE's finest layer beside 1 for the coarse ones."""
    tone_weight: float = Field(default=1.5, ge=0)
    """Weight of keeping the order of broad tones."""
    palette_weight: float = Field(default=0.75, ge=0)
    """Weight of using the look's broad colours as often as the look does."""
    small_weight: float = Field(default=0.02, ge=0)
    """Weight of the offsets' mean square."""
    generator_rate: float = Field(default=4e-3, gt=0)
    """Adam step of the code's offsets; its steering part moves three times as far."""

    @field_validator("generator", mode="before")
    @classmethod
    def _anchored(cls, shape: Any) -> Any:
        """A table may name the generator; there is but one that takes codes."""
        if not isinstance(shape, Mapping):
            return shape
        if (name := shape.get("name", "conditional")) != "conditional":
            raise ValueError(f"this recipe trains a code for the generator 'conditional', not '{name}'")
        return {key: value for key, value in shape.items() if key != "name"}


class Recipe(unpaired.Recipe):
    """See the module's docstring."""

    config: Config
    generator: OneCode

    def __init__(self, config: Config | None = None, *, total_steps: int) -> None:
        config = config or Config()
        super().__init__(config, total_steps=total_steps, generator=OneCode(config.generator))

    def extend(self, pack: Pack, code: np.ndarray | None = None) -> None:
        """Begin with a pack's weights, and a code.

        Args:
            pack: of many looks.
            code: `(S,)`, what the pack's encoder reads off the new look's pictures; None for the code between
                all of the pack's looks.

        Raises:
            UsageError: it has a look of this name.
            PackError: it is of another shape.
        """
        look = self.config.look
        if look in pack.card.styles:
            raise UsageError(
                f"The pack '{pack.card.name}' has a look '{look}' already: give the folder another name."
            )
        between = entry(tensors_in(pack, CODES_NAME), "named", pack).mean(axis=0)
        steering = between if code is None else code[:-1]
        try:
            self.generator.begin(safetensors.torch.load(pack.read(WEIGHTS_NAME)), torch.from_numpy(steering))
        except RuntimeError as error:
            raise PackError(f"The weights of {pack.folder} are not what its card says.") from error

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """As `unpaired`; the code's two parts have rates of their own."""
        made, rate = super().optimizers(), self.config.generator_rate
        groups = [
            {"params": [self.generator.offsets], "lr": rate},
            {"params": [self.generator.steering], "lr": 3 * rate},
        ]
        return made | {"generator": torch.optim.Adam(groups, betas=(0.5, 0.99))}

    def losses(self, phase: Phase, batch: Batch, shared: Any, step: int) -> dict[str, Tensor]:
        """Named and weighted terms of a phase; the loop sums them."""
        terms = super().losses(phase, batch, shared, step)
        if phase.name == "generator":
            terms["small"] = self.config.small_weight * self.generator.offsets.square().mean()
        return terms


def from_pack(name: str) -> dict[str, Any]:
    """The settings that a pack decides: its network's shape.

    Raises:
        UsageError: there is no such pack, or it holds one look.
        PackError: it is refused.
    """
    pack = find_pack(name)
    if not pack.card.code_size or pack.card.generator.key != "conditional":
        raise UsageError(
            f"--init {name}: the pack holds one look, and looks are added to packs of many, such as "
            "`stylereel train conditional` makes."
        )
    return {"generator": {"anchor_channels": pack.card.anchor_channels, **pack.card.generator.config}}
