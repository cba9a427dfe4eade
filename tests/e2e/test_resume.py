"""A long job that was stopped goes on where it stopped, and gives what it gives without the stop."""

import json
import os
import random
import shutil
import signal
import sys
import time
from fractions import Fraction

import cv2
import numpy as np
import pytest

import stylereel
from clips import make_clip, make_pictures, make_vfr
from interrupted_jobs import done, finish, heard, job, killed_at, shown, start, stopped_after
from processes import interruptible, wait_until
from stylereel.core.errors import OutputError, ResumeError, RunnerFailedError
from stylereel.video import parts, writer
from toy_packs import toy_pack

posix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")


@pytest.fixture(scope="module")
def made_film(tmp_path_factory):
    return make_clip(
        tmp_path_factory.mktemp("film") / "film.mp4", frames=47, audio=True, metadata={"title": "A film"}
    )


@pytest.fixture
def film(made_film, tmp_path):
    """47 frames with sound: four whole parts and a bit."""
    return shutil.copy(made_film, tmp_path / "film.mp4")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@posix
def test_killed_at_random_moments_it_gives_the_file_of_an_uninterrupted_run(small, film, tmp_path):
    seed = random.randrange(1 << 30)
    print("seed", seed)
    moments = random.Random(seed)
    whole, killed = job(film, tmp_path / "whole.mp4"), job(film, tmp_path / "killed.mp4", resume=True)
    finish(whole)
    before = 0
    for _ in range(3):
        reached = killed_at(killed, before + moments.randrange(1, 18), moments.random() / 20)
        if reached < 0:
            break
        assert not (tmp_path / "killed.mp4").exists() or reached == 47
        found = parts.Parts.find(tmp_path / "killed.mp4")
        if found is None:
            assert reached <= 10 + 10  # the second part's first frame finishes the first; queues lie between
            continue
        # At most one part, besides what the queues held that nobody was told of, is done again.
        assert found.frames >= before and reached - found.frames <= 10 + 10
        before = found.frames
    if not (tmp_path / "killed.mp4").exists():
        summary = finish(killed)
        assert summary["resumed_frames"] == before and summary["frames"] == 47
    assert shown(tmp_path / "killed.mp4") == shown(tmp_path / "whole.mp4")
    assert heard(tmp_path / "killed.mp4") == heard(tmp_path / "whole.mp4") == heard(film)
    assert (tmp_path / "killed.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()
    assert names(tmp_path) == ["film.mp4", "killed.mp4", "whole.mp4"]


@pytest.mark.parametrize("stop", [1, 10])
def test_one_that_stops_before_its_first_part_is_closed_says_so_and_leaves_nothing(
    small, film, tmp_path, stop
):
    given = job(film, tmp_path / "out.mp4")
    said = stopped_after(stop, given)
    assert said == "No part of 10 frames was finished yet, so nothing is kept: the same command begins anew."
    assert names(tmp_path) == ["film.mp4"]
    summary = done(given, resume=True)
    assert (summary.frames, summary.resumed_frames) == (47, 0)


def test_every_frame_that_was_told_of_is_kept_once_its_part_is_closed(small, film, tmp_path, monkeypatch):
    real = writer._VideoOutput.write

    def slowly(*arguments):
        time.sleep(0.02)
        return real(*arguments)

    monkeypatch.setattr(writer._VideoOutput, "write", slowly)  # frames wait in queues when the stop comes
    given = job(film, tmp_path / "out.mp4")
    assert "30 finished frames are kept" in stopped_after(31, given)
    assert done(given, resume=True).resumed_frames == 30


@pytest.mark.parametrize("ending", ["mkv", "webm", "mov"])
@pytest.mark.parametrize("stop", [11, 20, 46])
def test_every_container_goes_on_with_a_variable_rate(small, tmp_path, ending, stop):
    times = np.cumsum([40, 3, 400, 40, 41, 7] * 8)
    source = make_clip(
        tmp_path / "in.mkv", frames=48, pts=[int(t) for t in times], time_base=Fraction(1, 1000), audio=True
    )
    whole, resumed = (
        job(source, tmp_path / f"{name}.{ending}", strength=0.8) for name in ("whole", "resumed")
    )
    done(whole)
    stopped_after(stop, resumed)
    summary = done(resumed, resume=True)
    assert summary.resumed_frames >= (stop - 4) // 10 * 10 - 10 and summary.frames == 48
    assert shown(resumed["output"]) == shown(whole["output"])
    assert [time for time, _ in shown(whole["output"])] == [time for time, _ in shown(source)]
    assert heard(resumed["output"]) == heard(whole["output"])
    assert names(tmp_path) == sorted(["in.mkv", f"whole.{ending}", f"resumed.{ending}"])


def test_a_cut_and_a_smaller_size_go_on_too(small, film, tmp_path):
    settings = {"start": 0.3, "end": 1.5, "max_side": 48, "codec": "ffv1"}
    whole, resumed = (job(film, tmp_path / f"{name}.mkv", **settings) for name in ("whole", "resumed"))
    done(whole)
    stopped_after(25, resumed)
    assert done(resumed, resume=True).resumed_frames == 20
    assert shown(resumed["output"]) == shown(whole["output"])


def test_a_video_into_a_folder_goes_on_with_the_pictures_that_are_missing(small, film, tmp_path):
    whole, resumed = job(film, tmp_path / "whole"), job(film, tmp_path / "resumed")
    done(whole)
    said = stopped_after(36, resumed)
    assert "finished frames are kept in" in said and not (tmp_path / "resumed").exists()
    assert done(resumed, resume=True).resumed_frames >= 20
    assert shown(tmp_path / "resumed") == shown(tmp_path / "whole")
    assert names(tmp_path) == ["film.mp4", "resumed", "whole"]


@pytest.mark.parametrize("film_rate", [None, "24"])
def test_a_folder_of_pictures_goes_on_without_opening_those_that_are_done(
    small, tmp_path, film_rate, monkeypatch
):
    source = make_pictures(tmp_path / "in", count=35)
    (source / "frame20.png").write_bytes(b"no picture")
    name = "out.mkv" if film_rate else "out"
    whole = job(source, tmp_path / f"whole-{name}", fps=film_rate)
    resumed = job(source, tmp_path / f"resumed-{name}", fps=film_rate)
    expected = done(whole)
    stopped_after(27, resumed)
    opened = []
    real = stylereel.video.reader.read_picture_whole
    monkeypatch.setattr(
        "stylereel.video.reader.read_picture_whole",
        lambda path, *rest: opened.append(path) or real(path, *rest),
    )
    summary = done(resumed, resume=True)
    assert summary.resumed_frames == 20 and len(opened) <= 17
    assert summary.concealed_frames == expected.concealed_frames == 1
    assert shown(resumed["output"]) == shown(whole["output"])


def test_progress_counts_what_is_done_already_and_its_pace_does_not(small, film, tmp_path):
    given = job(film, tmp_path / "out.mp4")
    stopped_after(36, given)
    told = []
    summary = done(given, resume=True, on_progress=told.append)
    assert told[0].done == summary.resumed_frames >= 20 and "place" in told[0].note
    assert [progress.done for progress in told[1:]] == list(range(told[0].done + 1, 48))
    assert all(progress.total == 47 for progress in told)
    assert any(f"after {summary.resumed_frames} frames" in notice for notice in summary.notices)
    assert summary.frames_per_second == pytest.approx(
        (47 - summary.resumed_frames) / summary.elapsed_seconds, rel=0.05
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"style": "negative"}, "style"),
        ({"strength": 0.5}, r"strength \(was 1.0, now 0.5\)"),
        ({"stabilize": 0.0}, "stabilize"),
        ({"max_side": 32}, "max_side"),
        ({"codec": "hevc"}, "codec"),
        ({"quality": 20}, "quality"),
        ({"start": 0.1}, "start"),
    ],
)
def test_another_job_does_not_go_on_with_these_parts(small, film, tmp_path, change, words):
    given = job(film, tmp_path / "out.mp4")
    stopped_after(25, given)
    left = {path.name: path.read_bytes() for path in (tmp_path / "out.mp4.unfinished").iterdir()}
    with pytest.raises(ResumeError, match=f"another job.*{words}.*--overwrite"):
        done({**given, **change}, resume=True)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out.mp4.unfinished").iterdir()} == left
    assert done(given, resume=True).resumed_frames == 20


