"""Frames come out upright and whole, whatever the container, size, orientation or streams."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from clips import corners, make_clip, make_gif, numbered, smooth
from stylereel.core.errors import UsageError, VideoOpenError
from stylereel.video.probe import probe
from stylereel.video.reader import FrameReader

RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 200, 30), (30, 30, 200), (220, 220, 220)


def quarters(picture: np.ndarray) -> list[tuple[int, int, int]]:
    """The nearest named colour of top left, top right, bottom left, bottom right."""
    height, width = picture.shape[:2]
    named = (RED, GREEN, BLUE, WHITE)
    points = ((1, 1), (1, 3), (3, 1), (3, 3))
    found = (picture[height * y // 4, width * x // 4].astype(int) for y, x in points)
    return [min(named, key=lambda color: np.abs(point - color).sum()) for point in found]


@pytest.mark.parametrize(
    "name,codec,pix_fmt",
    [
        ("a.mp4", "libx264", "yuv420p"),
        ("a.mkv", "libx264", "yuv420p"),
        ("a.mov", "prores_ks", "yuv422p10le"),
        ("a.webm", "libvpx-vp9", "yuv420p"),
        ("b.webm", "libvpx", "yuv420p"),
        ("a.avi", "mpeg4", "yuv420p"),
        ("b.avi", "mjpeg", "yuvj420p"),
        ("b.mkv", "ffv1", "yuv444p16le"),
        ("c.mp4", "libx265", "yuv420p10le"),
        ("a.ts", "libx264", "yuv420p"),
        ("a.flv", "libx264", "yuv420p"),
    ],
)
def test_as_many_frames_come_out_as_went_in(tmp_path, name, codec, pix_fmt):
    path = make_clip(tmp_path / name, frames=9, codec=codec, pix_fmt=pix_fmt, color=None)
    with FrameReader(path) as reader:
        frames = list(reader)
    assert len(frames) == 9
    assert reader.info.kind == "video"
    assert all(frame.pixels.shape == (48, 64, 3) and frame.pixels.dtype == np.uint8 for frame in frames)
    steps = np.diff([float(frame.pts * frame.time_base) for frame in frames])
    assert np.abs(steps - 0.04).max() < 0.0011
    assert reader.concealed_count == 0 and not reader.truncated


def test_a_gif_is_a_video(tmp_path):
    path = make_gif(tmp_path / "a.gif")
    with FrameReader(path) as reader:
        frames = list(reader)
    assert reader.info.kind == "video"
    assert [frame.seconds for frame in frames] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5])
    assert np.abs(frames[0].pixels.astype(int) - 40).max() == 0


@pytest.mark.parametrize("size", [(37, 29), (64, 47), (63, 48), (17, 9)])
def test_odd_sizes_keep_their_size(tmp_path, size):
    path = make_clip(tmp_path / "a.mkv", size=size, frames=2, codec="ffv1")
    with FrameReader(path) as reader:
        picture = next(reader).pixels
    assert picture.shape == (size[1], size[0], 3)
    if min(size) > 8:
        assert np.abs(picture.astype(int) - smooth(0, *size)).mean() < 2


@pytest.mark.parametrize(
    "degrees,expected",
    [
        (0, [RED, GREEN, BLUE, WHITE]),
        (90, [GREEN, WHITE, RED, BLUE]),
        (180, [WHITE, BLUE, GREEN, RED]),
        (270, [BLUE, RED, WHITE, GREEN]),
    ],
)
def test_a_rotated_video_is_read_upright(tmp_path, degrees, expected):
    path = make_clip(tmp_path / "a.mp4", frames=2, rotation=degrees, paint=corners)
    with FrameReader(path) as reader:
        picture = next(reader).pixels
    assert reader.info.rotation == degrees
    assert picture.shape == ((48, 64, 3) if degrees % 180 == 0 else (64, 48, 3))
    assert (reader.info.height, reader.info.width) == picture.shape[:2]
    assert quarters(picture) == expected


ONE = 1 << 16


@pytest.mark.parametrize(
    "a,b,c,d,expected",
    [
        (-ONE, 0, 0, ONE, [GREEN, RED, WHITE, BLUE]),
        (ONE, 0, 0, -ONE, [BLUE, WHITE, RED, GREEN]),
        (0, ONE, ONE, 0, [RED, BLUE, GREEN, WHITE]),
        (0, -ONE, -ONE, 0, [WHITE, GREEN, BLUE, RED]),
    ],
    ids=["mirrored", "upside down", "transposed", "transposed the other way"],
)
def test_a_flipped_video_is_read_upright(tmp_path, a, b, c, d, expected):
    matrix = (a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path = make_clip(tmp_path / "a.mp4", frames=2, display_matrix=matrix, paint=corners)
    with FrameReader(path) as reader:
        assert quarters(next(reader).pixels) == expected


def test_sample_aspect_ratio_is_reported_and_turns_with_the_frame(tmp_path):
    wide = make_clip(tmp_path / "a.mp4", frames=2, sample_aspect_ratio=Fraction(4, 3))
    assert probe(wide).sample_aspect_ratio == Fraction(4, 3)
    turned = make_clip(tmp_path / "b.mp4", frames=2, sample_aspect_ratio=Fraction(4, 3), rotation=90)
    assert probe(turned).sample_aspect_ratio == Fraction(3, 4)
    assert probe(make_clip(tmp_path / "c.mp4", frames=2)).sample_aspect_ratio == 1


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_of_several_video_streams_the_default_one_is_read(tmp_path, name):
    path = make_clip(tmp_path / name, video_streams=2, default_stream=1, paint=numbered, lossless=True)
    with FrameReader(path) as reader:
        frames = list(reader)
    means = [frame.pixels.mean() for frame in frames]
    assert means == pytest.approx([40 + 6 * (index + 7) for index in range(10)], abs=1.5)
    assert any("2 video streams" in notice for notice in reader.notices)
    assert reader.info.stream_index == 1


def test_cover_art_is_not_the_video(tmp_path):
    path = make_clip(tmp_path / "a.mp4", cover=True, frames=3)
    info = probe(path)
    assert (info.width, info.height) == (64, 48)
    assert not any("streams" in notice for notice in info.notices)


def test_sound_with_a_cover_has_no_video_stream(tmp_path):
    path = make_clip(tmp_path / "a.mp4", cover=True, frames=10, video_streams=0, audio=True)
    with pytest.raises(VideoOpenError, match=r"no video stream.*cover"):
        probe(path)


def test_streams_beside_the_video_are_counted(tmp_path):
    path = make_clip(tmp_path / "a.mkv", audio=True, subtitles=True)
    info = probe(path)
    assert (info.audio_streams, info.subtitle_streams) == (1, 1)
    assert info.codec == "h264" and "matroska" in info.container
    assert info.frame_rate == 25
    assert info.duration_seconds == pytest.approx(0.4, abs=0.05)


def test_max_side_limits_the_upright_longer_side(tmp_path):
    path = make_clip(tmp_path / "a.mp4", frames=2, size=(128, 96), rotation=90)
    with FrameReader(path, max_side=64) as reader:
        assert next(reader).pixels.shape == (64, 48, 3)
        assert reader.size == (48, 64)
        assert (reader.info.width, reader.info.height) == (96, 128)
    with FrameReader(path, max_side=1000) as reader:
        assert next(reader).pixels.shape == (128, 96, 3)
    with pytest.raises(UsageError, match="max_side"):
        FrameReader(path, max_side=0)


def test_frames_of_another_reader_stay_untouched_while_reading_on(tmp_path):
    path = make_clip(tmp_path / "a.mp4", frames=6, paint=numbered, lossless=True)
    with FrameReader(path) as reader:
        frames = list(reader)
    levels = [int(frame.pixels[0, 0, 0]) for frame in frames]
    assert levels == sorted(set(levels))


def test_closing_twice_and_early_is_fine(tmp_path):
    reader = FrameReader(make_clip(tmp_path / "a.mp4"))
    next(reader)
    reader.close()
    reader.close()
