import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

import toy_pictures as toy
from stylereel.core.errors import DatasetError, MissingInputError
from stylereel.data.media import find_media, read_picture, with_short_side


def test_pictures_and_videos_are_found_below_a_folder_in_a_fixed_order(tmp_path: Path) -> None:
    toy.write(tmp_path / "b.png", toy.scene(1))
    toy.write(tmp_path / "deep" / "a.jpg", toy.scene(2))
    (tmp_path / "clip.mp4").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("no picture")
    toy.write(tmp_path / ".hidden.png", toy.scene(3))
    found = find_media([tmp_path], "content")
    assert [(file.path.name, file.kind) for file in found] == [
        ("b.png", "picture"),
        ("clip.mp4", "video"),
        ("a.jpg", "picture"),
    ]


def test_a_file_named_twice_counts_once(tmp_path: Path) -> None:
    path = toy.write(tmp_path / "a.png", toy.scene(1))
    assert len(find_media([tmp_path, path], "style")) == 1


def test_a_folder_without_pictures_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="No pictures or videos for style"):
        find_media([tmp_path], "style")


def test_a_path_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="nowhere"):
        find_media([tmp_path / "nowhere"], "content")


def test_pixels_come_out_in_rgb_order(tmp_path: Path) -> None:
    red = np.zeros((40, 40, 3), np.uint8)
    red[..., 0] = 255
    pixels = read_picture(toy.write(tmp_path / "red.png", red))
    assert pixels is not None and tuple(pixels[0, 0]) == (255, 0, 0)


def test_transparent_pixels_lie_over_white(tmp_path: Path) -> None:
    raw = np.zeros((40, 40, 4), np.uint8)
    raw[:20, :, 3] = 255
    cv2.imwrite(str(tmp_path / "alpha.png"), raw)
    pixels = read_picture(tmp_path / "alpha.png")
    assert pixels is not None and pixels[5, 5].max() == 0 and pixels[35, 5].min() == 255


def test_transparent_pictures_are_upright_by_their_exif(tmp_path: Path) -> None:
    raw = np.zeros((40, 60, 4), np.uint8)
    raw[:20, :, 3] = 255
    data = cv2.imencode(".png", raw)[1].tobytes()
    # One entry: orientation 3, which turns by half; 6 would turn by a quarter.
    for orientation, dark, white in ((3, (35, 5), (5, 5)), (6, (5, 35), (5, 5))):
        chunk = b"eXIfMM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0" + bytes([orientation]) + bytes(6)
        length, check = (len(chunk) - 4).to_bytes(4, "big"), zlib.crc32(chunk).to_bytes(4, "big")
        (tmp_path / "turned.png").write_bytes(data[:33] + length + chunk + check + data[33:])
        pixels = read_picture(tmp_path / "turned.png")
        assert pixels is not None and pixels[dark].max() == 0 and pixels[white].min() == 255


def test_a_picture_of_sixteen_bits_is_read_as_eight(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "deep.png"), np.full((40, 40, 3), 40000, np.uint16))
    pixels = read_picture(tmp_path / "deep.png")
    assert pixels is not None and pixels.dtype == np.uint8 and pixels[0, 0, 0] == 40000 >> 8


def test_what_is_no_picture_reads_as_nothing(tmp_path: Path) -> None:
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"\xff\xd8 not a picture")
    (tmp_path / "empty.png").write_bytes(b"")
    assert read_picture(path) is None
    assert read_picture(tmp_path / "empty.png") is None


def test_only_larger_pictures_are_reduced() -> None:
    assert with_short_side(toy.scene(1, 100, 200), 50).shape == (50, 100, 3)
    assert with_short_side(toy.scene(1, 40, 60), 50).shape == (40, 60, 3)
