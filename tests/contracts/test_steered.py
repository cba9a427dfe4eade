"""Every runner takes a look with each frame, and gives what the look folded in gives."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import threading

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from safetensors.numpy import load, save

from many_looks import STYLES, many_pack, many_recipe
from stylereel.actions.trained_pack import files_of_looks
from stylereel.core.anchors import anchors_at, still_places
from stylereel.core.errors import PackError, UsageError
from stylereel.inference.quickest import measure
from stylereel.inference.runner import RUNNERS, open_runner
from stylereel.inference.runners._live_values import UNKNOWN, live_values
from stylereel.inference.tiled_runner import TiledRunner
from stylereel.inference.tiling import Cutter
from stylereel.networks.generators import conditional
from stylereel.networks.steered import Steered
from stylereel.packs.looks import choose_look, ends_of, parse_mixture, steered_layers
from stylereel.packs.steerable import STEERED_NAME, Steerable
from stylereel.packs.store import load_pack, save_pack
from toy_levels import BF16_LEAST_PSNR_DB, picture, psnr
from toy_packs import toy_pack

MIXTURE = "oil*0.3+chalk*0.7"


@pytest.fixture(scope="module")
def recipe():
    return many_recipe()


@pytest.fixture(scope="module")
def whole(recipe, tmp_path_factory):
    return many_pack(tmp_path_factory.mktemp("packs") / "many", recipe)


@pytest.fixture(scope="module")
def pack(whole):
    return Steerable.of(whole)


def ends(pack, look: str) -> np.ndarray:
    return pack.ends(pack.code(parse_mixture(look, STYLES)))


def anchors_of(count: int, height: int, width: int) -> np.ndarray:
    return (
        np.random.default_rng(3).normal(size=(count, -(-height // 4), -(-width // 4), 4)).astype(np.float32)
    )


def test_a_pack_is_written_from_one_folding_of_its_network(recipe, whole, monkeypatch):
    real, times = conditional.Generator.folded, []
    monkeypatch.setattr(conditional.Generator, "folded", lambda self: times.append(1) or real(self))
    files = files_of_looks(recipe.generator, recipe)
    assert len(times) == 1
    assert all(files[name] == whole.read(name) for name in ("folded.safetensors", "codes.safetensors"))


def test_the_ends_of_a_code_lie_as_the_network_takes_them(pack, recipe):
    network = Steered(recipe.generator)
    assert pack.ends_size == network.code_size == len(ends(pack, "ink"))
    at = 0
    for name in steered_layers(pack.folded):
        layer = network.get_submodule(name)
        assert layer.first == at
        at = layer.last
    code = pack.code({"oil": 1.0})
    code[-1] = 0.25
    assert at == pack.ends_size - 1 and ends_of(pack.folded, code)[-1] == np.float32(0.25)


def test_the_steered_network_is_the_trained_one_at_any_code(pack, recipe):
    x, anchors = torch.rand(2, 3, 48, 64) * 2 - 1, torch.randn(2, 4, 12, 16)
    codes = np.random.default_rng(0).normal(size=(2, pack.card.code_size)).astype(np.float32)
    codes[:, -1] = [0.0, 0.5]
    given = torch.from_numpy(np.stack([pack.ends(code) for code in codes]))
    with torch.no_grad():
        expected = recipe.generator(x, torch.from_numpy(codes), anchors)
        found = Steered(recipe.generator)(x, given, anchors)
    off = (found - expected).abs()
    assert off.max() < 2 * 2 / 255 and off.mean() < 0.1 * 2 / 255  # its head is rounded to bf16 on purpose


def test_codes_of_a_pack_with_a_wide_look_are_of_one_length_and_steer(whole, recipe, tmp_path):
    codes = load(whole.read("codes.safetensors"))
    codes["offsets"] = np.zeros((3, recipe.generator.offsets_size), np.float32)
    codes["offsets"][1] = 0.1 * np.random.default_rng(5).normal(size=recipe.generator.offsets_size)
    files = {name: whole.read(name) for name in whole.card.files} | {"codes.safetensors": save(codes)}
    wide_pack = save_pack(tmp_path / "wide", whole.card, files)
    wide = Steerable.of(wide_pack)
    plain, fitted = wide.code({"oil": 1.0}), wide.code({"ink": 1.0})
    assert len(plain) == len(fitted) == whole.card.code_size + recipe.generator.offsets_size
    assert np.array_equal(wide.ends(plain), ends(Steerable.of(whole), "oil"))
    frames = picture(24, 32)
    folded = open_runner(choose_look(wide_pack, "ink"), "onnxruntime").run(frames, None, None)[0].astype(int)
    found = open_runner(wide, "onnxruntime").run(frames, wide.ends(fitted)[None], None)[0]
    assert np.abs(found - folded).max() <= 1


@pytest.mark.parametrize("runner", RUNNERS.names())
@pytest.mark.parametrize("size", [(48, 64), (45, 61), (3, 5)])
def test_a_fixed_code_gives_what_the_look_folded_in_gives(whole, pack, runner, size):
    frames, anchors = picture(*size), anchors_of(1, *size)
    steered = open_runner(pack, runner, "cpu", precision="fp32")
    for look in ("oil", MIXTURE):
        folded = open_runner(choose_look(whole, look), runner, "cpu", precision="fp32")
        expected = folded.run(frames, None, None, anchors)[0].astype(int)
        found = steered.run(frames, ends(pack, look)[None], None, anchors)[0]
        assert found.shape == frames.shape and np.abs(found - expected).max() <= 1


def test_a_strength_goes_from_the_photographs_code_as_that_of_a_look_folded_in_does(whole, pack):
    frames, code = picture(24, 32), pack.code({"ink": 1.0})
    folded = open_runner(choose_look(whole, "ink").at(0.4), "onnxruntime").run(frames, None, None)[0]
    found = open_runner(pack, "onnxruntime").run(frames, pack.ends(code, 0.4)[None], None)[0]
    assert np.abs(found.astype(int) - folded).max() <= 1
    assert not np.allclose(pack.ends(code, 0.4), pack.ends(code))


@pytest.mark.parametrize("runner", ["openvino", "torch"])
def test_bf16_stays_close_to_fp32(pack, runner):
    frames, code = picture(96, 128), ends(pack, MIXTURE)[None]
    expected = open_runner(pack, "onnxruntime").run(frames, code, None)[0]
    found = open_runner(pack, runner, "cpu", precision="bf16").run(frames, code, None)[0]
    assert psnr(found, expected) >= BF16_LEAST_PSNR_DB


@pytest.mark.parametrize("runner", RUNNERS.names())
def test_frames_of_a_batch_each_have_their_own_look(pack, runner):
    frames, looks = picture(24, 40, count=3), ("oil", "ink", MIXTURE)
    opened = open_runner(pack, runner, "cpu", precision="fp32")
    codes = np.stack([ends(pack, look) for look in looks])
    together = opened.run(frames, codes, None)[0].astype(int)
    for at in range(3):
        alone = opened.run(frames[at : at + 1], codes[at : at + 1], None)[0][0]
        assert np.abs(together[at] - alone).max() <= 1
    assert np.abs(together[0] - together[1]).mean() > 2


@pytest.mark.parametrize("runner", RUNNERS.names())
def test_the_share_of_the_source_goes_all_the_way_to_the_source(pack, runner):
    frames, code = picture(40, 56), pack.code({"ink": 1.0})
    code[-1] = 1.0
    opened = open_runner(pack, runner, "cpu", precision="fp32")
    found = opened.run(frames, pack.ends(code)[None], None)[0]
    assert np.abs(found.astype(int) - frames).max() <= 1


@pytest.mark.parametrize("runner", RUNNERS.names())
def test_a_look_that_is_missing_or_of_another_length_is_refused(pack, runner):
    opened = open_runner(pack, runner, "cpu")
    for code in (None, np.ones((1, 3), np.float32), np.ones((2, pack.ends_size), np.float32)):
        with pytest.raises(UsageError, match="takes a look with each frame"):
            opened.run(picture(16, 16), code, None)


@pytest.mark.parametrize("runner", RUNNERS.names())
def test_tiles_of_a_steered_frame_are_the_whole_frame(pack, runner):
    inner = open_runner(pack, runner, "cpu", precision="fp32")
    frames, code = picture(200, 312), ends(pack, MIXTURE)[None]
    anchors = anchors_at(still_places(200, 312), 4)[None]
    tiled = TiledRunner(inner, pack)
    most_px = 200 * 200.0
    tiled._tiles[200, 312, 1] = Cutter(pack.card.receptive_field_px, 8).tiles(200, 312, most_px)
    assert tiled.tile_of(200, 312) is not None
    expected = inner.run(frames, code, None, anchors)[0].astype(int)
    assert np.abs(tiled.run(frames, code, None, anchors)[0] - expected).max() <= 1


def test_two_frames_at_a_time_keep_their_own_looks(pack):
    opened = open_runner(pack, "openvino", "cpu", threads=2, precision="fp32")
    codes = [ends(pack, look)[None] for look in (*STYLES, MIXTURE)]
    frames, gate = picture(48, 64), threading.Barrier(4)
    expected = [opened.run(frames, code, None)[0].astype(int) for code in codes]
    opened.use_lanes(2)

    def at_once(code: np.ndarray) -> np.ndarray:
        gate.wait(20)
        return opened.run(frames, code, None)[0]

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = list(pool.map(at_once, codes))
    assert all(np.abs(a - b).max() <= 1 for a, b in zip(found, expected, strict=True))


def test_memory_is_counted_and_the_quickest_runner_measured_for_a_steered_pack(pack):
    assert 0 < live_values(pack) < UNKNOWN
    found = measure(pack, "cpu", "fp32", 1)
    assert found is not None and found.chosen.precision == "fp32"


def test_an_older_pack_says_what_to_do_and_runs_with_torch(whole, tmp_path):
    files = {name: whole.read(name) for name in whole.card.files if name != STEERED_NAME}
    older = Steerable.of(save_pack(tmp_path / "older", whole.card, files))
    for runner in ("auto", "openvino", "onnxruntime"):
        with pytest.raises(PackError, match=r"no steered\.onnx.*Train it again, or use --runner torch"):
            open_runner(older, runner)
    opened = open_runner(older, "torch", "cpu", precision="fp32")
    assert live_values(older) == UNKNOWN
    assert opened.run(picture(16, 24), ends(older, "ink")[None], None)[0].shape == (1, 16, 24, 3)


def test_what_cannot_be_steered_is_refused(whole, pack, tmp_path):
    with pytest.raises(PackError, match="holds one look"):
        Steerable.of(toy_pack(tmp_path / "toy"))
    with pytest.raises(PackError, match="fp32 or bf16"):
        open_runner(pack, precision="int8")
    without = {name: value for name, value in pack.folded.items() if name != "head.energy"}
    with pytest.raises(PackError, match="do not fit together"):
        dataclasses.replace(pack, folded=without).check_fits()


@pytest.mark.parametrize("runner", ["onnxruntime", "openvino"])
def test_a_network_of_another_shape_than_its_codes_is_refused(pack, runner):
    without = {name: value for name, value in pack.folded.items() if not name.startswith("head.")}
    with pytest.raises(PackError, match="do not fit together"):
        open_runner(dataclasses.replace(pack, folded=without), runner)


def test_a_network_without_the_input_for_looks_is_refused(whole, tmp_path):
    files = {name: whole.read(name) for name in whole.card.files}
    files[STEERED_NAME] = files["generator.onnx"]
    mixed = Steerable.of(load_pack(save_pack(tmp_path / "mixed", whole.card, files).folder))
    for runner in ("openvino", "onnxruntime"):
        with pytest.raises(PackError, match=r"steered\.onnx takes 2 input"):
            open_runner(mixed, runner)
