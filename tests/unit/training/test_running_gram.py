"""The style's statistics: a mean at first, a moving average later, kept in the checkpoint."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from stylereel.losses.gram import gram_matrix
from stylereel.training.running_gram import RunningGram


def maps(value: float):
    return [torch.full((2, 3, 4, 4), value)]


def test_young_averages_are_plain_means_and_old_ones_forget():
    running = RunningGram([3], decay=0.5)
    running.update(maps(1.0))
    assert torch.allclose(running.means()[0], gram_matrix(maps(1.0)[0])[0])
    running.update(maps(3.0))
    assert torch.allclose(running.means()[0][0, 0], torch.tensor((1.0 + 9.0) / 2))
    for _ in range(30):
        running.update(maps(2.0))
    assert torch.allclose(running.means()[0], gram_matrix(maps(2.0)[0])[0], atol=1e-4)


def test_its_state_is_its_matrices_and_how_many_updates_made_them():
    running, other = RunningGram([3], decay=0.9), RunningGram([3], decay=0.9)
    running.update(maps(1.0))
    other.load_state_dict(running.state_dict())
    for each in (running, other):
        each.update(maps(2.0))
    assert torch.equal(running.means()[0], other.means()[0])
