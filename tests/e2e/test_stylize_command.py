import json

import av
import cv2
import numpy as np
import pytest

import stylereel
from clips import make_clip, make_pictures, smooth
from stylereel.core.errors import UsageError


def decoded(path):
    with av.open(str(path)) as container:
        return [
            (frame.pts * frame.time_base, frame.to_ndarray(format="rgb24"))
            for frame in container.decode(video=0)
        ]


def packets(path, kind):
    with av.open(str(path)) as container:
        stream = next(stream for stream in container.streams if stream.type == kind)
        return [bytes(packet) for packet in container.demux(stream) if packet.size]


def test_a_video_comes_out_in_the_look_with_every_frame_at_its_time_and_its_sound(run, clip, tmp_path):
    out = tmp_path / "out.mp4"
    result = run("stylize", clip, out, "--style", "negative", "--quality", 95)
    assert result.exit_code == 0, result.stderr
    before, after = decoded(clip), decoded(out)
    assert [time for time, _ in after] == [time for time, _ in before]
    for (_, source), (_, stylized) in zip(before, after, strict=True):
        assert np.abs(255 - source.astype(int) - stylized).mean() < 6
    assert packets(out, "audio") == packets(clip, "audio")


def test_strength_zero_is_the_source_bit_for_bit_in_a_lossless_file(run, clip, tmp_path):
    frames = {}
    for strength, style in ((0, "negative"), (1, "plain")):
        out = tmp_path / f"out{strength}.mkv"
        result = run("stylize", clip, out, "--style", style, "--strength", strength, "--codec", "ffv1")
        assert result.exit_code == 0, result.stderr
        frames[strength] = decoded(out)
    for (_, zero), (_, identity) in zip(frames[0], frames[1], strict=True):
        assert np.abs(zero.astype(int) - identity).max() <= 2


def test_json_prints_one_object_on_stdout_and_everything_else_on_stderr(run, clip, tmp_path):
    result = run("stylize", clip, tmp_path / "out.mp4", "--style", "nameless", "--json")
    summary = json.loads(result.stdout)
    assert summary["frames"] == 12 and summary["runner"] == "openvino" and summary["device"] == "cpu"
    assert summary["license"] == "unknown" and (summary["width"], summary["height"]) == (64, 48)
    assert "licence" in result.stderr and "unknown" in result.stderr


def test_the_output_names_the_style_and_its_licence(run, clip, tmp_path):
    assert run("stylize", clip, tmp_path / "out.mp4", "-s", "negative").exit_code == 0
    with av.open(str(tmp_path / "out.mp4")) as container:
        comment = container.metadata["comment"]
    for part in ("'negative'", "CC0-1.0", "A. Painter", "Museum of Toys"):
        assert part in comment


def test_a_picture_gives_a_picture_and_a_folder_gives_a_film(run, tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "in").mkdir()
    pictures = [rng.integers(0, 256, (33, 47, 3), np.uint8) for _ in range(3)]
    for index, picture in enumerate(pictures):
        cv2.imwrite(str(tmp_path / "in" / f"{index:03}.png"), picture)
    result = run("stylize", tmp_path / "in" / "000.png", tmp_path / "one.png", "--style", "negative")
    assert result.exit_code == 0, result.stderr
    assert np.abs(255 - pictures[0].astype(int) - cv2.imread(str(tmp_path / "one.png"))).max() <= 2
    result = run(
        "stylize",
        tmp_path / "in",
        tmp_path / "film.mkv",
        "--style",
        "brush",
        "--fps",
        "10",
        "--codec",
        "ffv1",
    )
    assert result.exit_code == 0, result.stderr
    assert [float(time) for time, _ in decoded(tmp_path / "film.mkv")] == pytest.approx([0, 0.1, 0.2])


def test_start_end_and_max_side_give_that_part_at_that_size(run, clip, tmp_path):
    out = tmp_path / "out.mp4"
    result = run(
        "stylize", clip, out, "--style", "brush", "--start", "0:00:00.120", "--end", "0.32", "--max-side", 32
    )
    assert result.exit_code == 0, result.stderr
    frames = decoded(out)
    assert len(frames) == 5 and frames[0][1].shape == (24, 32, 3)


def test_kept_colors_keep_the_mean_color_of_the_source(run, clip, tmp_path):
    out = tmp_path / "out.mkv"
    assert run("stylize", clip, out, "--style", "brush", "--keep-colors", "--codec", "ffv1").exit_code == 0
    for (_, source), (_, stylized) in zip(decoded(clip), decoded(out), strict=True):
        labs = [cv2.cvtColor(p.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) for p in (source, stylized)]
        assert np.abs(labs[0] - labs[1])[..., 1:].mean(axis=(0, 1)).max() <= 4


def test_the_same_through_python_gives_a_summary_and_tells_progress(clip, styles, tmp_path):
    seen = []
    summary = stylereel.stylize(
        clip, tmp_path / "out.mp4", style=styles / "negative", device="auto", on_progress=seen.append
    )
    assert summary.frames == 12 == len(seen)
    assert seen[-1].done == 12 and seen[-1].total == 12 and "openvino on cpu" in seen[-1].note
    assert summary.size_bytes == (tmp_path / "out.mp4").stat().st_size


