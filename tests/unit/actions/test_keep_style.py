from pathlib import Path

import pytest

from stylereel.actions.styles import keep_style, list_styles, styles_folder, whose_style
from stylereel.core.errors import OutputError, PackError, UsageError
from stylereel.packs.find import find_pack
from toy_packs import toy_pack


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STYLEREEL_PACKS", str(tmp_path / "mine" / "packs"))
    return tmp_path / "mine" / "packs"


def test_a_kept_style_is_found_by_its_name_without_what_lay_beside_it(
    tmp_path: Path, own_folder: Path
) -> None:
    pack = toy_pack(tmp_path / "trained", "invert")
    (tmp_path / "trained" / "run").mkdir()
    (tmp_path / "trained" / "run" / "checkpoint.pt").write_bytes(b"large")
    kept = keep_style(tmp_path / "trained", "night")
    assert kept.folder == own_folder / "night" and kept.card.name == "night"
    assert sorted(path.name for path in kept.folder.iterdir()) == sorted([*pack.card.files, "card.json"])
    assert find_pack("night").card.files == pack.card.files
    assert [path.name for path in own_folder.iterdir()] == ["night"]


def test_a_name_that_is_taken_is_refused_and_replaced_when_asked(tmp_path: Path) -> None:
    toy_pack(tmp_path / "one", "invert"), toy_pack(tmp_path / "two", "half")
    first = keep_style(tmp_path / "one", "night")
    with pytest.raises(
        OutputError, match="'night' already; keeping this one under its name would replace yours"
    ):
        keep_style(tmp_path / "two", "night")
    assert find_pack("night").card.files == first.card.files
    second = keep_style(tmp_path / "two", "night", overwrite=True)
    assert find_pack("night").card.files == second.card.files != first.card.files
    assert [path.name for path in styles_folder().iterdir()] == ["night"]


def test_the_name_of_a_shipped_style_is_asked_about(tmp_path: Path) -> None:
    toy_pack(tmp_path / "one", "invert")
    with pytest.raises(OutputError, match="would hide the shipped style"):
        keep_style(tmp_path / "one", "wave")
    assert whose_style("wave") == "shipped" and whose_style("nobody") == ""
    keep_style(tmp_path / "one", "wave", overwrite=True)
    assert next(listing for listing in list_styles() if listing.name == "wave").origin == "user"


def test_files_that_are_no_style_are_never_replaced(tmp_path: Path, own_folder: Path) -> None:
    toy_pack(tmp_path / "one", "invert")
    (own_folder / "letters").mkdir(parents=True)
    (own_folder / "letters" / "to-ada.txt").write_text("Dear Ada")
    with pytest.raises(OutputError, match="no style that could be replaced"):
        keep_style(tmp_path / "one", "letters", overwrite=True)
    assert (own_folder / "letters" / "to-ada.txt").read_text() == "Dear Ada"


def test_a_damaged_pack_or_a_bad_name_leaves_nothing_behind(tmp_path: Path, own_folder: Path) -> None:
    toy_pack(tmp_path / "one", "invert")
    with pytest.raises(UsageError, match="would do"):
        keep_style(tmp_path / "one", "../night")
    (tmp_path / "one" / "generator.onnx").write_bytes(b"not this")
    with pytest.raises(PackError):
        keep_style(tmp_path / "one", "night")
    assert not own_folder.exists() or not list(own_folder.iterdir())
