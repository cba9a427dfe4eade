"""Two runs never write one output at once, and no killed run locks anybody out."""

import os
import subprocess
import sys

import pytest

from stylereel.core.errors import OutputError
from stylereel.video.output_lock import output_lock

HOLD = (
    "import sys, time\n"
    "from stylereel.video.output_lock import output_lock\n"
    "with output_lock(sys.argv[1]):\n"
    "    print('held', flush=True)\n"
    "    time.sleep(60)\n"
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_second_run_is_refused_by_name_and_process_and_leaves_the_first_alone(tmp_path):
    with output_lock(tmp_path / "out.mp4"):
        with (
            pytest.raises(OutputError, match=f"process {os.getpid()}.*Wait"),
            output_lock(tmp_path / "out.mp4"),
        ):
            pass
        with output_lock(tmp_path / "other.mp4"):
            assert names(tmp_path) == [".other.mp4.lock", ".out.mp4.lock"]
        with pytest.raises(OutputError), output_lock(tmp_path / "out.mp4"):
            pass
    with output_lock(tmp_path / "out.mp4"):
        pass
    assert names(tmp_path) == []


def test_a_lock_ends_with_its_process_however_that_ends(tmp_path):
    path = tmp_path / "out.mp4"
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    with pytest.raises(OutputError, match=f"process {process.pid}"), output_lock(path):
        pass
    process.kill()
    process.communicate()
    assert names(tmp_path) == [".out.mp4.lock"]
    with output_lock(path):
        pass
    assert names(tmp_path) == []


def test_an_exception_lets_go_of_the_lock(tmp_path):
    with pytest.raises(RuntimeError), output_lock(tmp_path / "out.mp4"):
        raise RuntimeError
    assert names(tmp_path) == []


def test_a_link_to_the_output_is_the_output(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with (
        output_lock(tmp_path / "real" / "out.mp4"),
        pytest.raises(OutputError),
        output_lock(tmp_path / "link" / "out.mp4"),
    ):
        pass


def test_what_killed_runs_left_half_written_is_removed_and_nothing_else(tmp_path):
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True
    )
    dead = gone.stdout.strip()
    left = [f".out.partial-{dead}.mp4", f".out.mp4.partial-{dead}"]
    others = [
        f".out.partial-{os.getpid()}.mp4",  # this very process
        f".out.partial-{os.getppid()}.mp4",  # one that lives
        f".out.partial-{dead}.mkv",  # another output
        f".about.partial-{dead}.mp4",
        ".out.partial-.mp4",
        "out.mp4",
    ]
    for name in [left[0], *others]:
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / left[1]).mkdir()
    with output_lock(tmp_path / "out.mp4"):
        assert names(tmp_path) == sorted([*others, ".out.mp4.lock"])


def test_where_nothing_can_be_locked_the_run_goes_on_to_be_told_why(tmp_path):
    with output_lock(tmp_path / "missing" / "out.mp4"):
        pass
    assert names(tmp_path) == []
