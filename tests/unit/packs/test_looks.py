"""One look of a pack that holds many, chosen and folded without torch."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")
from safetensors.numpy import load, save

from many_looks import STYLES, many_pack, many_recipe
from stylereel.actions.trained_pack import saved
from stylereel.core.errors import PackError, UsageError
from stylereel.export.onnx import evaluator
from stylereel.inference.runner import open_runner
from stylereel.inference.runners.torch import load_generator
from stylereel.packs.codes import at_strength, mixed, varied
from stylereel.packs.find import find_pack
from stylereel.packs.looks import baked, choose_look, parse_mixture
from stylereel.packs.store import load_pack, save_pack
from stylereel.training.recipes import conditional
from toy_runs import TINY_RECIPES


@pytest.fixture(scope="module")
def recipe():
    return many_recipe()


@pytest.fixture(scope="module")
def pack(recipe, tmp_path_factory):
    return many_pack(tmp_path_factory.mktemp("packs") / "many", recipe)


def code_of(recipe, **shares: float):
    weights = torch.tensor([[shares.get(name, 0.0) for name in STYLES]])
    return recipe.codes.of(weights).detach()


def inputs():
    random = torch.Generator().manual_seed(1)
    return torch.rand(1, 3, 48, 64, generator=random) * 2 - 1, torch.randn(1, 4, 12, 16, generator=random)


@pytest.mark.parametrize(
    ("wanted", "shares"),
    [
        ("oil", {"oil": 1.0}),
        ("chalk", {"chalk": 1.0}),
        ("oil*0.7+ink*0.3", {"oil": 0.7, "ink": 0.3}),
        ("ink*2 + chalk*6", {"ink": 0.25, "chalk": 0.75}),
    ],
)
def test_a_chosen_look_is_the_trained_network_at_that_code_in_both_files(pack, recipe, wanted, shares):
    look = choose_look(pack, wanted)
    x, anchors = inputs()
    with torch.no_grad():
        expected = recipe.generator(x, code_of(recipe, **shares), anchors)
        by_weights = load_generator(look).eval()(x, None, anchors)
    by_onnx = evaluator()(look.read("generator.onnx"), x.numpy(), anchors.numpy())
    assert (by_weights - expected).abs().max() < 1e-4
    assert np.abs(by_onnx - expected.numpy()).max() < 2 * 2 / 255  # the head is rounded to bf16 on purpose
    folded = recipe.generator.baked(code_of(recipe, **shares)[0]).eval().folded()
    with torch.no_grad():
        assert np.abs(by_onnx - folded(x, anchors).numpy()).max() < 0.5 * 2 / 255


def test_a_wide_code_is_the_same_network_without_torch(pack, recipe):
    x, anchors = inputs()
    random = torch.Generator().manual_seed(2)
    offsets = 0.3 * torch.randn(1, recipe.generator.offsets_size, generator=random)
    code = torch.cat([code_of(recipe, oil=0.5, ink=0.5), offsets], dim=1)
    look = baked(pack, code[0].numpy(), "fitted")
    with torch.no_grad():
        expected = recipe.generator(x, code, anchors)
        by_weights = load_generator(look).eval()(x, None, anchors)
    by_onnx = evaluator()(look.read("generator.onnx"), x.numpy(), anchors.numpy())
    assert (by_weights - expected).abs().max() < 1e-4
    assert np.abs(by_onnx - expected.numpy()).max() < 2 * 2 / 255
    with pytest.raises(PackError, match=r"do not fit together: a code of 65 numbers"):
        baked(pack, code[0, :65].numpy(), "half")


def test_offsets_of_named_looks_mix_as_their_codes_do(pack, tmp_path):
    plain = mixed(pack, {"oil": 0.25, "chalk": 0.75})
    codes, count = load(pack.read("codes.safetensors")), 7
    codes["offsets"] = np.zeros((3, count), np.float32)
    codes["offsets"][2] = np.arange(count)
    files = {name: pack.read(name) for name in pack.card.files} | {"codes.safetensors": save(codes)}
    wide = save_pack(tmp_path / "wide", pack.card, files)
    code = mixed(wide, {"oil": 0.25, "chalk": 0.75})
    assert np.array_equal(code[: len(plain)], plain)
    assert np.allclose(code[len(plain) :], 0.75 * np.arange(count))
    assert np.array_equal(mixed(wide, {"oil": 1.0}), mixed(pack, {"oil": 1.0}))  # stays a plain one


def test_a_variation_is_what_the_mapping_network_makes_of_its_seed(pack, recipe):
    code = mixed(pack, {"oil": 0.5, "ink": 0.5})
    noise = np.random.Generator(np.random.PCG64(9)).standard_normal(recipe.codes.noise)
    weights = torch.tensor([[0.5, 0.5, 0.0]])
    expected = recipe.codes.varied(weights, torch.from_numpy(noise).float()[None])[0].detach().numpy()
    assert np.abs(varied(pack, code, 9) - expected).max() < 1e-5
    assert np.abs(varied(pack, code, 9) - varied(pack, code, 10)).max() > 0.01
    tail = np.arange(5, dtype=np.float32)
    assert np.array_equal(varied(pack, np.concatenate([code, tail]), 9)[-5:], tail)


def test_strength_goes_from_the_photographs_code_to_the_looks(pack):
    look = choose_look(pack, "oil")
    photograph = load(pack.read("codes.safetensors"))["photograph"]
    nearly = at_strength(pack, look.code, 1e-12)
    assert np.abs(nearly[:-1] - photograph).max() < 1e-3
    assert np.array_equal(at_strength(pack, look.code, 1.0), look.code)
    assert look.at(1.0) is look and look.at(0.5).strength == 0.5
    assert look.at(0.5).read("generator.onnx") != look.read("generator.onnx")
    assert look.at(0.5).at(1.0).read("generator.onnx") == look.read("generator.onnx")
    way = [np.linalg.norm(at_strength(pack, look.code, s)[:-1] - photograph) for s in np.linspace(0, 1, 11)]
    assert way[0] == 0 and np.all(np.diff(way) > 0)


def test_all_looks_of_a_pack_share_what_was_measured_of_its_speed(pack):
    hashes = {choose_look(pack, name).own_hash("generator.onnx") for name in STYLES}
    assert hashes == {pack.card.files["generator.onnx"]} == {pack.own_hash("generator.onnx")}
    assert choose_look(pack, "ink").look_name == "many:ink" and pack.look_name == "many"


@pytest.mark.parametrize("runner", ["onnxruntime", "openvino", "torch"])
def test_every_runner_runs_a_look_and_looks_differ(pack, runner):
    frames = np.random.default_rng(0).integers(0, 256, (1, 50, 70, 3), np.uint8)
    shown = {}
    for name in STYLES:
        opened = open_runner(choose_look(pack, name), runner, "cpu", precision="fp32")
        shown[name] = opened.run(frames, None, None, None)[0].astype(int)
        assert shown[name].shape == frames.shape
    assert np.abs(shown["oil"] - shown["ink"]).mean() > 2


def test_a_look_is_found_by_name_and_a_pack_of_many_must_be_given_one(pack):
    assert find_pack(f"{pack.folder}:ink").card.code_size == 0
    assert "ink" in find_pack(f"{pack.folder}:ink").card.title
    with pytest.raises(UsageError, match=r"holds 3 looks: choose one, such as many:oil"):
        open_runner(load_pack(pack.folder))
    with pytest.raises(UsageError, match=r"holds one look"):
        find_pack("vangogh:oil")


def test_names_that_no_file_can_have_are_refused_with_and_without_a_look(pack):
    for text in ("x" * 5000, "x" * 5000 + ":oil", "a\0:oil"):
        with pytest.raises(UsageError, match="No file can be called"):
            find_pack(text)
    with pytest.raises(UsageError, match="Unknown look"):
        find_pack(f"{pack.folder}:{'x' * 5000}")
    assert find_pack(f"{pack.folder}:oil*{'0' * 300}1+ink").card.code_size == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("oils", r"Unknown look 'oils'\. Did you mean 'oil'"),
        ("", "Unknown look ''"),
        ("oil+", "Unknown look ''"),
        ("oil*x", "expected a number"),
        ("oil*0+ink", "above 0"),
        ("oil*-1+ink", "above 0"),
        ("oil*nan", "above 0"),
        ("oil*inf", "above 0"),
        ("oil+oil", "named twice"),
    ],
)
def test_a_mixture_that_cannot_be_meant_is_refused(text, says):
    with pytest.raises(UsageError, match=says):
        parse_mixture(text, STYLES)


def test_networks_that_do_not_fit_together_are_refused(pack, tmp_path):
    files = {name: pack.read(name) for name in pack.card.files}
    del files["codes.safetensors"]
    lacking = save_pack(tmp_path / "lacking", pack.card, files)
    with pytest.raises(PackError, match=r"no codes\.safetensors"):
        choose_look(lacking, "oil")
    other = {**TINY_RECIPES["conditional"], "styles": STYLES}
    other["generator"] = {**other["generator"], "trunk_channels": 24}
    larger = conditional.Recipe(conditional.Config.model_validate(other), total_steps=1)
    files = {name: pack.read(name) for name in pack.card.files}
    files["folded.safetensors"] = saved(larger.generator.folded())
    mixed = save_pack(tmp_path / "mixed", pack.card, files)
    with pytest.raises(PackError, match="do not fit together"):
        choose_look(mixed, "oil")
