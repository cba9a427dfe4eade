"""Torch on CUDA: a captured graph per frame size, page-locked memory at both ends, several frames at a time.

A launch costs a card longer than a small layer takes, so all launches for a size are recorded once and
replayed. A size that is seen for the first time runs without: pictures may each have their own.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import queue
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np

from stylereel.core.anchors import CELL_PX
from stylereel.inference.runner import Footprint
from stylereel.inference.runners._live_values import UNKNOWN
from stylereel.inference.sizing import (
    anchor_cells_with_margin,
    place_in_margin,
    shape_with_margin,
    with_margin,
)

MOST_LANES = 3
"""One frame comes in, one is computed, one goes out."""
SIZES_KEPT = 4
SIZES_REMEMBERED = 64
"""Of those seen once; a size that comes again is captured."""
KEPT_SHARE = 0.5
"""Of the device's memory, that captured sizes may hold before the oldest goes."""
PINNED_BYTES = 1 << 30
"""Of results that a caller keeps; those beyond lie in ordinary memory, which the system can move."""
_WARM_UPS = 3
_ONE_AT_A_TIME = threading.Lock()
"""Torch's settings, and captures, are the whole process's."""

Network = Callable[..., Any]
"""Levels, anchors and ends in, levels out, tensors on the device; see `networks.blocked.Blocked.forward`."""


class Device:
    """What is asked of CUDA, by itself so that a test can stand in for it."""

    name = "cuda"

    def __init__(self, torch: ModuleType) -> None:
        self.torch = torch

    def pinned(self, shape: tuple[int, ...], dtype: Any) -> Any:
        """Page-locked memory, or ordinary memory where the system gives no more of the other."""
        try:
            return self.torch.empty(shape, dtype=dtype, pin_memory=True)
        except RuntimeError:
            return self.torch.empty(shape, dtype=dtype)

    def stream(self) -> Any:
        """A new queue of work."""
        return self.torch.cuda.Stream()

    def within(self, stream: Any) -> contextlib.AbstractContextManager[Any]:
        """What is launched inside goes to that queue."""
        return self.torch.cuda.stream(stream)

    def waiter(self) -> Any:
        """Has `record(stream)` and `synchronize()`, which leaves the processor to others."""
        return self.torch.cuda.Event(blocking=True)

    def captured(self, action: Callable[[], object]) -> Callable[[], object]:
        """What `action` launches, as one launch; call it within a stream."""
        graph = self.torch.cuda.CUDAGraph()
        # Other threads may allocate meanwhile: only this one is held to what a capture allows.
        graph.capture_begin(capture_error_mode="thread_local")
        try:
            action()
        except BaseException:
            with contextlib.suppress(Exception):
                graph.capture_end()
            raise
        graph.capture_end()
        return graph.replay

    def is_out_of_memory(self, error: BaseException) -> bool:
        """Whether the device's memory ran out."""
        return isinstance(error, self.torch.cuda.OutOfMemoryError) or "out of memory" in str(error)

    def give_back(self) -> None:
        """To the driver, what torch keeps for later."""
        self.torch.cuda.empty_cache()

    def free_bytes(self) -> int:
        """That nobody holds."""
        return int(self.torch.cuda.mem_get_info()[0])

    def total_bytes(self) -> int:
        """Of the device."""
        return int(self.torch.cuda.mem_get_info()[1])

    @contextlib.contextmanager
    def own_settings(self, *, exact: bool, search: bool) -> Iterator[None]:
        """Inside, fp32 is not rounded to TF32 if `exact`; if `search`, cuDNN tries which way is quickest."""
        cudnn = self.torch.backends.cudnn
        holder, name, value = cudnn, "allow_tf32", False
        if hasattr(cudnn, "conv"):
            holder, name, value = cudnn.conv, "fp32_precision", "ieee"
        searched, rounded = cudnn.benchmark, getattr(holder, name)
        cudnn.benchmark = search
        try:
            if exact:
                setattr(holder, name, value)
            yield
        finally:
            cudnn.benchmark = searched
            if exact:
                setattr(holder, name, rounded)


