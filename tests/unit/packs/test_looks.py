"""One look of a pack that holds many, chosen and folded without torch."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from many_looks import STYLES, many_pack, many_recipe
from stylereel.actions.trained_pack import saved
from stylereel.core.errors import PackError, UsageError
from stylereel.export.onnx import evaluator
from stylereel.inference.runner import open_runner
from stylereel.inference.runners.torch import load_generator
from stylereel.packs.find import find_pack
from stylereel.packs.looks import choose_look, parse_mixture
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
