"""What a recipe promises to the training loop: its networks, its phases and its named loss terms.

The loop owns *when* (order, gradients, averages, checkpoints), the recipe owns *what*. One recipe is one
file in `training/recipes/` that exports `Config` and `Recipe`; its file name is the name in TOML and card.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor, nn

from stylereel.data.batches import Batch


@dataclass(frozen=True)
class Phase:
    """One optimisation inside a step.

    Attributes:
        name: what `Recipe.losses` is asked for.
        trains: names of the recipe's modules whose parameters move; all others are held still meanwhile.
        every: run on the steps that are divisible by this.
    """

    name: str
    trains: tuple[str, ...]
    every: int = 1


class Recipe(Protocol):
    """A training method. The loop calls, for each step: `forward` once, then `losses` for each phase in
    order.

    Both run under bf16 autocast where the machine has it, so a recipe casts network outputs with `.float()`
    before it computes a loss. Modules are moved to the device before `optimizers()` is called, once.
    Everything random is drawn from the `rng` that `forward` is given (or from torch's global one, which is
    kept in checkpoints too), so that a resumed run repeats the uninterrupted one exactly.
    """

    Config: ClassVar[type[Any]]
    """Frozen pydantic settings with a default for every field, unknown keys forbidden."""

    config: Any
    """The settings; `config.clips` is the `ClipWish` of consecutive frames beside pictures, or None."""

    total_steps: int
    """Of the run."""

    modules: Mapping[str, nn.Module]
    """Has at least "generator"; usually "discriminator" and perhaps "projector"."""

    phases: tuple[Phase, ...]

    def __init__(self, config: Any, *, total_steps: int) -> None: ...

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """One optimizer per trained module, keyed by the module's name, with its full learning rate."""
        ...

    def learning_rate(self, name: str, step: int) -> float:
        """Factor on the full learning rate of module `name` at `step` (0-based)."""
        ...

    def forward(self, batch: Batch, step: int, rng: torch.Generator) -> Any:
        """What the phases share, as a frozen dataclass: fakes, warps, augmentations."""
        ...

    def losses(self, phase: Phase, batch: Batch, shared: Any, step: int) -> dict[str, Tensor]:
        """Named scalar terms of `phase`, weighted; the loop minimises their sum."""
        ...

    def preview(self, generator: nn.Module, content: Tensor, first: int = 0) -> Tensor:
        """Stylized `content`, `(N, 3, H, W)` in [-1, 1], by the averaged `generator`.

        A recipe of several looks shows them in turn; `first` is the number of the first picture.
        """
        ...

    def ema_decay(self, step: int) -> float:
        """How much of the averaged weights is kept after `step`, in [0, 1)."""
        ...
