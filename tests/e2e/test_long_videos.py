"""The short form of `tests/soak`: memory does not grow with the length of a video."""

import os
import sys

import pytest

from long_clips import make_long
from processes import watched
from toy_packs import toy_pack

SIZE = (160, 120)
FRAMES = 100, 700


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process holds")
def test_seven_times_the_frames_take_the_same_memory(tmp_path):
    style, peaks = toy_pack(tmp_path / "toy", "conv").folder, []
    for count in FRAMES:
        clip = make_long(tmp_path / f"{count}.mkv", count, SIZE)
        arguments = ["stylize", str(clip), str(tmp_path / f"out{count}.mkv"), "--style", str(style), "--json"]
        run = watched([*arguments, "--stabilize", "0.7"], {**os.environ})
        assert run.summary["frames"] == count
        peaks.append(run.peak_bytes)
    held_if_kept = (FRAMES[1] - FRAMES[0]) * SIZE[0] * SIZE[1] * 3
    assert peaks[1] - peaks[0] < held_if_kept / 2
