"""Fits a run into the memory that is free: smaller crops, said aloud, never silently."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from stylereel.data.batches import Batch, Moving
from stylereel.data.clip_crops import ClipWish
from stylereel.training.phases import Recipe

TORCH_BYTES = 400 * 2**20
"""torch itself and what it loads."""
ON_THE_WAY = 2.0
"""Peak of a step over what its graph keeps: gradients and what is computed between. Measured in fp32: 1.1 for
`cyclegan`, 1.95 for `unpaired`."""
COPIES_OF_WEIGHTS = 5
"""Weights, gradients, Adam's two moments, their average."""
TRIAL_CROPS = 2
TRIAL_SIDES_PX = 48, 64
KEPT_FREE = 0.15
"""Fraction of the free memory that is left to others."""
SMALLEST_CROP_PX = 64


@dataclass(frozen=True)
class Appetite:
    """What a step of a recipe takes in fp32.

    Attributes:
        fixed_bytes: whatever the crops are.
        bytes_per_pixel: of one crop's area, times the crops in a batch, more.
    """

    fixed_bytes: int
    bytes_per_pixel: float

    def needed_bytes(self, crop_px: int, batch_size: int) -> int:
        """Estimated peak of a step, pictures in memory not counted."""
        return self.fixed_bytes + round(crop_px * crop_px * batch_size * self.bytes_per_pixel)


def measure_appetite(new_recipe: Callable[[], Recipe]) -> Appetite:
    """Count what the graph of a step keeps, on two small batches: no backward pass, a second or a few.

    Args:
        new_recipe: makes a recipe to be thrown away.
    """
    small, large = TRIAL_SIDES_PX
    recipes = new_recipe(), new_recipe()
    kept = [_kept_by_graph(recipe, side) for recipe, side in zip(recipes, (small, large), strict=True)]
    per_pixel = (kept[1] - kept[0]) / (TRIAL_CROPS * (large * large - small * small))
    weights = sum(p.nbytes for module in recipes[0].modules.values() for p in module.parameters())
    fixed = max(0, kept[0] - round(per_pixel * TRIAL_CROPS * small * small)) + COPIES_OF_WEIGHTS * weights
    return Appetite(TORCH_BYTES + fixed, ON_THE_WAY * per_pixel)


def _kept_by_graph(recipe: Recipe, crop_px: int) -> int:
    """Most bytes that forward and one phase together keep for their backward pass, for `TRIAL_CROPS`."""
    for module in recipe.modules.values():
        module.requires_grad_(True)
    storages: dict[int, tuple[int, Tensor]] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = (storage.nbytes(), tensor)  # held, so that no address comes twice
        return tensor

    most, middle = 0, recipe.total_steps // 2
    batch = grey_batch(recipe.config.clips, crop_px)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        shared = recipe.forward(batch, middle, torch.Generator().manual_seed(0))
        of_forward = dict(storages)
        for phase in recipe.phases:
            for name, module in recipe.modules.items():
                module.requires_grad_(name in phase.trains)
            recipe.losses(phase, batch, shared, middle)
            most = max(most, sum(count for count, _ in storages.values()))
            storages.clear()
            storages.update(of_forward)
    return most


def grey_batch(wish: ClipWish | None, side: int, device: str = "cpu") -> Batch:
    """A batch of a few grey crops, for a recipe with such a wish for clips."""

    def empty(*shape: int) -> Tensor:
        return torch.zeros(*shape, side, side, device=device)

    pictures = empty(TRIAL_CROPS, 3)
    if wish is None:
        return Batch(pictures, pictures)
    count, flows = wish.count or TRIAL_CROPS, wish.frames - 1 if wish.flows else 0
    moving = Moving(empty(count, wish.frames, 3), empty(count, flows, 2), empty(count, flows, 1))
    return Batch(pictures, pictures, moving, moving if wish.style else None)


@dataclass(frozen=True)
class MemoryPlan:
    """Sizes that fit.

    Attributes:
        crop_px: side of a crop.
        batch_size: crops of content in a step.
        notice: what was made smaller and why, or None.
    """

    crop_px: int
    batch_size: int
    notice: str | None = None


def plan_memory(appetite: Appetite, crop_px: int, batch_size: int, free_bytes: int | None) -> MemoryPlan:
    """The largest crops up to those asked for that fit into `free_bytes`; then smaller batches.

    Raises:
        nothing: when even the smallest do not fit, they are planned with a notice that says so.
    """
    needed_bytes = appetite.needed_bytes
    if free_bytes is None or needed_bytes(crop_px, batch_size) <= free_bytes * (1 - KEPT_FREE):
        return MemoryPlan(crop_px, batch_size)
    usable = free_bytes * (1 - KEPT_FREE)
    crop, batch = crop_px, batch_size
    while crop > SMALLEST_CROP_PX and needed_bytes(crop, batch) > usable:
        crop = max(SMALLEST_CROP_PX, crop - 16)
    while batch > 1 and needed_bytes(crop, batch) > usable:
        batch -= 1
    short = "" if needed_bytes(crop, batch) <= usable else " Even that may not fit: close other programs."
    return MemoryPlan(
        crop,
        batch,
        f"Memory is short: {free_bytes / 2**30:.1f} GB are free and "
        f"{needed_bytes(crop_px, batch_size) / 2**30:.1f} GB "
        f"are needed for crops of {crop_px} px in batches of {batch_size}. Training with crops of {crop} "
        f"px in "
        f"batches of {batch} instead; strokes longer than a crop are learned less well.{short}",
    )
