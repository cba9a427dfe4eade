"""What holds for every file in networks/discriminators/."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from stylereel.core.registry import family

DISCRIMINATORS = family("stylereel.networks.discriminators")


@pytest.mark.parametrize("name", DISCRIMINATORS.names())
def test_a_discriminator_returns_a_list_of_logit_maps_one_per_view(name):
    module = DISCRIMINATORS.load(name)
    made = module.Discriminator(module.Config())
    maps = made(torch.rand(2, 3, 64, 64) * 2 - 1)
    assert isinstance(maps, list) and len(maps) == made.config.scales + made.config.brush
    for logits in maps:
        assert logits.shape[:2] == (2, 1) and torch.isfinite(logits).all()
    assert maps[0].shape[-1] > maps[made.config.scales - 1].shape[-1]


@pytest.mark.parametrize("name", DISCRIMINATORS.names())
def test_features_come_with_the_same_logits_and_have_the_declared_channels(name):
    module = DISCRIMINATORS.load(name)
    made = module.Discriminator(module.Config()).eval()
    pictures = torch.rand(2, 3, 64, 64) * 2 - 1
    logits, maps = made.with_features(pictures)
    assert all(torch.equal(a, b) for a, b in zip(logits, made(pictures), strict=True))
    assert [values.shape[1] for values in maps] == made.feature_channels