def test_another_source_or_a_changed_style_does_not_go_on_either(small, film, tmp_path):
    style = toy_pack(tmp_path / "mine", "conv").folder
    given = job(film, tmp_path / "out.mp4", style=style)
    stopped_after(25, given)
    moved = shutil.move(film, tmp_path / "moved.mp4")
    make_clip(film, frames=47, size=(64, 48), rate=24)
    with pytest.raises(ResumeError, match="another job; what differs: input"):
        done(given, resume=True)
    shutil.rmtree(style)
    toy_pack(style, "invert")
    with pytest.raises(ResumeError, match="input, style"):
        done(given, resume=True)
    shutil.rmtree(style)
    toy_pack(style, "conv")
    assert done({**given, "input": moved}, resume=True).resumed_frames == 20  # moved, not changed


def test_what_is_left_is_neither_used_nor_lost_unless_someone_says_so(small, film, tmp_path):
    given = job(film, tmp_path / "out.mp4")
    stopped_after(25, given)
    with pytest.raises(OutputError, match=r"20 finished frames.*--resume.*--overwrite"):
        done(given)
    assert parts.Parts.find(tmp_path / "out.mp4").frames == 20
    assert done(given, overwrite=True).resumed_frames == 0
    assert names(tmp_path) == ["film.mp4", "out.mp4"]
    stopped_after(25, {**given, "overwrite": True})
    with pytest.raises(OutputError, match="exists"):
        done(given, resume=True)
    assert done(given, resume=True, overwrite=True).resumed_frames == 20


