"""Many files in many looks at many sizes: what `stylize` makes of each, whatever happens to the others."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

import stylereel
from clips import make_clip, make_pictures
from interrupted_jobs import heard, shown
from processes import COMMAND, interruptible, wait_until
from stylereel.actions import batch_making, batch_workers, loaded_style
from stylereel.actions.batch_journal import JOURNAL_NAME
from stylereel.core.errors import OutputError, ResumeError, UsageError
from stylereel.video import parts

posix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
CHILD = """
import json, sys, time
import stylereel.video.parts as parts
from stylereel import batch

job, moment = json.loads(sys.argv[1])
parts.MOST_FRAMES = 10

def wait_there(progress):
    if progress.overall.done >= moment:
        print("there", flush=True)
        time.sleep(60)

batch(**job, on_progress=wait_there)
"""
"""A batch that stands still at a frame, to be killed there."""


@pytest.fixture(scope="module")
def made_clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films") / "clips"
    folder.mkdir()
    make_clip(folder / "a.mp4", frames=24, size=(96, 64), audio=True)
    make_clip(folder / "b.mkv", frames=18, size=(80, 64))
    return folder


@pytest.fixture
def clips(made_clips, styles, tmp_path, monkeypatch):
    """Two clips in the folder `clips` of the current folder, and the toy styles."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STYLEREEL_PACKS", str(styles))
    shutil.copytree(made_clips, tmp_path / "clips")
    return tmp_path / "clips"


@pytest.fixture
def loads(monkeypatch):
    """The styles whose networks are loaded, in order."""
    seen, opened = [], loaded_style.open_runner

    def counted(pack, *arguments, **options):
        seen.append(pack.card.name)
        return opened(pack, *arguments, **options)

    monkeypatch.setattr(loaded_style, "open_runner", counted)
    return seen


LOOKS = ("--style", "negative", "--style", "brush", "--size", 64, "--size", "source", "--output", "out")
HERE = dict(styles=["negative", "brush"], sizes=[64, "source"], output="out")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def states(summary):
    return [(os.path.basename(result.output), result.state) for result in summary.results]


def test_every_file_in_every_look_at_every_size_is_what_stylize_makes_of_it(run, clips, tmp_path, loads):
    (clips / "bad.mp4").write_bytes(b"no video at all" * 100)
    result = run("batch", "clips", *LOOKS)
    assert result.exit_code == 3, result.output
    assert loads == ["negative", "brush"]
    assert "out: 8 made, 4 failed" in result.stdout and result.stdout.count("failed: VideoOpenError") == 4
    assert "64x43" in result.stdout and "80x64" in result.stdout
    assert "1/12 out/a-negative-64.mp4: made, 24 frames of 64x43" in result.stderr
    assert "bad.mp4 is no video" in result.stderr and "--resume" in result.stderr
    assert names(tmp_path / "out") == sorted(
        [f"{name}-{style}-{size}{ending}" for name, ending in (("a", ".mp4"), ("b", ".mkv"))
         for style in ("negative", "brush") for size in ("64", "source")] + [JOURNAL_NAME]
    )  # fmt: skip
    for style in ("negative", "brush"):
        for size, most in (("64", 64), ("source", None)):
            stylereel.stylize("clips/a.mp4", "one.mp4", style=style, max_side=most, overwrite=True)
            made = tmp_path / "out" / f"a-{style}-{size}.mp4"
            assert shown(made) == shown(tmp_path / "one.mp4") and heard(made) == heard(clips / "a.mp4")


def test_two_workers_give_the_same_files_as_one(run, clips, tmp_path):
    (clips / "bad.mp4").write_bytes(b"no video at all" * 100)
    alone = stylereel.batch("clips", **HERE)
    result = run("batch", "clips", *LOOKS[:-1], "both", "--workers", 2, "--json")
    assert result.exit_code == 3, result.stderr
    summary = json.loads(result.stdout)
    assert (summary["made"], summary["failed"]) == (8, 4)
    assert [item["error"] for item in summary["results"]] == [item.error for item in alone.results]
    assert [item["frames"] for item in summary["results"]] == [item.frames for item in alone.results]
    for path in (tmp_path / "out").glob("*.m*"):
        assert shown(path) == shown(tmp_path / "both" / path.name), path.name


