"""Chooses the number format of the forward passes: bf16 where the machine computes with it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Literal

import torch

Precision = Literal["auto", "bf16", "fp32"]


def chosen_precision(wanted: Precision, device: torch.device) -> Literal["bf16", "fp32"]:
    """`auto` means bf16 on a CPU with avx512_bf16 or amx_bf16 and on a GPU that has it, else fp32."""
    if wanted != "auto":
        return wanted
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    return "bf16" if device.type == "cpu" and _cpu_computes_bf16() else "fp32"


def autocast(precision: Literal["bf16", "fp32"], device: torch.device) -> AbstractContextManager[object]:
    """A fresh context; casts of weights are cached inside it alone."""
    if precision == "fp32":
        return nullcontext()
    return torch.autocast(device.type, dtype=torch.bfloat16)


def _cpu_computes_bf16() -> bool:
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", errors="replace")
    except OSError:
        return False
    flags = next((line for line in text.splitlines() if line.startswith("flags")), "").split()
    return "avx512_bf16" in flags or "amx_bf16" in flags
