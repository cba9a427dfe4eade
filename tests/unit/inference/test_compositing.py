import itertools

import cv2
import numpy as np
import pytest

from stylereel.inference.compositing import blend, keep_source_colors


def lab(picture):
    return cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


@pytest.fixture(scope="module")
def source():
    """Every hue, from grey to saturated and from dark to light, with a smooth ramp."""
    hue, value = np.meshgrid(np.arange(0, 180, 2), np.linspace(0, 255, 90))
    strips = [np.dstack([hue, np.full_like(value, s), value]) for s in (0, 60, 120, 200, 255)]
    return cv2.cvtColor(np.vstack(strips).astype(np.uint8), cv2.COLOR_HSV2RGB)


def looks(source):
    grey = cv2.cvtColor(cv2.cvtColor(source, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    rng = np.random.default_rng(1)
    return {
        "negative": 255 - source,
        "posterised": source // 64 * 64 + 32,
        "pale": (grey * 0.5 + 120).astype(np.uint8),
        "dark": (source * 0.35).astype(np.uint8),
        "grain": np.clip(grey + rng.normal(0, 30, source.shape), 0, 255).astype(np.uint8),
    }


def test_strength_zero_is_the_source_and_one_the_look(source):
    look = 255 - source
    assert blend(source, look, 0.0) is source
    assert blend(source, look, 1.0) is look


def test_every_channel_is_monotone_in_strength(source):
    look = 255 - source
    steps = [blend(source, look, strength).astype(int) for strength in np.linspace(0, 1, 21)]
    direction = np.sign(look.astype(int) - source)
    for before, after in itertools.pairwise(steps):
        assert np.all((after - before) * direction >= 0)


@pytest.mark.parametrize("name", ["negative", "posterised", "pale", "dark", "grain"])
def test_kept_colors_are_the_sources_even_where_the_gamut_ends(source, name):
    result = lab(keep_source_colors(source, looks(source)[name]))
    difference = np.abs(result - lab(source))[..., 1:].mean(axis=(0, 1))
    assert difference.max() <= 4, difference


def test_kept_colors_take_the_light_of_the_look_where_it_can_carry_them():
    rng = np.random.default_rng(2)
    source = np.clip(rng.normal(130, 12, (60, 60, 3)), 0, 255).astype(np.uint8)
    look = np.clip(rng.normal(120, 40, (60, 60, 1)).repeat(3, axis=2), 30, 225).astype(np.uint8)
    result = lab(keep_source_colors(source, look))
    assert np.abs(result - lab(look))[..., 0].mean() < 1


def test_black_white_and_grey_stay_neutral():
    source = np.array([[[0, 0, 0], [255, 255, 255], [128, 128, 128]]], np.uint8)
    result = keep_source_colors(source, source[:, ::-1])
    assert np.abs(result.astype(int) - source[:, [2, 1, 0]]).max() <= 2
    assert (result.max(axis=2) - result.min(axis=2)).max() <= 2