def test_looks_of_one_network_differ_in_strength_without_loading_it_again(clips, tmp_path, loads):
    (tmp_path / "jobs.toml").write_text(
        'styles = "negative"\ncodec = "ffv1"\nkeep-colors = false\n'
        '[[job]]\nsource = "clips/a.mp4"\noutput = "out/{name}-half"\nstrength = 0.5\n'
        '[[job]]\nsource = "clips/*.mkv"\noutput = "out/{name}-whole"\n'
        '[[job]]\nsource = "clips/a.mp4"\noutput = "out/{name}-calm"\nstabilize = 0.5\nmemory-limit = "4GB"\n'
    )
    summary = stylereel.batch(tmp_path / "jobs.toml")
    assert loads == ["negative"] and summary.count("made") == 3
    for name, options in (("a-half", {"strength": 0.5}), ("a-calm", {"stabilize": 0.5})):
        stylereel.stylize("clips/a.mp4", f"{name}.mkv", style="negative", codec="ffv1", **options)
        assert shown(tmp_path / "out" / f"{name}.mkv") == shown(tmp_path / f"{name}.mkv")


def test_resumed_it_keeps_what_is_finished_and_makes_what_failed(run, clips, tmp_path, loads):
    shutil.copy(clips / "a.mp4", "good.mp4")
    (clips / "c.mp4").write_bytes(b"no video at all" * 100)
    assert run("batch", "clips", *LOOKS).exit_code == 3
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.m*")}
    shutil.copy("good.mp4", clips / "c.mp4")
    refused = run("batch", "clips", *LOOKS)
    assert refused.exit_code == 3 and "nothing was begun" in refused.stderr
    assert not list((tmp_path / "out").glob("c-*"))
    loads.clear()
    result = run("batch", "clips", *LOOKS, "--resume")
    assert result.exit_code == 0, result.stderr
    assert "4 made, 8 finished before" in result.stdout and loads == ["negative", "brush"]
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert run("batch", "clips", *LOOKS, "--resume").stdout.endswith("12 finished before\n")
    assert loads == ["negative", "brush"]


def test_what_is_there_of_another_source_look_or_setting_is_not_taken(clips, tmp_path):
    job = dict(styles=["negative"], output="out/{name}")
    stylereel.batch("clips", **job)
    made = tmp_path / "out" / "a.mp4"
    content = made.read_bytes()
    for change, said in (
        ({"styles": ["brush"]}, "what differs: style"),
        ({"sizes": [64]}, r"max_side \(was None, now 64\)"),
        ({"options": {"strength": 0.5}}, r"strength \(was 1.0, now 0.5\)"),
    ):
        with pytest.raises(ResumeError, match=said):
            stylereel.batch("clips", **{**job, **change}, resume=True)
    assert made.read_bytes() == content
    options = {"threads": 1, "runner": "onnxruntime"}  # these change nothing in the picture
    assert stylereel.batch("clips", **job, options=options, resume=True).count("kept") == 2

    os.utime(clips / "a.mp4", (1, 1))
    with pytest.raises(ResumeError, match="time of the source"):
        stylereel.batch("clips", **job, resume=True)
    summary = stylereel.batch("clips", **job, resume=True, overwrite=True)
    assert states(summary) == [("a.mp4", "made"), ("b.mkv", "kept")]

    made.write_bytes(content + b"more")
    with pytest.raises(ResumeError, match="changed since"):
        stylereel.batch("clips", **job, resume=True)
    (tmp_path / "out" / JOURNAL_NAME).write_text("{ not json")
    with pytest.raises(ResumeError, match="cannot be read"):
        stylereel.batch("clips", **job, resume=True)
    (tmp_path / "out" / JOURNAL_NAME).unlink()
    with pytest.raises(ResumeError, match="has no word of it"):
        stylereel.batch("clips", **job, resume=True)
    assert stylereel.batch("clips", **job, resume=True, overwrite=True).count("made") == 2


