"""The torch runner on a graphics card gives what it gives on the processor."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from stylereel.inference.runner import open_runner
from stylereel.inference.tiled_runner import TiledRunner
from toy_levels import BF16_LEAST_PSNR_DB, FP32_TOLERANCE_LEVELS, picture, psnr

pytestmark = pytest.mark.gpu
SIZES = [(96, 128), (45, 61), (3, 5)]
PARTS = (0.7, 0.5, 0.35, 0.25)
"""Of the memory that a whole frame takes: cuDNN makes do with less of it than it likes, but not with any."""
LARGE = (1536, 2048)


@pytest.fixture(autouse=True, scope="module")
def _gpu():
    """Skip without CUDA, or fail where a GPU was promised."""
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        if os.environ.get("REQUIRE_GPU") == "1":
            pytest.fail("REQUIRE_GPU=1, and torch finds no CUDA device")
        pytest.skip("no CUDA device; REQUIRE_GPU=1 makes this a failure")


def some_anchors(pack, frames, seed=0):
    """Drawn at random, or None where the network takes none."""
    channels = pack.card.anchor_channels
    if not channels:
        return None
    shape = len(frames), -(-frames.shape[1] // 4), -(-frames.shape[2] // 4), channels
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def on_cpu(pack, frames, anchors=None):
    return open_runner(pack, "torch", "cpu", precision="fp32").run(frames, None, None, anchors)[0]


def is_near(found, expected, precision):
    if precision == "fp32":
        return np.abs(found.astype(int) - expected).max() <= FP32_TOLERANCE_LEVELS
    return psnr(found, expected) >= BF16_LEAST_PSNR_DB


@pytest.mark.parametrize("precision", ["fp32", "auto"])
def test_cuda_agrees_with_the_cpu_at_sizes_in_turn(generator_pack, precision):
    runner = open_runner(generator_pack, "torch", "cuda", precision=precision)
    assert runner.device == "cuda"
    expected = {size: on_cpu(generator_pack, picture(*size)) for size in SIZES}
    for turn in range(3):  # launched, captured, replayed
        for size in SIZES:
            found, _ = runner.run(picture(*size), None, None)
            assert found.shape == (1, *size, 3) and found.dtype == np.uint8
            assert is_near(found, expected[size], precision), (turn, size)
    assert runner._on_cuda.problem is None, "the graph was not captured"
    assert runner._on_cuda._idle


@pytest.mark.parametrize("precision", ["fp32", "auto"])
def test_anchors_of_each_frame_are_its_own(generator_pack, precision):
    frames = picture(90, 122, count=2)
    runner = open_runner(generator_pack, "torch", "cuda", precision=precision)
    given = [None, some_anchors(generator_pack, frames), None, some_anchors(generator_pack, frames, 1), None]
    found = [runner.run(frames, None, None, anchors)[0] for anchors in given]
    for result, anchors in zip(found, given, strict=True):
        assert is_near(result, on_cpu(generator_pack, frames, anchors), precision)
    assert np.abs(found[2].astype(int) - found[4]).max() <= 1


def test_two_threads_at_once_get_the_frames_that_one_gets(generator_pack):
    runner = open_runner(generator_pack, "torch", "cuda")
    frames = [picture(184, 248 + 8 * (index % 2)) for index in range(6)]
    anchors = [some_anchors(generator_pack, each, index) for index, each in enumerate(frames)]
    expected = [on_cpu(generator_pack, *each) for each in zip(frames, anchors, strict=True)]
    runner.use_lanes(runner.most_lanes)

    def stylized(index):
        return index, runner.run(frames[index % 6], None, None, anchors[index % 6])[0]

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(stylized, range(60)))
    first = {}
    for index, result in results:
        assert is_near(result, expected[index % 6], "auto"), index
        if index >= 30:  # all sizes are captured by now
            assert np.abs(result.astype(int) - first.setdefault(index % 6, result)).max() <= 1


def test_where_the_cards_memory_runs_out_the_tile_is_halved(generator_pack):
    import torch

    frames = picture(*LARGE)
    anchors = some_anchors(generator_pack, frames)
    inner = open_runner(generator_pack, "torch", "cuda", precision="fp32")
    inner.forget()
    torch.cuda.reset_peak_memory_stats()
    expected, _ = inner.run(frames, None, None, anchors)
    needed, total = torch.cuda.max_memory_allocated(), torch.cuda.mem_get_info()[1]
    for part in PARTS:
        inner.forget()
        runner = TiledRunner(inner, generator_pack)
        torch.cuda.set_per_process_memory_fraction(part * needed / total)
        try:
            found = [runner.run(frames, None, None, anchors)[0] for _ in range(2)]
        finally:
            torch.cuda.set_per_process_memory_fraction(1.0)
            inner.forget()
        for result in found:
            assert is_near(result, expected, "fp32"), part
        if runner.notices:
            break
    assert runner.tile_of(*LARGE) is not None and len(runner.notices) == 1
    assert "smaller tiles" in runner.notices[0]
