"""Pictures that are, or claim to be, too large are refused before memory is taken for them."""

import struct
import zlib

import cv2
import numpy as np
import pytest

from clips import make_clip, make_gif
from file_bombs import film_of_bombs, png
from stylereel.core.errors import MemoryShortError, VideoOpenError
from stylereel.video.exr import encode_exr
from stylereel.video.images import read_picture_whole
from stylereel.video.reader import FrameReader
from stylereel.video.sizes import LARGEST_PIXELS, VIDEO_BYTES, Room, check_picture

GRADIENT = np.dstack([np.tile(np.arange(97, dtype=np.uint8), (41, 1))] * 3)


class Noted(Room):
    """Remembers what it was asked."""

    asked = None

    def check(self, what, width, height, bytes_per_px):
        object.__setattr__(self, "asked", (width, height))


@pytest.mark.parametrize("ending", ["png", "jpg", "bmp", "tif", "webp", "jp2", "avif"])
def test_the_header_says_the_size(ending):
    try:
        data = cv2.imencode(f".{ending}", GRADIENT)[1].tobytes()
    except cv2.error:
        pytest.skip(f"this OpenCV writes no {ending}")
    room = Noted()
    check_picture("picture", data, room)
    assert room.asked == (97, 41)


def test_other_kinds_of_jpeg_and_webp_say_it_too():
    for ending, options in (
        ("jpg", [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]),
        ("webp", [cv2.IMWRITE_WEBP_QUALITY, 101]),
    ):
        room = Noted()
        check_picture("picture", cv2.imencode(f".{ending}", GRADIENT, options)[1].tobytes(), room)
        assert room.asked == (97, 41)


@pytest.mark.parametrize("length", range(0, 60, 3))
def test_a_header_that_is_cut_off_is_left_to_the_decoders(length):
    for ending in ("png", "jpg", "bmp", "tif", "webp", "jp2"):
        check_picture("picture", cv2.imencode(f".{ending}", GRADIENT)[1].tobytes()[:length], Room())


def test_a_picture_larger_than_any_may_be_is_refused(tmp_path):
    side = 30000
    (tmp_path / "bomb.png").write_bytes(png(side, side, 1, 0, zlib.compress(bytes(1 + side // 8) * side)))
    assert (tmp_path / "bomb.png").stat().st_size < 200_000 < LARGEST_PIXELS < side * side
    with pytest.raises(VideoOpenError, match=r"bomb\.png says that it is 30000x30000.*not read"):
        read_picture_whole(tmp_path / "bomb.png")


def test_a_picture_larger_than_the_memory_that_is_left_is_refused(tmp_path):
    path = tmp_path / "large.png"
    path.write_bytes(png(9000, 9000, 1, 0, zlib.compress(bytes(1126) * 9000)))
    with pytest.raises(MemoryShortError, match=r"9000x9000.*972 MB.*500 MB.*--memory-limit"):
        read_picture_whole(path, room=Room(500 * 10**6))


def test_a_gif_with_a_giant_screen_is_refused(tmp_path):
    data = bytearray(make_gif(tmp_path / "in.gif").read_bytes())
    data[6:10] = struct.pack("<HH", 9000, 17000)
    (tmp_path / "in.gif").write_bytes(data)
    with pytest.raises(VideoOpenError, match="of more than 31 million pixels"):
        FrameReader(tmp_path / "in.gif", room=Room(10**9))
    data[6:10] = struct.pack("<HH", 60000, 60000)
    (tmp_path / "in.gif").write_bytes(data)
    with pytest.raises(VideoOpenError, match="of more than 268 million pixels"):
        FrameReader(tmp_path / "in.gif")


def test_a_film_whose_frames_are_larger_than_its_header_says_is_not_decoded(tmp_path):
    film = film_of_bombs(tmp_path / "film.mov", 12000)
    with pytest.raises(VideoOpenError, match="not one frame"):
        FrameReader(film, room=Room(10**9))


def test_an_exr_picture_that_claims_to_be_giant_is_refused(tmp_path):
    data = bytearray(encode_exr(GRADIENT.astype(np.uint16) * 257, None))
    for name in (b"dataWindow\0box2i\0", b"displayWindow\0box2i\0"):
        at = data.find(name) + len(name) + 4
        data[at : at + 16] = struct.pack("<iiii", 0, 0, 39999, 39999)
    (tmp_path / "in.exr").write_bytes(data)
    with pytest.raises(VideoOpenError, match=r"in\.exr"):
        read_picture_whole(tmp_path / "in.exr")


def test_usual_frames_need_no_more_than_the_least_room(tmp_path):
    with FrameReader(make_clip(tmp_path / "in.mp4"), room=Room(0)) as reader:
        assert len(list(reader)) == 10
    assert Room(0).most_pixels(VIDEO_BYTES) >= 3840 * 2160


def test_a_picture_whose_file_is_larger_than_memory_is_not_read(tmp_path):
    for size, room, error in (
        (50 * 10**9, Room(), VideoOpenError),
        (10**9, Room(500 * 10**6), MemoryShortError),
    ):
        with (tmp_path / "empty.png").open("wb") as file:
            file.truncate(size)
        with pytest.raises(error, match=r"empty\.png has"):
            read_picture_whole(tmp_path / "empty.png", room=room)
