from pathlib import Path

import pytest

from stylereel.core.errors import DatasetError, OutputError, UsageError
from stylereel.training.run_folder import RunFolder, check_paths


def begun(path: Path) -> RunFolder:
    folder = RunFolder(path)
    folder.check(overwrite=False)
    folder.begin({"settings": {}, "total_steps": 3})
    return folder


def test_a_run_is_not_begun_over_another_one(tmp_path: Path) -> None:
    folder = begun(tmp_path / "style")
    with pytest.raises(OutputError, match=r"another run.*--resume.*--overwrite"):
        folder.check(overwrite=False)
    folder.check(overwrite=True)
    assert folder.read_record()["total_steps"] == 3


def test_a_folder_whose_making_is_interrupted_leaves_nothing_in_the_next_runs_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ctrl_c(*_: object, **__: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("stylereel.training.run_folder.json.dumps", ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        begun(tmp_path / "style")
    assert not (tmp_path / "style").exists()
    monkeypatch.undo()
    begun(tmp_path / "style")
    monkeypatch.setattr("stylereel.training.run_folder.json.dumps", ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        RunFolder(tmp_path / "style").begin({})
    assert RunFolder(tmp_path / "style").read_record()["total_steps"] == 3  # the run before is still there


def test_a_finished_style_and_other_files_are_kept(tmp_path: Path) -> None:
    (tmp_path / "card.json").write_text("{}")
    with pytest.raises(OutputError, match="finished style"):
        RunFolder(tmp_path).check(overwrite=False)
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("years of work")
    for overwrite in (False, True):
        with pytest.raises(OutputError, match=r"other files|neither a run nor a style"):
            RunFolder(other).check(overwrite=overwrite)


def test_an_output_that_is_a_file_or_has_no_parent_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="is a file"):
        RunFolder(tmp_path / "file").check(overwrite=True)
    with pytest.raises(OutputError, match="does not exist"):
        RunFolder(tmp_path / "a" / "b").check(overwrite=False)


def test_nothing_to_resume_is_said(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="Nothing to resume"):
        RunFolder(tmp_path).read_record()


def test_content_that_is_the_style_is_refused(tmp_path: Path) -> None:
    inside = tmp_path / "pictures" / "paintings"
    inside.mkdir(parents=True)
    for content, style in ((inside, inside), (tmp_path / "pictures", inside)):
        with pytest.raises(DatasetError, match="same or one holds the other"):
            check_paths([content], [style], tmp_path / "out")


def test_an_output_inside_what_is_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    with pytest.raises(DatasetError, match="lies inside"):
        check_paths([tmp_path / "content"], [tmp_path / "style"], tmp_path / "content" / "out")


def test_a_role_without_a_source_is_said() -> None:
    with pytest.raises(UsageError, match="No style was named"):
        check_paths([Path("a")], [], Path("out"))
