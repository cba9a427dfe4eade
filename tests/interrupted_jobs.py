"""Runs of `stylize` that are stopped on the way: in this process, or in one that can be killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import av
import pytest

import stylereel

CHILD = """
import json, sys, time
import stylereel.video.parts as parts
from stylereel import stylize
from stylereel.core.errors import StylereelError

job = json.loads(sys.argv[1])
parts.MOST_FRAMES = job.pop("frames_each")
pause = job.pop("pause_seconds")

def slow(progress):
    print("at", progress.done, flush=True)
    time.sleep(pause)

try:
    summary = stylize(**job, runner="onnxruntime", threads=1, on_progress=slow)
except StylereelError as error:
    print("error", error, *getattr(error, "__notes__", ()), flush=True)
    sys.exit(error.exit_code)
print("done", json.dumps(summary.as_dict()), flush=True)
"""


def start(job: dict, *, frames_each: int = 10, pause_seconds: float = 0.01) -> subprocess.Popen:
    """Begin `stylize(**job)` in a child."""
    given = {name: str(value) if isinstance(value, Path) else value for name, value in job.items()}
    argument = json.dumps({**given, "frames_each": frames_each, "pause_seconds": pause_seconds})
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, argument],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ),
    )  # fmt: skip


def finish(job: dict, **settings) -> dict:
    """The summary of a run that is left in peace."""
    process = start(job, pause_seconds=0, **settings)
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, (stdout, stderr)
    return json.loads(stdout.splitlines()[-1].removeprefix("done "))


def killed_at(job: dict, frames: int, seconds: float, **settings) -> int:
    """Let a run come to its frame number `frames`, and `seconds` later end it by SIGKILL.

    Returns:
        The last frame that it told of, or -1 where it was done before.
    """
    process = start(job, **settings)
    last = 0
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("at "):
            last = int(line.split()[1])
            if last >= frames:
                break
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
    stdout, stderr = process.communicate()
    told = [int(line.split()[1]) for line in stdout.splitlines() if line.startswith("at ")]
    assert process.returncode in (0, -9), stderr
    return -1 if process.returncode == 0 else max([last, *told])


def shown(path: Path) -> list[tuple]:
    """Time and pixels of every frame of a video, or name and bytes of every picture of a folder."""
    if path.is_dir():
        return [(picture.name, picture.read_bytes()) for picture in sorted(path.iterdir())]
    with av.open(str(path)) as media:
        return [
            (frame.pts * frame.time_base, frame.to_ndarray(format="rgb24").tobytes())
            for frame in media.decode(video=0)
        ]


def heard(path: Path) -> list[bytes]:
    """Every packet of sound."""
    with av.open(str(path)) as media:
        return [bytes(packet) for packet in media.demux(audio=0) if packet.size]


def job(source, output, **settings) -> dict:
    """Arguments of `stylize`, with a toy style and the stabiliser at work."""
    return {"input": source, "output": output, "style": "brush", "stabilize": 0.5, **settings}


def stopped_after(frames, given, error=KeyboardInterrupt) -> str:
    """Run a job in this process until it told of that many frames; what was said of it."""

    def stop(progress):
        if progress.done >= frames:
            raise error

    with pytest.raises(error) as caught:
        stylereel.stylize(**given, runner="onnxruntime", threads=1, on_progress=stop)
    return " ".join(getattr(caught.value, "__notes__", ()))


def done(given, **settings):
    """The summary of a job that is run in this process to its end."""
    return stylereel.stylize(**given, runner="onnxruntime", threads=1, **settings)
