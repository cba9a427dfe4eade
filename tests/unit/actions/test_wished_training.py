import json
from dataclasses import replace
from pathlib import Path

import pytest

import toy_pictures as toy
from stylereel.actions.training_wish import Material, TrainingWish, choose
from stylereel.actions.wished_training import TrainingStory, preview_sheet, train_wished, wished_settings
from stylereel.core.progress import Progress
from stylereel.packs.store import load_pack

TINY = (
    "data.crop_px=48",
    "data.batch_size=2",
    "data.content_short_side_px=[64, 96]",
    "data.style_scales=[1.0, 1.3]",
    "loop.precision='fp32'",
    "unpaired.generator.detail_channels=12",
    "unpaired.generator.trunk_channels=16",
    "unpaired.generator.blocks=1",
    "unpaired.discriminator.channels=8",
    "unpaired.discriminator.layers=2",
    "unpaired.nce_patches=32",
)


def pieces(folder: Path, count: int, paint) -> tuple[Material, ...]:
    """Pictures as a shelf holds them: without endings."""
    made = []
    for seed in range(count):
        path = toy.write(folder / f"{seed}.png", paint(seed))
        made.append(Material(path.rename(path.with_suffix("")), f"Picture {seed}.png", "picture"))
    return tuple(made)


@pytest.fixture
def wish(tmp_path: Path) -> TrainingWish:
    return TrainingWish(
        "my-look",
        pieces(tmp_path / "shelf" / "style", 6, toy.painting),
        pieces(tmp_path / "shelf" / "content", 6, toy.scene),
        minutes=1.0,
        license="CC0-1.0",
        credit="Ada Painter",
        description="Blues and ochres.",
        settings=TINY,
    )


def test_a_wish_is_trained_stopped_and_gone_on_with_to_a_pack(
    wish: TrainingWish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STYLEREEL_MAX_STEPS", "4")
    folder = tmp_path / "job"
    folder.mkdir()
    told: list[dict] = []

    def hear(progress: Progress, story: TrainingStory) -> None:
        told.append(json.loads(json.dumps(story.as_json())))

    asked = iter([False, False, True])
    stopped = train_wished(
        wish, folder, threads=1, device="cpu", on_story=hear, should_stop=lambda: next(asked, True)
    )
    assert not stopped.finished and told[-1]["step"] == 2 and told[-1]["total_steps"] == 4
    assert told[-1]["why"].startswith("6 pictures: the recipe 'unpaired'")
    assert told[-1]["terms"] and "just begun" in told[-1]["headline"]
    first = preview_sheet(folder)
    assert first is not None and told[-1]["previews"] == [1] and preview_sheet(folder, 1) == first
    for piece in (*wish.style, *wish.content):  # the shelf is emptied: the run keeps its material
        piece.path.unlink()
    summary = train_wished(wish, folder, resume=True, threads=1, device="cpu", on_story=hear)
    assert summary.finished and told[-1]["finished"] and told[-1]["previews"] == [1, 4]
    assert any("Going on at step 2 of 4" in text for text in told[-1]["notices"])
    assert len(told[-1]["terms"][0]["points"]) == 4  # of both sittings
    card = load_pack(folder / "pack").card
    assert (card.name, card.license, card.credit) == ("my-look", "CC0-1.0", "Ada Painter")
    assert card.description == "Blues and ochres." and card.title == "My look"


def test_one_picture_is_trained_with_its_weights_and_the_rest_as_on_the_command_line(
    wish: TrainingWish, tmp_path: Path
) -> None:
    one = replace(wish, style=wish.style[:1], settings=())
    settings = wished_settings(one, choose(one), tmp_path / "content", tmp_path / "one.png")
    several = wished_settings(
        replace(wish, settings=()), choose(wish), tmp_path / "content", tmp_path / "style"
    )
    of_one, of_several = settings.recipe_config.model_dump(), several.recipe_config.model_dump()
    assert (of_one["filters_weight"], of_one["features_weight"]) == (4.0, 1.0)
    assert of_several == several.recipe.Config().model_dump()
    assert settings.settings.data == several.settings.data == type(several.settings.data)()


def test_a_gentle_run_halves_every_rate_and_nothing_else(wish: TrainingWish, tmp_path: Path) -> None:
    plain, gentle = (
        wished_settings(asked, choose(asked), tmp_path / "a", tmp_path / "b").recipe_config.model_dump()
        for asked in (wish, replace(wish, gentle=True))
    )
    changed = {name for name in plain if plain[name] != gentle[name]}
    assert changed == {"generator_rate", "discriminator_rate"}
    assert gentle["generator_rate"] == plain["generator_rate"] / 2
