"""The quick runner for CPUs: OpenVINO, bf16 where the CPU has it, uint8 pictures in and out of the graph."""

from __future__ import annotations

import contextlib
import importlib.util
import math
import queue
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np

from stylereel.core.anchors import CELL_PX
from stylereel.core.errors import EnvironmentMissingError, PackError
from stylereel.inference.cpu import available_cores, multiplies_bf16_in_tiles
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
from stylereel.inference.runners._openvino_ends import arranged, unfolded
from stylereel.inference.sizing import anchors_with_margin, shape_with_margin, with_margin
from stylereel.packs.store import Pack

NAME = "openvino"
INSTALL = "Install it with: pip install openvino"
DEVICE_ADVICE = "For a GPU use the torch runner: pip install 'stylereel[train]'"
SIZES_KEPT = 3
KEPT_PX = 1_500_000
"""Sizes are kept compiled while they have no more pixels than this together: each holds its memory."""
FEW_CORES = 4
FOOTPRINTS = {"int8": Footprint(2.6, 18.0), "bf16": Footprint(2.0, 18.0), "fp32": Footprint(4.0, 18.0)}


class Runner:
    """Compiles the network once per frame size, because fixed shapes are fastest, and keeps the last few."""

    name = NAME
    lanes_from_px = 500_000
    """Smaller frames leave little to wait for between two layers: two at a time gain nothing."""

    def __init__(
        self, pack: Pack, device: str = "auto", *, threads: int | None = None, precision: str = "auto"
    ) -> None:
        self._openvino = import_openvino()
        refuse_device(NAME, device, ("cpu",), DEVICE_ADVICE)
        self.device = "cpu"
        self._core: Any = self._openvino.Core()
        if precision == "auto":
            rounded = takes_int8(pack) and not multiplies_bf16_in_tiles()
            precision = "int8" if rounded else _precision(self._core)
        self.precision = precision
        self._multiple, self.anchor_channels = pack.card.size_multiple, pack.card.anchor_channels
        self.ends_size = pack.ends_size
        name = pack.network_name(precision)
        self._network = pack.read(name)
        between = _precision(self._core) if precision == "int8" else precision
        self._options = _options(between, threads)
        self.footprint = FOOTPRINTS["fp32" if between == "fp32" else precision]
        self._idle: OrderedDict[tuple[int, ...], queue.SimpleQueue[Any]] = OrderedDict()
        self._lanes, self._lock = 1, threading.Lock()
        at_work = self._options.get("INFERENCE_NUM_THREADS", available_cores())
        self.most_lanes = 1 if at_work == 1 else 2
        try:
            model = self._core.read_model(model=self._network, weights=b"")
        except Exception as error:
            raise PackError(
                f"OpenVINO cannot read the network of {pack.folder / name}: {_short(error)}"
            ) from error
        looks = model.inputs[1:2] if self.ends_size else []
        lengths = [axis.get_max_length() for given in looks for axis in given.partial_shape]
        check_inputs(pack, len(model.inputs), lengths)

    def run(
        self, frames: np.ndarray, code: np.ndarray | None, state: State, anchors: np.ndarray | None = None
    ) -> tuple[np.ndarray, State]:
        """Apply the network; see `inference.runner.Runner.run`."""
        shape = shape_with_margin(frames.shape, self._multiple)
        with self._request(shape) as request:
            padded, where = with_margin(frames, self._multiple, request.get_input_tensor(0).data)
            if self.ends_size:
                request.get_input_tensor(1).data[...] = checked_code(code, len(frames), self.ends_size)
            if self.anchor_channels:
                target = request.get_input_tensor(1 + (self.ends_size > 0)).data
                anchors_with_margin(anchors, frames, padded, where, self.anchor_channels, target)
            request.infer()
            return unfolded(request.get_output_tensor(0).data, *where), state

    def use_lanes(self, count: int) -> None:
        """See `inference.runner.ManyAtOnce.use_lanes`."""
        self._lanes = count
        if count > 1:
            self._options |= {"NUM_STREAMS": str(count), "PERFORMANCE_HINT": "THROUGHPUT"}
        self.forget()

    @contextlib.contextmanager
    def _request(self, shape: tuple[int, ...]) -> Iterator[Any]:
        """A compiled network for frames of that shape that nobody else is using."""
        with self._lock:
            if shape not in self._idle:
                self._make_room(shape)
                model = self._pictures_in_and_out(shape)
                compiled = self._core.compile_model(model, "CPU", self._options)
                self._idle[shape] = queue.SimpleQueue()
                for _ in range(self._lanes):
                    self._idle[shape].put(compiled.create_infer_request())
            self._idle.move_to_end(shape)
            idle = self._idle[shape]
        request = idle.get()
        try:
            yield request
        finally:
            idle.put(request)

    def forget(self) -> None:
        """See `inference.runner.Runner.forget`."""
        with self._lock:
            self._idle.clear()

    def free_bytes(self) -> None:
        """The machine's memory is what counts."""

    def _make_room(self, shape: tuple[int, ...]) -> None:
        def together() -> int:
            return self._lanes * sum(math.prod(kept[:3]) for kept in (*self._idle, shape))

        while self._idle and (len(self._idle) >= SIZES_KEPT or together() > KEPT_PX):
            self._idle.popitem(last=False)

    def _pictures_in_and_out(self, shape: tuple[int, ...]) -> Any:
        """The network with uint8 at both ends, so that no float frame crosses over."""
        count, height, width, _ = shape
        model = self._core.read_model(model=self._network, weights=b"")
        shapes = {model.inputs[0]: [count, 3, height, width]}
        if self.ends_size:
            shapes[model.inputs[1]] = [count, self.ends_size]
        if self.anchor_channels:
            cells = height // CELL_PX, width // CELL_PX
            shapes[model.inputs[-1]] = [count, self.anchor_channels, *cells]
        model.reshape(shapes)
        result = model.outputs[0].get_shape()
        check_shape((result[0], *result[2:], result[1]), shape)
        return arranged(self._openvino, model)


