"""What makes `stylize` quicker: a smaller frame for the network, int8, and a runner that was measured."""

import json
import shutil

import cv2
import numpy as np
import pytest

from clips import make_clip
from stylereel.packs.find import find_pack
from stylereel.packs.store import INT8_NAME, load_pack


def decoded(path):
    video = cv2.VideoCapture(str(path))
    frames = []
    while (read := video.read())[0]:
        frames.append(read[1])
    return np.array(frames)


@pytest.fixture
def brush(styles, tmp_path):
    """A pack of this test's own."""
    return shutil.copytree(styles / "brush", tmp_path / "brush")


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for index in range(5):
        noise = np.random.default_rng(index).integers(0, 256, (9, 12, 3), np.uint8)
        cv2.imwrite(str(folder / f"{index}.png"), cv2.resize(noise, (120 + 30 * index, 90 + 10 * index)))
    return folder


@pytest.mark.parametrize("stabilize", [0, 0.7])
def test_scale_keeps_the_size_and_the_look(run, tmp_path, stabilize):
    source = make_clip(tmp_path / "in.mp4", frames=8, size=(160, 120))
    for scale in ("1", "0.5"):
        result = run(
            "stylize", source, tmp_path / f"{scale}.mkv", "-s", "negative", "--scale", scale,
            "--stabilize", stabilize, "--codec", "ffv1",
        )  # fmt: skip
        assert result.exit_code == 0, result.stderr
    whole, half = decoded(tmp_path / "1.mkv"), decoded(tmp_path / "0.5.mkv")
    assert whole.shape == half.shape == (8, 120, 160, 3)
    difference = np.abs(whole.astype(int) - half)
    assert 0 < difference.mean() < 12


@pytest.mark.parametrize("scale", ["0", "0.2", "1.5", "nan"])
def test_a_scale_out_of_range_is_said_before_anything_is_made(run, clip, tmp_path, scale):
    result = run("stylize", clip, tmp_path / "out.mp4", "-s", "negative", "--scale", scale)
    assert result.exit_code == 2 and "0.25 to 1" in result.stderr
    assert not (tmp_path / "out.mp4").exists()


def test_quantize_adds_int8_that_stylize_takes(run, brush, photos, clip, tmp_path):
    asked = run("stylize", clip, tmp_path / "a.mp4", "-s", brush, "--precision", "int8")
    assert asked.exit_code == 5 and "stylereel quantize brush --content" in " ".join(asked.stderr.split())
    made = run("quantize", brush, "--content", photos, "--json")
    assert made.exit_code == 0, made.stderr
    facts = json.loads(made.stdout)
    pack = load_pack(brush)
    assert pack.has_int8 and pack.card.metrics["int8_psnr_db"] == facts["psnr_db"] >= 34
    assert facts["size_bytes"] == len(pack.read(INT8_NAME))
    frames = {}
    for precision in ("fp32", "int8"):
        out = tmp_path / f"{precision}.mkv"
        result = run("stylize", clip, out, "-s", brush, "--precision", precision, "--codec", "ffv1", "--json")
        assert result.exit_code == 0 and json.loads(result.stdout)["precision"] == precision
        frames[precision] = decoded(out).astype(int)
    assert 0 < np.abs(frames["fp32"] - frames["int8"]).max() <= 16


def test_quantize_overwrites_nothing_unasked(run, brush, photos, tmp_path):
    elsewhere = tmp_path / "quick"
    assert run("quantize", brush, "--content", photos, "-o", elsewhere).exit_code == 0
    assert load_pack(elsewhere).has_int8 and not load_pack(brush).has_int8
    again = run("quantize", brush, "--content", photos, "-o", elsewhere)
    assert again.exit_code == 3 and "--overwrite" in again.stderr
    twice = run("quantize", elsewhere, "--content", photos)
    assert twice.exit_code == 3 and "--overwrite" in twice.stderr
    assert run("quantize", elsewhere, "--content", photos, "--overwrite").exit_code == 0


def test_quantize_says_what_it_needs(run, brush, photos, tmp_path):
    for picture in list(photos.iterdir())[1:]:
        picture.unlink()
    result = run("quantize", brush, "--content", photos)
    assert result.exit_code == 3 and "Too few" in result.stderr
    assert run("quantize", brush, "--content", tmp_path / "nowhere").exit_code == 3
    assert not load_pack(brush).has_int8


def test_a_long_job_measures_once_and_says_so(run, clip, tmp_path, monkeypatch):
    monkeypatch.setenv("STYLEREEL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("stylereel.actions.runner_choice.WORTH_PX", 1000)
    first = run("stylize", clip, tmp_path / "a.mp4", "-s", "brush", "--json")
    assert first.exit_code == 0 and "Measured once for this machine and style" in first.stderr
    facts = json.loads(first.stdout)
    assert f"Taken from now on: {facts['runner']} on cpu, {facts['precision']}" in " ".join(
        first.stderr.split()
    )
    second = run("stylize", clip, tmp_path / "b.mp4", "-s", "brush", "--json")
    assert "Measured" not in second.stderr
    assert json.loads(second.stdout)["runner"] == facts["runner"]


@pytest.mark.parametrize("name", ["vangogh", "impressionism", "ukiyoe", "engraving", "tarot", "wave"])
def test_shipped_looks_have_int8(name):
    pack = find_pack(name)
    assert pack.has_int8 and pack.card.metrics["int8_psnr_db"] >= 34
