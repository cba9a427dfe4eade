"""Fits a run into the memory that is free: smaller crops, said aloud, never silently."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

BYTES_PER_CROP_PIXEL = 2_500
"""Peak bytes per pixel of content in a batch for the `unpaired` recipe in fp32 (measured; bf16: 1,450)."""
FIXED_BYTES = 500 * 2**20
"""torch itself, weights, optimizers."""
KEPT_FREE = 0.15
"""Fraction of the free memory that is left to others."""
SMALLEST_CROP_PX = 64


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


def available_bytes(meminfo: Path = Path("/proc/meminfo")) -> int | None:
    """Memory that is free or can be freed, or None where the system does not say."""
    try:
        lines = meminfo.read_text("ascii", errors="replace").splitlines()
        kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError, IndexError):
        return None
    return kilobytes * 1024


def needed_bytes(crop_px: int, batch_size: int) -> int:
    """Estimated peak of a step, pictures in memory not counted."""
    return FIXED_BYTES + crop_px * crop_px * batch_size * BYTES_PER_CROP_PIXEL


def plan_memory(crop_px: int, batch_size: int, free_bytes: int | None) -> MemoryPlan:
    """The largest crops up to those asked for that fit into `free_bytes`; then smaller batches.

    Raises:
        nothing: when even the smallest do not fit, they are planned with a notice that says so.
    """
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
