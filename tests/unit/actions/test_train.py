import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import toy_pictures as toy
import toy_runs
from stylereel.actions import train as action
from stylereel.core.errors import (
    DatasetError,
    EnvironmentMissingError,
    OutputError,
    PackError,
    TrainingDivergedError,
    UsageError,
)
from stylereel.data.media import read_picture
from stylereel.packs.store import load_pack
from stylereel.training.checkpoint import read_checkpoint
from stylereel.training.loop import StepReport
from stylereel.training.pace import Pace
from stylereel.training.settings import Resolved, resolve


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    toy.content_folder(folder / "content", 8)
    toy.style_folder(folder / "style", 8)
    return folder


def settings(pictures: Path, *assignments: str, **changed: object) -> Resolved:
    values = {
        "content": [str(pictures / "content")],
        "style": [str(pictures / "style")],
        "steps": 4,
        "data": toy_runs.TINY_DATA,
        "loop": {"precision": "fp32"},
        "unpaired": toy_runs.TINY_RECIPE,
        **changed,
    }
    return resolve(values, "the test", assignments)


def trained(resolved: Resolved | None, output: Path, **options: object) -> action.TrainSummary:
    return action.train(resolved, output, device="cpu", threads=1, **options)  # type: ignore[arg-type]


@pytest.fixture
def no_export(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that are over before the pack is written, which takes its seconds."""
    monkeypatch.setattr(action._Session, "_write_pack", lambda self: 0.0)


@pytest.fixture(scope="module")
def look(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("looks") / "first-look"
    said: list[str] = []
    events = action.TrainEvents(on_notice=said.append)
    summary = trained(settings(pictures), output, events=events)
    assert summary.finished and summary.step == summary.total_steps == 4
    assert any("licence of the style pictures is unknown" in text for text in said)
    return output


def test_the_output_becomes_a_pack_with_the_run_beside_it(look: Path) -> None:
    pack = load_pack(look)
    assert pack.card.name == "first-look" and pack.card.title == "First look"
    assert pack.card.license_is_unknown
    assert pack.preview_path is not None and read_picture(pack.preview_path) is not None
    record = json.loads((look / "run" / "settings.json").read_text())
    assert record["total_steps"] == 4 and record["seed"] == 1 and "torch" in record["versions"]
    assert list((look / "run" / "previews").glob("step_*.png"))
    assert list((look / "run" / "tensorboard").iterdir())
    assert read_checkpoint(look / "run").step == 4


def test_the_card_tells_settings_and_versions_but_nobodys_folders(look: Path, pictures: Path) -> None:
    card = load_pack(look).card
    assert card.training["settings"]["data"]["crop_px"] == 48  # type: ignore[index,call-overload]
    assert card.training["versions"]["torch"]  # type: ignore[index,call-overload]
    assert card.training["device"] == "CPU"
    assert str(pictures) not in (look / "card.json").read_text()
    assert card.metrics["onnx_difference"] < 4 / 255  # type: ignore[operator]


def test_an_interrupted_run_resumes_to_the_same_weights(look: Path, pictures: Path, tmp_path: Path) -> None:
    asked = iter([False, False, True])
    stopped = trained(settings(pictures), tmp_path / "again", should_stop=lambda: next(asked, True))
    assert not stopped.finished and stopped.step == 2
    assert not (tmp_path / "again" / "card.json").exists()
    finished = trained(None, tmp_path / "again", resume=True)
    assert finished.finished
    assert (tmp_path / "again" / "generator.safetensors").read_bytes() == (
        look / "generator.safetensors"
    ).read_bytes()


def test_resuming_with_other_settings_is_refused(look: Path, pictures: Path) -> None:
    with pytest.raises(UsageError, match=r"other settings: data\.brush_size"):
        trained(settings(pictures, "data.brush_size=2.0"), look, resume=True)


def test_another_run_in_the_output_is_kept(look: Path, pictures: Path) -> None:
    with pytest.raises(OutputError, match="another run"):
        trained(settings(pictures), look)


def test_a_run_may_start_from_a_pack_of_the_same_shape(look: Path, pictures: Path, tmp_path: Path) -> None:
    started = trained(settings(pictures, steps=1, init=str(look)), tmp_path / "next")
    assert started.finished
    with pytest.raises(PackError, match="Give the run the same shape"):
        wider = settings(pictures, "unpaired.generator.trunk_channels=24", steps=1, init=str(look))
        trained(wider, tmp_path / "wider")


def test_stated_licences_and_credits_stand_in_the_card(pictures: Path, tmp_path: Path) -> None:
    style = toy.style_folder(tmp_path / "style", 6)
    (style / "sources.json").write_text('{"license": "CC-BY-4.0", "credit": "Ada"}')
    trained(settings(pictures, style=str(style), steps=1), tmp_path / "look")
    card = load_pack(tmp_path / "look").card
    assert (card.license, card.credit) == ("CC-BY-4.0", "Ada")
    source = card.style_sources[0]
    assert not isinstance(source, str) and (source.license, source.author, source.count) == (
        "CC-BY-4.0",
        "Ada",
        6,
    )


@pytest.mark.usefixtures("no_export")
def test_one_single_picture_is_enough_as_a_style(pictures: Path, tmp_path: Path) -> None:
    path = toy.write(tmp_path / "one.png", toy.painting(1, 128, 256))
    assert trained(settings(pictures, style=str(path), steps=1), tmp_path / "look").finished


def test_content_equal_to_style_is_refused_before_anything_is_made(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="same or one holds the other"):
        trained(settings(pictures, style=str(pictures / "content")), tmp_path / "look")
    assert not (tmp_path / "look").exists()


def test_a_diverged_run_stops_and_keeps_its_checkpoint(pictures: Path, tmp_path: Path) -> None:
    wild = settings(
        pictures,
        "unpaired.generator_rate=1e8",
        "loop.clip_gradient_norm=1e9",
        "loop.checkpoint_seconds=0.001",
        "health.every_steps=1",
        steps=60,
    )
    with pytest.raises(TrainingDivergedError):
        trained(wild, tmp_path / "look")
    assert read_checkpoint(tmp_path / "look" / "run").step < 60
    assert not (tmp_path / "look" / "card.json").exists()


def test_a_diverging_state_is_never_saved_over_the_last_good_one(pictures: Path, tmp_path: Path) -> None:
    wild = settings(
        pictures,
        "unpaired.generator_rate=1e3",
        "loop.checkpoint_seconds=0.001",
        "health.every_steps=10",  # many checkpoints are due before a watch speaks
        steps=60,
    )
    with pytest.raises(TrainingDivergedError):
        trained(wild, tmp_path / "look")
    kept = read_checkpoint(tmp_path / "look" / "run")
    material = toy_runs.material(tmp_path / "toys", content=pictures / "content", style=pictures / "style")
    run = material.run(60)
    run.restore(kept)
    assert material.nurse([], every_steps=10).finds_sound(run)


def test_a_run_that_is_killed_early_resumes_from_its_first_checkpoint(
    look: Path, pictures: Path, tmp_path: Path
) -> None:
    def killed(progress: object, report: StepReport) -> None:
        if report.step == 2:
            raise KeyboardInterrupt

    output = tmp_path / "killed"
    with pytest.raises(KeyboardInterrupt):
        trained(settings(pictures), output, events=action.TrainEvents(on_progress=killed))
    assert read_checkpoint(output / "run").step == 0
    assert trained(None, output, resume=True).finished
    weights = [(folder / "generator.safetensors").read_bytes() for folder in (look, output)]
    assert weights[0] == weights[1]


@pytest.mark.usefixtures("no_export")
def test_checkpoints_begin_after_seconds_and_grow_rarer(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[int] = []
    seconds = 0.0

    def five_seconds_pass(*_: object) -> None:
        nonlocal seconds
        seconds += 5.0

    monkeypatch.setattr(action, "write_checkpoint", lambda folder, checkpoint: saved.append(checkpoint.step))
    monkeypatch.setattr(action, "time", SimpleNamespace(monotonic=lambda: seconds))
    events = action.TrainEvents(on_progress=five_seconds_pass)
    trained(settings(pictures, "loop.checkpoint_seconds=30", steps=20), tmp_path / "look", events=events)
    assert saved == [0, 1, 3, 7, 13, 19, 20]


def test_minutes_are_turned_into_a_number_of_steps_that_is_stored(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(action, "measure_pace", lambda trial, batches: Pace(0.5, 1.0))
    resolved = settings(pictures, steps=None, minutes=1.0)
    stopped = trained(resolved, tmp_path / "look", should_stop=lambda: True)
    assert 30 <= stopped.total_steps <= 80
    record = json.loads((tmp_path / "look" / "run" / "settings.json").read_text())
    assert record["total_steps"] == stopped.total_steps


@pytest.mark.usefixtures("no_export")
def test_one_variable_shortens_any_run(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(action.MAX_STEPS_VARIABLE, "2")
    assert trained(settings(pictures, steps=None, minutes=60.0), tmp_path / "look").total_steps == 2


@pytest.mark.usefixtures("no_export")
def test_short_memory_is_said_and_stored(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(action, "available_bytes", lambda: 2**20)
    said: list[str] = []
    resolved = settings(pictures, "data.crop_px=64", steps=1)
    trained(resolved, tmp_path / "look", events=action.TrainEvents(on_notice=said.append))
    assert any("Memory is short" in text for text in said)
    record = json.loads((tmp_path / "look" / "run" / "settings.json").read_text())
    assert record["settings"]["data"]["batch_size"] == 1


def test_a_device_that_is_absent_is_never_silently_the_cpu(pictures: Path, tmp_path: Path) -> None:
    import torch

    if not torch.cuda.is_available():
        with pytest.raises(EnvironmentMissingError, match="--device cuda"):
            action.train(settings(pictures), tmp_path / "look", device="cuda")
    with pytest.raises(UsageError, match="Unknown device"):
        action.train(settings(pictures), tmp_path / "look", device="abacus")


@pytest.mark.usefixtures("no_export")
def test_alarms_are_told_and_written_down(pictures: Path, tmp_path: Path) -> None:
    # Steps at which nothing has been learned yet: what the watches find does not matter, that they look does.
    resolved = settings(pictures, "health.every_steps=1", steps=2)
    trained(resolved, tmp_path / "look")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(tmp_path / "look" / "run" / "tensorboard")).Reload()
    names = events.Tags()["scalars"]
    assert any(name.startswith("health/") for name in names) and any(
        name.startswith("loss/") for name in names
    )


def test_options_beside_a_preset_win(tmp_path: Path) -> None:
    resolved = action.resolve_options(
        "unpaired", {"steps": 7, "data.brush_size": 1.5}, [], preset="wave", data_root=tmp_path
    )
    assert resolved is not None
    assert (resolved.settings.steps, resolved.settings.minutes) == (7, None)
    assert resolved.settings.data.brush_size == 1.5
    assert resolved.settings.style[0].path == tmp_path / "styles/single_classics/img/014_wave.jpg"


def test_minutes_and_steps_together_are_refused() -> None:
    with pytest.raises(UsageError, match="give one of them"):
        action.resolve_options("unpaired", {"steps": 7, "minutes": 1.0}, [])


def test_pixels_of_a_preview_are_those_of_the_pack(look: Path) -> None:
    sheet = read_picture(look / "preview.jpg")
    assert sheet is not None and sheet.shape[0] >= 256 and np.ptp(sheet) > 50
