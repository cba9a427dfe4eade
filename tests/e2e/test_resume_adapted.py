"""A job in a look that was fitted to a reference goes on in that very look, whatever became of the cache."""

from __future__ import annotations

import shutil

import pytest

pytest.importorskip("torch", reason="the training extra is not installed")

import stylereel
from clips import make_clip
from interrupted_jobs import done, job, shown, stopped_after
from many_looks import many_pack, many_recipe
from stylereel.core.errors import ResumeError
from stylereel.video import parts
from toy_pictures import painting, write


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """A pack of many looks, two references and a film of four parts."""
    folder = tmp_path_factory.mktemp("studio")
    many_pack(folder / "many", many_recipe())
    write(folder / "painting.png", painting(1, 160, 200))
    write(folder / "other.png", painting(2, 160, 200))
    make_clip(folder / "film.mp4", frames=40, size=(96, 64), audio=True)
    return folder


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache of this test's own, and parts of ten frames."""
    monkeypatch.setenv("STYLEREEL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(parts, "MOST_FRAMES", 10)
    return tmp_path / "cache"


def fitted_job(studio, output, **settings):
    settings = {"style": studio / "many", "reference": studio / "painting.png", **settings}
    return job(studio / "film.mp4", output, adapt_seconds=0.3, **settings)


def interrupted(given):
    """Stop it in the middle; what was said."""
    fitting = []

    def stop(progress):
        fitting.append(progress.unit == "steps")
        if progress.unit == "frames" and progress.done >= 25:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        stylereel.stylize(**given, runner="onnxruntime", threads=1, on_progress=stop)
    assert any(fitting)
    return " ".join(getattr(caught.value, "__notes__", ()))


@pytest.mark.parametrize("settings", [{}, {"variation": 3, "strength": 0.6, "crop": "64x48"}])
def test_it_goes_on_in_the_same_look_though_the_cache_is_gone(studio, tmp_path, cache, settings):
    given = fitted_job(studio, tmp_path / "out.mp4", **settings)
    assert "finished frames are kept" in interrupted(given)
    done({**given, "output": tmp_path / "whole.mp4"})  # with the fit that the cache holds
    shutil.rmtree(cache)
    told = []
    summary = done(given, resume=True, on_progress=told.append)
    assert summary.resumed_frames >= 10 and {progress.unit for progress in told} == {"frames"}
    assert shown(tmp_path / "out.mp4") == shown(tmp_path / "whole.mp4")
    assert not cache.exists() and not (tmp_path / "out.mp4.unfinished").exists()


@pytest.mark.parametrize(
    "change", [{"reference": "other.png"}, {"adapt_seconds": 0.2}, {"crop": "64x48"}, {"start": 0.1}], ids=str
)
def test_what_was_fitted_otherwise_is_not_gone_on_with_and_no_time_is_spent_on_it(
    studio, tmp_path, cache, change
):
    given = fitted_job(studio, tmp_path / "out.mp4")
    interrupted(given)
    if "reference" in change:
        change = {"reference": studio / change["reference"]}
    told = []
    with pytest.raises(ResumeError, match=r"fitted otherwise.*begin anew with --overwrite"):
        done({**given, **change}, resume=True, on_progress=told.append)
    assert told == []
    assert done(given, resume=True).resumed_frames >= 10


def test_one_that_is_stopped_while_it_is_fitted_leaves_nothing_and_begins_anew(studio, tmp_path, cache):
    given = fitted_job(studio, tmp_path / "out.mp4")
    stopped_after(1, given)
    assert not list(tmp_path.glob("out*"))
    summary = done(given, resume=True)
    assert summary.frames == 40 and any("Nothing was left to resume" in notice for notice in summary.notices)


def test_a_batch_goes_on_in_it_too_and_knows_other_seconds_for_another_job(studio, tmp_path, cache):
    options = {
        "reference": [str(studio / "painting.png")], "adapt_seconds": 0.3,
        "runner": "onnxruntime", "threads": 1,
    }  # fmt: skip

    def batch(on_progress=None, **more):
        return stylereel.batch(
            studio / "film.mp4", styles=[studio / "many"], output=str(tmp_path / "out" / "{name}.mp4"),
            options={**options, **more}, resume=True, on_progress=on_progress,
        )  # fmt: skip

    def stop(progress):
        if progress.overall.done >= 25 and progress.overall.unit == "frames":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        batch(stop)
    found = parts.Parts.find(tmp_path / "out" / "film.mp4")
    assert found is not None and found.job.kept
    shutil.rmtree(cache)
    (result,) = batch().results
    assert (result.state, result.frames) == ("made", 40) and result.resumed_frames >= 10
    assert not cache.exists()
    assert batch().count("kept") == 1
    with pytest.raises(ResumeError, match="adapt_seconds"):
        batch(adapt_seconds=0.2)
