"""What the torch runner does on a graphics card, on a stand-in for one that computes at once."""

import contextlib
import threading
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from stylereel.core.anchors import anchors_at, still_places
from stylereel.inference.runner import Footprint
from stylereel.inference.runners import _torch_cuda
from stylereel.inference.runners._torch_cuda import CudaNetwork, Device
from stylereel.inference.sizing import (
    anchor_cells_with_margin,
    anchors_with_margin,
    with_margin,
)
from stylereel.inference.tiled_runner import TiledRunner
from toy_packs import toy_pack


class StandIn(Device):
    """The processor, asked as CUDA is."""

    name = "cpu"

    def __init__(self, error=None, given=2**33):
        super().__init__(torch)
        self.error, self.given = error, given
        self.captures = self.replays = self.given_back = 0

    def pinned(self, shape, dtype):
        return torch.empty(shape, dtype=dtype)

    def stream(self):
        return object()

    def within(self, stream):
        return contextlib.nullcontext()

    def waiter(self):
        return SimpleNamespace(record=lambda stream: None, synchronize=lambda: None)

    def captured(self, action):
        if self.error is not None:
            raise self.error
        self.captures += 1

        def replay():
            self.replays += 1
            action()

        return replay

    def give_back(self):
        self.given_back += 1

    def free_bytes(self):
        return self.given

    def total_bytes(self):
        return self.given


class Inverting:
    """A network that inverts, moved by its anchors, and keeps its memory."""

    def __init__(self, most_px=10**9):
        self.most_px, self.calls = most_px, 0

    def __call__(self, levels, anchors=None):
        self.calls += 1
        if levels.shape[1] * levels.shape[2] > self.most_px:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        shift = 0 if anchors is None else (anchors[..., 0] * 20).round().to(torch.uint8)
        if anchors is not None:
            shift = shift.repeat_interleave(4, 1).repeat_interleave(4, 2)[..., None]
        return 255 - levels + shift


def opened(device=None, network=None, channels=0):
    device, network = device or StandIn(), network or Inverting()
    return CudaNetwork(device, network, 4, channels, Footprint(4.0, 60.0), exact=True)


def frames(height, width, count=1, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), np.uint8)


def test_a_size_is_captured_when_it_comes_again_and_replayed_from_then_on():
    device = StandIn()
    cuda = opened(device)
    for turn, size in enumerate([(9, 13), (9, 13), (24, 8), (9, 13), (24, 8)]):
        given = frames(*size, seed=turn)
        assert np.array_equal(cuda.run(given, None), 255 - given)
    assert device.captures == 2 and device.replays == 3


def test_a_result_stays_as_it_is_when_the_next_frame_is_done():
    cuda = opened()
    given = [frames(16, 20, seed=seed) for seed in range(5)]
    results = [cuda.run(each, None) for each in given]
    assert all(np.array_equal(result, 255 - each) for result, each in zip(results, given, strict=True))


def test_few_sizes_are_kept_and_forgetting_gives_all_back():
    device = StandIn()
    cuda = opened(device)
    for side in range(8, 8 + 2 * _torch_cuda.SIZES_KEPT):
        cuda.run(frames(side, side), None)
        cuda.run(frames(side, side), None)
    assert len(cuda._idle) == _torch_cuda.SIZES_KEPT
    cuda.forget()
    assert not cuda._idle and device.given_back
    tight = opened(StandIn(given=10_000))
    for side in (16, 20, 16, 20):
        tight.run(frames(side, side), None)
    assert len(tight._idle) == 1


def test_without_anchors_a_picture_stands_still_and_those_of_the_frame_before_are_forgotten():
    cuda = opened(channels=2)
    given = frames(14, 22)
    still = anchors_at(still_places(16, 24), 2)[None]
    moved = still + 0.7
    alone = cuda.run(given, None)
    assert not np.array_equal(alone, cuda.run(given, moved))
    assert np.array_equal(alone, cuda.run(given, None))
    assert np.array_equal(alone, cuda.run(given, None))
    assert np.array_equal(alone, cuda.run(given, still))