def test_nothing_to_resume_begins_at_the_first_frame_and_says_so(small, film, tmp_path):
    summary = done(job(film, tmp_path / "out.mp4"), resume=True)
    assert summary.resumed_frames == 0 and any("Nothing was left to resume" in n for n in summary.notices)


def test_short_jobs_single_pictures_and_gifs_keep_no_parts(styles, small, tmp_path, monkeypatch):
    monkeypatch.setattr(parts.Parts, "begin", lambda *_: pytest.fail("no parts are needed"))
    short = make_clip(tmp_path / "in.mp4", frames=10)
    long = make_clip(tmp_path / "long.mp4", frames=30)
    cv2.imwrite(str(tmp_path / "in.png"), np.zeros((32, 48, 3), np.uint8))
    for source, output in (
        (short, "a.mp4"),
        (short, "folder"),
        (long, "a.gif"),
        (tmp_path / "in.png", "a.png"),
    ):
        done(job(source, tmp_path / output), resume=True)
    done(job(long, tmp_path / "b.mp4", end=0.35))


def test_a_source_that_lost_frames_since_is_told(small, tmp_path, monkeypatch):
    source = make_pictures(tmp_path / "in", count=35)
    given = job(source, tmp_path / "out")
    stopped_after(27, given)
    monkeypatch.setattr("stylereel.actions.long_job.source_fingerprint", lambda info: "x")
    for path in parts.Parts.find(tmp_path / "out").folder.glob("job.json"):
        text = json.loads(path.read_text())
        text["identity"]["input"] = "x"
        path.write_text(json.dumps(text))
    for number in range(12, 36):
        (source / f"frame{number}.png").unlink()
    with pytest.raises(ResumeError, match="11 frames by now, but 20 were finished"):
        done(given, resume=True)
    assert parts.Parts.find(tmp_path / "out").frames == 20