class CudaNetwork:
    """A network on the device, for frames of any size, from any thread.

    Args:
        device: CUDA.
        network: on the device already.
        multiple: the network's size rule, px.
        anchor_channels: that it takes.
        footprint: what it holds.
        exact: it computes in fp32.
        ends_size: of what it takes of a style code; 0 for none.

    Attributes:
        problem: why frames are launched layer by layer, or None: slower, and nothing else.
    """

    def __init__(
        self,
        device: Device,
        network: Network,
        multiple: int,
        anchor_channels: int,
        footprint: Footprint,
        *,
        exact: bool,
        ends_size: int = 0,
    ) -> None:
        self.device, self.network, self.exact = device, network, exact
        self.multiple, self.anchor_channels, self.ends_size = multiple, anchor_channels, ends_size
        self.problem: str | None = None
        self._kept_px = KEPT_SHARE * device.total_bytes() / footprint.bytes_per_px(UNKNOWN)
        self._idle: OrderedDict[tuple[int, ...], queue.SimpleQueue[Program]] = OrderedDict()
        self._seen: OrderedDict[tuple[int, ...], None] = OrderedDict()
        self._streams, self._recording = [device.stream()], device.stream()
        self._held_results: set[int] = set()
        self._count = itertools.count()

    def run(
        self, frames: np.ndarray, anchors: np.ndarray | None, ends: np.ndarray | None = None
    ) -> np.ndarray:
        """See `inference.runner.Runner.run`; `ends` is its `code`."""
        with self.device.torch.inference_mode(), self._program(frames.shape) as program:
            return program.run(frames, anchors, ends)

    def use_lanes(self, count: int) -> None:
        """See `inference.runner.ManyAtOnce.use_lanes`."""
        self.forget()
        self._streams = [self.device.stream() for _ in range(count)]

    def forget(self) -> None:
        """See `inference.runner.Runner.forget`."""
        with _ONE_AT_A_TIME:
            self._idle.clear()
            self.device.give_back()

    def free_bytes(self) -> int:
        """See `inference.runner.Runner.free_bytes`."""
        with _ONE_AT_A_TIME:
            self.device.give_back()  # what torch keeps for later is free too
            return self.device.free_bytes()

    @contextlib.contextmanager
    def launching(self, *, search: bool = False) -> Iterator[None]:
        """Inside, torch is set as this network wants it."""
        with _ONE_AT_A_TIME, self.device.own_settings(exact=self.exact, search=search):
            yield

    def result_like(self, shape: tuple[int, ...]) -> tuple[Any, np.ndarray]:
        """Memory for a result as a tensor and as an array, which the caller may keep."""
        torch = self.device.torch
        if (len(self._held_results) + 1) * math.prod(shape) > PINNED_BYTES:
            tensor = torch.empty(shape, dtype=torch.uint8)
            return tensor, tensor.numpy()
        tensor = self.device.pinned(shape, torch.uint8)
        array, token = tensor.numpy(), next(self._count)
        self._held_results.add(token)
        weakref.finalize(array, self._held_results.discard, token).atexit = False
        return tensor, array

    @contextlib.contextmanager
    def _program(self, shape: tuple[int, ...]) -> Iterator[Program]:
        """One that nobody else is using: a recorded one where the size has come before."""
        idle = self._recorded(shape)
        if idle is None:
            yield Program(self, shape, self._streams[next(self._count) % len(self._streams)])
            return
        program = idle.get()
        try:
            yield program
        finally:
            idle.put(program)

    def _recorded(self, shape: tuple[int, ...]) -> queue.SimpleQueue[Program] | None:
        if self.problem is None and (idle := self._idle.get(shape)) is not None:
            return idle
        with self.launching(search=True):
            if self.problem is not None or self._is_new(shape):
                return None
            if shape not in self._idle:
                self._make_room(shape)
                programs = [Program(self, shape, stream) for stream in self._streams]
                try:
                    for program in programs:
                        program.record(self._recording)
                except Exception as error:
                    if self.device.is_out_of_memory(error):
                        raise
                    self.problem = f"{type(error).__name__}: {error}"
                    return None
                self._idle[shape] = queue.SimpleQueue()
                for program in programs:
                    self._idle[shape].put(program)
            return self._idle[shape]

    def _is_new(self, shape: tuple[int, ...]) -> bool:
        is_new = shape not in self._seen
        self._seen[shape] = None
        self._seen.move_to_end(shape)
        while len(self._seen) > SIZES_REMEMBERED:
            self._seen.popitem(last=False)
        return is_new

    def _make_room(self, shape: tuple[int, ...]) -> None:
        def together() -> int:
            return len(self._streams) * sum(math.prod(kept[:3]) for kept in (*self._idle, shape))

        while self._idle and (len(self._idle) >= SIZES_KEPT or together() > self._kept_px):
            self._idle.popitem(last=False)


