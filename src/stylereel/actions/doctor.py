"""What this machine has: processor, runners, codecs, graphics card."""

from __future__ import annotations

import importlib.metadata
import platform
from dataclasses import asdict, dataclass
from typing import Any

from stylereel.core.errors import StylereelError
from stylereel.inference.cpu import INTERESTING, available_cores, cpu_features, cpu_name
from stylereel.inference.runner import PREFERENCE, RUNNERS, RunnerReport
from stylereel.packs.find import list_packs, user_folder

LIBRARIES = (
    "numpy",
    "av",
    "opencv-python-headless",
    "openvino",
    "onnxruntime",
    "safetensors",
    "torch",
    "onnx",
)


@dataclass(frozen=True)
class MachineReport:
    """Facts about this machine and installation.

    Attributes:
        stylereel: version.
        python: version.
        system: name and release of the operating system.
        cpu: the processor's name.
        cores: that this process may use.
        cpu_features: those that decide how fast a network runs.
        runners: each with version, devices and precision, in the order in which "auto" tries them.
        chosen_runner: what `--runner auto` takes here, or None.
        gpu: the graphics device that a runner can use, or None.
        codecs: value of `--codec` to whether it can be written here.
        libraries: name to version, None where not installed.
        styles: names of the packs found.
        styles_folder: where the user's own packs are looked for.
        problems: what to mend, each a sentence.
    """

    stylereel: str
    python: str
    system: str
    cpu: str
    cores: int
    cpu_features: tuple[str, ...]
    runners: tuple[RunnerReport, ...]
    chosen_runner: str | None
    gpu: str | None
    codecs: dict[str, bool]
    libraries: dict[str, str | None]
    styles: tuple[str, ...]
    styles_folder: str
    problems: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def examine_machine() -> MachineReport:
    """Look at everything that decides what works here and how fast; opens no file of the user's."""
    names = [*PREFERENCE, *(name for name in RUNNERS.names() if name not in PREFERENCE)]
    runners = tuple(RUNNERS.load(name).report() for name in names)
    chosen = next((report.name for report in runners if report.version is not None), None)
    codecs, codec_problem = _codecs()
    listings = list_packs()
    problems = [f"Style '{listing.name}': {listing.problem}" for listing in listings if listing.problem]
    if chosen is None:
        problems.append("No runner is installed: pip install openvino")
    if codec_problem:
        problems.append(codec_problem)
    return MachineReport(
        stylereel=_version("stylereel") or "unknown",
        python=platform.python_version(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        cpu=cpu_name(),
        cores=available_cores(),
        cpu_features=tuple(name for name in INTERESTING if name in cpu_features()),
        runners=runners,
        chosen_runner=chosen,
        gpu=_gpu(runners),
        codecs=codecs,
        libraries={name: _version(name) for name in LIBRARIES},
        styles=tuple(listing.name for listing in listings if listing.card is not None),
        styles_folder=str(user_folder()),
        problems=tuple(problems),
    )


def _gpu(runners: tuple[RunnerReport, ...]) -> str | None:
    found = [(device, report.name) for report in runners for device in report.devices if device != "cpu"]
    return ", ".join(f"{device} (runner {name})" for device, name in found) or None


def _codecs() -> tuple[dict[str, bool], str | None]:
    try:
        from stylereel.video.available import available_codecs

        return available_codecs(), None
    except (ImportError, OSError, StylereelError) as error:
        return {}, f"The video library does not load: {error}. Install it with: pip install 'av>=18,<19'"


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
