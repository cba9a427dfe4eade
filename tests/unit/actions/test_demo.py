"""The demo: a sample or the user's own video, in a style, beside its source."""

import cv2
import numpy as np
import pytest

from clips import make_clip
from stylereel.actions import demo as module
from stylereel.actions.demo import GAP_PX, demo
from stylereel.core.errors import EnvironmentMissingError
from stylereel.video.probe import probe
from stylereel.video.sample import make_sample
from toy_packs import toy_pack


@pytest.fixture
def negative(tmp_path):
    return toy_pack(tmp_path / "negative", "invert").folder


def test_a_video_of_ones_own_is_stylised_and_set_beside_its_source(tmp_path, negative):
    clip = make_clip(tmp_path / "my clip.mp4", frames=12, size=(64, 48), audio=True)
    said = []
    summary = demo(clip, style=negative, folder=tmp_path / "demo", on_notice=said.append)
    output = tmp_path / "demo" / "my clip-negative.mp4"
    assert summary.stylized.output == str(output) and summary.stylized.frames == 12
    assert probe(output).audio_streams == 1
    assert any("my clip.mp4" in sentence for sentence in said)
    sheet = cv2.imread(str(summary.comparison)).astype(int)
    assert sheet.shape == (2 * 48 + GAP_PX, 4 * 64 + 3 * GAP_PX, 3)
    assert np.abs(sheet[:48, :64] + sheet[48 + GAP_PX :, :64] - 255).mean() < 12


def test_a_second_demo_replaces_the_first(tmp_path, negative):
    clip = make_clip(tmp_path / "clip.mp4", frames=4, size=(32, 24))
    for _ in range(2):
        summary = demo(clip, style=negative, folder=tmp_path / "demo")
    assert sorted(file.name for file in (tmp_path / "demo").iterdir()) == [
        "before-after.png",
        "clip-negative.mp4",
    ]
    assert summary.source == clip


def test_a_picture_gives_a_picture(tmp_path, negative):
    cv2.imwrite(str(tmp_path / "photo.png"), np.full((24, 32, 3), 90, np.uint8))
    summary = demo(tmp_path / "photo.png", style=negative, folder=tmp_path / "demo")
    assert summary.stylized.output.endswith("photo-negative.png")
    assert cv2.imread(summary.stylized.output)[0, 0, 0] == 165


def test_without_a_video_the_sample_is_filmed_from_photographs(tmp_path, negative, monkeypatch):
    pictures = [np.full((40, 60, 3), level, np.uint8) for level in (60, 120, 180)]
    monkeypatch.setattr(module, "sample_photographs", lambda: pictures)
    monkeypatch.setattr(
        module, "make_sample", lambda path, shots: make_sample(path, shots, size=(64, 36), seconds=0.6)
    )
    summary = demo(style=negative, folder=tmp_path / "demo")
    assert summary.source == tmp_path / "demo" / "sample.mp4"
    assert summary.stylized.frames == 15 and summary.comparison.exists()


def test_the_photographs_lie_inside_the_installed_scikit_image(monkeypatch):
    skimage = pytest.importorskip("skimage", reason="the demo extra is not installed")
    import socket

    def refused(*_):
        raise AssertionError("the sample went to the network")

    monkeypatch.setattr(socket.socket, "connect", refused)
    pictures = module.sample_photographs()
    assert skimage.__version__ and len(pictures) == 4
    assert all(picture.dtype == np.uint8 and picture.shape[2] == 3 for picture in pictures)
    assert min(picture.shape[1] for picture in pictures) >= 400


def test_without_scikit_image_the_install_line_is_told(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "skimage", None)
    with pytest.raises(EnvironmentMissingError, match=r"stylereel\[demo\]"):
        module.sample_photographs()
