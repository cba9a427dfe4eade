"""The predictor of the next frame: it begins by repeating, and can learn a motion."""

import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from stylereel.networks.predictor import NextFrame


def test_untrained_it_repeats_the_second_frame():
    frames = torch.rand(2, 2, 3, 48, 56) * 2 - 1
    assert torch.equal(NextFrame(4)(frames), frames[:, 1])


def test_it_learns_how_a_pattern_goes_on_better_than_to_repeat():
    torch.manual_seed(0)
    predictor = NextFrame(8)
    optimizer = torch.optim.Adam(predictor.parameters(), lr=3e-3)
    wave = torch.sin(torch.arange(32) / 3.0).expand(1, 3, 32, 32)
    film = torch.stack([wave.roll(2 * step, dims=-1) * 0.8 for step in range(3)], dim=1)
    repeated = (film[:, 1] - film[:, 2]).abs().mean().item()
    for _ in range(60):
        loss = (predictor(film[:, :2]) - film[:, 2]).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.5 * repeated
