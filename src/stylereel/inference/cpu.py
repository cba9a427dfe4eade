"""What this machine's processor can do, and how much of it is ours."""

from __future__ import annotations

import functools
import os
import platform
import subprocess
import sys
from pathlib import Path

INTERESTING = (
    "avx2",
    "avx512f",
    "avx512_bf16",
    "amx_bf16",
    "amx_int8",
    "avx512_vnni",
    "avx_vnni",
    "neon",
    "asimd",
    "asimddp",
    "bf16",
)


@functools.cache
def cpu_features() -> frozenset[str]:
    """Instruction-set names as the system spells them, in lower case; empty where it does not say."""
    if sys.platform == "darwin":
        return frozenset(
            _output("sysctl", "-n", "machdep.cpu.features", "machdep.cpu.leaf7_features").split()
        )
    text = _text("/proc/cpuinfo")
    for line in text.splitlines():
        key, _, values = line.partition(":")
        if key.strip() in ("flags", "Features"):
            return frozenset(values.lower().split())
    return frozenset()


def multiplies_bf16_in_tiles() -> bool:
    """AMX: bf16 convolutions take about what int8 ones do."""
    return "amx_bf16" in cpu_features()


@functools.cache
def cpu_name() -> str:
    """The processor's name for people, or the architecture where the system does not say more."""
    if sys.platform == "darwin":
        return _output("sysctl", "-n", "machdep.cpu.brand_string").strip() or platform.machine()
    for line in _text("/proc/cpuinfo").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.processor() or platform.machine()


def available_cores() -> int:
    """Cores this process may use: the affinity mask and a container's quota count, not the whole machine."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota, _, period = _text("/sys/fs/cgroup/cpu.max").strip().partition(" ")
    if quota.isdigit() and period.isdigit() and int(period) > 0:
        cores = min(cores, max(1, round(int(quota) / int(period))))
    return cores


def _text(path: str) -> str:
    try:
        return Path(path).read_text("utf-8", errors="replace")
    except OSError:
        return ""


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=False).stdout.lower()
    except (OSError, subprocess.SubprocessError):
        return ""
