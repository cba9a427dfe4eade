"""Conversions of pixels against the equations, computed in float64."""

from __future__ import annotations

import numpy as np
import pytest

from clips import smooth
from stylereel.core.color import LUMA_WEIGHTS, SDR_VIDEO, ColorTags
from stylereel.core.pixels import (
    downsample_chroma,
    fit_within,
    fitted_size,
    lay_over,
    resize,
    rgb_to_yuv_matrix,
    rgb_to_yuv_planes,
    upsample_chroma,
    yuv_planes_to_rgb,
)


def tags(matrix: str, value_range: str) -> ColorTags:
    return ColorTags(matrix, value_range, "bt709", "bt709")


def test_white_black_and_primaries_have_the_published_code_values():
    rgb = np.array([[[255, 255, 255], [0, 0, 0], [255, 0, 0], [0, 0, 255]]], np.uint8)
    y, cb, cr = rgb_to_yuv_planes(rgb, SDR_VIDEO, "444", 8)
    assert y.tolist() == [[235, 16, 63, 32]]
    assert cb.tolist() == [[128, 128, 102, 240]]
    assert cr.tolist() == [[128, 128, 240, 118]]
    y, _, _ = rgb_to_yuv_planes(rgb, tags("bt709", "limited"), "444", 10)
    assert y.tolist() == [[940, 64, 250, 127]]
    y, cb, _ = rgb_to_yuv_planes(rgb, tags("smpte170m", "full"), "444", 8)
    assert y.tolist() == [[255, 0, 76, 29]]
    assert cb.tolist()[0][:2] == [128, 128]


@pytest.mark.parametrize("value_range", ["limited", "full"])
@pytest.mark.parametrize("matrix", sorted(LUMA_WEIGHTS))
@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_rgb_to_planes_follows_the_equation_to_rounding(matrix, value_range, bits):
    rgb = np.random.default_rng(0).integers(0, 256, (16, 16, 3)).astype(np.uint8)
    wanted = rgb_to_yuv_matrix(tags(matrix, value_range), bits)
    exact = np.clip(rgb / 255 @ wanted[:, :3].T + wanted[:, 3], 0, 2**bits - 1)
    planes = np.stack(rgb_to_yuv_planes(rgb, tags(matrix, value_range), "444", bits), -1)
    assert np.abs(planes - exact).max() <= 0.75 * max(1, 2 ** (bits - 10))


@pytest.mark.parametrize("bits", [8, 10, 16])
@pytest.mark.parametrize("matrix", ["smpte170m", "bt709", "bt2020nc"])
def test_planes_to_rgb_and_back_keeps_luma_and_chroma_within_two(matrix, bits):
    for chroma in ("420", "422", "444"):
        description = tags(matrix, "limited")
        planes = rgb_to_yuv_planes(smooth(3, 64, 48), description, chroma, bits)
        again = rgb_to_yuv_planes(yuv_planes_to_rgb(planes, description, bits), description, chroma, bits)
        for before, after in zip(planes, again, strict=True):
            assert np.abs(before.astype(int) - after).max() <= 2 * 2 ** (bits - 8)


def test_odd_sizes_round_chroma_up_and_come_back_whole():
    for width, height in ((37, 29), (1, 1), (2, 1), (1, 7), (3, 2)):
        rgb = np.full((height, width, 3), (90, 140, 60), np.uint8)
        for chroma in ("420", "422", "444"):
            planes = rgb_to_yuv_planes(rgb, SDR_VIDEO, chroma, 8)
            assert planes[0].shape == (height, width)
            back = yuv_planes_to_rgb(planes, SDR_VIDEO, 8)
            assert back.shape == rgb.shape
            assert np.abs(back.astype(int) - rgb).max() <= 2


def test_ten_bits_are_rounded_to_eight_and_not_truncated_or_dithered():
    codes = np.arange(64, 941, dtype=np.uint16)[None]
    neutral = np.full_like(codes, 512)
    grey = yuv_planes_to_rgb((codes, neutral, neutral), SDR_VIDEO, 10)[0]
    exact = (codes[0] - 64) / 876 * 255
    assert np.abs(grey - exact[:, None]).max() <= 0.51
    assert (grey[:, 0] == grey[:, 2]).all()
    assert (np.diff(grey[:, 0].astype(int)) >= 0).all()


def test_chroma_is_sited_on_the_even_columns():
    ramp = np.tile(np.arange(0, 64, dtype=np.uint8) * 2, (4, 1))
    small = downsample_chroma(ramp, "422")
    assert small[0, 1:-1].tolist() == ramp[0, 2:-2:2].tolist()
    assert np.abs(upsample_chroma(small, 64, 4).astype(int) - ramp)[:, 2:-2].max() <= 1


def test_a_matrix_that_is_no_weighted_sum_is_refused_with_its_name():
    with pytest.raises(ValueError, match="ictcp"):
        rgb_to_yuv_matrix(ColorTags("ictcp", "limited"), 10)


def test_unknown_tag_names_are_refused():
    with pytest.raises(ValueError, match="bt9000"):
        ColorTags(matrix="bt9000")


def test_unspecified_tags_are_guessed_by_size_as_players_do():
    assert ColorTags().resolved(1280, 720) == SDR_VIDEO
    assert ColorTags().resolved(640, 480).matrix == "smpte170m"
    assert ColorTags().resolved(720, 576).matrix == "bt470bg"
    assert ColorTags(transfer="smpte2084").resolved(3840, 2160).matrix == "bt2020nc"
    assert ColorTags(matrix="rgb").resolved(64, 64).range == "full"
    assert ColorTags("rgb", "full").for_encoding(64, 64).matrix == "bt709"


def test_tags_survive_their_code_points():
    before = ColorTags("bt2020nc", "limited", "bt2020", "arib-std-b67")
    codes = (before.matrix_code, before.range_code, before.primaries_code, before.transfer_code)
    assert codes == (9, 1, 9, 18)
    assert before == ColorTags.from_codes(matrix=9, range=1, primaries=9, transfer=18)


def test_max_side_scales_the_longer_side_and_averages_areas():
    assert fitted_size(1920, 1080, 640) == (640, 360)
    assert fitted_size(100, 300, 150) == (50, 150)
    assert fitted_size(64, 48, 640) == (64, 48)
    board = np.indices((8, 8)).sum(0) % 2 * 200
    assert (fit_within(np.repeat(board[..., None], 3, 2).astype(np.uint8), 4) == 100).all()
    assert resize(np.zeros((4, 6, 3), np.uint8), 12, 8).shape == (8, 12, 3)


def test_transparency_is_mixed_by_its_weight():
    rgb = np.zeros((1, 3, 3), np.uint8)
    mixed = lay_over(rgb, np.array([[0, 128, 255]], np.uint8), 255)
    assert mixed[0, :, 0].tolist() == [255, 127, 0]
