import pytest

from stylereel.core.errors import PackError, UsageError
from stylereel.packs import find
from stylereel.packs.find import find_pack, list_packs
from toy_packs import toy_pack


@pytest.fixture
def folders(tmp_path, monkeypatch):
    shipped, user = tmp_path / "shipped", tmp_path / "user"
    shipped.mkdir()
    user.mkdir()
    monkeypatch.setattr(find, "shipped_folder", lambda: shipped)
    monkeypatch.setenv("STYLEREEL_PACKS", str(user))
    return shipped, user


def test_packs_are_found_among_the_shipped_the_users_and_by_path(folders, tmp_path):
    shipped, user = folders
    toy_pack(shipped / "vangogh")
    toy_pack(user / "mine")
    toy_pack(tmp_path / "elsewhere")
    assert find_pack("vangogh").card.name == "vangogh"
    assert find_pack("mine").card.name == "mine"
    assert find_pack(str(tmp_path / "elsewhere")).card.name == "elsewhere"
    assert [(listing.name, listing.origin) for listing in list_packs()] == [
        ("mine", "user"),
        ("vangogh", "shipped"),
    ]


def test_a_users_pack_hides_a_shipped_one_of_the_same_name(folders):
    shipped, user = folders
    toy_pack(shipped / "wave")
    toy_pack(user / "wave")
    assert find_pack("wave").folder.parent == user.resolve()
    assert [listing.origin for listing in list_packs()] == ["user"]


def test_an_unknown_style_lists_the_known_and_suggests_the_nearest(folders):
    toy_pack(folders[0] / "ukiyoe")
    toy_pack(folders[0] / "vangogh")
    with pytest.raises(
        UsageError, match=r"Unknown style 'ukioye'. Did you mean 'ukiyoe'\? Known: ukiyoe, vangogh"
    ):
        find_pack("ukioye")


def test_a_path_without_a_pack_says_what_is_there(folders, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(PackError, match=r"without a card.json"):
        find_pack(tmp_path / "empty")
    with pytest.raises(UsageError, match="no such folder"):
        find_pack(tmp_path / "nowhere")


def test_a_broken_pack_is_listed_with_its_problem(folders):
    pack = toy_pack(folders[1] / "broken")
    (pack.folder / "card.json").write_text("{")
    (listing,) = list_packs()
    assert listing.card is None and listing.problem and "JSON" in listing.problem


def test_every_shipped_pack_loads():
    for listing in list_packs():
        if listing.origin == "shipped":
            assert find_pack(listing.folder).card.name == listing.name
