"""Anchors travel with the content, in training as in a video."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from stylereel.core.anchors import anchors_at, still_places, texture
from stylereel.losses.synthetic_motion import random_motion
from stylereel.training import anchors


@pytest.fixture(autouse=True)
def exact(monkeypatch):
    monkeypatch.setattr(anchors, "JITTER_PX", 0.0)


def rng(seed: int = 0):
    return torch.Generator().manual_seed(seed)


def test_the_texture_is_periodic_noise_of_zero_mean_and_unit_deviation():
    found = texture(4)
    assert found.shape == (256, 256, 4) and found.dtype == np.float32
    assert np.abs(found.mean((0, 1))).max() < 1e-4 and np.abs(found.std((0, 1)) - 1).max() < 1e-4
    assert np.abs(np.corrcoef(found.reshape(-1, 4).T) - np.eye(4)).max() < 0.03
    places = still_places(64, 96)
    assert np.allclose(anchors_at(places, 4), anchors_at(places + 512, 4), atol=1e-4)


def test_neighbouring_places_read_alike_and_far_ones_do_not():
    places = still_places(256, 256)
    at, near, far = (anchors_at(places + shift, 4) for shift in (0.0, 0.5, 40.0))
    assert ((at - near) ** 2).mean() < 0.1 < 1.5 < ((at - far) ** 2).mean()


def test_anchors_of_a_shifted_crop_are_the_shifted_anchors():
    places = anchors.random_places(3, 64, 64, rng())
    flow = torch.zeros(3, 2, 64, 64)
    flow[:, 0], flow[:, 1] = -8.0, 4.0  # the content went 8 px right and 4 px up
    after = anchors.anchor_maps(anchors.places_after_flow(places, flow, rng()), 4)
    before = anchors.anchor_maps(places, 4)
    assert torch.allclose(after[:, :, :-1, 2:], before[:, :, 1:, :-2], atol=1e-3)


def test_two_flows_one_after_the_other_are_their_sum():
    places = anchors.random_places(1, 64, 64, rng())
    one = torch.full((1, 2, 64, 64), 3.0)
    twice = anchors.places_after_flow(anchors.places_after_flow(places, one, rng()), one, rng())
    assert torch.allclose(twice, anchors.places_after_flow(places, 2 * one, rng()), atol=1e-3)


def test_anchors_follow_a_synthetic_motion_as_the_picture_does():
    """A picture painted from the places moves exactly as its anchors do."""
    motion = random_motion(8, 64, 64, rng(5))
    places = anchors.random_places(8, 64, 64, rng(1))
    moved = anchors.places_after_motion(places, motion.grid, rng())
    picture = torch.nn.functional.interpolate(places, scale_factor=4, mode="bilinear", align_corners=False)
    expected = torch.nn.functional.avg_pool2d(motion.warp(picture), 4)
    inside = torch.nn.functional.avg_pool2d(motion.inside, 4) == 1
    assert inside.float().mean() > 0.2
    assert ((moved - expected).abs() * inside).max() < 1.0  # px


def test_still_anchors_of_any_part_of_a_frame_lie_where_the_frame_s_do():
    whole = still_places(64, 64)
    part = still_places(32, 32, left_px=-16, top_px=-8)
    assert np.allclose(part, whole[2:10, 4:12])


def test_training_reads_the_texture_as_a_runner_does():
    places = anchors.random_places(2, 64, 96, rng(3)) * 3 - 700
    found = anchors.anchor_maps(places, 3).permute(0, 2, 3, 1).numpy()
    expected = np.stack([anchors_at(np.ascontiguousarray(p.permute(1, 2, 0).numpy()), 3) for p in places])
    assert np.abs(found - expected).max() < 0.05  # OpenCV reads in steps of 1/32


def test_a_generator_s_table_that_does_not_speak_of_anchors_means_the_usual_ones():
    from stylereel.training.recipes.unpaired import Config

    def channels(**shape):
        return Config.model_validate({"generator": shape}).model_dump()["generator"].get("anchor_channels")

    assert channels() == channels(blocks=2) == Config().model_dump()["generator"]["anchor_channels"] == 4
    assert channels(anchor_channels=0) == 0 and channels(name="resnet", blocks=2) is None
