"""Every runner gives the same picture, for every generator and at every size."""

import numpy as np
import pytest

from stylereel.core.anchors import anchors_at, still_places
from stylereel.core.errors import EnvironmentMissingError, PackError
from stylereel.inference.runner import RUNNERS, open_runner
from stylereel.packs.card import GeneratorSpec
from stylereel.packs.store import ONNX_NAME, WEIGHTS_NAME, load_pack, save_pack
from toy_levels import BF16_LEAST_PSNR_DB, FP32_TOLERANCE_LEVELS, picture, psnr
from toy_packs import toy_card, toy_pack

SIZES = [(48, 64), (45, 61), (8, 8), (3, 5), (1, 1), (40, 200)]


@pytest.fixture(scope="session", params=["identity", "invert", "half", "conv"])
def known_pack(request, tmp_path_factory):
    return toy_pack(tmp_path_factory.mktemp("toys") / request.param, request.param)


def stylized(pack, runner, frames, **options):
    chosen = open_runner(pack, runner, **options)
    return chosen.run(frames, None, None)[0]


def test_the_family_holds_the_three_runners():
    assert set(RUNNERS.names()) >= {"openvino", "onnxruntime", "torch"}


@pytest.mark.parametrize("name", RUNNERS.names())
def test_every_runner_reports_what_it_has(name):
    report = RUNNERS.load(name).report()
    assert report.name == name
    assert (report.version is None) == bool(report.problem)


def test_anchors_change_the_picture_alike_in_every_runner_and_absent_ones_stand_still(generator_pack):
    channels = generator_pack.card.anchor_channels
    if not channels:
        pytest.skip("takes no anchors")
    frames = picture(45, 61, count=2)
    anchors = np.random.default_rng(0).normal(size=(2, 12, 16, channels)).astype(np.float32)
    still = np.stack([anchors_at(still_places(48, 64), channels)] * 2)
    found = {}
    for name in RUNNERS.names():
        runner = open_runner(generator_pack, name, precision="fp32")
        found[name] = runner.run(frames, None, None, anchors)[0].astype(int)
        absent = runner.run(frames, None, None)[0]
        assert np.array_equal(absent, runner.run(frames, None, None, still)[0])
        assert np.abs(found[name] - absent).max() > 2 * FP32_TOLERANCE_LEVELS
    reference = found.pop("onnxruntime")
    assert all(np.abs(other - reference).max() <= FP32_TOLERANCE_LEVELS for other in found.values())


@pytest.mark.parametrize("size", SIZES)
def test_openvino_agrees_with_onnx_runtime_on_known_networks(known_pack, size):
    frames = picture(*size)
    reference = stylized(known_pack, "onnxruntime", frames).astype(int)
    assert reference.shape == frames.shape
    exact = stylized(known_pack, "openvino", frames, precision="fp32")
    assert np.abs(exact - reference).max() <= FP32_TOLERANCE_LEVELS


@pytest.mark.parametrize("runner", ["openvino", "onnxruntime"])
def test_the_pictures_levels_survive_the_way_in_and_out(tmp_path, runner):
    levels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, axis=3)
    identity = toy_pack(tmp_path / "identity", "identity")
    assert np.array_equal(stylized(identity, runner, levels, precision="fp32"), levels)
    invert = toy_pack(tmp_path / "invert", "invert")
    assert np.array_equal(stylized(invert, runner, levels, precision="fp32"), 255 - levels)


@pytest.mark.parametrize("runner", ["openvino", "onnxruntime"])
def test_a_batch_gives_what_its_frames_give_alone(tmp_path, runner):
    pack = toy_pack(tmp_path / "conv", "conv")
    frames = picture(24, 32, count=3)
    together = stylized(pack, runner, frames, precision="fp32")
    alone = [stylized(pack, runner, frames[i : i + 1], precision="fp32") for i in range(3)]
    assert np.abs(together.astype(int) - np.concatenate(alone)).max() <= 1


@pytest.mark.parametrize("size", SIZES)
def test_fp32_runners_agree_for_every_generator(generator_pack, size):
    frames = picture(*size)
    reference = stylized(generator_pack, "torch", frames, device="cpu", precision="fp32").astype(int)
    assert reference.shape == frames.shape
    for name in ("onnxruntime", "openvino"):
        result = stylized(generator_pack, name, frames, device="cpu", precision="fp32")
        assert np.abs(result - reference).max() <= FP32_TOLERANCE_LEVELS, name


@pytest.mark.parametrize("name", ["openvino", "torch"])
def test_bf16_stays_close_to_fp32_for_every_generator(generator_pack, name):
    frames = picture(96, 128)
    reference = stylized(generator_pack, "onnxruntime", frames)
    result = stylized(generator_pack, name, frames, device="cpu", precision="bf16")
    assert psnr(result, reference) >= BF16_LEAST_PSNR_DB


@pytest.mark.parametrize("name", ["openvino", "onnxruntime"])
def test_a_device_that_a_runner_lacks_is_an_error_and_never_the_cpu(tmp_path, name):
    report = RUNNERS.load(name).report()
    missing = next(device for device in ("cuda", "mps") if device not in report.devices)
    with pytest.raises(EnvironmentMissingError, match="pip install"):
        open_runner(toy_pack(tmp_path / "toy"), name, missing)


def test_weights_of_another_shape_are_refused_before_the_network_is_built(generator_pack, tmp_path):
    forged = save_pack(
        tmp_path / "forged",
        generator_pack.card.model_copy(
            update={"generator": GeneratorSpec(key=generator_pack.card.generator.key, config={"blocks": 3})}
        ),
        {name: generator_pack.read(name) for name in (WEIGHTS_NAME, ONNX_NAME)},
    )
    with pytest.raises(PackError, match="belongs to another generator"):
        open_runner(load_pack(forged.folder), "torch", "cpu")


@pytest.mark.parametrize("runner", ["openvino", "onnxruntime"])
def test_a_card_that_misstates_the_anchors_is_refused(generator_pack, tmp_path, runner):
    card = generator_pack.card
    config = {key: value for key, value in card.generator.config.items() if key != "anchor_channels"}
    forged = card.model_copy(
        update={
            "anchor_channels": 0 if card.anchor_channels else 4,
            "generator": GeneratorSpec(key=card.generator.key, config=config),
        }
    )
    files = {name: generator_pack.read(name) for name in (WEIGHTS_NAME, ONNX_NAME)}
    pack = save_pack(tmp_path / "forged", forged, files)
    with pytest.raises(PackError, match="input"):
        open_runner(pack, runner)


def test_a_card_must_agree_with_itself_on_anchors():
    with pytest.raises(ValueError, match="anchor_channels"):
        toy_card(
            "toy", generator=GeneratorSpec(key="light", config={"anchor_channels": 4}), anchor_channels=0
        )
