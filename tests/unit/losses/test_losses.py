"""Each loss: its optimum, its direction, its gradient."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from stylereel.losses.adversarial import OBJECTIVES, discriminator_loss, generator_loss
from stylereel.losses.diff_augment import diff_augment
from stylereel.losses.gradient_penalty import r1_penalty
from stylereel.losses.gram import gram, gram_matrix
from stylereel.losses.hue import hue
from stylereel.losses.palette import palette
from stylereel.losses.patch_nce import patch_nce
from stylereel.losses.sharpened import sharpened
from stylereel.losses.sliced_wasserstein import laplacian_levels, sliced_wasserstein
from stylereel.losses.synthetic_motion import disturbed, random_motion, synthetic_motion
from stylereel.losses.tone import tone


def rng(seed: int = 0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_both_players_are_rewarded_for_winning(objective):
    high, low = [torch.full((2, 1, 4, 4), 0.9)], [torch.full((2, 1, 4, 4), -0.9)]
    assert discriminator_loss(objective, high, low) < discriminator_loss(objective, low, high)
    assert generator_loss(objective, high) < generator_loss(objective, low)


def test_minimax_is_the_value_function_itself():
    real, fake = [torch.tensor([[0.3]])], [torch.tensor([[-1.2]])]
    probability = lambda logit: 1 / (1 + math.exp(-logit))  # noqa: E731
    value = math.log(probability(0.3)) + math.log(1 - probability(-1.2))
    assert discriminator_loss("minimax", real, fake).item() == pytest.approx(-value, rel=1e-5)
    assert generator_loss("minimax", fake).item() == pytest.approx(math.log(1 - probability(-1.2)), rel=1e-5)


def test_an_unknown_objective_is_named_with_the_known_ones():
    with pytest.raises(ValueError, match="hinge"):
        generator_loss("wgan", [torch.zeros(1)])  # pyright: ignore


def test_r1_is_zero_for_a_flat_discriminator_and_half_the_squared_slope_for_a_linear_one():
    pictures = torch.rand(3, 3, 8, 8)
    assert r1_penalty(lambda x: [x.sum(1, keepdim=True) * 0], pictures) == 0
    slope = 2.0
    got = r1_penalty(lambda x: [slope * x[:, :1]], pictures)  # mean over 64 pixels: gradient slope/64 at each
    assert got.item() == pytest.approx(0.5 * 64 * (slope / 64) ** 2, rel=1e-5)


def test_augmentation_treats_a_picture_the_same_for_one_seed_and_keeps_its_colours():
    pictures = torch.rand(2, 3, 32, 32) * 0.5 + 0.25
    first, again = diff_augment(pictures, rng()), diff_augment(pictures, rng())
    assert torch.equal(first, again) and first.shape == pictures.shape
    kept = first[(first != 0).all(dim=1, keepdim=True).expand_as(first)]
    assert kept.min() >= 0.25 and kept.max() <= 0.75  # moved or blanked, never recoloured


def test_augmentation_lets_the_gradient_through():
    pictures = torch.rand(1, 3, 16, 16, requires_grad=True)
    diff_augment(pictures, rng()).sum().backward()
    assert 0 < (pictures.grad > 0).float().mean() < 1


def test_patch_nce_is_small_when_each_place_matches_itself_and_log_p_when_nothing_does():
    keys = torch.nn.functional.normalize(torch.randn(2, 64, 256, generator=rng()), dim=-1)
    assert patch_nce(keys, keys) < 0.05
    constant = torch.nn.functional.normalize(torch.ones(2, 64, 256), dim=-1)
    assert patch_nce(constant, keys).item() == pytest.approx(math.log(64), rel=0.1)


def test_laplacian_levels_add_up_to_the_picture():
    picture = torch.rand(1, 3, 32, 32)
    *bands, low = laplacian_levels(picture, 3)
    for band in reversed(bands):
        low = band + torch.nn.functional.interpolate(low, size=band.shape[-2:], mode="bilinear")
    assert torch.allclose(low, picture, atol=1e-5)


def test_sliced_wasserstein_tells_stripes_from_noise_and_equals_nothing_for_the_same_set():
    stripes = torch.sign(torch.sin(torch.arange(64.0) * 0.8)).expand(4, 3, 64, 64).contiguous()
    noise = torch.rand(4, 3, 64, 64, generator=rng()) * 2 - 1
    same = sliced_wasserstein(stripes, stripes.clone(), rng())
    other = sliced_wasserstein(noise, stripes, rng())
    assert same < 0.3 * other


def test_sliced_wasserstein_pulls_a_picture_towards_the_style():
    style = torch.sign(torch.sin(torch.arange(64.0) * 0.8)).expand(2, 3, 64, 64).contiguous()
    picture = (0.1 * torch.randn(2, 3, 64, 64, generator=rng(1))).requires_grad_(True)
    optimizer = torch.optim.Adam([picture], lr=0.05)
    draw = rng(2)
    first = None
    for _ in range(25):
        loss = sliced_wasserstein(picture, style, draw, count=512, projections=32)
        first = first or loss.item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.75 * first


def test_a_whole_pixel_shift_warps_exactly():
    draw = rng(4)
    picture = torch.rand(8, 3, 64, 64, generator=draw)
    motion = random_motion(8, 64, 64, draw)
    moved = motion.warp(picture)
    exact = 0
    for index in range(8):
        for dy in range(-10, 11):
            for dx in range(-10, 11):
                back = torch.roll(moved[index], (dy, dx), (1, 2))
                exact += int((back - picture[index])[:, 12:-12, 12:-12].abs().max() < 1e-3)
    assert exact >= 1


def test_synthetic_motion_is_zero_for_a_look_that_moves_with_the_picture():
    draw = rng(5)
    picture = torch.rand(2, 3, 64, 64, generator=draw) * 2 - 1
    motion = random_motion(2, 64, 64, draw)
    look = lambda x: -0.5 * x  # noqa: E731 - pointwise, hence coherent
    assert synthetic_motion(look(picture), look(motion.warp(picture)), motion) < 1e-4
    rows = torch.linspace(-1, 1, 64)[:, None].expand(64, 64)
    glued = lambda x: x * 0 + rows  # noqa: E731 - paint glued to the screen
    assert synthetic_motion(glued(picture), glued(motion.warp(picture)), motion) > 0.02


def test_a_disturbed_picture_stays_in_range_and_near():
    picture = torch.rand(2, 3, 32, 32) * 2 - 1
    second = disturbed(picture, rng())
    assert second.abs().max() <= 1 and 0 < (second - picture).abs().mean() < 0.1


def test_hue_asks_for_order_not_for_equal_colours_and_nothing_of_grey():
    rng = torch.Generator().manual_seed(0)
    content = torch.nn.functional.interpolate(torch.rand(4, 3, 6, 6, generator=rng) * 1.6 - 0.8, size=48)
    assert hue(0.4 * content + torch.tensor([0.3, 0.1, -0.4])[None, :, None, None], content) < 0.02
    assert hue(-content, content) > 1.9
    grey = content.mean(1, keepdim=True).expand(-1, 3, -1, -1)
    assert 0.9 < hue(content, grey) < 1.1
    output = grey.clone().requires_grad_()
    hue(output, content).backward()
    blue = (content[:, 2] - 0.5 * (content[:, 0] + content[:, 1])).flatten()
    assert torch.corrcoef(torch.stack([-output.grad[:, 2].flatten(), blue]))[0, 1] > 0.6


def test_tone_asks_for_order_not_for_equal_values():
    content = torch.nn.functional.interpolate(torch.rand(2, 3, 8, 8, generator=rng()) * 2 - 1, size=(64, 64))
    assert tone(0.3 * content + 0.2, content) < 0.01
    assert tone(-content, content) > 1.9
    flat = (content * 0 + 0.1).requires_grad_(True)
    loss = tone(flat, content)
    loss.backward()
    assert 0.5 < loss < 1.5 and torch.isfinite(flat.grad).all()


def test_palette_pulls_a_washed_out_picture_towards_the_colours_of_the_style():
    style = torch.stack([torch.full((3, 32, 32), value) for value in (-0.8, 0.9)])
    washed = torch.full((2, 3, 32, 32), 0.1) + 0.01 * torch.randn(2, 3, 32, 32, generator=rng())
    assert palette(style.flip(0), style, rng()) < 1e-6
    picture = washed.clone().requires_grad_(True)
    optimizer = torch.optim.Adam([picture], lr=0.05)
    draw = rng(1)
    for _ in range(25):
        loss = palette(picture, style, draw)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.5 * palette(washed, style, rng(2))


def test_a_gram_matrix_holds_means_and_products_of_channels():
    maps = torch.stack([torch.full((2, 2), 3.0), torch.tensor([[1.0, -1.0], [1.0, -1.0]])])[None]
    assert torch.allclose(gram_matrix(maps)[0], torch.tensor([[9.0, 0, 3], [0, 1, 0], [3, 0, 1]]))


def test_gram_is_zero_for_the_styles_own_statistics_and_one_for_twice_as_much():
    maps = [torch.rand(1, 4, 8, 8, generator=rng()), torch.rand(1, 2, 4, 4, generator=rng())]
    wanted = [gram_matrix(m)[0] for m in maps]
    assert gram(maps, wanted) < 1e-6
    assert gram(maps, [w / 2 for w in wanted]).item() == pytest.approx(1.0, rel=1e-5)


def test_gram_judges_each_picture_by_itself():
    flat, busy = torch.zeros(1, 2, 8, 8), torch.randn(1, 2, 8, 8, generator=rng()) * 2**0.5
    wanted = [(gram_matrix(flat) + gram_matrix(busy))[0] / 2]
    # Together the two have the wanted statistics; neither has them alone.
    assert gram([torch.cat([flat, busy])], wanted) > 0.3


def test_gram_pulls_flat_pictures_towards_texture():
    maps = (torch.rand(2, 3, 8, 8, generator=rng()) * 0.1).requires_grad_(True)
    wanted = [gram_matrix(torch.randn(4, 3, 8, 8, generator=rng(1))).mean(0)]
    before = gram([maps], wanted)
    before.backward()
    assert gram([maps - 10 * maps.grad], wanted) < before


def test_counter_examples_are_the_photographs_with_as_much_detail_or_more():
    photographs = (
        torch.nn.functional.avg_pool2d(torch.rand(16, 3, 68, 68, generator=rng()), 5, stride=1) - 0.5
    )
    examples = sharpened(photographs, rng(1))
    assert examples.shape == photographs.shape and examples.abs().max() <= 1
    gains = (examples.std(dim=(1, 2, 3)) / photographs.std(dim=(1, 2, 3))).tolist()
    assert min(gains) > 0.99 and max(gains) > 2
    assert any(torch.allclose(a, b, atol=1e-5) for a, b in zip(examples, photographs, strict=True))
    assert torch.equal(examples, sharpened(photographs, rng(1)))