def test_threads_at_once_each_get_their_own_frame():
    device = StandIn()
    cuda = opened(device, channels=1)
    cuda.use_lanes(3)
    wrong = []

    def work(seed):
        for turn in range(20):
            given = frames(24, 40, seed=100 * seed + turn)
            anchors = np.full((1, 6, 10, 1), seed / 4, np.float32)
            expected = 255 - given + np.uint8(5 * seed)
            if not np.array_equal(cuda.run(given, anchors), expected):
                wrong.append((seed, turn))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and device.captures == 3


def test_a_card_that_cannot_capture_is_given_each_launch():
    cuda = opened(StandIn(error=RuntimeError("operation not permitted when stream is capturing")))
    for seed in range(3):
        given = frames(12, 12, seed=seed)
        assert np.array_equal(cuda.run(given, None), 255 - given)
    assert cuda.problem is not None and "capturing" in cuda.problem


def test_memory_that_runs_out_while_capturing_is_said():
    cuda = opened(StandIn(error=RuntimeError("CUDA error: out of memory")))
    cuda.run(frames(12, 12), None)
    with pytest.raises(RuntimeError, match="out of memory"):
        cuda.run(frames(12, 12), None)
    assert cuda.problem is None


class OnTheStandIn:
    """As much of a runner as `TiledRunner` asks for."""

    name, device, precision, anchor_channels, footprint = "torch", "cuda", "fp32", 0, Footprint(4.0, 60.0)

    def __init__(self, cuda):
        self.cuda, self.forget, self.free_bytes = cuda, cuda.forget, cuda.free_bytes

    def run(self, frames, code, state, anchors=None):
        return self.cuda.run(frames, anchors), state


def test_the_tile_is_halved_when_the_cards_memory_runs_out(tmp_path):
    device = StandIn()
    inner = OnTheStandIn(opened(device, Inverting(most_px=220 * 220)))
    runner = TiledRunner(inner, toy_pack(tmp_path / "invert"))
    for seed in range(2):
        given = frames(200, 300, seed=seed)
        assert np.array_equal(runner.run(given, None, None)[0], 255 - given)
    assert runner.tile_of(200, 300) is not None
    assert len(runner.notices) == 1 and device.given_back


def test_results_that_are_kept_end_up_in_ordinary_memory(monkeypatch):
    device, pinned = StandIn(), []
    monkeypatch.setattr(_torch_cuda, "PINNED_BYTES", 2 * 16 * 16 * 3)
    monkeypatch.setattr(
        device, "pinned", lambda shape, dtype: pinned.append(shape) or torch.empty(shape, dtype=dtype)
    )
    cuda = opened(device)
    shape = (1, 16, 16, 3)
    kept = [cuda.result_like(shape)[1] for _ in range(5)]
    assert len(pinned) == 2
    del kept
    cuda.result_like(shape)
    assert len(pinned) == 3


def test_torch_is_set_while_it_launches_and_as_it_was_afterwards():
    cudnn, found = torch.backends.cudnn, []

    def network(levels):
        found.append((cudnn.benchmark, cudnn.conv.fp32_precision if hasattr(cudnn, "conv") else "ieee"))
        return levels

    before = cudnn.benchmark, cudnn.allow_tf32
    cuda = opened(network=network)
    cuda.run(frames(8, 8), None)
    cuda.run(frames(8, 8), None)
    assert found[0] == (False, "ieee") and found[1] == (True, "ieee")
    assert (cudnn.benchmark, cudnn.allow_tf32) == before


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [(3, 5), (45, 61), (40, 200)])
def test_anchors_as_cells_are_those_in_planes(channels, size):
    given = frames(*size, count=2)
    padded, where = with_margin(given, 8)
    shape = 2, -(-size[0] // 4), -(-size[1] // 4), channels
    anchors = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    for some in (anchors, None):
        planes = anchors_with_margin(some, given, padded, where, channels)
        cells = np.empty((2, padded.shape[1] // 4, padded.shape[2] // 4, channels), np.float32)
        anchor_cells_with_margin(some, given.shape, where, cells)
        assert np.array_equal(cells.transpose(0, 3, 1, 2), planes)
