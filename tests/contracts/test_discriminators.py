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
