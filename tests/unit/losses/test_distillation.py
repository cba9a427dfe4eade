"""Distance to what a teacher made."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from stylereel.losses.distillation import distillation


def picture(seed: int) -> torch.Tensor:
    return torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_equal_pictures_are_at_zero():
    assert float(distillation(picture(1), picture(1))) == 0.0


def test_a_lost_edge_costs_more_than_the_same_error_spread_out():
    taught = torch.zeros(1, 3, 32, 32)
    taught[..., 16:] = 1.0
    blurred = taught.clone()
    blurred[..., 14:18] = 0.5
    shifted = taught + float((blurred - taught).abs().mean())
    assert float(distillation(blurred, taught)) > 1.5 * float(distillation(shifted, taught))


def test_the_gradient_leads_towards_the_teacher():
    output, taught = picture(2).requires_grad_(True), picture(3)
    before = distillation(output, taught)
    before.backward()
    assert output.grad is not None
    after = distillation(output.detach() - 0.5 * output.grad.sign() * 0.1, taught)
    assert float(after) < float(before.detach())
