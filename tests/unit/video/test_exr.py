"""EXR pictures: linear floats, straight out of and into a renderer."""

import numpy as np
import pytest

from stylereel.core.errors import VideoOpenError
from stylereel.core.pixels import DEEP_PEAK
from stylereel.video.exr import decode_exr, decoded_signal, encode_exr, encoded_light
from stylereel.video.images import read_picture
from stylereel.video.probe import probe


def test_light_and_signal_are_each_others_inverse_and_white_is_one():
    signal = np.linspace(0, 1, 1001)
    assert np.abs(encoded_light(decoded_signal(signal)) - signal).max() < 1e-9
    light = np.array([0.0, 1.0, 5.0, -1.0, np.nan, np.inf])
    assert np.abs(encoded_light(light) - [0, 1, 1, 0, 0, 1]).max() < 1e-9
    assert abs(float(decoded_signal(np.array(0.5))) - 0.21404) < 1e-4


@pytest.mark.parametrize("size", [(64, 48), (33, 17), (1, 1)])
@pytest.mark.parametrize("clear", [False, True])
def test_a_picture_comes_back_as_it_was(size, clear):
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, DEEP_PEAK + 1, (size[1], size[0], 3)).astype(np.uint16)
    opacity = rng.integers(2000, DEEP_PEAK + 1, size[::-1]).astype(np.uint16) if clear else None
    again, seen = decode_exr(encode_exr(rgb, opacity))
    # Half floats have 11 significant bits, and a signal of sRGB twice as fine a step as its light.
    assert np.abs(again.astype(int) - rgb).max() <= 48
    if opacity is None:
        assert seen is None
    else:
        assert np.abs(seen.astype(int) - opacity).max() <= 32


def test_it_is_a_picture_by_name_and_by_content(tmp_path):
    grey = np.full((20, 30, 3), 128 * 256, np.uint16)
    for name in ("a.exr", "a.bin"):
        (tmp_path / name).write_bytes(encode_exr(grey, None))
        info = probe(tmp_path / name)
        assert (info.kind, info.width, info.bit_depth, info.has_alpha) == ("image", 30, 16, False)
        assert np.abs(read_picture(tmp_path / name).astype(int) - 128).max() <= 1


@pytest.mark.parametrize("keep", [4, 40, 200])
def test_a_broken_picture_is_an_error_that_says_which(tmp_path, keep):
    whole = encode_exr(np.random.default_rng(0).integers(0, 65281, (64, 64, 3)).astype(np.uint16), None)
    (tmp_path / "cut.exr").write_bytes(whole[:keep])
    with pytest.raises(VideoOpenError, match=r"cut\.exr"):
        read_picture(tmp_path / "cut.exr")
