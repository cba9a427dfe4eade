"""`stylize --timeline`: looks, strength and colours that change over a clip."""

from __future__ import annotations

import itertools
import json

import cv2
import numpy as np
import pytest

import stylereel
from clips import make_clip
from interrupted_jobs import done, job, shown, stopped_after
from stylereel.actions.loaded_style import LoadedStyle
from stylereel.core.errors import ResumeError, UsageError
from toy_packs import toy_pack

LOSSLESS = {"codec": "ffv1"}
CUT = 12


def scenes(index: int, width: int, height: int) -> np.ndarray:
    """Two scenes of soft blobs that pan slowly; the second begins at frame `CUT`."""
    seed = 1 if index < CUT else 2
    noise = np.random.default_rng(seed).uniform(40, 215, (height // 6, width // 3, 3)).astype(np.float32)
    wide = cv2.resize(noise, (2 * width, height), interpolation=cv2.INTER_CUBIC).clip(16, 235)
    return np.ascontiguousarray(wide[:, index : index + width].astype(np.uint8))


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """One second at 25 frames a second, with a cut."""
    folder = tmp_path_factory.mktemp("film")
    return make_clip(folder / "film.mkv", frames=25, size=(96, 64), paint=scenes, codec="ffv1", lossless=True)


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    pytest.importorskip("torch", reason="the training extra is not installed")
    from many_looks import many_pack, many_recipe

    return many_pack(tmp_path_factory.mktemp("packs") / "many", many_recipe()).folder


@pytest.fixture(scope="module")
def negative(tmp_path_factory):
    return toy_pack(tmp_path_factory.mktemp("packs") / "negative", "invert").folder


def stylized(source, output, **settings) -> list[np.ndarray]:
    """The frames of a run; a summary lies beside them in `stylized.summary`."""
    stylized.summary = done({"input": source, "output": output, **LOSSLESS, **settings})
    size = stylized.summary.height, stylized.summary.width, 3
    return [np.frombuffer(raw, np.uint8).reshape(size).astype(int) for _, raw in shown(output)]


def test_frames_at_keys_have_the_look_of_the_key_and_those_between_go_from_one_to_the_other(
    film, many, tmp_path
):
    keys = [{"at": 0.2, "look": "oil"}, {"at": "0:00.8", "look": "ink*0.5+chalk*0.5"}]

    def pictures(name: str, **settings) -> list[np.ndarray]:
        done({"input": film, "output": tmp_path / name, **settings})  # as pictures: no chroma is halved
        return [cv2.imread(str(path)).astype(int) for path in sorted((tmp_path / name).iterdir())]

    moving = pictures("moving", style=many, timeline={"easing": "linear", "key": keys})
    ends = [pictures(f"{number}", style=f"{many}:{key['look']}") for number, key in enumerate(keys)]
    for at, fixed in ((0, 0), (5, 0), (20, 1), (24, 1)):
        assert np.abs(moving[at] - ends[fixed][at]).max() <= 1, at
    away = [float(np.abs(moving[at] - ends[0][at]).mean()) for at in range(5, 12)]
    assert all(b > a for a, b in itertools.pairwise(away))
    assert np.abs(moving[12] - ends[0][12]).mean() > 1 and np.abs(moving[12] - ends[1][12]).mean() > 1


def test_a_stopped_job_goes_on_with_the_same_looks_and_not_with_others(small, film, many, tmp_path):
    keys = [{"at": 0, "look": "oil", "strength": 0}, {"at": "100%", "look": "ink", "keep_colors": 0.5}]
    jobs = [
        job(film, tmp_path / f"{name}.mkv", **{"style": many, "timeline": {"key": keys}, **LOSSLESS})
        for name in ("whole", "resumed")
    ]
    done(jobs[0])
    assert "finished frames are kept in" in stopped_after(14, jobs[1])
    with pytest.raises(ResumeError, match="timeline"):
        done({**jobs[1], "timeline": {"key": [{**keys[0], "easing": "hold"}, keys[1]]}}, resume=True)
    assert done(jobs[1], resume=True).resumed_frames > 0
    assert shown(jobs[1]["output"]) == shown(jobs[0]["output"])


def test_a_pack_of_one_look_is_keyed_and_where_it_has_no_strength_the_frames_are_the_source(
    film, negative, tmp_path
):
    keys = [{"at": 0, "strength": 0}, {"at": 0.2, "strength": 0}, {"at": 0.8}]
    moving = stylized(film, tmp_path / "moving.mkv", style=negative, timeline={"key": keys})
    source = stylized(film, tmp_path / "source.mkv", style=negative, strength=0)
    whole = stylized(film, tmp_path / "whole.mkv", style=negative)
    assert all(np.array_equal(moving[at], source[at]) for at in range(6))
    assert all(np.array_equal(moving[at], whole[at]) for at in range(20, 25))
    away = [
        np.abs(moving[at] - source[at]).mean() / np.abs(whole[at] - source[at]).mean() for at in range(25)
    ]
    assert all(b >= a - 0.01 for a, b in itertools.pairwise(away)) and 0.4 < away[12] < 0.6


def test_what_a_key_does_not_say_it_has_from_the_run(film, negative, tmp_path):
    timeline = {"key": [{"at": 0}, {"at": 0.5, "strength": 1.0, "keep_colors": False}]}
    moving = stylized(
        film, tmp_path / "a.mkv", style=negative, timeline=timeline, strength=0.25, keep_colors=True
    )
    fixed = stylized(film, tmp_path / "b.mkv", style=negative, strength=0.25, keep_colors=True)
    whole = stylized(film, tmp_path / "c.mkv", style=negative)
    assert np.array_equal(moving[0], fixed[0]) and np.array_equal(moving[20], whole[20])


def test_the_times_of_a_part_are_those_of_the_whole_source(film, negative, tmp_path):
    timeline = {"key": [{"at": "20%", "strength": 0.1}, {"at": 0.9, "strength": 1.0}]}
    whole = stylized(film, tmp_path / "whole.mkv", style=negative, timeline=timeline)
    part = stylized(film, tmp_path / "part.mkv", style=negative, timeline=timeline, start=0.4, end=0.8)
    assert len(part) == 10
    assert all(np.array_equal(a, b) for a, b in zip(part, whole[10:20], strict=True))


@pytest.mark.parametrize("settings", [{}, {"start": 0.2}, {"fps": 50}, {"fps": 30}])
def test_a_key_moves_onto_a_cut_that_is_near(film, negative, tmp_path, settings):
    keys = [{"at": 0, "strength": 0, "easing": "hold"}, {"at": 0.4, "strength": 1}]
    timeline = {"snap_to_cuts": 0.2, "key": keys}
    moving = stylized(film, tmp_path / "a.mkv", style=negative, timeline=timeline, **settings)
    assert any("[[key]] 2 moved from 0.400 s to the cut at 0.480 s" in n for n in stylized.summary.notices)
    source = stylized(film, tmp_path / "b.mkv", style=negative, strength=0, **settings)
    is_source = [np.array_equal(a, b) for a, b in zip(moving, source, strict=True)]
    scene = [np.abs(a - b).mean() > 20 for a, b in itertools.pairwise(source)]
    cut = scene.index(True) + 1
    assert is_source == [True] * cut + [False] * (len(moving) - cut)


def test_a_key_that_is_far_from_a_cut_stays_and_of_two_the_nearer_moves(film, negative, tmp_path):
    keys = [{"at": 0.1}, {"at": 0.42, "strength": 0.5}, {"at": 0.5}]
    stylized(film, tmp_path / "a.mkv", style=negative, timeline={"snap_to_cuts": 0.1, "key": keys})
    said = " ".join(stylized.summary.notices)
    assert "[[key]] 3 moved from 0.500 s to the cut at 0.480 s" in said and "[[key]] 1" not in said
    assert "[[key]] 2 stays at 0.420 s: timeline, [[key]] 3 is nearer to the cut" in said


def test_a_picture_that_stays_longer_is_laid_over_anew_while_the_look_moves(negative, tmp_path):
    slow = make_clip(tmp_path / "slow.mkv", frames=5, size=(32, 24), rate=5, codec="ffv1", lossless=True)
    timeline = {"easing": "linear", "key": [{"at": 0, "strength": 0}, {"at": 0.4}]}
    frames = stylized(slow, tmp_path / "a.mkv", style=negative, timeline=timeline, fps=25)
    steps = [float(np.abs(b - a).mean()) for a, b in itertools.pairwise(frames)]
    assert len(frames) == 25 and all(step > 0 for step in steps[:9]) and steps[16] == steps[17] == 0


def test_a_loaded_style_is_keyed_too(film, negative, tmp_path):
    loaded = LoadedStyle.load(negative, runner="onnxruntime", threads=1)
    summary = stylereel.stylize(
        film, tmp_path / "a.mkv", style=loaded, timeline={"key": [{"at": 0, "strength": 0.5}, {"at": 9}]}
    )
    assert any("[[key]] 2: at is 9 (9 s), past the end of the source (1.000 s)" in n for n in summary.notices)


@pytest.fixture
def command(run, clip, tmp_path):
    """Run `stylize` with a timeline of this text; code and what was said, in one line."""

    def invoke(text: str, *options: object, source=None):
        (tmp_path / "looks.toml").write_text(text, "utf-8")
        result = run(
            "stylize", source or clip, tmp_path / "out.mp4", "--timeline", tmp_path / "looks.toml", *options
        )
        return result.exit_code, " ".join(result.output.split())

    return invoke


def test_the_command_takes_the_style_from_the_file_or_from_beside_it(command, tmp_path):
    code, said = command("style = 'negative'\n[[key]]\nat = 0\nstrength = 0.5\n", "--json")
    assert code == 0 and json.loads(said[said.index("{") :])["style"] == "negative"
    code, said = command("style = 'negative'\n[[key]]\nat = 0", "--style", "brush", "--overwrite")
    assert code == 0 and "'brush'" in said
    code, said = command("[[key]]\nat = 0", "--overwrite")
    assert code == 2 and "tyle is missing" in said and "above its first key" in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[key]]\nat = 0\nlook = 'oil'", "looks.toml, [[key]] 1: look is 'oil', and the style is one look"),
        ("[[key]]\nat = 0\nstrength = 2", "[[key]] 1, line 3: 'strength' is 2"),
        ("[[key]]\nat = '50%'\n[[key]]\nat = 0.1", "[[key]] 2: at is 0.1 (0.1 s), before the key above it"),
    ],
)
def test_a_timeline_that_cannot_be_meant_leaves_nothing(command, tmp_path, text, says):
    code, said = command(text, "--style", "negative")
    assert code == 2 and says in said and not (tmp_path / "out.mp4").exists()


def test_looks_that_a_pack_does_not_hold_are_named_with_the_nearest(film, many, tmp_path):
    for keys, style, says in [
        ([{"at": 0, "look": "oils"}], many, r"key\]\] 1: Unknown look 'oils'\. Did you mean 'oil'"),
        ([{"at": 0, "look": "oil"}, {"at": 1}], many, r"key\]\] 2: 'look' is missing, and 'many' holds 3"),
        ([{"at": 0, "look": "oil"}], f"{many}:ink", r"the style is one look.* say --style many"),
    ]:
        with pytest.raises(UsageError, match=says):
            stylereel.stylize(film, tmp_path / "a.mkv", style=style, timeline={"key": keys})


def test_what_takes_no_time_has_no_timeline(command, tmp_path):
    picture = tmp_path / "still.png"
    cv2.imwrite(str(picture), np.zeros((24, 32, 3), np.uint8))
    code, said = command("[[key]]\nat = 0", "--style", "negative", source=picture)
    assert code == 2 and "A timeline is for what takes time" in said
