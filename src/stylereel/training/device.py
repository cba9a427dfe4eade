"""Which device a run trains on: the one that was asked for, or none."""

from __future__ import annotations

import torch

from stylereel.core.errors import EnvironmentMissingError, UsageError


def find_device(wanted: str) -> torch.device:
    """The device named "auto", "cpu", "cuda" or "mps"; auto is CUDA where there is one, else the CPU.

    Raises:
        UsageError: another name.
        EnvironmentMissingError: torch sees no such device here.
    """
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if wanted == "cuda" and not torch.cuda.is_available():
        raise EnvironmentMissingError(
            "--device cuda: torch sees no CUDA device. Install a CUDA build of torch, or use --device cpu."
        )
    if wanted == "mps" and not torch.backends.mps.is_available():
        raise EnvironmentMissingError("--device mps: torch sees no Metal device here. Use --device cpu.")
    if wanted not in ("cpu", "cuda", "mps"):
        raise UsageError(f"Unknown device '{wanted}'. Known: auto, cpu, cuda, mps.")
    return torch.device(wanted)


def device_name(device: torch.device) -> str:
    """What a device is called in a pack's card: "CPU", or a graphics card's own name."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return "CPU" if device.type == "cpu" else f"{device.type.upper()} device"