def test_a_runner_that_breaks_off_keeps_what_is_finished(small, film, tmp_path, monkeypatch):
    from stylereel.inference.runners.onnxruntime import Runner

    given, whole = job(film, tmp_path / "out.mp4"), job(film, tmp_path / "whole.mp4")
    done(whole)
    count = [0]
    real = Runner.run

    def breaking(self, *arguments):
        count[0] += 1
        if count[0] == 33:
            raise RuntimeError("device lost")
        return real(self, *arguments)

    with monkeypatch.context() as patch, pytest.raises(RunnerFailedError, match="device lost") as error:
        patch.setattr(Runner, "run", breaking)
        done(given)
    assert error.value.exit_code == 4 and "--resume" in error.value.__notes__[0]
    assert not (tmp_path / "out.mp4").exists()
    assert done(given, resume=True).resumed_frames >= 20
    assert shown(tmp_path / "out.mp4") == shown(tmp_path / "whole.mp4")


def test_a_runner_that_breaks_off_at_once_leaves_nothing(small, film, tmp_path, monkeypatch):
    from stylereel.inference.runners.onnxruntime import Runner

    monkeypatch.setattr(Runner, "run", lambda *_: (_ for _ in ()).throw(RuntimeError("no device")))
    with pytest.raises(RunnerFailedError):
        done(job(film, tmp_path / "out.mp4"))
    assert names(tmp_path) == ["film.mp4"]


@posix
def test_two_runs_on_one_output_do_not_destroy_each_other(small, film, tmp_path):
    given = job(film, tmp_path / "out.mp4", overwrite=True)
    first = start(given, pause_seconds=0.05)
    while not first.stdout.readline().startswith("at 12"):
        assert first.poll() is None
    second = start(given)
    said, _ = second.communicate(timeout=60)
    assert second.returncode == 3 and f"another run (process {first.pid})" in said
    _, stderr = first.communicate(timeout=60)
    assert first.returncode == 0, stderr
    finish(job(film, tmp_path / "alone.mp4"))
    assert shown(tmp_path / "out.mp4") == shown(tmp_path / "alone.mp4")
    assert names(tmp_path) == ["alone.mp4", "film.mp4", "out.mp4"]


COMMAND = (
    "import sys\n"
    "import stylereel.video.parts as parts\n"
    "parts.MOST_FRAMES = 10\n"
    "from stylereel.cli.main import main\n"
    "main()\n"
)


@posix
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_keep_finished_parts_and_say_how_to_go_on(small, tmp_path, kind):
    source = make_clip(tmp_path / "in.mp4", frames=1500, size=(160, 120))
    output = tmp_path / "out.mkv"
    command = [sys.executable, "-c", COMMAND, "stylize", str(source), str(output), "-s", "brush"]
    process = interruptible(command, kind)
    wait_until(process, (tmp_path / "out.mkv.unfinished" / "000001.json").exists)
    process.send_signal(kind)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130 and "Traceback" not in stderr
    assert "Stopped" in stderr and "finished frames are kept in" in stderr and "--resume" in stderr
    assert names(tmp_path) == ["in.mp4", "out.mkv.unfinished"]
    found = parts.Parts.find(output)
    assert found.frames >= 20 and not list(found.folder.glob("*.partial"))


def test_help_teaches_resume_and_its_summary_has_it(run, film, tmp_path):
    assert "--resume" in run("stylize", "--help").stdout
    result = run("stylize", film, tmp_path / "out.mp4", "-s", "plain", "--resume", "--json")
    assert result.exit_code == 0 and json.loads(result.stdout)["resumed_frames"] == 0


def test_a_vfr_clip_shorter_than_a_part_is_as_it_was(small, tmp_path):
    source = make_vfr(tmp_path / "in.mkv")
    done(job(source, tmp_path / "out.mkv", end=0.4))
    assert [time for time, _ in shown(tmp_path / "out.mkv")] == [time for time, _ in shown(source)][:6]
