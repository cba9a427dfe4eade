"""Turns minutes into a number of steps: measured on real steps that are then thrown away."""

from __future__ import annotations

import time
from dataclasses import dataclass

from stylereel.data.batches import Batch
from stylereel.training.loop import Run, take_step
from stylereel.training.precision import chosen_precision

WARM_UP_STEPS = 5
MEASURED_STEPS = 25
LONGEST_SECONDS = 30.0


@dataclass(frozen=True)
class Pace:
    """What the trial steps took.

    Attributes:
        seconds_per_step: mean of the measured steps.
        spent_seconds: what measuring took.
    """

    seconds_per_step: float
    spent_seconds: float

    def steps_in(self, seconds: float) -> int:
        """Whole steps that fit, at least 1."""
        return max(1, int(seconds / self.seconds_per_step))


def measure_pace(trial: Run, batches: list[Batch]) -> Pace:
    """Time steps of `trial`, a run of its own that is thrown away afterwards.

    Steps are taken in the middle of its schedule, where every term is at work. Measuring stops early once
    it has taken `LONGEST_SECONDS`.
    """
    began = time.perf_counter()
    precision = chosen_precision(trial.settings.precision, trial.device)
    trial.step = trial.total_steps // 2
    times: list[float] = []
    for index in range(WARM_UP_STEPS + MEASURED_STEPS):
        at = time.perf_counter()
        take_step(trial, batches[index % len(batches)].to(trial.device), precision)
        trial.step += 1
        times.append(time.perf_counter() - at)
        if index > WARM_UP_STEPS and time.perf_counter() - began > LONGEST_SECONDS:
            break
    measured = times[WARM_UP_STEPS:] if len(times) > WARM_UP_STEPS else times[-1:]
    return Pace(sum(measured) / len(measured), time.perf_counter() - began)
