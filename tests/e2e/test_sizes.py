"""Frames of a pixel, of a panorama, and larger than the memory that is allowed."""

import json

import av
import cv2
import numpy as np
import pytest

import stylereel
from clips import make_clip
from stylereel.core.errors import StylereelError, UsageError
from stylereel.packs.find import shipped_folder


def pictured(path, width, height):
    rng = np.random.default_rng(width)
    soft = rng.integers(0, 256, (height // 8 + 2, width // 8 + 2, 3), np.uint8)
    cv2.imwrite(str(path), cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC))
    return path


def size_of(path):
    return cv2.imread(str(path)).shape[1::-1]


@pytest.mark.parametrize("style", ["brush", str(shipped_folder() / "vangogh")])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (16, 16)])
def test_a_picture_of_a_few_pixels_becomes_one_of_as_many(run, tmp_path, size, style):
    source = tmp_path / "in.png"
    cv2.imwrite(str(source), np.full((*size[::-1], 3), 90, np.uint8))
    result = run("stylize", source, tmp_path / "out.png", "-s", style, "--keep-colors")
    assert result.exit_code == 0, result.stderr
    assert size_of(tmp_path / "out.png") == size


@pytest.mark.parametrize("ending", ["mkv", "mp4", "webm", "mov", "gif"])
@pytest.mark.parametrize("size", [(1, 1), (16, 16)])
def test_a_video_of_a_few_pixels_keeps_its_size_in_every_container(tmp_path, styles, size, ending):
    clip = make_clip(tmp_path / "in.mkv", frames=4, size=size, codec="ffv1", pix_fmt="yuv444p", rate=20)
    out = tmp_path / f"out.{ending}"
    stylereel.stylize(clip, out, style=styles / "brush", stabilize=0.7)
    with av.open(str(out)) as container:
        frames = list(container.decode(video=0))
    assert [(frame.width, frame.height) for frame in frames] == [size] * 4


@pytest.mark.parametrize("codec", ["h264", "hevc", "av1", "vp9", "prores", "ffv1"])
@pytest.mark.parametrize("size", [(1, 1), (16384, 16), (16, 16384)])
def test_every_codec_takes_an_odd_shape_or_says_that_it_cannot(tmp_path, styles, size, codec):
    out = tmp_path / "out.mkv"
    clip = make_clip(tmp_path / "in.mkv", frames=2, size=size, codec="rawvideo")
    try:
        summary = stylereel.stylize(clip, out, style=styles / "brush", codec=codec)
    except StylereelError as error:
        assert f"{size[0]}x{size[1]}" in str(error) and "--codec" in str(error)
        assert [path.name for path in tmp_path.iterdir()] == ["in.mkv"]
    else:
        assert (summary.width, summary.height, summary.frames) == (*size, 2)


@pytest.mark.parametrize(("codec", "size"), [("hevc", (400, 3)), ("hevc", (3, 400)), ("av1", (3, 3))])
def test_a_size_that_a_codec_cannot_hold_is_refused_before_the_network_runs(
    run, tmp_path, styles, size, codec, monkeypatch
):
    from stylereel.inference.runners.onnxruntime import Runner

    monkeypatch.setattr(Runner, "run", lambda *_: pytest.fail("nothing may be stylised"))
    clip = make_clip(tmp_path / "in.mkv", frames=4, size=size, codec="rawvideo")
    out = tmp_path / "out.mkv"
    result = run("stylize", clip, out, "-s", styles / "brush", "--codec", codec, "--runner", "onnxruntime")
    assert result.exit_code == 2 and f"{size[0]}x{size[1]}" in result.stderr and "vp9" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.mkv"]


def test_a_panorama_of_16384_pixels_keeps_its_size(tmp_path, styles):
    source = pictured(tmp_path / "in.png", 16384, 64)
    summary = stylereel.stylize(source, tmp_path / "out.png", style=styles / "brush", keep_colors=True)
    assert (summary.width, summary.height) == size_of(tmp_path / "out.png") == (16384, 64)


def test_what_is_longer_than_motion_can_be_followed_in_is_refused_and_the_rest_is_not(tmp_path, styles):
    source = pictured(tmp_path / "in.png", 33000, 8)
    with pytest.raises(UsageError, match=r"33000x8.*--max-side"):
        stylereel.stylize(source, tmp_path / "out.png", style=styles / "brush", keep_colors=True)
    assert not (tmp_path / "out.png").exists()
    stylereel.stylize(source, tmp_path / "out.png", style=styles / "brush")
    assert size_of(tmp_path / "out.png") == (33000, 8)


@pytest.fixture
def no_memory_of_its_own(monkeypatch):
    """A process that holds nothing yet: what the tests' own holds is not this file's matter."""
    for module in ("inference.memory_plan", "actions.run_memory"):
        monkeypatch.setattr(f"stylereel.{module}.resident_bytes", lambda: 1)


@pytest.mark.parametrize("style", ["vangogh", "ukiyoe"])
@pytest.mark.usefixtures("no_memory_of_its_own")
def test_a_memory_limit_cuts_the_frame_into_tiles_that_nobody_can_see(run, tmp_path, style):
    source, pack = pictured(tmp_path / "in.png", 900, 700), shipped_folder() / style
    results = []
    for name, more in (("whole.png", ()), ("tiled.png", ("--memory-limit", "50MB"))):
        result = run("stylize", source, tmp_path / name, "-s", pack, "--json", *more)
        assert result.exit_code == 0, result.stderr
        results.append(json.loads(result.stdout))
    assert results[0]["tile"] is None and not results[1]["notices"]
    assert results[1]["tile"][0] < 900 or results[1]["tile"][1] < 700
    whole, tiled = (cv2.imread(str(tmp_path / name)).astype(int) for name in ("whole.png", "tiled.png"))
    assert np.abs(whole - tiled).max() <= 2


@pytest.mark.usefixtures("no_memory_of_its_own")
def test_a_clip_in_tiles_keeps_its_strokes_where_they_travel(tmp_path):
    """Anchors lie where the motion took them, also in a tile."""
    clip = make_clip(tmp_path / "in.mkv", frames=4, size=(640, 480), codec="ffv1", pix_fmt="yuv444p")
    frames = []
    for name, limit in (("whole.mkv", None), ("tiled.mkv", "140MB")):
        summary = stylereel.stylize(
            clip,
            tmp_path / name,
            style=shipped_folder() / "vangogh",
            stabilize=0.7,
            codec="ffv1",
            memory_limit=limit,
        )
        assert (summary.tile is None) == (limit is None)
        with av.open(str(tmp_path / name)) as container:
            frames.append([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])
    for whole, tiled in zip(*frames, strict=True):
        assert np.abs(whole.astype(int) - tiled).max() <= 4


@pytest.mark.parametrize("limit", ["lots", "0", "-1GB"])
def test_a_memory_limit_that_is_no_size_is_a_usage_error(run, clip, tmp_path, limit):
    result = run("stylize", clip, tmp_path / "out.mp4", "-s", "brush", "--memory-limit", limit)
    assert result.exit_code == 2 and "memory-limit" in result.stderr


def test_a_memory_limit_that_cannot_be_kept_is_refused_before_anything_is_written(run, clip, tmp_path):
    result = run("stylize", clip, tmp_path / "out.mp4", "-s", "brush", "--memory-limit", "1MB")
    assert result.exit_code == 2 and "memory-limit is too low" in result.stderr
    assert not (tmp_path / "out.mp4").exists()
