"""Looks that nobody trained: references, variations and strength, as a user says them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="the training extra is not installed")

from typer.testing import CliRunner

from clips import make_clip
from many_looks import many_pack, many_recipe
from stylereel import Stylizer, stylize
from stylereel.cli.main import build_app
from stylereel.core.errors import UsageError
from toy_packs import toy_pack
from toy_pictures import painting, scene, write


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk")
    many_pack(folder / "many", many_recipe())
    toy_pack(folder / "one", "half")
    write(folder / "private" / "painting.jpg", painting(1, 160, 200))
    for seed in (2, 3):
        write(folder / "set" / f"{seed}.png", painting(seed, 160, 200) // 2)
    make_clip(folder / "clip.mp4", frames=4, size=(64, 48))
    make_clip(folder / "film.mp4", frames=30, size=(160, 128))
    return folder


def run(desk: Path, *arguments: object):
    words = ("stylize", desk / "clip.mp4", *arguments, "--runner", "onnxruntime", "--json")
    return CliRunner().invoke(build_app(), [str(word) for word in words])


def pixels(path: Path) -> np.ndarray:
    with av.open(str(path)) as video:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]).astype(int)


def test_a_reference_makes_a_look_of_its_own_whose_name_and_not_whose_path_is_written(desk, tmp_path):
    shown = {}
    for name, reference in (("picture", "private/painting.jpg"), ("folder", "set"), ("film", "film.mp4")):
        output = tmp_path / f"{name}.mp4"
        result = run(desk, output, "--style", desk / "many", "--reference", desk / reference)
        assert result.exit_code == 0, result.output
        shown[name] = pixels(output)
    summary = json.loads(run(desk, tmp_path / "again.mp4", "--style", desk / "many", "--reference",
                             desk / "private/painting.jpg").stdout)  # fmt: skip
    assert summary["style"] == "many:reference painting.jpg"
    assert summary["license"] == "CC0-1.0; of the reference: not stated"
    with av.open(str(tmp_path / "picture.mp4")) as video:
        assert "style 'many:reference painting.jpg'" in video.metadata["comment"]
    assert b"private" not in (tmp_path / "picture.mp4").read_bytes()
    assert np.abs(shown["picture"] - shown["folder"]).mean() > 0.1
    assert np.abs(shown["picture"] - shown["film"]).mean() > 0.1


def test_several_references_are_averaged_and_named(desk, tmp_path):
    both = ("--reference", desk / "private/painting.jpg", "--reference", desk / "set")
    result = run(desk, tmp_path / "both.mp4", "--style", desk / "many", *both)
    assert json.loads(result.stdout)["style"] == "many:reference painting.jpg + set"


def test_a_variation_is_the_same_for_the_same_seed_and_another_for_another(desk, tmp_path):
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        result = run(
            desk, tmp_path / f"{name}.mp4", "--style", f"{desk / 'many'}:oil*0.5+ink", "--variation", seed
        )
        assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["style"] == "many:oil*0.5+ink, variation 8"
    a, b, c = (pixels(tmp_path / f"{name}.mp4") for name in "abc")
    assert np.array_equal(a, b) and np.abs(a - c).mean() > 0.1


def test_strength_goes_from_the_source_itself_to_the_look_and_never_back(desk):
    frame = scene(5, 96, 128)
    shown = [
        Stylizer.load(f"{desk / 'many'}:oil", runner="onnxruntime", strength=strength)(frame).astype(int)
        for strength in (0, 0.25, 0.5, 0.75, 1)
    ]
    assert np.array_equal(shown[0], frame)
    away = [np.abs(picture - shown[0]).mean() for picture in shown]
    left = [np.abs(picture - shown[-1]).mean() for picture in shown]
    assert away == sorted(away) and left == sorted(left, reverse=True)
    plain = cv2.addWeighted(frame, 0.5, shown[-1].astype(np.uint8), 0.5, 0).astype(int)
    assert np.abs(shown[2] - plain).mean() > 0.5  # the network itself paints less


@pytest.mark.parametrize(
    ("said", "says"),
    [
        (("--style", "many:oil", "--reference", "set"), "choose one of both"),
        (("--style", "one", "--reference", "set"), "holds one look and reads no reference"),
        (("--style", "one", "--variation", "3"), "holds one look and no variations"),
        (("--style", "many", "--variation", "3"), "--variation moves one look: choose one of 'many'"),
        (("--style", "many:oil", "--variation", "-1"), "--variation -1: expected"),
        (("--style", "many", "--reference", "nowhere.jpg"), "does not exist"),
        (("--style", "many:oil", "--adapt", "5"), "--adapt fits a look to a reference"),
        (("--style", "many", "--reference", "set", "--adapt", "0"), "--adapt 0.0: expected"),
        ((), "--style NAME, or --reference PICTURE"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_is_left(desk, tmp_path, monkeypatch, said, says):
    monkeypatch.setenv("STYLEREEL_PACKS", str(tmp_path / "none"))
    words = [str(desk / word) if word[:1].isalpha() and "-" not in word else word for word in said]
    result = run(desk, tmp_path / "out.mp4", *words)
    assert result.exit_code in (2, 3), result.output
    assert says in " ".join(result.output.split()), result.output
    assert not (tmp_path / "out.mp4").exists()


def test_without_a_style_the_pack_atelier_reads_the_reference(desk, tmp_path, monkeypatch):
    shutil.copytree(desk / "many", tmp_path / "packs" / "atelier")
    monkeypatch.setenv("STYLEREEL_PACKS", str(tmp_path / "packs"))
    result = run(desk, tmp_path / "out.mp4", "--reference", desk / "set")
    assert json.loads(result.stdout)["style"] == "many:reference set"  # what its card says


def test_an_adapted_look_is_fitted_once_and_the_same_when_the_command_is_said_again(desk, tmp_path):
    told = []
    options = {"style": desk / "many", "reference": desk / "private/painting.jpg", "runner": "onnxruntime"}
    for name in ("first", "again"):
        summary = stylize(
            desk / "film.mp4", tmp_path / f"{name}.mp4", **options, adapt_seconds=1.5, on_progress=told.append
        )
        assert summary.style == "many:reference painting.jpg"
    units = [progress.unit for progress in told]
    assert units.index("frames") > 0 and set(units[units.index("frames") :]) == {"frames"}  # fitted once
    assert (tmp_path / "first.mp4").read_bytes() == (tmp_path / "again.mp4").read_bytes()
    stylize(desk / "film.mp4", tmp_path / "read.mp4", **options)
    assert np.abs(pixels(tmp_path / "first.mp4") - pixels(tmp_path / "read.mp4")).mean() > 1


def test_a_fit_to_other_frames_of_the_same_video_is_another(desk, tmp_path, monkeypatch):
    monkeypatch.setenv("STYLEREEL_CACHE", str(tmp_path / "cache"))
    options = {
        "style": desk / "many",
        "reference": desk / "set",
        "runner": "onnxruntime",
        "adapt_seconds": 0.2,
    }
    for number, shape in enumerate([{}, {"fps": 10}, {"scale": 0.5}, {"crop": "1:1"}, {"codec": "hevc"}]):
        stylize(desk / "film.mp4", tmp_path / f"{number}.mp4", **options, **shape)
    assert len(list((tmp_path / "cache").rglob("code-*"))) == 4  # another codec changes no frame


def test_a_loaded_stylizer_takes_references_and_fits_them_to_a_video(desk):
    frame = scene(5, 64, 96)
    options = {"style": desk / "many", "reference": [desk / "set"], "runner": "onnxruntime"}
    plain = Stylizer.load(**options)
    fitted = Stylizer.load(**options, adapt_seconds=0.5, adapt_to=desk / "film.mp4")
    assert plain.name == fitted.name == "many:reference set"
    assert np.abs(plain(frame).astype(int) - fitted(frame)).mean() > 0.2
    with pytest.raises(UsageError, match="adapt_to=VIDEO"):
        Stylizer.load(**options, adapt_seconds=0.5)
    with pytest.raises(UsageError, match="for how long, adapt_seconds"):
        Stylizer.load(**options, adapt_to=desk / "film.mp4")


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"reference": 5}, r"reference is 5: expected the path .* got int"),
        ({"reference": ["set", 5]}, r"reference is \['set', 5\]: .* got int"),
        ({"variation": "x"}, r"--variation 'x' \(str\): expected a whole number"),
        ({"variation": 1.5}, r"--variation 1.5 \(float\): expected a whole number"),
        ({"variation": True}, r"--variation True \(bool\)"),
        ({"reference": "set", "adapt_seconds": "x"}, r"--adapt 'x' \(str\): expected seconds"),
        ({"reference": "set", "adapt_seconds": float("nan")}, "--adapt nan: expected seconds"),
        ({"timeline": 5}, r"timeline is 5 \(int\): expected the path of a TOML file"),
    ],
)
def test_values_of_another_kind_are_told_with_what_was_expected(desk, tmp_path, said, says):
    with pytest.raises(UsageError, match=says):
        stylize(desk / "clip.mp4", tmp_path / "out.mp4", style=desk / "many", runner="onnxruntime", **said)
    assert list(tmp_path.iterdir()) == []


def test_where_the_reading_pack_is_absent_it_says_what_to_name(desk, tmp_path, monkeypatch):
    monkeypatch.setattr("stylereel.actions.chosen_style.REFERENCE_PACK", "nowhere-to-be-found")
    result = run(desk, tmp_path / "out.mp4", "--reference", desk / "private/painting.jpg")
    assert result.exit_code == 2
    assert "reads a look with the pack 'nowhere-to-be-found', which is not here" in result.stderr
