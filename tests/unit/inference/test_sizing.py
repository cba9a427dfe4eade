"""Frames of any size fit the network and come back where they were."""

from __future__ import annotations

import numpy as np
import pytest

from stylereel.inference.sizing import EDGE_PX, with_margin


@pytest.mark.parametrize("size", [(8, 8), (7, 9), (1, 1), (3, 20), (360, 634)])
def test_sizes_become_multiples_and_the_picture_is_found_again(size):
    frames = np.random.default_rng(0).integers(0, 256, (2, *size, 3), np.uint8)
    padded, (rows, columns) = with_margin(frames, 8)
    assert padded.shape[1] % 8 == 0 and padded.shape[2] % 8 == 0
    assert padded.shape[1] - size[0] < 2 * EDGE_PX + 8 and padded.shape[2] - size[1] < 2 * EDGE_PX + 8
    assert np.array_equal(padded[:, rows, columns], frames)


def test_the_margin_mirrors_the_picture_and_then_repeats_its_edge():
    row = np.array([10, 20, 30], np.uint8).reshape(1, 1, 3, 1).repeat(3, axis=3)
    padded, (rows, columns) = with_margin(row, 8)
    after = padded[0, rows, columns.stop :, 0][0]
    before = padded[0, rows, : columns.start, 0][0][::-1]
    assert after[:4].tolist() == [20, 10, 10, 10]
    assert before[:4].tolist() == [20, 30, 30, 30]


def test_the_margin_fits_a_rule_that_does_not_divide_it():
    padded, (rows, _) = with_margin(np.zeros((1, 24, 24, 3), np.uint8), 12)
    assert padded.shape[1] % 12 == 0 and rows.start % 12 == 0 and rows.start >= EDGE_PX
