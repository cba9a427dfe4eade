"""What each metric means: the source itself scores the optimum, and a known fault moves its own metric."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from stylereel.metrics import (
    content_ssim,
    grid_peak,
    halo,
    shift_equivariance,
    texture_distance,
    warping_error,
)
from stylereel.metrics._bands import energies, energy_matched, join, split

SIZE = (128, 96)


def scene(seed: int = 0, width: int = 192, height: int = 160) -> np.ndarray:
    """Soft noise with strong round edges, (H, W, 3) uint8."""
    rng = np.random.default_rng(seed)
    soft = cv2.GaussianBlur(rng.normal(0, 1, (height, width, 3)).astype(np.float32), (0, 0), 4) * 200 + 110
    for _ in range(8):
        center, value = (int(rng.integers(width)), int(rng.integers(height))), float(rng.choice([40, 200]))
        cv2.circle(soft, center, int(rng.integers(15, 40)), (value,) * 3, -1, cv2.LINE_AA)
    return np.clip(cv2.GaussianBlur(soft, (0, 0), 1), 0, 255).astype(np.uint8)


def panned(frames: int = 6, step_px: int = 2) -> list[np.ndarray]:
    """A camera that moves to the right by exactly `step_px` a frame."""
    whole = scene()
    return [
        np.ascontiguousarray(whole[30 : 30 + SIZE[1], i * step_px :][:, : SIZE[0]]) for i in range(frames)
    ]


def measured(metric, sources, results) -> dict[str, float]:
    for source, result in zip(sources, results, strict=True):
        metric.update(source, result)
    return metric.result()


def with_noise(frames, amount=12.0):
    rng = np.random.default_rng(1)
    return [np.clip(f + rng.normal(0, amount, f.shape), 0, 255).astype(np.uint8) for f in frames]


def sharpened(frame: np.ndarray, amount: float = 3.0) -> np.ndarray:
    soft = cv2.GaussianBlur(frame, (0, 0), 2).astype(np.float32)
    return np.clip(frame + amount * (frame - soft), 0, 255).astype(np.uint8)


def test_the_source_itself_warps_at_a_ratio_of_one():
    found = measured(warping_error.Metric(), panned(), panned())
    assert found["warping_ratio"] == pytest.approx(1) and found["warping_n_ratio"] == pytest.approx(1)


def test_the_flow_follows_a_camera_move_so_that_its_warping_error_is_small():
    frames = panned()
    still_difference = np.mean((frames[1] / 255.0 - frames[0] / 255.0) ** 2)
    assert measured(warping_error.Metric(), frames, frames)["warping_error"] < still_difference / 5


def test_a_look_that_boils_has_a_larger_warping_ratio():
    assert measured(warping_error.Metric(), panned(), with_noise(panned()))["warping_n_ratio"] > 3


def test_less_contrast_alone_leaves_the_normalised_ratio_alone():
    grey = [(frame // 2 + 64).astype(np.uint8) for frame in panned()]
    found = measured(warping_error.Metric(), panned(), grey)
    assert found["warping_ratio"] < 0.5
    assert found["warping_n_ratio"] == pytest.approx(1, abs=0.15)


def test_a_longer_gap_has_its_own_names_and_needs_its_own_pairs():
    metric = warping_error.Metric(gap=5)
    found = measured(metric, panned(7), panned(7))
    assert "warping_n_ratio_gap5" in found and len(metric.pairs) == 2


def test_results_of_another_size_are_compared_at_their_own_size():
    doubled = [cv2.resize(frame, None, fx=2, fy=2) for frame in panned()]
    assert measured(warping_error.Metric(), panned(), doubled)["warping_n_ratio"] < 2


def test_ssim_is_one_for_the_source_and_falls_with_noise():
    assert measured(content_ssim.Metric(), panned(), panned())["content_ssim"] == pytest.approx(1)
    assert measured(content_ssim.Metric(), panned(), with_noise(panned()))["content_ssim"] < 0.9


@pytest.mark.parametrize("period", [2, 4, 8])
def test_a_printed_grid_raises_its_own_peak(period):
    pattern = np.zeros((96, 128, 1), np.float32)
    pattern[:, ::period] = 2 * period
    printed = [np.clip(frame + pattern, 0, 255).astype(np.uint8) for frame in panned()]
    clean = measured(grid_peak.Metric(), panned(), panned())
    found = measured(grid_peak.Metric(), panned(), printed)
    assert clean["grid_peak"] < 4
    assert found[f"grid_peak_{period}"] > 3 * clean[f"grid_peak_{period}"]


def test_a_rim_along_edges_raises_halo_and_strokes_do_not():
    clean = measured(halo.Metric(), panned(), panned())
    rimmed = measured(halo.Metric(), panned(), [sharpened(frame) for frame in panned()])
    noisy = measured(halo.Metric(), panned(), with_noise(panned(), 20))
    assert clean["halo"] == pytest.approx(clean["halo_source"]) and clean["halo"] < 0.1
    assert rimmed["halo"] > clean["halo"] + 0.1 and rimmed["halo_dark"] > clean["halo_dark"] + 0.1
    assert noisy["halo"] < clean["halo"] + 0.1


def test_a_source_without_edges_has_no_halo_to_speak_of():
    flat = [np.full((64, 64, 3), 90, np.uint8)]
    assert np.isnan(measured(halo.Metric(), flat, flat)["halo"])


def test_texture_distance_is_small_for_the_style_itself_and_orders_other_textures():
    rng = np.random.default_rng(0)
    stripes = [
        np.repeat(
            ((np.sin(np.arange(160) / 2 + shift)[None, :, None] * 60 + 120) + np.zeros((160, 1, 1))), 3, 2
        ).astype(np.uint8)
        for shift in rng.uniform(0, 6, 2)
    ]
    style = texture_distance.gather(stripes[:1])
    sources = [scene(7, 160, 160)]
    own = measured(texture_distance.Metric(style), sources, stripes[1:])
    half = measured(
        texture_distance.Metric(style), sources, [cv2.addWeighted(stripes[1], 0.5, sources[0], 0.5, 0)]
    )
    none = measured(texture_distance.Metric(style), sources, sources)
    assert own["texture_ratio"] < half["texture_ratio"] < none["texture_ratio"] == pytest.approx(1)


def test_bands_add_up_and_the_control_has_the_wanted_energies():
    picture = scene()[..., 0].astype(np.float32) / 255
    assert np.abs(join(split(picture)) - picture).max() < 1e-5
    wanted = energies(picture) * 1.4
    assert energies(energy_matched(picture, wanted)) == pytest.approx(wanted, rel=0.2)


def test_a_pointwise_look_is_shift_equivariant_and_one_on_a_grid_is_not():
    frame = scene(3)

    def blocks(picture: np.ndarray) -> np.ndarray:
        small = cv2.resize(picture, None, fx=1 / 8, fy=1 / 8, interpolation=cv2.INTER_AREA)
        return cv2.resize(small, picture.shape[1::-1], interpolation=cv2.INTER_NEAREST)

    assert shift_equivariance.measure(lambda x: 255 - x, frame, margin_px=16)["shift_error"] == 0
    assert shift_equivariance.measure(blocks, frame, margin_px=16)["shift_error"] > 0.01
