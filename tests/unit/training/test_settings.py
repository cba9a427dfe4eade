from pathlib import Path

import pytest

from stylereel.core.errors import UsageError
from stylereel.training.settings import preset_names, read_preset, resolve


def test_the_shipped_looks_have_presets() -> None:
    assert {"vangogh", "ukiyoe", "wave"} <= set(preset_names())


@pytest.mark.parametrize("recipe", ["cyclegan", "recycle"])
def test_the_baselines_refuse_anchors_that_they_would_not_train(recipe: str) -> None:
    with pytest.raises(UsageError, match="trains without anchors"):
        resolve({"recipe": recipe}, "test", [f"{recipe}.generator.anchor_channels=4"])


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_is_valid_and_names_free_sources(name: str) -> None:
    resolved = resolve(read_preset(name), name)
    settings = resolved.settings
    assert settings.title and settings.description and settings.license and settings.credit
    assert settings.style and settings.content
    assert not any(entry.path.is_absolute() for entry in (*settings.style, *settings.content))
    assert {"unknown", "uncertain", "unsplash"} <= {word.lower() for word in settings.refused_licenses}


def test_resolved_settings_read_back_as_they_are() -> None:
    first = resolve({"content": ["a"], "style": "b"}, "test", ["data.crop_px=96", "unpaired.nce_weight=2"])
    second = resolve(first.as_json(), "again")
    assert second.as_json() == first.as_json()
    assert first.settings.data.crop_px == 96
    assert first.recipe_config.nce_weight == 2.0  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("assignment", "says"),
    [
        ("data.crop_pix=96", "Did you mean 'crop_px'"),
        ("unpaired.nce_wieght=1", "Did you mean 'nce_weight'"),
        ("data.crop_px=100", "multiple of 8"),
        ("data.crop_px=512", "larger than its picture"),
        ("data.style_scales=[2.0, 1.0]", "smallest, largest"),
        ("recipe=paired_", "Unknown recipe"),
    ],
)
def test_a_setting_that_cannot_be_names_what_is_wrong(assignment: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        resolve({"content": ["a"], "style": ["b"]}, "test", [assignment])


def test_an_unknown_preset_lists_the_known() -> None:
    with pytest.raises(UsageError, match=r"Unknown preset 'vangohg'.*vangogh"):
        read_preset("vangohg")


def test_a_preset_may_be_any_toml_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('style = ["paintings"]\ncontent = ["photos"]\n[data]\nbrush_size = 2.0\n')
    assert resolve(read_preset(str(path)), "mine").settings.data.brush_size == 2.0
