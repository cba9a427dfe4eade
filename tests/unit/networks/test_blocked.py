"""A generator between levels is the folded one, whatever it is computed in."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from stylereel.networks.blocked import Blocked, Levels, between_levels
from stylereel.networks.generators import light, resnet


def levels(height, width, count=2):
    ramp = np.linspace(0, 255, width, dtype=np.float32)[None, None, :, None]
    noise = np.random.default_rng(height).normal(0, 20, (count, height, width, 3))
    return torch.from_numpy(np.clip(ramp + noise, 0, 255).astype(np.uint8))


def as_folded(folded, frames, anchors):
    x = frames.permute(0, 3, 1, 2).float() * (2 / 255) - 1
    y = folded(x) if anchors is None else folded(x, anchors.permute(0, 3, 1, 2))
    return ((y + 1) * 127.5).clamp(0, 255).round().to(torch.uint8).permute(0, 2, 3, 1)


@pytest.mark.parametrize("shape", [{}, {"edge_channels": 5, "detail_channels": 11, "contrast_channels": 3}])
@pytest.mark.parametrize("channels", [0, 3, 4])
@pytest.mark.parametrize("dtype,most,mean", [(torch.float32, 1, 0.01), (torch.bfloat16, 24, 0.8)])
def test_light_in_blocks_is_light(channels, shape, dtype, most, mean):
    torch.manual_seed(5)
    config = light.Config(anchor_channels=channels, blocks=2, trunk_channels=16, **shape)
    folded = light.Generator(config).eval().folded()
    frames = levels(32, 48)
    anchors = torch.randn(2, 8, 12, channels) if channels else None
    with torch.inference_mode():
        found = between_levels(folded, dtype)(frames, anchors)
        difference = (found.int() - as_folded(folded, frames, anchors).int()).abs()
    assert found.shape == frames.shape and found.dtype == torch.uint8 and found.is_contiguous()
    assert difference.max() <= most and difference.float().mean() <= mean


def test_a_flat_colour_stays_without_contrast_in_bf16():
    torch.manual_seed(5)
    folded = light.Generator(light.Config(blocks=1, trunk_channels=16)).eval().folded()
    blocked = Blocked(folded, torch.bfloat16)
    first = blocked.first.float()
    flat = torch.full((1, 48, 8, 8), 91.0 - blocked.middle)
    with torch.inference_mode():
        inside = first(flat)[:, 32:40, 2:-2, 2:-2]
        expected = folded.stem.bias[32:40, None, None].expand_as(inside[0])
    assert (inside[0] - expected).abs().max() < 0.002  # half of what counts as nothing


def test_a_generator_without_a_way_of_its_own_runs_as_it_is():
    torch.manual_seed(5)
    folded = resnet.Generator(resnet.Config(channels=8, blocks=1)).eval().folded()
    frames = levels(16, 20)
    network = between_levels(folded, torch.float32)
    assert isinstance(network, Levels)
    with torch.inference_mode():
        assert torch.equal(network(frames), as_folded(folded, frames, None))
    assert next(folded.parameters()).is_contiguous()
