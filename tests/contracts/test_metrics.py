"""What every metric promises: a result without fault scores the optimum, and a known fault does not.

Members are the files of `metrics/` without an underscore. Those that export `measure` judge a network and
have tests of their own; all others export `FACTS` and `Metric`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import cv2
import numpy as np
import pytest

from moving_scenes import faded, flickering, panned, printed, scene, sharpened, shifted, textured
from stylereel.core.registry import family
from stylereel.metrics._bands import energies, grey
from stylereel.metrics._facts import Facts, Material
from stylereel.metrics._patches import gather

MEMBERS = family("stylereel.metrics")
VIDEO_METRICS = [name for name in MEMBERS.names() if hasattr(MEMBERS.load(name), "Metric")]


@dataclass
class Contrast:
    """Stands in for a critic: the logit is how stripy a crop is."""

    energies: np.ndarray
    held_out_logits: tuple[float, ...]

    def logits(self, crops: np.ndarray) -> np.ndarray:
        rows = np.abs(np.diff(crops, axis=1)).mean()
        return np.array([np.abs(np.diff(crops, axis=2)).mean() / (rows + 0.05)])


class Means:
    """Stands in for a feature network: mean and spread of each channel."""

    def __call__(self, crops) -> np.ndarray:
        return np.stack(
            [np.r_[c.mean((0, 1)), c.std((0, 1)), np.abs(np.diff(c, axis=1)).mean()] for c in crops]
        )


def style_frames() -> list[np.ndarray]:
    return [textured(scene(seed, 640, 360)) for seed in (1, 2)]


@pytest.fixture(scope="module")
def material() -> Material:
    from stylereel.metrics._critic import grid_crops
    from stylereel.metrics._features import crops_of

    pictures = style_frames()
    wanted = np.mean([energies(grey(picture)) for picture in pictures], axis=0)
    critic = Contrast(wanted, (0.0,))
    crops = np.stack([crop for picture in pictures for crop in grid_crops(grey(picture))])
    critic.held_out_logits = (float(critic.logits(crops)[0]),)
    network = Means()
    return Material(
        critic=critic,
        style=gather(pictures, len(pictures)),
        energies=wanted,
        floor=(1.0, 1.0, 1.0, 1.0),
        features=network,
        style_features=network([crop for picture in pictures for crop in crops_of(picture)]),
        run_frames_per_second=25.0,
        source_frames_per_second=25.0,
    )


def headline(name: str, material: Material, sources, results) -> float:
    module = MEMBERS.load(name)
    arguments = material.arguments(module.FACTS)
    assert arguments is not None
    metric = module.Metric(**arguments)
    for source, result in zip(sources, results, strict=True):
        metric.update(source, result)
    return metric.result()[module.FACTS.key]


def is_of_style(facts: Facts) -> bool:
    return bool({"style", "critic", "style_features"} & set(facts.needs))


FAULTS = {
    "warping_error": flickering,
    "warping_error_long": flickering,
    "tof": lambda frames: [frames[0]] * len(frames),
    "flicker": flickering,
    "edge_agreement": lambda frames: [shifted(frame, 9) for frame in frames],
    "content_ssim": faded,
    "grid_peak": lambda frames: [printed(frame, 4) for frame in frames],
    "halo": lambda frames: [sharpened(frame) for frame in frames],
}
"""A fault that each metric exists for; a new metric of the source names its own here."""


def test_every_metric_exports_what_the_house_asks_for():
    known = {field.name for field in fields(Material)}
    for name in MEMBERS.names():
        module = MEMBERS.load(name)
        assert hasattr(module, "Metric") or hasattr(module, "measure"), name
        assert module.__doc__ and "Optimum" in module.__doc__, name
        if hasattr(module, "Metric"):
            assert module.Metric.name == name and module.Metric.optimum == module.FACTS.optimum
            assert {*module.FACTS.needs, *module.FACTS.uses} <= known
            assert module.FACTS.verdict(module.FACTS.optimum) == "good"


@pytest.mark.parametrize("name", VIDEO_METRICS)
def test_a_result_without_fault_scores_the_optimum(name, material):
    facts: Facts = MEMBERS.load(name).FACTS
    if is_of_style(facts):
        sources, results, near = [scene(7, 640, 360), scene(8, 640, 360)], style_frames(), 0.15
    else:
        sources, results, near = panned(7), panned(7), 0.06
    value = headline(name, material, sources, results)
    assert value == pytest.approx(facts.optimum, abs=near) and facts.verdict(value) == "good"


@pytest.mark.parametrize("name", VIDEO_METRICS)
def test_a_known_fault_moves_it_away_from_the_optimum(name, material):
    facts: Facts = MEMBERS.load(name).FACTS
    if "run_frames_per_second" in facts.needs:
        slow = Material(run_frames_per_second=2.0, source_frames_per_second=25.0)
        value = headline(name, slow, panned(2), panned(2))
    elif is_of_style(facts):
        sources = [scene(7, 640, 360), scene(8, 640, 360)]
        value = headline(name, material, sources, sources)
    else:
        value = headline(name, material, panned(7), FAULTS[name](panned(7)))
    assert facts.verdict(value) in ("fair", "poor")


@pytest.mark.parametrize("name", VIDEO_METRICS)
def test_no_frame_gives_no_figure_and_no_error(name, material):
    module = MEMBERS.load(name)
    metric = module.Metric(**material.arguments(module.FACTS))
    value = metric.result()[module.FACTS.key]
    assert math.isnan(value) or "run_frames_per_second" in module.FACTS.needs


@pytest.mark.parametrize("name", VIDEO_METRICS)
def test_results_of_another_size_are_taken(name, material):
    frames = panned(7)
    doubled = [cv2.resize(frame, None, fx=2, fy=2) for frame in frames]
    assert not math.isnan(headline(name, material, frames, doubled))
