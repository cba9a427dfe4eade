"""Times come out exactly as they are in the file, whole or cut."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from clips import BT709, make_clip, make_vfr, numbered, video_frame
from stylereel.core.errors import InputError, UsageError
from stylereel.video.decode import Decoded
from stylereel.video.probe import probe
from stylereel.video.reader import FrameReader
from stylereel.video.timeline import Cut, Timeline

TIMES = [0, 40, 80, 200, 240, 250, 400, 440, 480, 700, 733, 1000]


def milliseconds(frames) -> list[Fraction]:
    return [frame.pts * frame.time_base * 1000 for frame in frames]


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov"])
def test_a_variable_rate_keeps_every_timestamp(tmp_path, name):
    path = make_vfr(tmp_path / name)
    with FrameReader(path) as reader:
        frames = list(reader)
    assert milliseconds(frames) == TIMES
    assert reader.info.is_variable_rate in (True, None)


def test_variable_rate_is_known_from_an_mp4_index(tmp_path):
    assert probe(make_vfr(tmp_path / "a.mp4")).is_variable_rate is True
    assert probe(make_clip(tmp_path / "b.mp4")).is_variable_rate is False


def test_b_frames_come_out_in_order_of_presentation(tmp_path):
    path = make_clip(
        tmp_path / "a.mp4",
        frames=20,
        paint=numbered,
        gop=10,
        options={"preset": "medium", "bf": "3", "qp": "0"},
    )
    with FrameReader(path) as reader:
        frames = list(reader)
    assert milliseconds(frames) == [40 * index for index in range(20)]
    levels = [int(frame.pixels[5, 5, 0]) for frame in frames]
    assert np.abs(np.array(levels) - [40 + 6 * index for index in range(20)]).max() <= 1


def test_without_a_cut_the_sources_own_offset_is_kept(tmp_path):
    path = make_clip(tmp_path / "a.mkv", pts=[500, 540, 580, 620], time_base=Fraction(1, 1000), frames=4)
    with FrameReader(path) as reader:
        assert milliseconds(reader) == [500, 540, 580, 620]


def test_a_cut_takes_start_and_leaves_end(tmp_path):
    path = make_clip(tmp_path / "a.mp4", frames=30, paint=numbered, lossless=True, gop=7)
    with FrameReader(path, start_seconds=0.4, end_seconds=0.8) as reader:
        frames = list(reader)
    assert milliseconds(frames) == [40 * index for index in range(10)]
    assert [int(frame.pixels[0, 0, 0]) for frame in frames] == pytest.approx(
        [40 + 6 * index for index in range(10, 20)], abs=1
    )


def test_a_cut_between_frames_keeps_their_distance_from_the_start(tmp_path):
    path = make_vfr(tmp_path / "a.mkv")
    with FrameReader(path, start_seconds=0.1, end_seconds=0.701) as reader:
        assert milliseconds(reader) == [100, 140, 150, 300, 340, 380, 600]


def test_cuts_count_from_the_containers_own_start(tmp_path):
    times = [5000 + 40 * index for index in range(30)]
    path = make_clip(
        tmp_path / "a.mkv", frames=30, paint=numbered, pts=times, time_base=Fraction(1, 1000), lossless=True
    )
    assert probe(path).origin_seconds == 5
    with FrameReader(path, start_seconds=0.4, end_seconds=0.6) as reader:
        frames = list(reader)
    assert milliseconds(frames) == [0, 40, 80, 120, 160]
    assert int(frames[0].pixels[5, 5, 0]) == pytest.approx(100, abs=1)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.avi", "a.flv"])
@pytest.mark.parametrize("start", [0.0, 0.04, 0.2, 0.36, 1.0])
def test_every_start_is_exact_in_every_container(tmp_path, name, start):
    path = make_clip(tmp_path / name, frames=30, paint=numbered, gop=12, options={"bf": "2"})
    with FrameReader(path, start_seconds=start) as reader:
        frames = list(reader)
    index = round(start * 25)
    if name == "a.avi":  # H.264 in AVI shows its first frame a little late
        assert abs(len(frames) - (30 - index)) <= 2
        return
    assert len(frames) == 30 - index
    assert int(frames[0].pixels[5, 5, 0]) == pytest.approx(40 + 6 * index, abs=4)
    assert float(frames[0].seconds) == pytest.approx(0, abs=0.0015)


@pytest.mark.parametrize(
    "start,end", [(1.0, 1.0), (2.0, 1.0), (-1.0, None), (None, 0.0), (float("nan"), None)]
)
def test_cuts_that_cannot_be_are_usage_errors(tmp_path, start, end):
    with pytest.raises(UsageError):
        FrameReader(tmp_path / "never opened.mp4", start_seconds=start, end_seconds=end)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_a_start_past_the_video_says_how_long_it_is(tmp_path, name):
    path = make_clip(tmp_path / name, frames=10)
    with pytest.raises(InputError, match=r"past the video.*0\.4"):
        list(FrameReader(path, start_seconds=9))


def test_missing_timestamps_are_repaired_at_the_frame_rate(tmp_path):
    path = tmp_path / "a.h264"
    make_clip(tmp_path / "a.mp4", frames=8)
    with av.open(str(path), "w", format="h264") as out:
        stream = out.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(8):
            frame = video_frame(numbered(index, 64, 48), "yuv420p", BT709)
            frame.pts = index
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with FrameReader(path) as reader:
        frames = list(reader)
    assert len(frames) == 8
    steps = np.diff([float(frame.seconds) for frame in frames])
    assert (steps > 0).all() and steps.max() - steps.min() < 1e-6


def test_timestamps_that_run_backwards_or_are_missing_are_put_right(tmp_path):
    info = probe(make_clip(tmp_path / "a.mkv", frames=3))

    class Source:
        class stream:
            start_time = 0
            duration = None

        class decoder:
            is_indexed = True
            cut_short = False

            @staticmethod
            def moments():
                return (Decoded(None, pts, 40) for pts in (0, 40, None, 110, 90, 150, -90000, -89960))

        stream_duration = None

    timeline = Timeline(info, Cut())
    placed = [slot.pts for _, slots in timeline.placed(Source()) for slot in slots]
    assert placed == [0, 40, 80, 110, 111, 150, 190, 230]
    assert timeline.repaired == 3
