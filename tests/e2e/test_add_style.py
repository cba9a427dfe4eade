"""A look added to a pack of many, as a user says it: the others stay, byte for byte."""

from __future__ import annotations

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from typer.testing import CliRunner

import toy_pictures as toy
from many_looks import STYLES, many_pack, many_recipe
from stylereel.cli.main import build_app
from stylereel.inference.runners.torch import load_generator
from stylereel.packs.codes import mixed
from stylereel.packs.looks import choose_look
from stylereel.packs.store import load_pack

SETTINGS = ["extend.discriminator.channels=8", "data.content_short_side_px=[64, 96]", "loop.precision=fp32"]


def run(*arguments: object):
    return CliRunner().invoke(build_app(), [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("extended")
    toy.content_folder(folder / "photos", 8)
    toy.style_folder(folder / "woodcut", 6)
    many_pack(folder / "many", many_recipe())
    return folder


def train(folders, output, *more: object, init: str = "many", recipe: str = "conditional"):
    settings = [part for value in SETTINGS for part in ("--set", value)]
    sources = ("--content", folders / "photos", "--add-style", folders / "woodcut", "--init", folders / init)
    sizes = ("--steps", 4, "--crop", 48, "--batch", 2, "--threads", 1)
    return run("train", recipe, *sources, "--output", output, *sizes, *settings, *more)


@pytest.fixture(scope="module")
def larger(folders):
    result = train(folders, folders / "larger", "--license", "CC-BY-4.0")
    assert result.exit_code == 0, result.output
    assert "larger:woodcut" in result.output
    return load_pack(folders / "larger")


def test_the_other_looks_are_byte_for_byte_what_they_were(folders, larger):
    before = load_pack(folders / "many")
    assert larger.card.styles == [*STYLES, "woodcut"]
    for look in STYLES:
        was, now = choose_look(before, look), choose_look(larger, look)
        for name in ("generator.onnx", "generator.safetensors"):
            assert was.read(name) == now.read(name)
    assert choose_look(larger, "woodcut").read("generator.onnx") != now.read("generator.onnx")


def test_the_new_look_is_a_wide_code_that_mixes_with_the_others(larger):
    generator = load_generator(larger)
    code, half = mixed(larger, {"woodcut": 1.0}), mixed(larger, {"woodcut": 0.5, "oil": 0.5})
    assert len(code) == len(half) == generator.code_size + generator.offsets_size
    size = generator.code_size
    assert np.abs(code[size:]).max() > 0 and np.allclose(half[size:], code[size:] / 2)


def test_the_card_names_both_licences_and_what_was_extended(larger):
    card = json.loads((larger.folder / "card.json").read_text("utf-8"))
    assert card["license"] == "CC0-1.0; woodcut: CC-BY-4.0"
    assert card["training"]["recipe"] == "extend" and card["training"]["steps"] == 4
    assert card["training"]["extended"]["name"] == "many"
    assert any("woodcut" in str(source) for source in card["style_sources"])
    assert "photos" not in json.dumps(card["training"]) and str(larger.folder.parent) not in json.dumps(card)


def test_a_stopped_extension_goes_on(folders, larger):
    again = run("train", "extend", "--output", larger.folder, "--resume")
    assert again.exit_code == 0, again.output


def test_what_cannot_be_extended_is_refused_and_nothing_is_left(folders, tmp_path):
    output = tmp_path / "out"
    result = train(folders, output, recipe="unpaired")
    assert result.exit_code == 2 and "--add-style is for the recipe" in " ".join(result.output.split())
    sources = ("--content", folders / "photos", "--output", output, "--steps", 2)
    result = run("train", "conditional", *sources, "--add-style", folders / "woodcut")
    assert result.exit_code == 2 and "name it, --init PACK" in " ".join(result.output.split())
    (folders / "ink").mkdir()
    toy.style_folder(folders / "ink", 4)
    result = run("train", "conditional", *sources, "--add-style", folders / "ink", "--init", folders / "many")
    assert result.exit_code == 2 and "has a look 'ink' already" in " ".join(result.output.split())
    result = run("train", "extend", *sources, "--style", folders / "woodcut", "--init", "vangogh")
    assert result.exit_code == 2 and "holds one look" in " ".join(result.output.split())
    assert not output.exists()
