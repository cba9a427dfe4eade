"""Jobs that protect text or bring a video to another rate go on where they stopped, as all others do."""

import os
import random
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from clips import make_clip
from interrupted_jobs import done, finish, heard, job, killed_at, shown, stopped_after
from slides import lesson
from stylereel.actions.presets import PRESETS
from stylereel.core.errors import ResumeError
from stylereel.video import parts, writer

FRAMES = 40
TIMES = np.cumsum([40, 3, 400, 40, 41, 7, 90, 33] * (FRAMES // 8))


@pytest.fixture(scope="module")
def lecture(tmp_path_factory):
    """40 frames at uneven times with sound: slides that change, with text, shown again, and moving."""
    return make_clip(
        tmp_path_factory.mktemp("lecture") / "in.mkv", frames=FRAMES, size=(320, 180), paint=lesson,
        pts=[int(time) for time in TIMES], time_base=Fraction(1, 1000), audio=True,
    )  # fmt: skip


def compared(lecture, folder, output, stop, **settings):
    """A job that was stopped and went on, held to the same one that was not; the summary of what went on."""
    whole, resumed = (job(lecture, folder / f"{name}{output}", **settings) for name in ("whole", "resumed"))
    expected = done(whole)
    kept = (stop - 1) // 10 * 10  # whole parts of what was told of: none of it is lost in a queue
    assert f"{kept} finished frames are kept in" in stopped_after(stop, resumed)
    summary = done(resumed, resume=True)
    assert summary.frames == expected.frames and summary.resumed_frames == kept
    assert shown(resumed["output"]) == shown(whole["output"])
    if output:
        assert heard(resumed["output"]) == heard(whole["output"])
        assert resumed["output"].read_bytes() == whole["output"].read_bytes() or output != ".mp4"
    assert not (folder / f"resumed{output}.unfinished").exists()
    return summary


@pytest.mark.parametrize("stop", [13, 39])
@pytest.mark.parametrize(
    ("output", "settings"),
    [
        (".mp4", {"preset": "lecture", "stabilize": None}),
        (".mkv", {"protect_text": True, "stabilize": 0.0, "codec": "ffv1", "bit_depth": 10}),
        ("", {"protect_text": True}),
    ],
)
def test_text_stays_protected_as_without_the_stop(small, lecture, tmp_path, output, settings, stop):
    compared(lecture, tmp_path, output, stop, **settings)


@pytest.mark.parametrize(
    ("output", "settings"),
    [
        (".mp4", {"fps": "30"}),
        (".mkv", {"fps": "60", "stabilize": 0.0, "protect_text": True}),
        (".mp4", {"fps": "30000/1001", "codec": "hevc", "start": 0.1, "end": 2.2}),
        (".webm", {"fps": "12", "crop": "9:16", "codec": "vp9"}),
        ("", {"fps": "25", "protect_text": True}),
    ],
)
@pytest.mark.parametrize("stop", [14, 21])
def test_another_rate_goes_on_at_the_tick_where_it_stopped(small, lecture, tmp_path, output, settings, stop):
    compared(lecture, tmp_path, output, stop, **settings)


@pytest.fixture
def tiny_presets(monkeypatch):
    """Presets that fill a tenth of their sides, so that their tests take a hundredth of the time."""
    for name, preset in PRESETS.items():
        if preset.size is not None:
            size = (preset.size[0] // 10, preset.size[1] // 10)
            monkeypatch.setitem(PRESETS, name, replace(preset, size=size))


@pytest.mark.parametrize("preset", ["vertical", "square", "story"])
def test_presets_for_uploads_go_on_too(small, tiny_presets, lecture, tmp_path, preset):
    compared(lecture, tmp_path, ".mp4", 22, preset=preset)


def test_a_constant_rate_that_a_preset_keeps_goes_on_at_the_frame(small, tiny_presets, tmp_path):
    source = make_clip(tmp_path / "in.mp4", frames=36, size=(96, 160), audio=True)
    compared(source, tmp_path, ".mp4", 25, preset="vertical", crop="48x80")


def test_a_retimed_job_whose_frames_are_all_finished_is_joined_and_nothing_is_read_twice(
    small, lecture, tmp_path, monkeypatch
):
    whole, resumed = (job(lecture, tmp_path / f"{name}.mp4", fps="30") for name in ("whole", "resumed"))
    expected = done(whole)

    def broken_off(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(writer._VideoOutput, "finish", broken_off)
        done(resumed)
    assert parts.Parts.find(resumed["output"]).is_whole
    summary = done(resumed, resume=True)
    assert summary.resumed_frames == summary.frames == expected.frames
    assert resumed["output"].read_bytes() == whole["output"].read_bytes()


@pytest.mark.parametrize(
    "change", [{"fps": "24"}, {"fps": None}, {"protect_text": True}, {"preset": "square"}]
)
def test_another_rate_or_preset_is_another_job(small, lecture, tmp_path, change):
    given = job(lecture, tmp_path / "out.mp4", fps="30")
    stopped_after(25, given)
    with pytest.raises(ResumeError, match=f"another job.*{next(iter(change))}"):
        done({**given, **change}, resume=True)
    assert done(given, resume=True).resumed_frames >= 10


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
def test_killed_at_random_moments_a_retimed_lecture_is_that_of_an_uninterrupted_run(small, lecture, tmp_path):
    seed = random.randrange(1 << 30)
    print("seed", seed)
    moments = random.Random(seed)
    settings = {"preset": "lecture", "fps": "30"}
    whole = job(lecture, tmp_path / "whole.mp4", **settings)
    killed = job(lecture, tmp_path / "killed.mp4", resume=True, **settings)
    finish(whole)
    before = 0
    for _ in range(3):
        reached = killed_at(killed, before + moments.randrange(1, 25), moments.random() / 20)
        found = None if reached < 0 else parts.Parts.find(killed["output"])
        if reached < 0 or killed["output"].exists():
            break
        before = 0 if found is None else found.frames
        assert reached - before <= 10 + 10
    if not killed["output"].exists():
        assert finish(killed)["resumed_frames"] == before
    assert killed["output"].read_bytes() == whole["output"].read_bytes()
