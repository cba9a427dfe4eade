from pathlib import Path

import pytest
import torch

import toy_runs
from stylereel.core.errors import OutputError, PackError
from stylereel.training.checkpoint import (
    CHECKPOINT_NAME,
    PREVIOUS_NAME,
    read_checkpoint,
    summary_of,
    write_checkpoint,
)
from stylereel.training.loop import Run, train


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> toy_runs.Material:
    return toy_runs.material(tmp_path_factory.mktemp("resume"))


def steps(run: Run, material: toy_runs.Material, count: int, start: int = 0) -> tuple[list, int]:
    stream = material.stream(start)
    reports = train(run, stream, should_stop=lambda: run.step >= start + count)
    losses = [(report.step, report.losses, report.gradient_norms) for report in reports]
    stream.close()
    return losses, stream.next_batch


def test_a_resumed_run_has_the_losses_and_weights_of_an_uninterrupted_one(
    material: toy_runs.Material, tmp_path: Path
) -> None:
    whole = material.run(10)
    expected, _ = steps(whole, material, 10)
    first = material.run(10)
    before, next_batch = steps(first, material, 4)
    write_checkpoint(tmp_path, first.checkpoint(next_batch))
    torch.manual_seed(99)  # whatever happened in between must not matter
    second = material.run(10)
    checkpoint = read_checkpoint(tmp_path)
    second.restore(checkpoint)
    after, _ = steps(second, material, 6, start=checkpoint.next_batch)
    assert before + after == expected
    for name, module in whole.recipe.modules.items():
        state = second.recipe.modules[name].state_dict()
        assert all(torch.equal(value, state[key]) for key, value in module.state_dict().items())
    average = second.average.state_dict()
    assert all(torch.equal(value, average[key]) for key, value in whole.average.state_dict().items())


def test_the_checkpoint_before_is_kept_and_used_when_the_newest_is_broken(
    material: toy_runs.Material, tmp_path: Path
) -> None:
    run = material.run(10)
    write_checkpoint(tmp_path, run.checkpoint(0))
    run.step = 3
    write_checkpoint(tmp_path, run.checkpoint(3))
    assert summary_of(read_checkpoint(tmp_path))["step"] == 3
    (tmp_path / CHECKPOINT_NAME).write_bytes(b"half a file")
    assert read_checkpoint(tmp_path).step == 0
    (tmp_path / PREVIOUS_NAME).unlink()
    with pytest.raises(PackError, match="Cannot resume"):
        read_checkpoint(tmp_path)


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(
    material: toy_runs.Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = material.run(10)
    write_checkpoint(tmp_path, run.checkpoint(0))

    def full(values: object, file: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OutputError, match="No space left"):
        write_checkpoint(tmp_path, run.checkpoint(5))
    monkeypatch.undo()
    assert read_checkpoint(tmp_path).step == 0
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT_NAME]


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path: Path) -> None:
    torch.save({"format": 1, "step": print}, tmp_path / CHECKPOINT_NAME)
    with pytest.raises(PackError, match="Cannot resume"):
        read_checkpoint(tmp_path)


def test_only_what_a_phase_trains_moves(material: toy_runs.Material) -> None:
    run = material.run(4)
    run.recipe.phases = run.recipe.phases[:1]
    before = {
        name: [value.clone() for value in module.parameters()] for name, module in run.recipe.modules.items()
    }
    steps(run, material, 2)
    moved = {
        name: any(
            not torch.equal(old, new) for old, new in zip(before[name], module.parameters(), strict=True)
        )
        for name, module in run.recipe.modules.items()
    }
    assert [name for name, has_moved in moved.items() if has_moved] == ["discriminator"]


def test_the_average_follows_the_generator_slowly(material: toy_runs.Material) -> None:
    run = material.run(6)
    steps(run, material, 6)
    pairs = zip(run.generator.parameters(), run.recipe.modules["generator"].parameters(), strict=True)
    assert any(not torch.equal(mean, now) for mean, now in pairs)
    assert not run.generator.training