@posix
@pytest.mark.parametrize("moment", [30, 64])
def test_killed_in_the_middle_it_goes_on_and_gives_the_files_of_an_uninterrupted_run(
    clips, tmp_path, monkeypatch, moment
):
    monkeypatch.setattr(parts, "MOST_FRAMES", 10)
    job = {
        "jobs": "clips",
        "styles": ["brush"],
        "options": {"stabilize": 0.5, "threads": 1},
        "sizes": [64, 48],
    }
    stylereel.batch(**job, output="whole")
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, json.dumps([{**job, "output": "out"}, moment])],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None and child.stdout.readline() == "there\n"
    wait_until(child, lambda: moment < 60 or parts.Parts.find(tmp_path / "out" / "a-brush-48.mp4"))
    child.kill()
    child.communicate()
    assert child.returncode == -9
    assert not (tmp_path / "out" / "b-brush-48.mkv").exists()
    summary = stylereel.batch(**job, output="out", resume=True)
    assert summary.count("kept") >= 1 and summary.count("kept") + summary.count("made") == 4
    assert sum(result.resumed_frames for result in summary.results) in ((10, 20) if moment == 64 else (0,))
    assert names(tmp_path / "out") == names(tmp_path / "whole")
    for path in (tmp_path / "whole").glob("*.m*"):
        assert shown(path) == shown(tmp_path / "out" / path.name)


@posix
@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_stops_every_worker_and_says_how_to_go_on(clips, tmp_path, workers):
    make_clip(clips / "long.mp4", frames=1000)
    shutil.copy(clips / "long.mp4", clips / "longer.mp4")
    options = ["--style", "brush", "--set", "stabilize=1", "--output", "out", "--workers", str(workers)]
    child = interruptible([*COMMAND, "batch", "clips", *options], signal.SIGINT)
    wait_until(child, lambda: list((tmp_path / "out").glob(".long*partial*")) or unfinished(tmp_path / "out"))
    time.sleep(0.1)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 130, said
    assert "of 4 files are done: the same command with --resume" in " ".join(said.split())
    left = [name for name in names(tmp_path / "out") if ".partial" in name or name.endswith(".lock")]
    assert not left and not (tmp_path / "out" / "longer-brush.mp4").exists(), said


def unfinished(folder):
    return list(folder.glob("long*.unfinished"))


@posix
def test_a_worker_that_dies_takes_no_more_than_its_own_file_with_it(clips, tmp_path, monkeypatch):
    dies_once = (
        "import os, sys, pathlib; mark = pathlib.Path('died')\n"
        "if not mark.exists():\n    mark.touch(); sys.stdin.readline(); os.kill(os.getpid(), 11)\n"
    )
    monkeypatch.setattr(batch_workers, "_PROGRAM", dies_once + batch_workers._PROGRAM)
    summary = stylereel.batch("clips", **HERE, workers=2)
    assert (summary.count("made"), summary.count("failed")) == (7, 1) and summary.exit_code == 4
    (failed,) = [result for result in summary.results if result.state == "failed"]
    assert failed.error == "RunnerFailedError" and "signal 11" in failed.reason
    assert stylereel.batch("clips", **HERE, resume=True).count("made") == 1


