"""`stylereel train conditional` as a user runs it: a folder of folders, several looks, chosen and mixed."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("torch", reason="the training extra is not installed")

from typer.testing import CliRunner

import toy_pictures as toy
from clips import make_clip
from stylereel.cli.main import build_app

SMALL = [
    "conditional.generator.detail_channels=12",
    "conditional.generator.trunk_channels=16",
    "conditional.generator.blocks=1",
    "conditional.discriminator.channels=8",
    "conditional.encoder.channels=8",
    "data.content_short_side_px=[64, 96]",
    "loop.precision=fp32",
]


def run(*arguments: object):
    return CliRunner().invoke(build_app(), [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("atelier")
    toy.content_folder(folder / "photos", 8)
    (folder / "looks").mkdir()
    for name, count in (("Blue ink", 5), ("oil", 9)):
        toy.style_folder(folder / "looks" / name, count)
    return folder


def train(folders, output, *more: object):
    settings = [part for value in SMALL for part in ("--set", value)]
    sources = ("--content", folders / "photos", "--styles", folders / "looks")
    sizes = ("--steps", 3, "--crop", 48, "--batch", 4, "--threads", 1)
    return run("train", "conditional", *sources, "--output", output, *sizes, *settings, *more)


@pytest.fixture(scope="module")
def trained(folders):
    result = train(folders, folders / "many", "--license", "CC0-1.0")
    assert result.exit_code == 0, result.output
    return folders / "many"


def test_every_folder_becomes_a_look_of_its_own_name(trained):
    card = json.loads((trained / "card.json").read_text("utf-8"))
    assert card["styles"] == ["Blue-ink", "oil"] and card["code_size"] == 64
    assert card["generator"]["key"] == "conditional" and card["training"]["steps"] == 3
    assert set(card["files"]) >= {"codes.safetensors", "folded.safetensors", "encoder.safetensors"}


def test_looks_are_chosen_and_mixed_and_all_of_them_together_is_an_error(trained, tmp_path):
    clip = make_clip(tmp_path / "clip.mp4", frames=4, size=(64, 48))
    for number, look in enumerate(("oil", "oil*0.5+Blue-ink*0.5")):
        result = run("stylize", clip, tmp_path / f"{number}.mp4", "--style", f"{trained}:{look}")
        assert result.exit_code == 0, result.output
    assert (tmp_path / "0.mp4").read_bytes() != (tmp_path / "1.mp4").read_bytes()
    result = run("stylize", clip, tmp_path / "none.mp4", "--style", trained)
    assert result.exit_code == 2 and "holds 2 looks" in result.output
    assert not (tmp_path / "none.mp4").exists()


def test_a_stopped_run_goes_on(folders, tmp_path, monkeypatch):
    output = tmp_path / "stopped"
    assert train(folders, output).exit_code == 0
    again = run("train", "conditional", "--output", output, "--resume")
    assert again.exit_code == 0, again.output


@pytest.mark.parametrize(
    ("make", "recipe", "says"),
    [
        (lambda folder: None, "conditional", "does not exist"),
        (lambda folder: folder.mkdir(), "conditional", "holds no folders"),
        (lambda folder: toy.style_folder(folder / "alone", 4), "conditional", "one was named"),
        (lambda folder: toy.style_folder(folder / "alone", 4), "unpaired", "learns one look"),
    ],
)
def test_a_folder_that_cannot_be_meant_is_refused_and_nothing_is_left(folders, tmp_path, make, recipe, says):
    make(tmp_path / "looks")
    sources = ("--content", folders / "photos", "--styles", tmp_path / "looks")
    result = run("train", recipe, *sources, "--output", tmp_path / "out", "--steps", 2)
    assert result.exit_code in (2, 3) and says in " ".join(result.output.split())
    assert not (tmp_path / "out").exists()


def test_a_look_may_be_a_video_among_pictures(folders, tmp_path):
    looks = tmp_path / "looks"
    toy.style_folder(looks / "oil", 4)
    (looks / "film").mkdir()
    make_clip(looks / "film" / "cartoon.mp4", frames=30, size=(128, 96))
    toy.write(looks / "film" / "still.png", toy.painting(3))
    settings = [part for value in SMALL for part in ("--set", value)]
    sources = ("--content", folders / "photos", "--styles", looks, "--output", tmp_path / "out")
    sizes = ("--steps", 1, "--crop", 48, "--batch", 2, "--threads", 1)
    result = run("train", "conditional", *sources, *sizes, *settings)
    assert result.exit_code == 0, result.output
    card = json.loads((tmp_path / "out" / "card.json").read_text("utf-8"))
    assert card["styles"] == ["film", "oil"]
    assert "steered.onnx" in card["files"]
