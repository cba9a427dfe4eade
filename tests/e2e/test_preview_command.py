import json
import re
import shlex

import cv2
import numpy as np
import pytest

import stylereel
from clips import make_clip, numbered, smooth
from stylereel.packs import find
from toy_packs import toy_pack


@pytest.fixture(autouse=True)
def _toys_alone(monkeypatch, tmp_path):
    """No shipped styles: the toys are quicker, and what they do is known."""
    monkeypatch.setattr(find, "shipped_folder", lambda: tmp_path / "nothing shipped")
    monkeypatch.chdir(tmp_path)


def read(path) -> np.ndarray:
    return cv2.imread(str(path))[..., ::-1].astype(int)


def sea(width: int = 192, height: int = 128) -> np.ndarray:
    """Bluish waves, darker below, `(H, W, 3)` uint8 RGB."""
    y, x = np.mgrid[:height, :width]
    light = 0.75 - 0.4 * y / height + 0.12 * np.sin(x / 6 + np.sin(y / 5)) * np.sin(y / 4)
    return np.clip(255 * light[..., None] * np.array([0.35, 0.65, 1.0]), 0, 255).astype(np.uint8)


def test_a_sheet_shows_every_style_at_several_moments(run, clip, tmp_path):
    result = run("preview", clip, "--json")
    assert result.exit_code == 0, result.stderr
    made = json.loads(result.stdout)
    assert made["styles"] == ["brush", "nameless", "negative", "plain"]
    assert len(set(made["times"])) == 3 and made["times"] == sorted(made["times"])
    sheet = read(tmp_path / "clip-looks.jpg")
    assert made["sheet"] == "clip-looks.jpg" and sheet.shape == (made["height"], made["width"], 3)
    assert not list(tmp_path.glob(".*partial*"))


def test_the_line_to_run_next_runs(run, clip, tmp_path):
    result = run("preview", clip, "--styles", "negative,plain", "--strength", "0.5", "--keep-colors")
    line = re.search(r"next\s+(stylereel .*?)  \(or any", result.stdout)
    assert result.exit_code == 0 and line, result.output
    words = shlex.split(line[1])
    assert {"--strength", "--keep-colors", "negative"} <= set(words)
    assert run(*words[1:]).exit_code == 0 and (tmp_path / "clip-negative.mp4").exists()


def test_each_look_stands_in_its_own_column(run, tmp_path):
    cv2.imwrite(
        str(tmp_path / "grey.png"), np.kron([[60, 200], [200, 60]], np.ones((120, 160))).astype(np.uint8)
    )
    assert run("preview", "grey.png", "--styles", "plain,negative", "--output", "sheet.png").exit_code == 0
    sheet = read(tmp_path / "sheet.png")
    corners = [sheet[60, 8 + 20 + column * (320 + 8)].mean() for column in range(3)]
    assert corners == pytest.approx([60, 60, 195], abs=3)