def test_a_network_that_broke_off_is_loaded_anew_and_one_whose_file_was_bad_is_kept(
    clips, tmp_path, monkeypatch, loads
):
    (clips / "0.mp4").write_bytes(b"no video at all" * 100)
    stylize, failed = batch_making.stylize, []

    def breaks_once(source, *arguments, **options):
        if source.name == "a.mp4" and not failed:
            failed.append(source)
            raise RuntimeError("the card fell off")
        return stylize(source, *arguments, **options)

    monkeypatch.setattr(batch_making, "stylize", breaks_once)
    summary = stylereel.batch("clips", styles=["negative"], output="out")
    assert [result.state for result in summary.results] == ["failed", "failed", "made"]
    assert summary.exit_code == 70 and "the card fell off" in summary.results[1].reason
    assert loads == ["negative", "negative"]


def test_a_dry_run_checks_everything_and_makes_nothing(run, clips, tmp_path, loads):
    (clips / "bad.mp4").write_bytes(b"no video at all" * 100)
    result = run("batch", "clips", *LOOKS, "--dry-run")
    assert result.exit_code == 3 and "8 would be made, 4 failed" in result.stdout
    assert names(tmp_path) == ["clips"] and not loads
    (clips / "bad.mp4").unlink()
    assert run("batch", "clips", *LOOKS, "--dry-run").exit_code == 0


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        (dict(styles=["negativ"]), UsageError, "'negativ'. Did you mean 'negative'"),
        (dict(output="out/{name}"), UsageError, "written to one file"),
        (dict(sizes=[8]), UsageError, "max-side is 8"),
        (dict(options={"strenght": 1}), UsageError, "Did you mean 'strength'"),
        (dict(options={"codec": "prores", "bit_depth": 8, "quality": 300}), UsageError, "quality"),
        (dict(options={"runner": "opnvino"}), UsageError, "Did you mean 'openvino'"),
        (dict(options={"memory_limit": "much"}), UsageError, "memory-limit"),
        (dict(options={"crop": "999x999"}), UsageError, "crop"),
        (dict(output="clips/a.mp4/out"), OutputError, "no folder"),
        (dict(workers=0), UsageError, "workers is 0"),
        (dict(output=None), UsageError, "--output"),
        (dict(styles=[]), UsageError, "--style"),
    ],
)
def test_what_cannot_be_right_is_refused_before_the_first_frame(clips, tmp_path, changed, error, said):
    with pytest.raises(error, match=said):
        stylereel.batch("clips", **{**HERE, **changed})
    assert names(tmp_path) == ["clips"]


def test_workers_share_the_memory_and_say_so_where_it_is_too_little(clips, tmp_path):
    summary = stylereel.batch("clips", **HERE, options={"memory_limit": "100MB"}, workers=2)
    assert summary.count("failed") == 4 * 2 and summary.exit_code == 2
    assert all("2 workers share the memory" in result.reason for result in summary.results)


def test_two_batches_never_write_to_one_folder_at_once(clips, tmp_path):
    refused = []

    def meanwhile(progress):
        if progress.result is not None and not refused:
            with pytest.raises(OutputError, match="another run"):
                stylereel.batch("clips", styles=["negative"], output="out", sizes=[32])
            refused.append(progress)

    assert stylereel.batch("clips", **HERE, on_progress=meanwhile).count("made") == 8
    assert refused


def test_presets_that_cannot_be_kept_part_by_part_are_resumed_too(clips, tmp_path):
    make_pictures(tmp_path / "pictures", 2)
    job = dict(styles=["plain"], output="out", sizes=["square", 64], options={"end": 0.1})
    first = stylereel.batch("clips/a.mp4", **job)
    assert [(result.width, result.height) for result in first.results] == [(1080, 1080), (64, 43)]
    (tmp_path / "out" / "a-plain-square.mp4").unlink()
    again = stylereel.batch("clips/a.mp4", **job, resume=True)
    assert [result.state for result in again.results] == ["made", "kept"]
    summary = stylereel.batch("pictures", styles=["negative"], output="out", sizes=[32])
    assert summary.count("made") == 2 and all(result.frames == 1 for result in summary.results)
