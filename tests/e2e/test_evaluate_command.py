"""`stylereel evaluate` and `stylereel compare`, from the command line, on small made clips."""

import json
import re
import shutil

import av
import cv2
import numpy as np
import pytest

from clips import make_clip
from moving_scenes import SIZE, panned, scene, textured, tinted

FRAMES = 7


@pytest.fixture(scope="session")
def shot(tmp_path_factory):
    """A folder with a clip, two results of it, and pictures of a style."""
    folder = tmp_path_factory.mktemp("evaluate")
    films = {
        "in": panned(FRAMES),
        "calm": tinted(panned(FRAMES)),
        "wild": [textured(f) for f in panned(FRAMES)],
    }
    for name, frames in films.items():
        make_clip(
            folder / f"{name}.mp4",
            frames=FRAMES,
            size=SIZE,
            paint=lambda i, w, h, f=frames: f[i],
            audio=name == "in",
        )
        cv2.imwrite(str(folder / f"{name}.png"), frames[0][..., ::-1])
    (folder / "my-paintings").mkdir()
    for seed in range(3):
        cv2.imwrite(str(folder / "my-paintings" / f"{seed}.png"), textured(scene(seed))[..., ::-1])
    return folder


@pytest.fixture
def desk(shot, tmp_path, monkeypatch):
    monkeypatch.chdir(shutil.copytree(shot, tmp_path / "desk"))
    monkeypatch.delenv("STYLEREEL_DATA", raising=False)  # its photographs would train a critic
    return tmp_path / "desk"


def test_a_table_gives_a_figure_and_a_word_for_each_metric_and_says_what_is_missing(run, desk):
    result = run("evaluate", "in.mp4", "wild.mp4")
    assert result.exit_code == 0, result.output
    for word in (
        "boiling",
        "flicker",
        "motion kept",
        "edges kept",
        "grid",
        "halo",
        "● good",
        "● poor",
        "7 frames",
    ):
        assert word in result.stdout
    assert "--style FOLDER" in result.stdout and "--photos FOLDER" in result.stdout


def test_the_json_has_every_figure_and_the_report_stands_alone(run, desk):
    timing = desk / "summary.json"
    timing.write_text(json.dumps({"frames_per_second": 50.0}))
    result = run(
        *("evaluate", "in.mp4", "calm.mp4", "--style", "my-paintings", "--timing", timing),
        *("--report", "out.html", "--json"),
    )
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout, parse_constant=lambda name: pytest.fail(name))
    words = {finding["metric"]: finding["verdict"] for finding in found["findings"]}
    assert words["warping_error"] == words["throughput"] == "good" and words["texture_distance"] != "good"
    texture = next(f for f in found["findings"] if f["metric"] == "texture_distance")
    assert texture["floor"] < texture["control"] < 1.5 and texture["source"] == 1
    assert found["figures"]["realtime"] == 2.0
    assert {left["metric"] for left in found["left_out"]} == {"style_likeness", "fid", "kid"}
    page = (desk / "out.html").read_text("utf-8")
    assert not re.findall(r"https?:|src=\"(?!data:)|<script|<link|@import|url\(", page)
    assert page.count("<svg") > 8 and page.count("data:image/jpeg;base64,") > 8
    assert not [path for path in desk.iterdir() if "partial" in path.name]


def test_an_existing_report_is_kept_unless_told(run, desk):
    (desk / "out.html").write_text("mine")
    result = run("evaluate", "in.mp4", "calm.mp4", "--report", "out.html")
    assert result.exit_code == 3 and "--overwrite" in result.stderr
    assert (desk / "out.html").read_text() == "mine"


def test_pictures_are_judged_by_what_needs_no_time(run, desk):
    result = run("evaluate", "in.png", "wild.png", "--style", "my-paintings", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert {f["metric"] for f in found["findings"]} == {
        *("texture_distance", "color_distance", "edge_agreement", "content_ssim", "grid_peak", "halo")
    }
    assert "2 frames in a row" in {left["metric"]: left["why"] for left in found["left_out"]}["flicker"]


def test_the_likeness_is_measured_with_photographs(run, desk, monkeypatch):
    pytest.importorskip("torch", reason="the training extra is not installed")
    monkeypatch.setenv("STYLEREEL_MAX_STEPS", "3")
    (desk / "my-photos").mkdir()
    for seed in range(3):
        cv2.imwrite(str(desk / "my-photos" / f"{seed}.png"), scene(seed + 20))
    cv2.imwrite(str(desk / "my-paintings" / "thumb.png"), np.zeros((8, 8, 3), np.uint8))
    result = run(
        *(
            "evaluate",
            "in.mp4",
            "wild.mp4",
            "--frames",
            2,
            "--style",
            "my-paintings",
            "--photos",
            "my-photos",
        ),
        "--json",
    )
    assert result.exit_code == 0, result.output
    assert "style_likeness_source" in json.loads(result.stdout)["figures"]
    assert "3 photographs are few" in result.stderr
    assert "1 style picture(s) left out" in result.stderr and "thumb.png" in result.stderr
    assert "steps in place of" in result.stderr


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("in.mp4", "none.mp4"), 3, "none.mp4"),
        (("in.mp4", "in.png"), 3, "a single picture"),
        (("in.mp4", "tall.mp4"), 3, "another size"),
        (("in.mp4", "slow.mp4"), 3, "do not show the same moments"),
        (("in.mp4", "calm.mp4", "--style", "none"), 3, "names the style's pictures"),
        (("in.mp4", "calm.mp4", "--timing", "in.png"), 3, "no summary of stylize --json"),
        (("in.mp4", "calm.mp4", "--features", "weights.pt"), 3, "does not exist"),
        (("in.mp4", "calm.mp4", "--report", "out.pdf"), 3, ".html"),
        (("in.mp4", "calm.mp4", "--frames", "0"), 2, "one frame at least"),
        (("in.mp4", "calm.mp4", "--start", "soon"), 2, "HH:MM:SS"),
    ],
)
def test_what_cannot_be_compared_is_told_in_a_sentence(run, desk, words, code, text):
    make_clip(desk / "tall.mp4", frames=3, size=(48, 96))
    make_clip(desk / "slow.mp4", frames=3, size=SIZE, rate=10)
    result = run("evaluate", *words)
    assert result.exit_code == code and text in result.stderr, result.output