def test_an_existing_sheet_is_kept_unless_told_otherwise(run, clip, tmp_path):
    (tmp_path / "sheet.png").write_bytes(b"mine")
    refused = run("preview", clip, "--output", "sheet.png")
    assert refused.exit_code == 3 and "--overwrite" in refused.stderr
    assert (tmp_path / "sheet.png").read_bytes() == b"mine"
    assert run("preview", clip, "--output", "sheet.png", "--overwrite", "-s", "plain").exit_code == 0
    assert read(tmp_path / "sheet.png").ndim == 3


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--styles", "plain,brsh"], 2, "Did you mean 'brush'"),
        (["--styles", " , "], 2, "names none"),
        (["--at", "0:59"], 3, "past the end"),
        (["--at", "soon"], 2, "is 'soon': write seconds"),
        (["--frames", "0"], 2, "from 1 to 12"),
        (["--strength", "2"], 2, "from 0 (the source) to 1"),
        (["--output", "sheet.gif"], 3, ".png or .jpg"),
        (["--output", "nowhere/sheet.png"], 3, "does not exist"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_left(run, clip, tmp_path, options, code, says):
    before = set(tmp_path.iterdir())
    result = run("preview", clip, *options)
    assert result.exit_code == code and says in result.stderr, result.output
    assert set(tmp_path.iterdir()) == before


def test_a_file_without_frames_is_an_error_that_names_it(run, tmp_path):
    (tmp_path / "empty.mp4").write_bytes(b"")
    for command in (("preview",), ("styles", "suggest")):
        result = run(*command, "empty.mp4")
        assert result.exit_code == 3 and "empty.mp4" in result.stderr
    assert run("preview", "-").exit_code == 2


def test_times_are_chosen_with_at_and_the_last_frame_counts_to_the_end(run, clip):
    result = run("preview", clip, "--at", "0.44", "--at", "0:00.04", "--at", "0.47", "-s", "plain", "--json")
    assert json.loads(result.stdout)["times"] == pytest.approx([0.04, 0.44, 0.44], abs=0.001)
    refused = run("preview", clip, "--at", "0.49", "--overwrite")
    assert refused.exit_code == 3 and "past the end" in refused.stderr


def test_black_frames_are_passed_over(run, tmp_path):
    def paint(index: int, width: int, height: int) -> np.ndarray:
        is_black = 11 <= index < 17 or index < 6
        return np.zeros((height, width, 3), np.uint8) if is_black else smooth(index, width, height)

    make_clip(tmp_path / "fades.mp4", frames=30, size=(96, 64), paint=paint)
    made = json.loads(run("preview", "fades.mp4", "-s", "plain", "--json").stdout)
    frames = [round(25 * seconds) for seconds in made["times"]]
    assert frames and all(6 <= index < 11 or index >= 17 for index in frames)
    make_clip(tmp_path / "black.mp4", frames=4, size=(96, 64), paint=lambda i, w, h: 0 * numbered(i, w, h))
    assert json.loads(run("preview", "black.mp4", "-s", "plain", "--json").stdout)["times"]


def test_a_broken_pack_is_left_out_of_all_and_an_error_by_name(run, clip, styles, tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    toy_pack(tmp_path / "mine" / "good", "invert")
    toy_pack(tmp_path / "mine" / "bad", "invert")
    (tmp_path / "mine" / "bad" / "generator.onnx").write_bytes(b"changed")
    monkeypatch.setenv("STYLEREEL_PACKS", str(tmp_path / "mine"))
    result = run("preview", clip, "--json")
    assert json.loads(result.stdout)["styles"] == ["good"] and "'bad' is left out" in result.stderr
    assert run("preview", clip, "--styles", "bad", "--overwrite").exit_code == 5


def test_suggestions_rank_with_a_reason_for_each_part(run, tmp_path, monkeypatch):
    cv2.imwrite(str(tmp_path / "sea.png"), sea()[..., ::-1])
    (tmp_path / "tints").mkdir()
    for name in ("blue", "orange"):
        toy_pack(tmp_path / "tints" / name, name)
    monkeypatch.setenv("STYLEREEL_PACKS", str(tmp_path / "tints"))
    result = run("styles", "suggest", "sea.png", "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert set(found) == {"source", "times", "looked_at", "suggestions", "notices"}
    assert [each["style"] for each in found["suggestions"]] == ["blue", "orange"]
    for rank, each in enumerate(found["suggestions"], 1):
        assert each["rank"] == rank and 0 <= each["score"] <= 1 and 0 <= each["change"] <= 1
        for name in ("palette", "texture", "contrast"):
            assert set(each[name]) == {"score", "reason", "measured"} and 0 <= each[name]["score"] <= 1
    best, last = found["suggestions"]
    assert best["palette"]["score"] > last["palette"]["score"] + 0.3
    assert (
        "blues" in best["palette"]["reason"] and "turns the picture's blues into" in last["palette"]["reason"]
    )
    told = run("styles", "suggest", "sea.png", "--count", "1").stdout
    assert "1. blue" in told and "2. " not in told and "stylereel preview sea.png --styles blue" in told
    assert run("styles", "suggest", "sea.png", "--count", "0").exit_code == 2


def test_ranks_do_not_depend_on_the_order_in_which_styles_are_named(clip, styles, monkeypatch):
    monkeypatch.setenv("STYLEREEL_PACKS", str(styles))
    names = ["plain", "negative", "brush", "nameless"]
    found = [
        stylereel.suggest_styles(clip, order, count=4) for order in (names, names[::-1], ",".join(names))
    ]
    assert found[0] == found[1] == found[2]
    assert found[0].suggestions[0].style == "plain" and found[0].looked_at == 4


def test_the_sheet_is_made_from_python_too(clip, styles, tmp_path, monkeypatch):
    monkeypatch.setenv("STYLEREEL_PACKS", str(styles))
    seen = []
    made = stylereel.preview_styles(
        clip, ["plain", styles / "brush"], output="s.png", frames=2, on_progress=seen.append
    )
    assert made.styles == ("plain", str(styles / "brush")) and len(made.times) == 2
    assert [progress.done for progress in seen] == [1, 2] and seen[0].unit == "looks"
    assert (tmp_path / "s.png").exists()
