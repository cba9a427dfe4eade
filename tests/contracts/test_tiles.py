"""Every runner gives in tiles what it gives in one piece, for every generator."""

import numpy as np
import pytest

from stylereel.inference.memory_plan import Beside, MemoryPlan
from stylereel.inference.runner import RUNNERS, open_runner
from stylereel.inference.runners._live_values import UNKNOWN, live_values
from stylereel.inference.tiled_runner import WEIGHT_COPIES, TiledRunner
from stylereel.packs.store import ONNX_NAME

SIZE = (421, 563)
MOST_LEVELS = {"fp32": 1, "bf16": 2}
"""bf16 rounds inside the network: where a library sums another shape in another order, that may show."""


def picture(height, width):
    """Soft colours with noise and edges, and a flat place, where a seam would be seen first."""
    y, x = np.mgrid[:height, :width]
    base = np.stack([x * 200 / width, y * 200 / height, ((x + y) % 17) * 12], axis=-1)
    noisy = base + np.random.default_rng(height * width).normal(0, 6, (height, width, 3))
    noisy[height // 4 : -height // 4, width // 4 : -width // 4] = (40, 200, 90)
    return np.clip(noisy, 0, 255).astype(np.uint8)[None]


def tight(pack, runner, size, share):
    """A plan that leaves the network `share` of what the whole frame takes."""
    per_px = runner.footprint.bytes_per_px(live_values(pack))
    fixed = WEIGHT_COPIES * (pack.folder / ONNX_NAME).stat().st_size
    return MemoryPlan(int(fixed + share * per_px * size[0] * size[1]), Beside(0, 0, 0))


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("name", RUNNERS.names())
def test_tiles_change_at_most_a_level_and_nothing_at_their_seams(generator_pack, name, precision):
    if name == "onnxruntime" and precision == "bf16":
        pytest.skip("computes in fp32 alone")
    runner = open_runner(generator_pack, name, "cpu", precision=precision)
    frames = picture(*SIZE)
    channels = generator_pack.card.anchor_channels
    cells = [-(-side // 4) for side in SIZE]
    anchors = np.random.default_rng(1).normal(size=(1, *cells, channels)).astype(np.float32)
    tiled = TiledRunner(runner, generator_pack, tight(generator_pack, runner, SIZE, 0.75))
    tiles = tiled.tiles_of(*SIZE)
    assert not tiles.is_whole and tiled.tile_of(*SIZE) == tiles.size[::-1]
    for given in [None, anchors] if channels else [None]:
        whole = runner.run(frames, None, None, given)[0].astype(int)
        difference = np.abs(tiled.run(frames, None, None, given)[0] - whole)
        assert difference.max() <= MOST_LEVELS[precision]
        seams = np.zeros(SIZE, bool)
        for span in tiles.rows[1:]:
            seams[span.kept.start - 1 : span.kept.start + 1] = True
        for span in tiles.columns[1:]:
            seams[:, span.kept.start - 1 : span.kept.start + 1] = True
        assert difference[:, seams].mean() <= difference[:, ~seams].mean() + 0.05
    assert not tiled.notices


def test_openvino_compiles_a_frames_tiles_once(generator_pack):
    runner = open_runner(generator_pack, "openvino", "cpu")
    tiled = TiledRunner(runner, generator_pack, tight(generator_pack, runner, SIZE, 0.75))
    tiled.run(picture(*SIZE), None, None)
    assert not tiled.tiles_of(*SIZE).is_whole and len(runner._idle) == 1


def test_the_values_that_a_network_keeps_alive_are_counted_for_every_generator(generator_pack):
    assert 3 < live_values(generator_pack) < UNKNOWN


@pytest.mark.parametrize("name", RUNNERS.names())
def test_every_runner_can_forget_and_go_on(generator_pack, name):
    runner = open_runner(generator_pack, name, "cpu", precision="fp32")
    frames = picture(64, 72)
    before = runner.run(frames, None, None)[0]
    runner.forget()
    assert np.array_equal(runner.run(frames, None, None)[0], before)
    assert np.array_equal(runner.run(frames, None, None)[0], before)
    assert runner.free_bytes() is None