def report() -> RunnerReport:
    """What this machine has of OpenVINO."""
    try:
        openvino = import_openvino()
    except EnvironmentMissingError as error:
        return RunnerReport(NAME, None, (), problem=str(error))
    version = openvino.get_version().partition("-")[0]
    return RunnerReport(NAME, version, ("cpu",), _precision(openvino.Core()))


def import_openvino() -> ModuleType:
    """Import OpenVINO with its own telemetry stub: importing it plainly would report home.

    Raises:
        EnvironmentMissingError: it is not installed or does not load.
    """
    if importlib.util.find_spec("openvino") is None:
        raise EnvironmentMissingError(f"The runner 'openvino' is not installed. {INSTALL}")
    absent = "openvino_telemetry" not in sys.modules
    if absent:
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    try:
        import openvino
        import openvino.opset13
    except (ImportError, OSError) as error:
        raise EnvironmentMissingError(f"The runner 'openvino' does not load: {error}. {INSTALL}") from error
    finally:
        if absent:
            sys.modules.pop("openvino_telemetry", None)
    # Its first array asks numpy for its interface behind a lock that it holds while it waits for Python's:
    # two threads that come first together would wait for each other for ever.
    _ = openvino.Tensor(np.zeros(1, np.uint8)).data
    return openvino


def _precision(core: Any) -> str:
    return "bf16" if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "fp32"


def _options(precision: str, threads: int | None) -> dict[str, Any]:
    options: dict[str, Any] = {
        "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
        "PERFORMANCE_HINT": "LATENCY",
        # Pinned threads would wait for the decoder and encoder that share their cores.
        "ENABLE_CPU_PINNING": False,
    }
    if threads is None and available_cores() <= FEW_CORES:
        threads = available_cores()
    if threads is not None:
        options["INFERENCE_NUM_THREADS"] = threads
    return options


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
