"""On scenes of exactly known flow: the truth scores the floor, and each fault moves its own metric."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from moving_scenes import carried, filmed, lit, panned, printed, scene, sharpened, shifted, textured, tinted
from stylereel.core.tile_names import whole_name
from stylereel.metrics import (
    color_distance,
    content_ssim,
    edge_agreement,
    flicker,
    grid_peak,
    halo,
    texture_distance,
    tof,
    warping_error,
    warping_error_long,
)
from stylereel.metrics._facts import Facts
from stylereel.metrics._motion import Motion
from stylereel.metrics._series import MOST_POINTS, Series
from stylereel.metrics._style_set import groups_of, style_floor, style_patches

MODULES = (
    *(warping_error, warping_error_long, tof, flicker),
    *(edge_agreement, content_ssim, grid_peak, halo),
)


def figures(results, sources=None) -> dict[str, float]:
    """Of every metric that needs nothing but frames."""
    sources = panned(7) if sources is None else sources
    found: dict[str, float] = {}
    for module in (
        warping_error,
        warping_error_long,
        tof,
        flicker,
        edge_agreement,
        content_ssim,
        grid_peak,
        halo,
    ):
        metric = module.Metric()
        for source, result in zip(sources, results, strict=True):
            metric.update(source, result)
        found.update(metric.result())
    return found


def word(found: dict[str, float], module) -> str:
    return module.FACTS.verdict(found[module.FACTS.key])


@pytest.fixture(scope="module")
def own() -> dict[str, float]:
    return figures(panned(7))


def test_paint_that_the_world_carries_along_scores_the_floor():
    found = figures(filmed(carried(7)), filmed(panned(7)))
    assert {word(found, module) for module in (warping_error, warping_error_long, tof, flicker)} == {"good"}


def test_paint_that_is_laid_anew_on_each_frame_boils():
    found = figures(filmed([textured(frame) for frame in panned(7)]), filmed(panned(7)))
    assert word(found, warping_error) == word(found, warping_error_long) == word(found, tof) == "poor"


def test_light_that_jumps_raises_flicker_and_leaves_the_edges_alone(own):
    found = figures(lit(panned(7)))
    assert found["flicker_added"] > 3 > 1 > own["flicker_added"]
    assert found["edge_agreement"] > 0.97 and found["halo"] < own["halo"] + 0.05


def test_a_still_picture_loses_all_motion_and_does_not_flicker():
    found = figures([panned(1)[0]] * 7)
    assert found["tof_ratio"] == pytest.approx(1, abs=0.02) and found["flicker_added"] <= 0.01


def test_a_shift_breaks_edges_and_structure_and_nothing_of_the_calm(own):
    found = figures([shifted(frame, 9) for frame in panned(7)])
    assert found["edge_agreement"] < 0.6 and found["content_ssim"] < 0.9
    assert abs(found["flicker_added"]) < 0.5 and found["grid_peak_ratio"] < 1.5


def test_a_printed_grid_raises_its_ratio_and_no_halo(own):
    found = figures([printed(frame, 4) for frame in panned(7)])
    assert found["grid_peak_ratio"] > 3 and found["halo"] < own["halo"] + 0.05
    assert found["warping_n_ratio"] > 1.5  # a grid that does not move with the world boils


def test_rims_raise_halo_and_no_flicker(own):
    found = figures([sharpened(frame) for frame in panned(7)])
    assert found["halo"] > own["halo"] + 0.1 and abs(found["flicker_added"]) < 0.3


def test_lines_of_its_own_cost_precision_and_paint_over_costs_recall():
    frames = panned(3)
    lined = [frame.copy() for frame in frames]
    for frame in lined:
        for x in range(10, 250, 24):
            cv2.line(frame, (x, 0), (x, 191), (0, 0, 0), 3)
    painted_over = [cv2.GaussianBlur(frame, (0, 0), 25) for frame in frames]
    drawn, over = (figures(results, frames) for results in (lined, painted_over))
    assert drawn["edge_precision"] < 0.7 and over["edge_recall"] < drawn["edge_recall"]


def test_colours_that_drift_away_raise_the_colour_distance_and_hardly_the_texture():
    style = texture_distance.gather([scene(3), scene(4)])
    results = {}
    for name, frames in (("own", panned(3)), ("drifted", tinted(panned(3)))):
        results[name] = {}
        for module in (color_distance, texture_distance):
            metric = module.Metric(style)
            for frame in frames:
                metric.update(textured(frame), frame)
            results[name].update(metric.result())
    assert results["drifted"]["color_distance"] > 1.5 * results["own"]["color_distance"]
    assert results["drifted"]["texture_distance"] < 1.3 * results["own"]["texture_distance"]


def test_over_several_clips_distances_are_summed_before_they_are_divided():
    rows = [
        {"texture_distance": 1.0, "texture_distance_source": 10.0, "texture_distance_floor": 1.0},
        {"texture_distance": 4.0, "texture_distance_source": 5.0, "texture_distance_floor": 1.0},
    ]
    pooled = texture_distance.pooled(rows)
    assert pooled["texture_ratio"] == pytest.approx(5 / 15)
    assert pooled["texture_ratio_floor"] == pytest.approx(2 / 15)


def test_a_pass_that_shares_its_motion_measures_the_same():
    motion, frames, results = Motion(), panned(4), carried(4)
    alone, together = tof.Metric(), (warping_error.Metric(motion=motion), tof.Metric(motion=motion))
    for source, result in zip(frames, results, strict=True):
        alone.update(source, result)
        for metric in together:
            metric.update(source, result)
    assert together[1].result() == alone.result()


def test_a_style_is_split_by_picture_and_never_by_tile(tmp_path):
    names = ("dunes", "dunes_t00", "dunes-tile3", "sea_crop2", "sea")
    for seed, name in enumerate(names):
        cv2.imwrite(str(tmp_path / f"{name}.png"), scene(seed))
    paths = sorted(tmp_path.iterdir())
    assert {name: len(files) for name, files in groups_of(paths).items()} == {"dunes": 3, "sea": 2}
    assert whole_name("atlas") == "atlas" and whole_name("one_t1") == "one"
    assert len(style_floor(paths)) == len(style_patches(paths)) == 4


def test_the_floor_of_a_style_is_far_below_the_distance_of_another_picture(tmp_path):
    cv2.imwrite(str(tmp_path / "one.png"), textured(scene(1, 640, 480)))
    floor = style_floor([tmp_path / "one.png"])
    metric = texture_distance.Metric(style_patches([tmp_path / "one.png"]), floor=floor)
    metric.update(scene(9, 640, 360), scene(9, 640, 360))
    found = metric.result()
    assert found["texture_ratio_floor"] < 0.5 and found["texture_ratio"] == 1


def test_a_curve_stays_bounded_and_its_mean_exact():
    series = Series(1)
    for index in range(3 * MOST_POINTS):
        series.add(index, float(index))
    assert len(series.curve) <= MOST_POINTS and np.all(np.diff(series.curve[:, 0]) > 0)
    assert series.mean[0] == pytest.approx((3 * MOST_POINTS - 1) / 2)


def test_verdicts_follow_the_direction_in_which_a_metric_is_good():
    falling = Facts("a", "a", "a", optimum=0, good=1, fair=2)
    rising = Facts("a", "a", "a", optimum=1, good=0.8, fair=0.5)
    assert [falling.verdict(v) for v in (1, 1.5, 3)] == ["good", "fair", "poor"]
    assert [rising.verdict(v) for v in (0.9, 0.5, 0.1)] == ["good", "fair", "poor"]
    assert falling.verdict(float("nan")) == "unknown"
