"""The training loop. It owns *when*: order of phases, gradients, averages, checkpoints, watches.

for each step:   batch -> recipe.forward -> for each phase: losses -> backward -> clip -> optimizer step
                 -> average of the generator -> watches -> now and then a checkpoint and a preview
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from pydantic import Field
from torch import nn

from stylereel.core.errors import TrainingDivergedError
from stylereel.core.settings import Settings
from stylereel.data.batches import Batch
from stylereel.training.checkpoint import Checkpoint
from stylereel.training.ema import WeightAverage
from stylereel.training.phases import Phase, Recipe
from stylereel.training.precision import Precision, autocast, chosen_precision


class LoopSettings(Settings):
    """What the loop itself can be told."""

    clip_gradient_norm: float = Field(default=10.0, gt=0.0)
    """Gradients of a module with a larger norm are scaled down to this."""
    precision: Precision = "auto"
    """Number format of the forward passes; auto is bf16 where the machine computes with it."""
    checkpoint_seconds: float = Field(default=120.0, gt=0.0)
    """Time between checkpoints."""
    preview_seconds: float = Field(default=180.0, gt=0.0)
    """Time between preview sheets."""


class Stream(Protocol):
    """Batches in a fixed order; `next_batch` is the whole state."""

    next_batch: int

    def __next__(self) -> Batch: ...


@dataclass(frozen=True)
class StepReport:
    """What one step did.

    Attributes:
        step: its number, from 0.
        total_steps: of the run.
        losses: each term as "phase/term", weighted, finite or not.
        gradient_norms: before clipping, by module.
        seconds: wall time of the step, waiting for data included.
    """

    step: int
    total_steps: int
    losses: dict[str, float]
    gradient_norms: dict[str, float]
    seconds: float


class Watch(Protocol):
    """Looks at a step when it is done; raises TrainingDivergedError to stop the run."""

    def __call__(self, run: Run, report: StepReport) -> None: ...


@dataclass
class Run:
    """A run in progress: the recipe and everything that changes while it trains."""

    recipe: Recipe
    total_steps: int
    device: torch.device
    settings: LoopSettings
    seed: int
    step: int = 0
    elapsed_seconds: float = 0.0
    average: WeightAverage = field(init=False)
    optimizers: dict[str, torch.optim.Optimizer] = field(init=False)
    rng: torch.Generator = field(init=False)

    def __post_init__(self) -> None:
        for module in self.recipe.modules.values():
            module.to(self.device).train()
        self.average = WeightAverage(self.recipe.modules["generator"])
        self.optimizers = self.recipe.optimizers()
        for optimizer in self.optimizers.values():
            for group in optimizer.param_groups:
                group["full_rate"] = group["lr"]
        self.rng = torch.Generator().manual_seed(self.seed)

    @property
    def generator(self) -> nn.Module:
        """The averaged generator, in evaluation mode."""
        return self.average.network

    def checkpoint(self, next_batch: int, health: dict[str, Any] | None = None) -> Checkpoint:
        """The state as it is between two steps."""
        return Checkpoint(
            step=self.step,
            total_steps=self.total_steps,
            elapsed_seconds=self.elapsed_seconds,
            modules={name: module.state_dict() for name, module in self.recipe.modules.items()},
            average=self.average.state_dict(),
            optimizers={name: optimizer.state_dict() for name, optimizer in self.optimizers.items()},
            recipe_rng=self.rng.get_state(),
            torch_rng=torch.get_rng_state(),
            next_batch=next_batch,
            health=health or {},
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint of the same recipe and settings."""
        self.step, self.elapsed_seconds = checkpoint.step, checkpoint.elapsed_seconds
        for name, module in self.recipe.modules.items():
            module.load_state_dict(checkpoint.modules[name])
        self.average.load_state_dict(checkpoint.average)
        for name, optimizer in self.optimizers.items():
            optimizer.load_state_dict(checkpoint.optimizers[name])
        self.rng.set_state(checkpoint.recipe_rng)
        torch.set_rng_state(checkpoint.torch_rng)


def train(
    run: Run,
    stream: Stream,
    watches: Sequence[Watch] = (),
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[StepReport]:
    """Train to `run.total_steps`, yielding a report after each step; the caller saves and draws in between.

    Raises:
        TrainingDivergedError: a loss or a gradient is not finite (the step is not taken), or a watch says
        stop.
    """
    precision = chosen_precision(run.settings.precision, run.device)
    while run.step < run.total_steps and not should_stop():
        began = time.perf_counter()
        batch = next(stream)  # type: ignore[call-overload]
        losses, norms = take_step(run, batch.to(run.device), precision)
        run.step += 1
        seconds = time.perf_counter() - began
        run.elapsed_seconds += seconds
        report = StepReport(run.step - 1, run.total_steps, losses, norms, seconds)
        for watch in watches:
            watch(run, report)
        yield report


def take_step(run: Run, batch: Batch, precision: str) -> tuple[dict[str, float], dict[str, float]]:
    """One step: every phase whose turn it is, then the average. Returns losses and gradient norms."""
    recipe, step = run.recipe, run.step
    only_train(recipe, tuple(recipe.modules))
    with autocast(precision, run.device):  # type: ignore[arg-type]
        shared = recipe.forward(batch, step, run.rng)
    losses: dict[str, float] = {}
    norms: dict[str, float] = {}
    for phase in recipe.phases:
        if step % phase.every:
            continue
        only_train(recipe, phase.trains)
        with autocast(precision, run.device):  # type: ignore[arg-type]
            terms = recipe.losses(phase, batch, shared, step)
        optimizers = [run.optimizers[name] for name in phase.trains]
        for optimizer in optimizers:
            optimizer.zero_grad(set_to_none=True)
        torch.stack([term.float() for term in terms.values()]).sum().backward()
        losses |= {f"{phase.name}/{name}": float(term.detach()) for name, term in terms.items()}
        norms |= _clipped(recipe, phase, run.settings.clip_gradient_norm)
        _stop_unless_finite(step, losses, norms)
        for name, optimizer in zip(phase.trains, optimizers, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = group["full_rate"] * recipe.learning_rate(name, step)
            optimizer.step()
    run.average.update(recipe.modules["generator"], recipe.ema_decay(step))
    return losses, norms


def only_train(recipe: Recipe, names: tuple[str, ...]) -> None:
    """Let gradients flow to the named modules' parameters alone."""
    for name, module in recipe.modules.items():
        module.requires_grad_(name in names)


def _clipped(recipe: Recipe, phase: Phase, largest: float) -> dict[str, float]:
    return {
        name: float(nn.utils.clip_grad_norm_(recipe.modules[name].parameters(), largest))
        for name in phase.trains
    }


def _stop_unless_finite(step: int, losses: dict[str, float], norms: dict[str, float]) -> None:
    bad = [name for name, value in {**losses, **norms}.items() if not math.isfinite(value)]
    if bad:
        raise TrainingDivergedError(
            f"Training diverged at step {step}: {', '.join(bad)} is not a finite number. The last good "
            f"checkpoint "
            "is kept. Start again with a lower learning rate or a smaller weight on that term, or in fp32 "
            "with "
            "--set loop.precision=fp32."
        )
