"""Pictures, folders and patterns of pictures are sources too."""

from __future__ import annotations

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from clips import corners, make_pictures, numbered
from stylereel.core.errors import MissingInputError, RefusedError, UsageError, VideoOpenError
from stylereel.video.images import read_picture
from stylereel.video.probe import probe
from stylereel.video.reader import FrameReader


def write(path, rgb: np.ndarray):
    channels = (2, 1, 0, 3)[: rgb.shape[2]]
    cv2.imwrite(str(path), np.ascontiguousarray(rgb[..., channels]))
    return path


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tif", ".webp", ".ppm"])
def test_a_picture_is_one_frame(tmp_path, suffix):
    path = write(tmp_path / f"a{suffix}", corners(0, 40, 30))
    with FrameReader(path) as reader:
        frames = list(reader)
    assert reader.info.kind == "image"
    assert len(frames) == 1 and frames[0].pts == 0
    assert np.abs(frames[0].pixels[3, 3].astype(int) - (200, 30, 30)).max() <= 6


def test_a_picture_is_known_by_its_bytes_and_not_by_its_name(tmp_path):
    path = write(tmp_path / "a.png", corners(0, 40, 30)).rename(tmp_path / "a.mp4")
    assert probe(path).kind == "image"


def test_sixteen_bit_grey_and_transparent_pictures_are_read(tmp_path):
    deep = np.full((8, 8, 3), 120 * 257 + 200, np.uint16)
    assert read_picture(write(tmp_path / "deep.png", deep))[0, 0].tolist() == [121] * 3
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((8, 8), 77, np.uint8))
    assert read_picture(tmp_path / "grey.png")[0, 0].tolist() == [77] * 3
    clear = np.zeros((8, 8, 4), np.uint8)
    clear[:, 4:] = (10, 20, 30, 255)
    picture = read_picture(write(tmp_path / "clear.png", clear))
    assert picture[0, 0].tolist() == [255] * 3 and picture[0, 7].tolist() == [10, 20, 30]


def test_a_picture_that_only_ffmpeg_knows_is_read(tmp_path):
    path = tmp_path / "a.dpx"
    frame = av.VideoFrame.from_ndarray(corners(0, 64, 48), format="rgb24")
    encoder = av.CodecContext.create("dpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 64, 48, "rgb24", Fraction(1, 25)
    path.write_bytes(b"".join(bytes(packet) for packet in encoder.encode(frame)))
    picture = read_picture(path)
    assert picture.shape == (48, 64, 3)
    assert np.abs(picture[5, 5].astype(int) - (200, 30, 30)).max() <= 2


def test_a_truncated_photograph_is_read_or_refused_but_never_crashes(tmp_path):
    path = write(tmp_path / "a.jpg", corners(0, 64, 48))
    data = path.read_bytes()
    for keep in range(10, len(data), 40):
        path.write_bytes(data[:keep])
        try:
            assert read_picture(path).shape == (48, 64, 3)
        except VideoOpenError as error:
            assert "a.jpg" in str(error)


def test_exif_orientation_is_applied(tmp_path):
    path = write(tmp_path / "a.jpg", corners(0, 64, 48))
    # APP1 with one IFD entry: orientation 6, turn clockwise.
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    data = path.read_bytes()
    path.write_bytes(data[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + data[2:])
    picture = read_picture(path)
    assert picture.shape == (64, 48, 3)
    assert picture[5, 5].argmax() == 2 and picture[5, 40].argmax() == 0


def test_a_folder_is_read_in_natural_order_at_25_frames_per_second(tmp_path):
    folder = make_pictures(tmp_path / "shots", 12)
    (folder / "notes.txt").write_text("not a picture")
    (folder / ".hidden.png").write_bytes(b"")
    with FrameReader(folder) as reader:
        frames = list(reader)
    assert reader.info.kind == "images" and len(reader.info.image_paths) == 12
    assert [int(frame.pixels[0, 0, 0]) for frame in frames] == [40 + 6 * index for index in range(12)]
    assert [frame.pts for frame in frames] == list(range(12))
    assert frames[0].time_base == Fraction(1, 25)


@pytest.mark.parametrize("pattern", ["frame*.png", "frame%d.png", "frame[0-9]*.png", "**/frame*.png"])
def test_a_pattern_stands_for_its_pictures(tmp_path, pattern):
    folder = make_pictures(tmp_path / "sh[o]ts" if "%" in pattern else tmp_path / "shots", 11)
    write(folder / "other.png", numbered(0, 8, 8))
    with FrameReader(folder / pattern, fps=10) as reader:
        frames = list(reader)
    assert [int(frame.pixels[0, 0, 0]) for frame in frames] == [40 + 6 * index for index in range(11)]
    assert frames[0].time_base == Fraction(1, 10) and reader.info.frame_rate == 10


def test_a_cut_of_a_folder_takes_the_pictures_inside(tmp_path):
    folder = make_pictures(tmp_path / "shots", 10)
    with FrameReader(folder, start_seconds=0.08, end_seconds=0.2) as reader:
        frames = list(reader)
    assert [frame.pts for frame in frames] == [0, 1, 2]
    assert int(frames[0].pixels[0, 0, 0]) == 52


def test_an_unreadable_picture_shows_its_neighbour_and_is_named(tmp_path):
    folder = make_pictures(tmp_path / "shots", 5)
    (folder / "frame1.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    (folder / "frame4.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    with FrameReader(folder) as reader:
        frames = list(reader)
    assert [frame.concealed for frame in frames] == [True, False, False, True, False]
    assert [int(frame.pixels[0, 0, 0]) for frame in frames] == [46, 46, 52, 52, 64]
    assert reader.concealed_count == 2
    assert any("frame4.png" in notice for notice in reader.notices)


def test_max_side_holds_for_pictures(tmp_path):
    path = write(tmp_path / "a.png", corners(0, 80, 60))
    with FrameReader(path, max_side=40) as reader:
        assert next(reader).pixels.shape == (30, 40, 3)


def test_a_folder_without_pictures_is_an_error(tmp_path):
    (tmp_path / "notes.txt").write_text("none")
    with pytest.raises(VideoOpenError, match="no pictures"):
        probe(tmp_path)


def test_a_pattern_that_matches_nothing_is_an_error(tmp_path):
    for pattern in ("*.png", "frame%04d.png"):
        with pytest.raises(MissingInputError, match="matches"):
            probe(tmp_path / pattern)


def test_a_broken_picture_is_an_error(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"garbage" * 50)
    with pytest.raises((VideoOpenError, RefusedError), match=r"a\.png"):
        probe(path)


def test_a_rate_of_zero_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="fps"):
        probe(make_pictures(tmp_path / "shots", 2), fps=0)
