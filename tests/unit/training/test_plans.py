"""Memory and pace: what a run plans before it begins."""

from pathlib import Path

import pytest

import toy_runs
from stylereel.training.memory import Appetite, plan_memory
from stylereel.training.pace import Pace, measure_pace

HUNGRY = Appetite(500 * 2**20, 2500.0)


def test_enough_memory_changes_nothing() -> None:
    plan = plan_memory(HUNGRY, 128, 4, 32 * 2**30)
    assert (plan.crop_px, plan.batch_size, plan.notice) == (128, 4, None)
    assert plan_memory(HUNGRY, 128, 4, None).notice is None


def test_short_memory_makes_crops_smaller_and_says_so() -> None:
    free = int(HUNGRY.needed_bytes(96, 4) / 0.85) + 2
    plan = plan_memory(HUNGRY, 128, 4, free)
    assert plan.crop_px == 96 and plan.batch_size == 4
    assert plan.notice is not None and "crops of 96 px" in plan.notice


def test_very_short_memory_makes_batches_smaller_too() -> None:
    plan = plan_memory(HUNGRY, 128, 8, HUNGRY.needed_bytes(64, 4))
    assert plan.crop_px == 64 and plan.batch_size < 8
    hopeless = plan_memory(HUNGRY, 128, 4, 2**20)
    assert hopeless.notice is not None and "may not fit" in hopeless.notice


def test_minutes_become_steps_at_the_measured_pace() -> None:
    assert Pace(0.25, 1.0).steps_in(60.0) == 240
    assert Pace(2.0, 1.0).steps_in(0.5) == 1


def test_measuring_stops_early_on_a_slow_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stylereel.training.pace.LONGEST_SECONDS", 0.0)
    material = toy_runs.material(tmp_path)
    trial = material.run(1000)
    stream = material.stream()
    pace = measure_pace(trial, [next(stream)])
    stream.close()
    assert pace.seconds_per_step > 0
    assert trial.step - 500 < 30