def test_a_result_that_ends_early_is_compared_as_far_as_it_goes_and_said(run, desk):
    make_clip(desk / "short.mp4", frames=3, size=SIZE, paint=lambda i, w, h: panned(3)[i])
    result = run("evaluate", "in.mp4", "short.mp4", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["frames"] == 3
    assert "first 3 frames of each are compared" in result.stderr and "in.mp4 (7 frames)" in result.stderr


def test_a_cut_result_is_compared_with_its_own_stretch_of_the_source(run, desk):
    make_clip(desk / "cut.mp4", frames=4, size=SIZE, paint=lambda i, w, h: panned(FRAMES)[i + 3])
    placed = json.loads(run("evaluate", "in.mp4", "cut.mp4", "--start", "0.12", "--json").stdout)
    not_placed = json.loads(run("evaluate", "in.mp4", "cut.mp4", "--json").stdout)
    assert placed["frames"] == 4
    assert placed["figures"]["content_ssim"] > 0.97 > not_placed["figures"]["content_ssim"]


def test_results_are_compared_in_columns_with_a_sheet_and_a_video(run, desk):
    result = run("compare", "in.mp4", "calm.mp4", "wild.mp4", "--sheet", "sheet.png", "--video", "split.mp4")
    assert result.exit_code == 0, result.output
    assert "calm" in result.stdout and "wild" in result.stdout
    assert re.search(r"boiling +\* [\d.]+ x +[\d.]+ x", result.stdout)
    assert "--timing" not in result.stdout  # which compare does not take
    sheet = cv2.imread("sheet.png")
    assert sheet.shape[1] > 3 * SIZE[0] and sheet.shape[0] > 4 * SIZE[1]
    with av.open("split.mp4") as video:
        frames = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
        assert len(frames) == FRAMES and frames[0].shape[:2] == (SIZE[1], 3 * SIZE[0])
        assert video.streams.audio
    left, middle = frames[0][20:100, 20:200].astype(int), frames[0][20:100, SIZE[0] + 20 : SIZE[0] + 200]
    assert np.abs(left - panned(1)[0][20:100, 20:200]).mean() < 6 < np.abs(left - middle).mean()


def test_slices_show_one_frame_and_existing_files_are_kept(run, desk):
    words = ("compare", "in.mp4", "calm.mp4", "wild.mp4", "--frames", 3, "--video", "split.mp4")
    (desk / "split.mp4").write_bytes(b"mine")
    refused = run(*words)
    assert refused.exit_code == 3 and (desk / "split.mp4").read_bytes() == b"mine"
    result = run(*words, "--layout", "slices", "--overwrite", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["names"] == ["calm", "wild"] and found["best"]["warping_error"] == ["calm"]
    with av.open("split.mp4") as video:
        frames = list(video.decode(video=0))
    assert (frames[0].width, frames[0].height, len(frames)) == (*SIZE, 3)


def test_a_comparison_of_one_is_told_to_evaluate(run, desk):
    result = run("compare", "in.mp4", "calm.mp4")
    assert result.exit_code == 2 and "use evaluate" in result.stderr
    assert (
        run("compare", "in.mp4", "calm.mp4", "wild.mp4", "--layout", "rows", "--video", "a.mp4").exit_code
        == 2
    )


def test_headers_that_are_wrong_about_the_length_are_measured_all_the_same(run, desk):
    shutil.copy("in.mp4", "in.ts")
    for name in ("in", "calm"):  # a container that does not say how many frames it has
        make_clip(desk / f"{name}.ts", frames=FRAMES, size=SIZE, paint=lambda i, w, h: panned(FRAMES)[i])
    result = run("evaluate", "in.ts", "calm.ts", "--style", "my-paintings", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["frames"] == FRAMES and found["figures"]["texture_ratio"] == pytest.approx(1, abs=0.1)


def test_a_folder_of_unrelated_pictures_is_not_judged_by_its_motion(run, desk):
    for folder in ("before", "after"):
        (desk / folder).mkdir()
        for seed in range(8):
            picture = scene(seed + 20) if folder == "before" else textured(scene(seed + 20))
            cv2.imwrite(str(desk / folder / f"{seed}.png"), picture[..., ::-1])
    result = run("evaluate", "before", "after", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    measured = {finding["metric"] for finding in found["findings"]}
    assert "content_ssim" in measured and not measured & {"warping_error", "warping_error_long", "tof"}
    assert "no motion to follow" in json.dumps(found["left_out"]) and not found["worst"]