class Program:
    """The network for frames of one shape: buffers, a stream, and the launches, recorded or not."""

    _staged_anchors: Any = None
    _anchors: Any = None
    _staged_ends: Any = None
    _ends: Any = None

    def __init__(self, owner: CudaNetwork, shape: tuple[int, ...], stream: Any) -> None:
        torch, device = owner.device.torch, owner.device
        padded = shape_with_margin(shape, owner.multiple)
        cells = padded[0], padded[1] // CELL_PX, padded[2] // CELL_PX, owner.anchor_channels
        self._owner, self._shape, self._stream = owner, shape, stream
        self._where = place_in_margin(shape, owner.multiple)
        self._done = device.waiter()
        self._replay: Callable[[], object] | None = None
        self._stands_still = False
        self._staged = device.pinned(padded, torch.uint8)
        with device.within(stream):
            self._levels = torch.zeros(padded, dtype=torch.uint8, device=device.name)
            if owner.anchor_channels:
                self._staged_anchors = device.pinned(cells, torch.float32)
                self._anchors = torch.zeros(cells, dtype=torch.float32, device=device.name)
            if owner.ends_size:
                self._staged_ends = device.pinned((shape[0], owner.ends_size), torch.float32)
                self._ends = torch.zeros((shape[0], owner.ends_size), dtype=torch.float32, device=device.name)
            self._result = torch.zeros(shape, dtype=torch.uint8, device=device.name)

    def run(
        self, frames: np.ndarray, anchors: np.ndarray | None, ends: np.ndarray | None = None
    ) -> np.ndarray:
        """Frames in, frames out; waits for them."""
        owner, stream = self._owner, self._stream
        result, array = owner.result_like(self._shape)
        with_margin(frames, owner.multiple, self._staged.numpy())
        changed = self._anchors is not None and not (anchors is None and self._stands_still)
        if changed:
            anchor_cells_with_margin(anchors, frames.shape, self._where, self._staged_anchors.numpy())
            self._stands_still = anchors is None
        with owner.device.within(stream):
            self._levels.copy_(self._staged, non_blocking=True)
            if changed and self._anchors is not None:
                self._anchors.copy_(self._staged_anchors, non_blocking=True)
            if self._ends is not None and ends is not None:
                self._staged_ends.numpy()[...] = ends
                self._ends.copy_(self._staged_ends, non_blocking=True)
            if self._replay is not None:
                self._replay()
            else:
                with owner.launching():
                    self._compute()
            result.copy_(self._result, non_blocking=True)
            self._done.record(stream)
        self._done.synchronize()
        return array

    def record(self, stream: Any) -> None:
        """Capture the launches, there; within `CudaNetwork.launching`."""
        device = self._owner.device
        with device.within(stream):
            for _ in range(_WARM_UPS):
                self._compute()
            self._done.record(stream)
            self._done.synchronize()
            device.give_back()  # a graph has memory of its own
            self._replay = device.captured(self._compute)

    def _compute(self) -> None:
        inputs = [self._levels] if self._anchors is None else [self._levels, self._anchors]
        if self._ends is not None:
            inputs = [self._levels, self._anchors, self._ends]
        rows, columns = self._where
        self._result.copy_(self._owner.network(*inputs)[:, rows, columns])
