"""The runner that is everywhere: ONNX Runtime, fp32 or int8, on the CPU or (its GPU build) on CUDA."""

from __future__ import annotations

import importlib.util
from types import ModuleType
from typing import Any

import numpy as np

from stylereel.core.errors import EnvironmentMissingError, PackError
from stylereel.inference.cpu import available_cores
from stylereel.inference.runner import (
    Footprint,
    RunnerReport,
    State,
    check_inputs,
    check_shape,
    checked_code,
    refuse_device,
    takes_int8,
)
from stylereel.inference.sizing import anchors_with_margin, with_margin
from stylereel.packs.store import Pack

NAME = "onnxruntime"
INSTALL = "Install it with: pip install onnxruntime"
DEVICE_ADVICE = "For CUDA install its GPU build: pip install onnxruntime-gpu"
PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


class Runner:
    """Runs the pack's ONNX file at any size; the pictures are converted around it."""

    name = NAME
    footprint = Footprint(5.0, 50.0)

    def __init__(
        self, pack: Pack, device: str = "auto", *, threads: int | None = None, precision: str = "auto"
    ) -> None:
        onnxruntime = _import()
        refuse_device(NAME, device, _devices(onnxruntime), DEVICE_ADVICE)
        if precision == "bf16":
            raise EnvironmentMissingError(
                "The runner 'onnxruntime' computes in fp32 or int8: use openvino or torch."
            )
        self.device = "cpu" if device == "auto" else device
        on_cpu = self.device == "cpu"
        self.precision = (
            ("int8" if on_cpu and takes_int8(pack) else "fp32") if precision == "auto" else precision
        )
        name = pack.network_name(self.precision)
        self._multiple, self.anchor_channels = pack.card.size_multiple, pack.card.anchor_channels
        self.ends_size = pack.ends_size
        try:
            self._session = onnxruntime.InferenceSession(
                pack.read(name), _options(onnxruntime, threads), providers=[PROVIDERS[self.device]]
            )
        except Exception as error:
            if isinstance(error, PackError):
                raise
            raise PackError(
                f"ONNX Runtime cannot read the network of {pack.folder / name}: {error}"
            ) from error
        self._run_options: Any = None
        inputs = self._session.get_inputs()
        check_inputs(pack, len(inputs), inputs[1].shape if len(inputs) > 1 else ())
        if PROVIDERS[self.device] not in self._session.get_providers():
            raise EnvironmentMissingError(
                f"ONNX Runtime could not start on '{self.device}' and would have used the CPU instead. "
                "Check the CUDA and cuDNN libraries that its GPU build asks for."
            )

    def run(
        self, frames: np.ndarray, code: np.ndarray | None, state: State, anchors: np.ndarray | None = None
    ) -> tuple[np.ndarray, State]:
        """Apply the network; see `inference.runner.Runner.run`."""
        padded, (rows, columns) = with_margin(frames, self._multiple)
        values = np.multiply(padded.transpose(0, 3, 1, 2), np.float32(2 / 255), order="C", dtype=np.float32)
        values -= 1
        inputs = [values]
        if self.ends_size:
            inputs.append(checked_code(code, len(frames), self.ends_size))
        if self.anchor_channels:
            inputs.append(anchors_with_margin(anchors, frames, padded, (rows, columns), self.anchor_channels))
        names = [given.name for given in self._session.get_inputs()]
        given = dict(zip(names, inputs, strict=True))
        stylized: Any = self._session.run(None, given, self._run_options)[0]
        self._run_options = None
        check_shape(np.shape(stylized), values.shape)
        levels = (stylized + 1) * np.float32(127.5)
        np.rint(np.clip(levels, 0, 255, out=levels), out=levels)
        pictures = levels[:, :, rows, columns].transpose(0, 2, 3, 1)
        return np.ascontiguousarray(pictures, dtype=np.uint8), state

    def forget(self) -> None:
        """See `inference.runner.Runner.forget`; the arena gives back what is free after the next run."""
        self._run_options = _import().RunOptions()
        arenas = "cpu:0" if self.device == "cpu" else "cpu:0;gpu:0"
        self._run_options.add_run_config_entry("memory.enable_memory_arena_shrinkage", arenas)

    def free_bytes(self) -> None:
        """Not known of a device; of the CPU the machine's memory is what counts."""


def report() -> RunnerReport:
    """What this machine has of ONNX Runtime."""
    try:
        onnxruntime = _import()
    except EnvironmentMissingError as error:
        return RunnerReport(NAME, None, (), problem=str(error))
    return RunnerReport(NAME, onnxruntime.__version__, _devices(onnxruntime), "fp32")


def _import() -> ModuleType:
    if importlib.util.find_spec("onnxruntime") is None:
        raise EnvironmentMissingError(f"The runner 'onnxruntime' is not installed. {INSTALL}")
    try:
        import onnxruntime
    except (ImportError, OSError) as error:
        raise EnvironmentMissingError(
            f"The runner 'onnxruntime' does not load: {error}. {INSTALL}"
        ) from error
    onnxruntime.disable_telemetry_events()
    return onnxruntime


def _devices(onnxruntime: ModuleType) -> tuple[str, ...]:
    available = onnxruntime.get_available_providers()
    return tuple(device for device, provider in PROVIDERS.items() if provider in available)


def _options(onnxruntime: ModuleType, threads: int | None) -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what fails is raised
    options.intra_op_num_threads = threads or available_cores()
    return options
