"""The structure loss: every neighbourhood counts by itself, whatever its contrast."""

import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from stylereel.losses.structure import structure
from stylereel.losses.tone import tone


def figures(seed: int = 1) -> torch.Tensor:
    """A bright half and a dark half, each with faint figures in it."""
    rng = torch.Generator().manual_seed(seed)
    small = torch.randn(2, 1, 12, 12, generator=rng)
    faint = 0.08 * torch.nn.functional.interpolate(small, size=(96, 96), mode="bilinear")
    halves = torch.where(torch.arange(96) < 48, -0.6, 0.6).expand(2, 1, 96, 96)
    return (halves + faint).expand(2, 3, 96, 96).clone()


def test_the_content_itself_at_any_contrast_is_the_optimum_and_its_inverse_the_worst():
    content = figures()
    assert float(structure(content, content)) < 0.05
    assert float(structure(0.5 * content + 0.2, content)) < 0.15
    assert float(structure(-content, content)) > 1.9


def test_faint_figures_that_are_gone_count_though_the_broad_tones_are_kept():
    content = figures()
    without = content.sign() * 0.6 + 0.08 * torch.randn(
        2, 1, 96, 96, generator=torch.Generator().manual_seed(3)
    )
    assert float(tone(without, content)) < 0.05  # seen as a whole nothing is wrong
    assert float(structure(without, content)) > 0.5


def test_what_is_painted_where_the_content_is_flat_is_free_and_the_gradient_brings_figures_back():
    flat = torch.full((1, 3, 64, 64), 0.2)
    strokes = (
        flat + 0.3 * torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    ).requires_grad_()
    structure(strokes, flat).backward()
    assert strokes.grad is not None and float(strokes.grad.abs().max()) < 1e-2
    content = figures()
    made = (0.3 * torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(2))).requires_grad_()
    before = structure(made, content)
    before.backward()
    assert made.grad is not None and bool(made.grad.isfinite().all())
    assert float(structure((made - 300 * made.grad).detach(), content)) < float(before.detach())
