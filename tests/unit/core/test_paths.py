"""Names that no file can have are refused in words, by every option that takes one."""

import pytest

import stylereel
from stylereel.core.errors import UsageError
from stylereel.core.paths import check_can_be

IMPOSSIBLE = ["a" * 5000, "a" * 5000 + ".png", "in\0side.png", "x\ud800.png"]


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_a_name_that_no_file_can_have_is_refused_and_shown_in_short(name):
    with pytest.raises(UsageError, match="No file can be called") as caught:
        check_can_be(name)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    "name", ["missing.mp4", "no/such/folder/out.mp4", ".", "", "ä" * 100, "with space.png"]
)
def test_a_name_that_some_file_could_have_is_not(name):
    check_can_be(name)


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_input_output_style_and_jobs_of_such_a_name_end_in_words(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = {"input": "in.png", "output": "out.png", "style": "vangogh"}
    (tmp_path / "in.png").write_bytes(b"no picture")
    for option in ("input", "output"):
        with pytest.raises(UsageError, match="No file can be called"):
            stylereel.stylize(**{**given, option: name})
    with pytest.raises(UsageError, match="No file can be called"):
        stylereel.find_pack(name)
    for change in ({"jobs": name}, {"output": name}, {"styles": [name]}):
        with pytest.raises(UsageError, match="No file can be called"):
            stylereel.batch(
                **{"jobs": "in.png", "styles": ["vangogh"], "output": "out", **change}, dry_run=True
            )
