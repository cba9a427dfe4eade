"""What ships inside the wheel is whole: packs verify, presets resolve."""

import tomllib

import numpy as np
import pytest

from stylereel.packs.codes import rows_of
from stylereel.packs.find import shipped_folder
from stylereel.packs.store import load_pack

PACKS = sorted(folder.parent for folder in shipped_folder().glob("*/card.json"))
LARGEST_PACK_BYTES, LARGEST_OF_MANY_BYTES = 8_000_000, 24_000_000


def test_the_looks_that_the_readme_names_ship():
    assert {folder.name for folder in PACKS} >= {
        *("vangogh", "impressionism", "ukiyoe", "engraving", "tarot", "wave", "atelier")
    }


@pytest.mark.parametrize("folder", PACKS, ids=lambda folder: folder.name)
def test_a_shipped_pack_verifies_is_small_and_names_its_licences(folder):
    pack = load_pack(folder)
    card = pack.card
    assert card.name == folder.name
    assert not card.license_is_unknown and card.style_sources and card.content_sources
    assert card.title and card.description and card.training
    allowed = LARGEST_OF_MANY_BYTES if card.styles else LARGEST_PACK_BYTES
    assert sum(file.stat().st_size for file in folder.iterdir()) <= allowed
    assert {file.name for file in folder.iterdir()} == {"card.json", *card.files}
    assert pack.preview_path is not None


@pytest.mark.parametrize("folder", PACKS, ids=lambda folder: folder.name)
def test_a_shipped_pack_gives_credit_as_its_preset_does(folder):
    preset = tomllib.loads((folder.parents[1] / "presets" / f"{folder.name}.toml").read_text("utf-8"))
    card = load_pack(folder).card
    for name in ("title", "description", "author", "license", "credit"):
        assert getattr(card, name) == preset[name]


def test_atelier_holds_eight_looks_and_all_that_choosing_mixing_and_reading_need():
    pack = load_pack(shipped_folder() / "atelier")
    assert len(pack.card.styles) == 8
    assert set(pack.card.files) >= {
        *("codes.safetensors", "encoder.safetensors", "folded.safetensors", "steered.onnx")
    }
    codes = rows_of(pack)
    apart = np.abs(codes[:, None] - codes[None]).mean(2)
    assert apart[~np.eye(8, dtype=bool)].min() > 0.1


def presets() -> list[str]:
    pytest.importorskip("torch", reason="the training extra is not installed")
    from stylereel.training.settings import preset_names

    return preset_names()


def test_every_shipped_preset_resolves():
    names = presets()
    from stylereel.training.settings import read_preset, resolve

    for name in names:
        resolved = resolve(read_preset(name), name)
        assert resolved.settings.content and resolved.settings.style, name
        assert not any(
            source.path.is_absolute() for source in resolved.settings.content + resolved.settings.style
        )
