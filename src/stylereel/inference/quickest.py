"""Which runner and precision are the quickest for a look on this machine: measured once, and remembered."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import shutil
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stylereel.core.caches import cache_folder
from stylereel.core.errors import StylereelError
from stylereel.inference.cpu import available_cores, cpu_name, multiplies_bf16_in_tiles
from stylereel.inference.runner import DEVICES, PRECISIONS, PREFERENCE, open_runner, run_network, takes_int8
from stylereel.packs.store import INT8_NAME, Pack

FRAME_PX = (360, 640)
_TIMED_RUNS = 5
_CLEARLY = 0.9
"""A runner further down the list is taken where it needs less than this part of the time of those above."""
_OF_RUNNERS = 3
"""Raised when a runner becomes quicker, so that what was measured before is measured again."""
_LIBRARIES = ("openvino", "onnxruntime", "torch")


@dataclass(frozen=True)
class Candidate:
    """A way to run a network.

    Attributes:
        runner: its name.
        device: "cpu", "cuda" or "mps".
        precision: what it computes with.
    """

    runner: str
    device: str
    precision: str

    def __str__(self) -> str:
        return f"{self.runner} on {self.device}, {self.precision}"

    @classmethod
    def parsed(cls, text: str) -> Candidate | None:
        """Of what `str` gave; None of anything else."""
        found = re.fullmatch(r"(\w+) on (\w+), (\w+)", text)
        return cls(*found.groups()) if found else None


@dataclass(frozen=True)
class Quickest:
    """What was found.

    Attributes:
        chosen: the quickest.
        milliseconds: of a frame of 640x360, by candidate in words; empty where it was remembered.
    """

    chosen: Candidate
    milliseconds: dict[str, float]


def remembered(pack: Pack, device: str, precision: str, threads: int | None) -> Candidate | None:
    """What `measure` found before for this look, on this machine, with these libraries."""
    try:
        found = json.loads(_record(pack, device, precision, threads).read_text("utf-8"))
        candidate = Candidate(found["runner"], found["device"], found["precision"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    is_sound = candidate.runner in PREFERENCE and candidate.device in DEVICES
    return candidate if is_sound and candidate.precision in PRECISIONS else None


def measure(pack: Pack, device: str, precision: str, threads: int | None) -> Quickest | None:
    """Run a few frames with everything that is installed here, in about two seconds; remember the quickest.

    Args:
        pack: the look.
        device: "auto", "cpu", "cuda" or "mps": what may be looked at.
        precision: "auto", "fp32", "bf16" or "int8", likewise.
        threads: CPU threads for the network; None leaves it to each runner.

    Returns:
        None where nothing runs; `open_runner` says why.
    """
    times: dict[Candidate, float] = {}
    for runner, on_device, with_precision in _candidates(pack, device, precision):
        with contextlib.suppress(StylereelError):
            candidate, taken = _timed(pack, runner, on_device, with_precision, threads)
            times.setdefault(candidate, taken)
    if not times:
        return None
    chosen = next(iter(times))
    for candidate, taken in times.items():
        if taken < _CLEARLY * times[chosen]:
            chosen = candidate
    _remember(_record(pack, device, precision, threads), chosen)
    return Quickest(chosen, {str(candidate): 1000 * taken for candidate, taken in times.items()})


def _candidates(pack: Pack, device: str, precision: str) -> list[tuple[str, str, str]]:
    """What there may be, the one that is taken in doubt first."""
    found: list[tuple[str, str, str]] = []
    if device in ("auto", "cpu"):
        rounded = ["int8"] if takes_int8(pack) else []
        wanted = [*rounded, "bf16", "fp32"] if precision == "auto" else [precision]
        if multiplies_bf16_in_tiles():
            wanted.sort(key="bf16".__ne__)
        found += [("openvino", "cpu", name) for name in wanted if name != "bf16" or _has_bf16()]
        found += [("onnxruntime", "cpu", name) for name in wanted if name != "bf16"]
    if device in ("cuda", "mps") or (device == "auto" and _may_have_gpu()):
        found += [("torch", device, precision)]
    if device == "cuda":
        found += [("onnxruntime", device, precision)]
    return found


def _has_bf16() -> bool:
    """OpenVINO computes bf16 everywhere, and quicker than fp32 only where the processor does."""
    with contextlib.suppress(StylereelError):
        from stylereel.inference.runners.openvino import report

        return report().precision == "bf16"
    return False


def _may_have_gpu() -> bool:
    """Worth importing torch for, which takes seconds."""
    if importlib.util.find_spec("torch") is None:
        return False
    is_apple = sys.platform == "darwin" and platform.machine() == "arm64"
    return is_apple or shutil.which("nvidia-smi") is not None or Path("/proc/driver/nvidia").exists()


def _timed(
    pack: Pack, name: str, device: str, precision: str, threads: int | None
) -> tuple[Candidate, float]:
    runner = open_runner(pack, name, device, threads=threads, precision=precision)
    frames = np.random.default_rng(1).integers(0, 256, (1, *FRAME_PX, 3), np.uint8)
    code = np.ones((1, pack.ends_size), np.float32) if pack.ends_size else None
    run_network(runner, frames, code, None)  # compiles for this size
    times = []
    for _ in range(_TIMED_RUNS):
        began = time.perf_counter()
        run_network(runner, frames, code, None)
        times.append(time.perf_counter() - began)
    return Candidate(runner.name, runner.device, runner.precision), statistics.median(times)


def _record(pack: Pack, device: str, precision: str, threads: int | None) -> Path:
    facts = [
        # All looks of one pack have one shape.
        *(pack.own_hash(name) for name in (pack.network_name("fp32"), INT8_NAME)),
        *(_OF_RUNNERS, device, precision, threads, cpu_name(), available_cores()),
        *(_version(library) for library in _LIBRARIES),
    ]
    key = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:24]
    return cache_folder("runners") / f"runner-{key}.json"


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _remember(path: Path, chosen: Candidate) -> None:
    text = json.dumps({"runner": chosen.runner, "device": chosen.device, "precision": chosen.precision})
    with contextlib.suppress(OSError):  # a folder that cannot be written costs two seconds each time
        path.parent.mkdir(parents=True, exist_ok=True)
        staged = path.with_name(f".{path.name}.{os.getpid()}")
        staged.write_text(text, "utf-8")
        os.replace(staged, path)
