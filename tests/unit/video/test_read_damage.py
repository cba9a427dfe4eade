"""Damage in the middle is bridged and counted; a cut-off file is read as far as it goes."""

from __future__ import annotations

import numpy as np
import pytest

from clips import make_clip, make_damaged, make_gif, make_truncated, numbered
from stylereel.core.errors import VideoOpenError
from stylereel.video.reader import FrameReader
from stylereel.video.truncation import is_shorter_than_declared


@pytest.mark.parametrize(
    "name,settings",
    [
        ("a.mp4", {}),
        ("b.mp4", {"codec": "libx265"}),
        ("c.mp4", {"gop": 1}),
        ("a.mkv", {}),
        ("b.mkv", {"codec": "ffv1"}),
        ("a.ts", {}),
        ("a.avi", {"codec": "mjpeg", "pix_fmt": "yuvj420p", "color": None}),
    ],
    ids=["h264 mp4", "hevc mp4", "intra mp4", "h264 mkv", "ffv1 mkv", "h264 ts", "mjpeg avi"],
)
def test_a_damaged_stretch_repeats_the_last_good_frame_and_loses_no_time(tmp_path, name, settings):
    path = make_damaged(tmp_path / name, **settings)
    with FrameReader(path) as reader:
        frames = list(reader)
    concealed = [index for index, frame in enumerate(frames) if frame.concealed]
    assert len(frames) == 30
    assert set(concealed) >= {10, 11, 12, 13} and set(concealed) <= set(range(9, 16))
    assert reader.concealed_count == len(concealed)
    assert any(str(len(concealed)) in notice and "damaged" in notice for notice in reader.notices)
    seconds = np.array([frame.seconds for frame in frames])
    assert np.abs(np.diff(seconds) - 0.04).max() < 0.0021
    last_good = frames[concealed[0] - 1]
    assert all((frames[index].pixels == last_good.pixels).all() for index in concealed)
    assert not reader.truncated


def test_a_damaged_beginning_shows_the_first_good_frame(tmp_path):
    path = make_damaged(tmp_path / "a.mp4", first=0, last=1)
    with FrameReader(path) as reader:
        frames = list(reader)
    assert len(frames) == 30
    assert [frame.concealed for frame in frames[:6]] == [True] * 5 + [False]
    assert (frames[0].pixels == frames[5].pixels).all()


def test_a_damaged_end_is_filled_to_the_end(tmp_path):
    path = make_damaged(tmp_path / "a.mp4", first=27, last=29)
    with FrameReader(path) as reader:
        assert [frame.concealed for frame in reader] == [False] * 27 + [True] * 3


@pytest.mark.parametrize("name,last", [("a.mp4", 59), ("a.mkv", 59), ("b.mp4", 74)])
def test_a_long_damaged_stretch_keeps_every_time_too(tmp_path, name, last):
    path = make_damaged(tmp_path / name, frames=95, first=20, last=last, paint=numbered, lossless=True)
    with FrameReader(path) as reader:
        frames = list(reader)
    assert [round(frame.seconds * 25) for frame in frames] == list(range(95))
    concealed = {index for index, frame in enumerate(frames) if frame.concealed}
    assert (
        set(range(20, last + 1)) <= concealed <= set(range(20, last + 11))
    )  # until a keyframe, or the next whole cluster
    levels = [int(frame.pixels[9, 9, 0]) for frame in frames[80:]]
    assert levels == pytest.approx([40 + 6 * (index % 34) for index in range(80, 95)], abs=1)


def test_damage_outside_the_cut_is_not_counted(tmp_path):
    path = make_damaged(tmp_path / "a.mp4")
    with FrameReader(path, start_seconds=0.8) as reader:
        assert len(list(reader)) == 10
        assert reader.concealed_count == 0


def test_a_cut_that_starts_in_the_damage_begins_with_the_last_good_frame(tmp_path):
    path = make_damaged(tmp_path / "a.mp4")
    with FrameReader(path, start_seconds=0.44) as reader:
        frames = list(reader)
    assert len(frames) == 19
    assert [frame.concealed for frame in frames[:5]] == [True, True, True, True, False]


def test_an_undamaged_variable_rate_has_no_gap_filled(tmp_path):
    times = [0, 40, 80, 120, 160, 900, 940, 980]
    from fractions import Fraction

    for name in ("a.mkv", "a.mp4"):
        path = make_clip(tmp_path / name, frames=8, pts=times, time_base=Fraction(1, 1000))
        with FrameReader(path) as reader:
            assert [round(frame.seconds * 1000) for frame in reader] == times


@pytest.mark.parametrize(
    "name,codec", [("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.webm", "libvpx-vp9"), ("a.ts", "libx264")]
)
def test_a_truncated_file_is_read_as_far_as_it_goes_and_says_so(tmp_path, name, codec):
    path = make_truncated(tmp_path / name, codec=codec)
    with FrameReader(path) as reader:
        frames = list(reader)
    assert 5 < len(frames) < 30
    assert reader.truncated
    assert any("truncated" in notice for notice in reader.notices)
    assert not any(frame.concealed for frame in frames)


def test_a_whole_file_is_not_called_truncated(tmp_path):
    for name, codec in (
        ("a.mp4", "libx264"),
        ("a.mkv", "ffv1"),
        ("a.webm", "libvpx-vp9"),
        ("a.avi", "mpeg4"),
    ):
        with FrameReader(make_clip(tmp_path / name, codec=codec, audio=name == "a.mp4")) as reader:
            list(reader)
        assert not reader.truncated, name


def test_a_whole_gif_with_a_byte_like_a_transport_stream_is_not_called_truncated(tmp_path):
    path = make_gif(tmp_path / "a.gif")
    data = bytearray(path.read_bytes())
    data[188] = ord("G")  # within the palette
    path.write_bytes(data)
    assert not is_shorter_than_declared(path)
    path.write_bytes(data[:-9])
    assert is_shorter_than_declared(path)


def test_a_file_cut_before_its_index_says_what_is_missing(tmp_path):
    path = make_clip(tmp_path / "a.mp4", frames=30, paint=numbered)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(VideoOpenError, match="moov"):
        FrameReader(path)


def test_a_video_without_one_good_frame_is_an_error(tmp_path):
    path = make_damaged(tmp_path / "a.mp4", frames=5, first=0, last=4)
    with pytest.raises(VideoOpenError, match="not one frame"):
        FrameReader(path)
