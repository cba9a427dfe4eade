import sys

import pytest

from stylereel.core.errors import UsageError
from stylereel.core.registry import family, nearest_name


@pytest.fixture
def shapes(tmp_path, monkeypatch):
    folder = tmp_path / "toyshapes"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "circle.py").write_text("SIDES = 0\n")
    (folder / "square.py").write_text("raise RuntimeError('imported too early')\n")
    (folder / "_private.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield family("toyshapes")
    for name in [name for name in sys.modules if name.startswith("toyshapes")]:
        del sys.modules[name]


def test_names_come_from_the_files_without_importing_them(shapes):
    assert shapes.names() == ("circle", "square")
    assert "toyshapes.square" not in sys.modules


def test_load_imports_the_one_member_that_was_named(shapes):
    assert shapes.load("circle").SIDES == 0


def test_an_unknown_member_lists_the_known_and_suggests_the_nearest(shapes):
    with pytest.raises(UsageError, match=r"Unknown toyshape 'circel'. Did you mean 'circle'\?.*square"):
        shapes.load("circel")


def test_nothing_near_gets_no_suggestion():
    assert nearest_name("zzzz", ["vangogh", "ukiyoe"]) is None
    assert nearest_name("VanGoh", ["vangogh", "ukiyoe"]) == "vangogh"


def test_a_family_whose_folder_does_not_exist_is_empty():
    assert family("stylereel.core.nowhere").names() == ()
