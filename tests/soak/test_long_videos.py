"""An hour of video takes the memory of ten seconds. `make soak` runs this; minutes, not seconds."""

import os
import sys

import pytest

from long_clips import FRAME_RATE, make_long
from processes import watched
from stylereel.packs.find import shipped_folder
from toy_packs import toy_pack

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process holds"),
]

SHORT_FRAMES = 10 * FRAME_RATE
MOST_GROWTH_BYTES = 16 * 10**6
INDEX_BYTES_PER_FRAME = 450
"""MP4 has its index at one place, so who writes it holds an entry for every packet of pictures and sound."""


def growth(tmp_path, style, frames, ending, *more):
    """Bytes that the peak of a long run lies above that of a short one, and the long run."""
    runs = []
    for count in (SHORT_FRAMES, frames):
        clip = make_long(tmp_path / f"{count}.{ending}", count)
        out = tmp_path / f"out-{count}.{ending}"
        arguments = ["stylize", str(clip), str(out), "--style", str(style), "--json", *more]
        runs.append(watched(arguments, {**os.environ}))
        assert runs[-1].summary["frames"] == count
    return runs[1].peak_bytes - runs[0].peak_bytes, runs[1]


def test_a_hundred_thousand_frames_take_the_memory_of_ten_seconds(tmp_path):
    grown, run = growth(tmp_path, toy_pack(tmp_path / "toy", "conv").folder, 100_000, "mkv")
    assert grown <= MOST_GROWTH_BYTES
    quarter = len(run.resident_bytes) // 4
    assert max(run.resident_bytes[3 * quarter :]) - max(run.resident_bytes[: 2 * quarter]) <= 4 * 10**6


def test_an_mp4_of_a_hundred_thousand_stabilised_frames_adds_its_index_alone(tmp_path):
    toy = toy_pack(tmp_path / "toy", "conv").folder
    grown, _ = growth(tmp_path, toy, 100_000, "mp4", "--stabilize", "0.7")
    assert grown <= MOST_GROWTH_BYTES + INDEX_BYTES_PER_FRAME * 100_000


def test_anchors_that_travel_for_ten_thousand_frames_take_no_more(tmp_path):
    grown, _ = growth(tmp_path, shipped_folder() / "vangogh", 10_000, "mkv", "--stabilize", "0.7")
    assert grown <= MOST_GROWTH_BYTES
