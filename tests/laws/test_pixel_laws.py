"""Laws that pixels obey whatever their values."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stylereel.core.color import LUMA_WEIGHTS, ColorTags
from stylereel.core.pixels import (
    fitted_size,
    float_to_uint8,
    rgb_to_yuv_planes,
    uint8_to_float,
    yuv_planes_to_rgb,
)

TAGS = st.builds(
    ColorTags,
    matrix=st.sampled_from(sorted(LUMA_WEIGHTS)),
    range=st.sampled_from(["limited", "full"]),
    primaries=st.just("bt709"),
    transfer=st.just("bt709"),
)


@given(seed=st.integers(0, 2**31), width=st.integers(1, 17), height=st.integers(1, 13))
def test_uint8_survives_the_networks_range(seed, width, height):
    rgb = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    planes = uint8_to_float(rgb)
    assert planes.shape == (3, height, width) and planes.dtype == np.float32
    assert planes.min() >= -1 and planes.max() <= 1
    assert (float_to_uint8(planes) == rgb).all()


@settings(max_examples=60, deadline=None)
@given(tags=TAGS, seed=st.integers(0, 2**31), bits=st.sampled_from([10, 12, 16]))
def test_any_rgb_survives_deep_full_resolution_planes(tags, seed, bits):
    rgb = np.random.default_rng(seed).integers(0, 256, (7, 9, 3)).astype(np.uint8)
    back = yuv_planes_to_rgb(rgb_to_yuv_planes(rgb, tags, "444", bits), tags, bits)
    assert np.abs(back.astype(int) - rgb).max() <= (0 if bits >= 10 else 1)


@settings(max_examples=60, deadline=None)
@given(tags=TAGS, level=st.integers(0, 255), bits=st.sampled_from([8, 9, 10, 12, 14, 16]))
def test_grey_stays_grey_in_every_matrix_and_range(tags, level, bits):
    rgb = np.full((5, 7, 3), level, np.uint8)
    planes = rgb_to_yuv_planes(rgb, tags, "420", bits)
    assert (planes[1] == 1 << (bits - 1)).all() and (planes[2] == 1 << (bits - 1)).all()
    back = yuv_planes_to_rgb(planes, tags, bits).astype(int)
    assert np.abs(back - level).max() <= 1


@given(width=st.integers(1, 5000), height=st.integers(1, 5000), max_side=st.integers(1, 5000))
def test_fitted_sizes_never_exceed_the_limit_nor_vanish(width, height, max_side):
    fitted = fitted_size(width, height, max_side)
    assert min(fitted) >= 1
    assert max(fitted) <= max(max_side, 1) or fitted == (width, height)
    assert fitted_size(*fitted, max_side) == fitted
