"""Real motion: a look that moves as its film does costs nothing, one that boils does."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from stylereel.losses.real_motion import real_motion, warped_by_flow


def shifted(pictures, x, y):
    return torch.roll(pictures, (y, x), dims=(-2, -1))


@pytest.fixture
def look():
    rng = torch.Generator().manual_seed(0)
    return torch.nn.functional.avg_pool2d(torch.randn(2, 3, 68, 68, generator=rng), 5, 1)


def flow_of(x, y, like):
    """From a frame back to the one before, when the picture moved by (x, y)."""
    flow = torch.zeros(like.shape[0], 2, *like.shape[-2:])
    flow[:, 0], flow[:, 1] = -x, -y
    return flow


def test_a_shift_by_whole_pixels_is_undone_exactly(look):
    warped = warped_by_flow(look, flow_of(3, -2, look))
    assert torch.allclose(warped[..., 8:-8, 8:-8], shifted(look, 3, -2)[..., 8:-8, 8:-8], atol=1e-5)


def test_a_look_that_travels_costs_nothing_and_one_that_stands_still_does(look):
    flow, trusted = flow_of(3, -2, look), torch.ones(2, 1, 64, 64)
    travels = real_motion(look, shifted(look, 3, -2), flow, trusted)
    stays = real_motion(look, look, flow, trusted)
    assert travels < 1e-5 < 0.05 < stays


def test_what_cannot_be_followed_is_not_judged(look):
    boiling = torch.randn(look.shape, generator=torch.Generator().manual_seed(1))
    flow = flow_of(0, 0, look)
    assert real_motion(look, boiling, flow, torch.zeros(2, 1, 64, 64)) == 0
    assert real_motion(look, boiling, flow, torch.ones(2, 1, 64, 64)) > 0.3


def test_both_frames_are_asked_to_give_way(look):
    first, second = look.clone().requires_grad_(), (look + 0.2).requires_grad_()
    real_motion(first, second, flow_of(0, 0, look), torch.ones(2, 1, 64, 64)).backward()
    assert first.grad[..., 20, 20].abs().sum() > 0 and second.grad[..., 20, 20].abs().sum() > 0
    assert torch.all(second.grad[:, :, 8:-8, 8:-8] > 0)
