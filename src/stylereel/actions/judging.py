"""One pass over a source and its results: every metric is fed, a bounded number of frames is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from stylereel.actions.evaluation import Curve, Finding, LeftOut, Moment, WorstPair
from stylereel.actions.evaluation_material import Prepared
from stylereel.actions.paired_frames import PairedFrames, Stretch, seconds_of, sized
from stylereel.actions.worst_pairs import WorstPairs, jpeg, small
from stylereel.core.frames import Frame
from stylereel.core.progress import Meter, OnProgress
from stylereel.core.registry import family
from stylereel.metrics._facts import Facts
from stylereel.metrics._motion import Motion
from stylereel.metrics.style_likeness import chosen_frames
from stylereel.temporal.cuts import Scenes

ORDER = (
    "style_likeness",
    "texture_distance",
    "color_distance",
    "fid",
    "kid",
    "warping_error",
    "warping_error_long",
    "flicker",
    "tof",
    "edge_agreement",
    "content_ssim",
    "grid_peak",
    "halo",
    "throughput",
)
"""How a table reads: the look, calm, what is left of the source, faults, speed. Others come after."""
MOMENTS = 4
UNRELATED = "most frames show something else than the one before: there is no motion to follow"


@dataclass(frozen=True)
class Judged:
    """What one result came to; fields as in `Evaluation`."""

    size: tuple[int, int]
    findings: tuple[Finding, ...]
    figures: dict[str, float]
    left_out: tuple[LeftOut, ...]
    curves: tuple[Curve, ...]
    worst: tuple[WorstPair, ...]
    moments: tuple[tuple[float, np.ndarray, np.ndarray], ...]


@dataclass(frozen=True)
class Pass:
    """All results of one pass, over the same frames."""

    frames: int
    frame_rate: float
    results: tuple[Judged, ...]
    notices: tuple[str, ...]


def video_metrics() -> dict[str, ModuleType]:
    """Every metric that judges a video, by name, in the order of tables."""
    members = family("stylereel.metrics")
    names = sorted(
        members.names(), key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name)
    )
    loaded = {name: members.load(name) for name in names}
    return {name: module for name, module in loaded.items() if hasattr(module, "Metric")}


def judge(
    source: Path,
    results: Sequence[Path],
    prepared: Prepared,
    stretch: Stretch,
    on_progress: OnProgress | None = None,
) -> Pass:
    """Measure results against their source, frame by frame in order.

    Raises:
        InputError: files that cannot be compared.
    """
    with PairedFrames(source, results, stretch) as readers:
        readers.check()
        planned = readers.planned
        is_video = readers.is_video
        rate = float(readers.source.info.frame_rate)
        material = replace(
            prepared.material,
            source_frames_per_second=rate if is_video else None,
            motion=Motion(len(results)),
        )
        prepared = replace(prepared, material=material)
        judges = [_Judge(prepared) for _ in results]
        meter = Meter(planned, note="measuring")
        count = 0
        scenes = Scenes()
        chosen = set(chosen_frames(planned)) if planned else set()
        for frame, outputs in readers.together():
            scenes.look(frame.pixels)
            sources = sized(frame.pixels, outputs)
            for one, fitted, output in zip(judges, sources, outputs, strict=True):
                one.look(frame, fitted, output)
                if count in chosen:
                    one.sample(frame, fitted, output)
            count += 1
            if on_progress:
                on_progress(meter.advance())
        notices = readers.notices(count)
    if set(chosen_frames(count)) != chosen:
        _sample_again(source, results, stretch, judges, count)
    moves = not scenes.mostly_cuts
    return Pass(count, rate, tuple(one.judged(count, moves=moves) for one in judges), notices)


def _sample_again(
    source: Path, results: Sequence[Path], stretch: Stretch, judges: Sequence[_Judge], count: int
) -> None:
    """A second pass where the headers were wrong about the number of frames."""
    chosen = set(chosen_frames(count))
    for one in judges:
        one.forget_samples()
    with PairedFrames(source, results, stretch) as readers:
        for index, (frame, outputs) in enumerate(readers.together()):
            if index in chosen:
                for one, fitted, output in zip(judges, sized(frame.pixels, outputs), outputs, strict=True):
                    one.sample(frame, fitted, output)
            if index >= max(chosen):
                break


class _Judge:
    """All metrics of one result, and the pictures that show what they saw."""

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._facts: dict[str, Facts] = {}
        self._every: dict[str, Any] = {}
        self._absent: list[LeftOut] = []
        self._modules = video_metrics()
        for name, module in self._modules.items():
            facts: Facts = module.FACTS
            self._facts[name] = facts
            arguments = prepared.material.arguments(facts)
            if arguments is None:
                missing = next(need for need in facts.needs if getattr(prepared.material, need) is None)
                self._absent.append(
                    LeftOut(name, facts.title, prepared.absent.get(missing, f"needs {missing}"))
                )
            elif not facts.sampled:
                self._every[name] = module.Metric(**arguments)
        self._sampled: dict[str, Any] = {}
        self.forget_samples()
        self._worst = WorstPairs()
        self._size = (0, 0)

    def forget_samples(self) -> None:
        """Begin again with the metrics that see a dozen frames."""
        self._moments: list[tuple[float, np.ndarray, np.ndarray]] = []
        material = self._prepared.material
        for name, facts in self._facts.items():
            arguments = material.arguments(facts)
            if facts.sampled and arguments is not None:
                self._sampled[name] = self._modules[name].Metric(**arguments)

    def look(self, frame: Frame, source: np.ndarray, output: np.ndarray) -> None:
        """Take the next frame."""
        self._size = (output.shape[1], output.shape[0])
        for metric in self._every.values():
            metric.update(source, output)
        self._worst.consider(self._every["warping_error"], frame)

    def sample(self, frame: Frame, source: np.ndarray, output: np.ndarray) -> None:
        """Take one of the dozen frames."""
        for metric in self._sampled.values():
            metric.update(source, output)
        self._moments.append((seconds_of(frame), small(source), small(output)))

    def judged(self, count: int, *, moves: bool) -> Judged:
        """Everything, after `count` frames; `moves` where they go on from one to the next."""
        figures: dict[str, float] = {}
        findings, left_out = [], list(self._absent)
        for name, facts in self._facts.items():
            metric = self._every.get(name) or self._sampled.get(name)
            if metric is None:
                continue
            if count < facts.least_frames:
                why = f"needs {facts.least_frames} frames in a row"
                left_out.append(LeftOut(name, facts.title, why))
                continue
            if facts.least_frames > 1 and not moves:
                left_out.append(LeftOut(name, facts.title, UNRELATED))
                continue
            found = metric.result()
            figures.update(found)
            findings.append(Finding.of(name, facts, found))
        shown = {finding.metric for finding in findings}
        curves = [
            _curve(name, self._facts[name], metric) for name, metric in self._every.items() if name in shown
        ]
        at = np.linspace(0, len(self._moments) - 1, 2 * MOMENTS + 1)[1::2].round().astype(int)
        return Judged(
            self._size,
            tuple(findings),
            figures,
            tuple(left_out),
            tuple(curve for curve in curves if len(curve.frames) > 1),
            self._worst.pairs() if moves else (),
            tuple(self._moments[index] for index in dict.fromkeys(at.tolist())),
        )


def pictured(moments: Sequence[tuple[float, np.ndarray, np.ndarray]]) -> tuple[Moment, ...]:
    """Moments as JPEG."""
    return tuple(Moment(seconds, jpeg(source), jpeg(output)) for seconds, source, output in moments)


def _curve(name: str, facts: Facts, metric: Any) -> Curve:
    points = metric.curve
    source = (
        tuple(points[:, 1].tolist()) if name in ("warping_error", "warping_error_long", "flicker") else ()
    )
    return Curve(name, facts.title, tuple(points[:, 0].tolist()), tuple(points[:, -1].tolist()), source)