def test_a_stylizer_takes_a_frame_and_gives_a_frame(styles):
    frame = np.random.default_rng(1).integers(0, 256, (35, 51, 3), np.uint8)
    negative = stylereel.Stylizer.load(styles / "negative", device="auto")
    assert np.abs(255 - frame.astype(int) - negative(frame)).max() <= 1
    assert np.array_equal(stylereel.Stylizer.load(styles / "negative", strength=0)(frame), frame)
    for wrong in (frame[..., 0], frame.astype(np.float32), frame[:0], "a picture"):
        with pytest.raises(UsageError, match="A frame"):
            negative(wrong)


def boiling(index, width, height):
    """A still picture whose every frame has another noise."""
    still = cv2.resize(
        np.random.default_rng(1).uniform(60, 190, (6, 8, 3)).astype(np.float32), (width, height)
    )
    return (still + np.random.default_rng(index + 2).normal(0, 3, still.shape)).clip(0, 255).astype(np.uint8)


def test_a_stabilised_video_flickers_less_and_keeps_every_time(run, tmp_path):
    source = make_clip(
        tmp_path / "boiling.mkv",
        frames=16,
        size=(160, 96),
        codec="ffv1",
        pix_fmt="bgr0",
        paint=boiling,
        color=None,
    )
    steps, times = {}, {}
    for stabilize in (0, 0.7):
        out = tmp_path / f"out{stabilize}.mkv"
        result = run(
            "stylize", source, out, "-s", "brush", "--stabilize", stabilize, "--codec", "ffv1", "--json"
        )
        assert result.exit_code == 0, result.stderr
        assert json.loads(result.stdout)["stabilize"] == stabilize
        frames = decoded(out)
        times[stabilize] = [time for time, _ in frames]
        pictures = np.array([picture for _, picture in frames[6:]], np.float32)
        steps[stabilize] = np.mean(np.diff(pictures, axis=0) ** 2)
    assert steps[0.7] < 0.3 * steps[0] and times[0.7] == times[0]


def test_without_stabilize_the_frames_are_bit_for_bit_the_same_and_no_flow_is_made(
    run, clip, tmp_path, monkeypatch
):
    from stylereel.actions import stylize

    def refuse(_):
        raise AssertionError("built")

    arguments = ("stylize", clip, "--style", "brush", "--codec", "ffv1")
    monkeypatch.setattr(stylize, "Stabilizer", refuse)
    outs = [tmp_path / "a.mkv", tmp_path / "b.mkv"]
    assert run(*arguments[:2], outs[0], *arguments[2:]).exit_code == 0
    assert run(*arguments[:2], outs[1], *arguments[2:], "--stabilize", 0).exit_code == 0
    for (_, a), (_, b) in zip(*map(decoded, outs), strict=True):
        assert np.array_equal(a, b)


def test_pictures_that_are_no_film_are_left_alone_with_a_notice(run, tmp_path):
    folder = make_pictures(tmp_path / "in", 3)
    for source, out, rate, used in (
        (folder / "frame1.png", tmp_path / "one.png", (), 0),
        (folder, tmp_path / "many", (), 0),
        (folder, tmp_path / "film.mkv", ("--fps", 10), 0.7),
    ):
        result = run("stylize", source, out, "-s", "negative", "--stabilize", 0.7, *rate, "--json")
        assert result.exit_code == 0, result.stderr
        assert json.loads(result.stdout)["stabilize"] == used
        assert ("tabilize does nothing here" in result.stderr) == (used == 0)


@pytest.mark.parametrize("value", [-0.1, 1.5, "nan"])
def test_a_stabilize_out_of_range_is_refused(run, clip, tmp_path, value):
    result = run("stylize", clip, tmp_path / "out.mp4", "-s", "negative", f"--stabilize={value}")
    assert result.exit_code != 0 and not (tmp_path / "out.mp4").exists()
    with pytest.raises(UsageError, match="0 \\(off\\) to 1"):
        stylereel.stylize(clip, tmp_path / "out.mp4", style="negative", stabilize=float(value))


def test_frames_of_a_clip_are_stylised_in_order_from_python(styles):
    stylizer = stylereel.Stylizer.load(styles / "negative")
    frames = [smooth(index, 64, 48) for index in range(3)]
    assert all(
        np.array_equal(a, stylizer(b)) for a, b in zip(stylizer.clip(iter(frames)), frames, strict=True)
    )
    calm = list(stylizer.clip(frames, stabilize=0.7))
    assert len(calm) == 3 and np.array_equal(calm[0], 255 - frames[0])
    with pytest.raises(UsageError, match="stabilize"):
        stylizer.clip(frames, stabilize=2)
    with pytest.raises(UsageError, match="uint8"):
        next(stylizer.clip([frames[0].astype(float)]))
