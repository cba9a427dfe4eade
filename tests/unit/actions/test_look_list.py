"""Looks are listed from cards alone, by names that are never paths."""

import pytest

from stylereel.actions.look_list import list_looks, look_named, look_picture
from stylereel.core.errors import PackError, UsageError
from toy_packs import toy_pack


@pytest.fixture
def own(tmp_path, monkeypatch):
    folder = tmp_path / "own"
    folder.mkdir()
    monkeypatch.setenv("STYLEREEL_PACKS", str(folder))
    return folder


def test_ones_own_looks_come_first_and_packs_of_many_last(own):
    toy_pack(own / "zebra", "invert")
    looks = list_looks()
    assert looks[0].name == "zebra" and looks[0].is_mine and not looks[0].mixes
    mixing = [look.mixes for look in looks]
    assert mixing == sorted(mixing) and mixing[-1]
    assert len({look.name for look in looks}) == len(looks)


def test_one_of_ones_own_hides_a_shipped_one_of_its_name(own):
    toy_pack(own / "wave", "invert", description="Mine.")
    found = look_named("wave")
    assert found.is_mine and found.description == "Mine."


def test_a_broken_card_leaves_its_pack_out_and_harms_no_other(own):
    (own / "broken").mkdir()
    (own / "broken" / "card.json").write_text("{")
    toy_pack(own / "whole", "invert")
    names = [look.name for look in list_looks()]
    assert "whole" in names and "broken" not in names


@pytest.mark.parametrize("name", ["nowhere", "atelier", "atelier:nowhere", "../wave", "wave:", ""])
def test_what_is_no_name_of_a_look_is_refused(name, own):
    with pytest.raises(UsageError, match="There is no look"):
        look_named(name)


def test_a_folder_is_no_name(own, tmp_path):
    pack = toy_pack(tmp_path / "elsewhere", "invert")
    with pytest.raises(UsageError, match="There is no look"):
        look_named(str(pack.folder))


def test_the_picture_of_a_look_is_its_packs_and_never_a_link_out_of_it(own, tmp_path):
    pack = toy_pack(own / "mine", "invert")
    assert look_picture("mine") == (pack.folder / "preview.jpg").resolve()
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (pack.folder / "preview.jpg").unlink()
    assert look_picture("mine") is None
    (pack.folder / "preview.jpg").symlink_to(tmp_path / "secret.jpg")
    with pytest.raises(PackError, match="link out of its pack"):
        look_picture("mine")
