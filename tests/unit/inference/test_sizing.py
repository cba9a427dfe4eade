import numpy as np
import pytest

from stylereel.inference.sizing import pad_to_multiple


@pytest.mark.parametrize("size", [(8, 8), (7, 9), (1, 1), (3, 20), (360, 634)])
def test_sizes_become_multiples_and_the_picture_stays_in_its_corner(size):
    frames = np.random.default_rng(0).integers(0, 256, (2, *size, 3), np.uint8)
    padded = pad_to_multiple(frames, 8)
    assert padded.shape[1] % 8 == 0 and padded.shape[2] % 8 == 0
    assert padded.shape[1] - size[0] < 8 and padded.shape[2] - size[1] < 8
    assert np.array_equal(padded[:, : size[0], : size[1]], frames)


def test_the_margin_mirrors_the_picture_and_then_repeats_its_edge():
    row = np.array([10, 20, 30], np.uint8).reshape(1, 1, 3, 1).repeat(3, axis=3)
    assert pad_to_multiple(row, 8)[0, 0, :, 0].tolist() == [10, 20, 30, 20, 10, 10, 10, 10]


def test_what_fits_is_not_copied():
    frames = np.zeros((1, 16, 16, 3), np.uint8)
    assert pad_to_multiple(frames, 8) is frames
