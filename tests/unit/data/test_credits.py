import json
from pathlib import Path

import pytest

import toy_pictures as toy
from stylereel.core.errors import DatasetError
from stylereel.data.credits import UNKNOWN, Credit, CreditBook, summarize
from stylereel.data.media import MediaFile


def a_file(root: Path, name: str = "a.png") -> MediaFile:
    return MediaFile(toy.write(root / name, toy.scene(1)), "picture", root)


def test_nothing_stated_is_unknown(tmp_path: Path) -> None:
    assert CreditBook().credit_of(a_file(tmp_path)) == Credit()
    assert Credit().license == UNKNOWN


def test_one_statement_holds_for_the_folder(tmp_path: Path) -> None:
    file = a_file(tmp_path, "deep/a.png")
    (tmp_path / "sources.json").write_text(json.dumps({"license": "CC0-1.0", "credit": "Ada"}))
    assert CreditBook().credit_of(file) == Credit("CC0-1.0", "Ada")


def test_a_files_own_statement_is_found_by_path_or_name(tmp_path: Path) -> None:
    file = a_file(tmp_path, "deep/a.png")
    entry = {"licence": "CC-BY-4.0", "source": "archive:a", "attribution": "Bo", "certainty": "sure (list)"}
    (tmp_path / "index.json").write_text(json.dumps({"deep/a.png": entry}))
    assert CreditBook().credit_of(file) == Credit("CC-BY-4.0", "Bo", "archive")


def test_an_index_above_the_named_folder_counts_only_below_the_data_folder(tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text(json.dumps({"style/a.png": {"license": "CC0-1.0"}}))
    file = a_file(tmp_path / "style")
    assert CreditBook().credit_of(file).license == UNKNOWN
    assert CreditBook(tmp_path).credit_of(file).license == "CC0-1.0"


def test_a_broken_index_is_an_error_and_not_an_unknown_licence(tmp_path: Path) -> None:
    file = a_file(tmp_path)
    (tmp_path / "sources.json").write_text("{")
    with pytest.raises(DatasetError, match="not valid JSON"):
        CreditBook().credit_of(file)


def test_equal_statements_are_counted_once() -> None:
    credits = [Credit("CC0-1.0", "Ada", "x"), Credit("CC0-1.0", "Bo", "x"), Credit("MIT", "", "y")]
    assert summarize(credits) == [(Credit("CC0-1.0", "Ada, Bo", "x"), 2), (Credit("MIT", "", "y"), 1)]
