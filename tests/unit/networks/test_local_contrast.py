"""Local contrast: faint things as strong as loud ones, flat things nothing, and no more than its window."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from stylereel.networks.blocks import LocalContrast
from stylereel.networks.random_filters import RandomFilters


@pytest.fixture
def contrast():
    torch.manual_seed(1)
    return LocalContrast(8, 4).eval()


def texture(strength: float):
    noise = torch.rand(1, 3, 24, 24, generator=torch.Generator().manual_seed(2)) * 2 - 1
    return strength * torch.nn.functional.interpolate(noise, size=(96, 96), mode="bicubic")


def inner(maps):
    return maps[..., 4:-4, 4:-4]  # zero padding speaks at the border


def test_a_flat_picture_gives_nothing_whatever_its_colour(contrast):
    with torch.no_grad():
        for level in (-1.0, 0.3, 1.0):
            assert inner(contrast(torch.full((1, 3, 96, 96), level))).abs().max() < 1e-2


def test_a_tenth_of_the_texture_gives_nearly_the_same_response(contrast):
    with torch.no_grad():
        loud, faint = inner(contrast(texture(0.5))), inner(contrast(texture(0.05)))
    assert faint.square().mean().sqrt() > 0.8 * loud.square().mean().sqrt()
    similarity = torch.nn.functional.cosine_similarity(loud.flatten(), faint.flatten(), dim=0)
    assert similarity > 0.99


def test_noise_of_a_tenth_of_a_grey_level_is_not_blown_up(contrast):
    noise = torch.randn(1, 3, 96, 96, generator=torch.Generator().manual_seed(3)) * 0.1 / 127.5
    with torch.no_grad():
        assert inner(contrast(noise)).square().mean().sqrt() < 0.25


def test_random_filters_are_the_same_in_every_run_and_see_no_flat_colour():
    first, again = RandomFilters(), RandomFilters()
    pictures = texture(0.5)
    for a, b, channels in zip(first(pictures), again(pictures), first.channels, strict=True):
        assert torch.equal(a, b) and a.shape[1] == channels and a.min() >= 0
    assert all(maps.abs().max() < 1e-4 for maps in first(torch.full((1, 3, 96, 96), 0.7)))


def test_random_filters_look_at_crops_smaller_than_a_filter():
    assert [maps.shape[0] for maps in RandomFilters()(torch.rand(2, 3, 16, 16))] == [2] * 4
