"""What holds for every file in training/recipes/."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")

import toy_runs
from stylereel.actions import train as action
from stylereel.core.errors import UsageError
from stylereel.core.registry import family
from stylereel.packs.store import load_pack
from stylereel.training.card import generator_key
from stylereel.training.checkpoint import read_checkpoint, write_checkpoint
from stylereel.training.loop import train
from stylereel.training.memory import grey_batch, measure_appetite
from stylereel.training.settings import resolve

RECIPES = family("stylereel.training.recipes")
STEPS = 20


ON_FILM = {"unpaired, content moves": False, "unpaired, style moves too": True}
"""Real motion and three frames judged together, with a style of pictures and with one of a film."""


@pytest.fixture(scope="module", params=[*RECIPES.names(), *ON_FILM])
def material(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("material")
    if request.param not in ON_FILM:
        return toy_runs.material(folder, recipe=request.param)
    content = toy_runs.toy_film(folder / "content", 60)
    style = toy_runs.toy_film(folder / "style", 60) if ON_FILM[request.param] else None
    return toy_runs.material(folder, ("unpaired.temporal_weight=1",), content=content, style=style)


def test_settings_have_defaults_and_refuse_unknown_keys(material):
    config = type(material.resolved.recipe_config)
    assert config().model_config["frozen"] and config().model_config["extra"] == "forbid"
    with pytest.raises(ValueError):
        config(no_such_setting=1)


def test_phases_train_modules_that_exist_each_with_an_optimizer(material):
    recipe = material.run(STEPS).recipe
    trained = {name for phase in recipe.phases for name in phase.trains}
    assert "generator" in trained and trained <= set(recipe.modules)
    assert trained == set(recipe.optimizers())


def test_schedules_are_bounded_over_the_whole_run(material):
    recipe = material.run(STEPS).recipe
    for name in recipe.modules:
        assert all(0.0 < recipe.learning_rate(name, step) <= 1.0 for step in range(STEPS))
    assert all(0.0 <= recipe.ema_decay(step) < 1.0 for step in range(STEPS))


def test_steps_are_finite_move_every_module_and_resume_exactly(material, tmp_path: Path):
    run = material.run(STEPS)
    before = {name: [p.clone() for p in module.parameters()] for name, module in run.recipe.modules.items()}
    stream = material.stream()
    losses = []
    for report in train(run, stream):
        losses.append(report.losses)
        if report.step == 9:
            write_checkpoint(tmp_path, run.checkpoint(stream.next_batch))
    stream.close()
    assert len(losses) == STEPS  # the loop itself refuses numbers that are not finite
    for name, module in ((n, run.recipe.modules[n]) for n in run.optimizers):
        assert any(not torch.equal(a, b) for a, b in zip(before[name], module.parameters(), strict=True)), (
            name
        )
    checkpoint = read_checkpoint(tmp_path)
    resumed = material.run(STEPS)
    resumed.restore(checkpoint)
    again = toy_runs.train_all(resumed, material.stream(checkpoint.next_batch))
    assert [report.losses for report in again] == losses[10:]


def test_a_preview_has_the_contents_shape_and_range(material):
    run = material.run(STEPS)
    content = torch.rand(2, 3, 48, 64) * 2 - 1
    stylized = run.recipe.preview(run.generator, content)
    assert stylized.shape == content.shape and float(stylized.abs().max()) <= 1.0


def test_the_pack_it_writes_verifies(material, tmp_path: Path):
    settings = material.resolved.settings.model_copy(update={"steps": 2, "license": "CC0-1.0"})
    resolved = type(material.resolved)(settings, material.resolved.recipe_config, material.resolved.recipe)
    summary = action.train(resolved, tmp_path / "look", device="cpu", threads=1)
    card = load_pack(tmp_path / "look").card
    assert summary.finished and card.license == "CC0-1.0"
    assert card.training["recipe"] == settings.recipe and card.training["steps"] == 2
    assert card.size_multiple >= 1 and card.receptive_field_px >= 1


def test_it_computes_where_its_batch_is(material):
    # Tensors on "meta" know shapes and a device alone: no GPU is needed to see one left behind on the CPU.
    made = material.resolved.recipe.Recipe(material.resolved.recipe_config, total_steps=STEPS)
    for module in made.modules.values():
        module.to("meta")
    wish = (
        made.config.clips if made.config.clips and made.config.clips.alone else None
    )  # else values are read
    batch = grey_batch(wish, 64, "meta")
    shared = made.forward(batch, 0, torch.Generator().manual_seed(1))
    for phase in made.phases:
        for name, term in made.losses(phase, batch, shared, 0).items():
            assert term.device.type == "meta", name


@pytest.mark.parametrize("name", family("stylereel.networks.generators").names())
def test_any_generator_can_be_trained(material, name):
    values = material.resolved.as_json()
    recipe = material.resolved.settings.recipe
    values.pop("init", None)  # a pack would decide the shape
    if (name == "conditional") != (recipe in ("conditional", "extend")):
        values[recipe]["generator"] = {"name": name}
        with pytest.raises(UsageError, match="conditional"):
            resolve(values, "the test")
        return
    values[recipe]["generator"] = {"name": name, **{"resnet": {"channels": 4, "blocks": 1}}.get(name, {})}
    run = toy_runs.Material(resolve(values, "the test"), material.content, material.style).run(2)
    assert recipe == "extend" or generator_key(run.generator) == name
    assert len(toy_runs.train_all(run, material.stream())) == 2
    content = torch.zeros(1, 3, 48, 64)
    assert run.recipe.preview(run.generator, content).shape == content.shape


def test_what_a_step_needs_grows_with_the_crop_and_is_known_beforehand(material):
    resolved = material.resolved
    appetite = measure_appetite(lambda: resolved.recipe.Recipe(resolved.recipe_config, total_steps=STEPS))
    assert 0 < appetite.needed_bytes(64, 1) < appetite.needed_bytes(64, 2) < appetite.needed_bytes(128, 2)
    assert 100 < appetite.bytes_per_pixel < 100_000
