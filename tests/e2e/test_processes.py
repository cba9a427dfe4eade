"""What needs a process of its own: interruption, a full disk, no torch, quick starts."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from clips import make_clip
from processes import interruptible, wait_until

posix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals and limits")
COMMAND = [sys.executable, "-c", "from stylereel.cli.main import main; main()"]


@pytest.fixture
def environment(styles):
    return {**os.environ, "STYLEREEL_PACKS": str(styles), "COLUMNS": "200"}


@pytest.fixture
def long_clip(tmp_path) -> Path:
    return make_clip(tmp_path / "long.mp4", frames=600, size=(160, 120))


@posix
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_stops_cleanly_and_leaves_no_half_file(long_clip, tmp_path, environment, kind):
    command = [
        *COMMAND,
        "stylize",
        str(long_clip),
        str(tmp_path / "out.mkv"),
        "-s",
        "brush",
        "--codec",
        "ffv1",
    ]
    process = interruptible(command, kind, environment)
    wait_until(process, lambda: any(tmp_path.glob(".out.partial*")))
    process.send_signal(kind)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130, stderr
    assert "Traceback" not in stderr and "Stopped" in stderr
    assert [path.name for path in tmp_path.iterdir()] == ["long.mp4"]


@posix
def test_a_full_disk_is_told_and_leaves_nothing(long_clip, tmp_path, environment):
    import resource

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    command = [
        *COMMAND,
        "stylize",
        str(long_clip),
        str(tmp_path / "out.mkv"),
        "-s",
        "plain",
        "--codec",
        "ffv1",
    ]
    result = subprocess.run(
        command,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        preexec_fn=small_files,
        check=False,
    )
    assert result.returncode == 3, result.stderr
    assert "out.mkv" in result.stderr and "Traceback" not in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["long.mp4"]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs a process's own peak memory")
def test_memory_does_not_grow_with_the_length_of_the_video(tmp_path, environment):
    # The largest resident size of this program alone: the one in `resource` knows what came before exec.
    script = (
        "import sys\n"
        "from stylereel import stylize\n"
        "stylize(sys.argv[1], sys.argv[2], style='brush', runner='onnxruntime', threads=1)\n"
        "lines = open('/proc/self/status').read().splitlines()\n"
        "print(next(int(line.split()[1]) for line in lines if line.startswith('VmHWM:')))\n"
    )

    def peak_megabytes(frames):
        clip = make_clip(tmp_path / f"{frames}.mp4", frames=frames, size=(320, 240), audio=True)
        result = subprocess.run(
            [sys.executable, "-c", script, str(clip), str(tmp_path / f"{frames}_out.mp4")],
            env=environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        return int(result.stdout) / 1024

    short, long = 60, 480
    frames_megabytes = (long - short) * 320 * 240 * 3 / 2**20
    # Every frame kept in one place would add all of that; a decoder's and an encoder's own are in both.
    assert peak_megabytes(long) - peak_megabytes(short) < frames_megabytes / 4


def test_stylising_needs_no_torch_and_says_how_to_get_it_when_asked(clip, tmp_path, environment):
    script = (
        "import sys\n"
        "for name in ('torch', 'onnx', 'onnxscript', 'tensorboard', 'scipy'):\n"
        "    sys.modules[name] = None\n"
        "from stylereel.cli.main import main\n"
        "main()\n"
    )
    command = [sys.executable, "-c", script, "stylize", str(clip)]
    for runner in ("openvino", "onnxruntime", "auto"):
        result = subprocess.run(
            [*command, str(tmp_path / f"{runner}.mp4"), "-s", "brush", "--runner", runner, "--json"],
            env=environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        assert json.loads(result.stdout)["frames"] == 12
    asked = subprocess.run(
        [*command, str(tmp_path / "t.mp4"), "-s", "brush", "--runner", "torch"],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert asked.returncode == 4
    assert "pip install 'stylereel[train]'" in asked.stderr
    assert not (tmp_path / "t.mp4").exists()


def test_importing_openvino_through_the_runner_never_loads_its_telemetry():
    script = (
        "import sys\n"
        "from stylereel.inference.runners.openvino import import_openvino\n"
        "import_openvino()\n"
        "print(sorted(name for name in sys.modules if name.startswith('openvino_telemetry')))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("script", "seconds"),
    [
        ("import stylereel", 0.3),
        (
            "import sys; sys.argv = ['stylereel', '--help']; from stylereel.cli.main import main; main()",
            0.6,
        ),
    ],
    ids=["import stylereel", "stylereel --help"],
)
def test_starting_is_quick(script, seconds, environment):
    def once():
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True)
        return time.perf_counter() - began

    assert min(once() for _ in range(5)) < seconds


def test_importing_the_package_and_showing_help_load_nothing_heavy():
    script = (
        "import sys, stylereel\n"
        "from stylereel.cli.main import build_app\n"
        "build_app()\n"
        "heavy = ('numpy', 'cv2', 'av', 'torch', 'openvino', 'onnxruntime', 'onnx', 'pydantic')\n"
        "print([name for name in heavy if name in sys.modules])\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout.strip() == "[]"


def test_every_public_name_can_be_loaded():
    import stylereel

    for name in stylereel.__all__:
        assert getattr(stylereel, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = stylereel.nothing


def test_debug_shows_where_an_error_came_from(tmp_path, environment):
    command = [*COMMAND, "stylize", "none.mp4", str(tmp_path / "out.mp4"), "-s", "plain"]
    quiet = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    debug = subprocess.run(
        command, env={**environment, "STYLEREEL_DEBUG": "1"}, capture_output=True, text=True, check=False
    )
    assert quiet.returncode == debug.returncode == 3
    assert "Traceback" not in quiet.stderr and "Traceback" in debug.stderr


@posix
def test_a_terminal_shows_frames_pace_time_left_runner_and_device(long_clip, tmp_path, environment):
    import pty

    command = [*COMMAND, "stylize", str(long_clip), str(tmp_path / "out.mp4"), "-s", "brush"]
    terminal, child_side = pty.openpty()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=child_side)
    os.close(child_side)
    shown = bytearray()
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # Linux's answer once the child side is closed
            break
        if not part:
            break
        shown += part
    os.close(terminal)
    assert process.wait(timeout=60) == 0
    for words in ("/600 frames", " fps", " left", "openvino on cpu, "):
        assert words in shown.decode("utf-8", "replace"), words
