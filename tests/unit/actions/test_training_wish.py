import os
from dataclasses import replace
from pathlib import Path

import pytest

import toy_pictures as toy
from stylereel.actions import training_wish
from stylereel.actions.training_wish import Material, TrainingWish, check_pack_name, choose, lay_out
from stylereel.core.errors import DatasetError, EnvironmentMissingError, UsageError


def pictures(folder: Path, count: int, kind: str = "picture") -> tuple[Material, ...]:
    made = []
    for number in range(count):
        path = folder / f"{kind}{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"{folder} {kind} {number}".encode())
        made.append(Material(path, f"{kind} {number}", kind))  # type: ignore[arg-type]
    return tuple(made)


@pytest.fixture
def wish(tmp_path: Path) -> TrainingWish:
    return TrainingWish("my-look", pictures(tmp_path / "style", 12), pictures(tmp_path / "content", 6))


def test_a_set_is_learned_by_the_recipe_for_pictures_that_show_other_things(wish: TrainingWish) -> None:
    choice = choose(wish)
    assert (choice.recipe, choice.weights) == ("unpaired", None)
    assert choice.why.startswith("12 pictures: the recipe 'unpaired'")
    assert any("no video in the content" in text for text in choice.advice)
    assert any("licence" in text for text in choice.advice)


def test_one_picture_takes_the_weights_of_the_look_that_was_learned_from_one(wish: TrainingWish) -> None:
    choice = choose(replace(wish, style=wish.style[:1], license="CC0-1.0"))
    assert (choice.recipe, choice.weights) == ("unpaired", "wave")
    assert "One picture" in choice.why and not any("licence" in text for text in choice.advice)


def test_a_video_alone_is_enough_as_content(wish: TrainingWish, tmp_path: Path) -> None:
    assert choose(replace(wish, content=pictures(tmp_path / "film", 1, "video"))).recipe == "unpaired"


@pytest.mark.parametrize(
    ("name", "suggested"),
    [("My look!", "My-look"), ("../../etc", "etc"), ("", "my-look"), ("a" * 70, "a" * 64)],
)
def test_a_name_that_no_pack_can_have_is_refused_with_one_that_would_do(name: str, suggested: str) -> None:
    with pytest.raises(UsageError, match=f"'{suggested}' would do"):
        check_pack_name(name)


def test_too_little_material_says_what_is_needed(wish: TrainingWish) -> None:
    with pytest.raises(DatasetError, match="20 to 100 pictures in one manner"):
        choose(replace(wish, style=()))
    with pytest.raises(DatasetError, match="add a video of yours"):
        choose(replace(wish, content=()))
    with pytest.raises(DatasetError, match=r"2 photograph.* too few"):
        choose(replace(wish, content=wish.content[:2]))


def test_a_picture_cannot_be_style_and_content(wish: TrainingWish) -> None:
    with pytest.raises(DatasetError, match="'picture 0' stands on both sides"):
        choose(replace(wish, content=(*wish.content, wish.style[0])))


def test_what_cannot_be_is_refused_before_anything_is_done(wish: TrainingWish) -> None:
    with pytest.raises(UsageError, match="minutes cannot be trained"):
        choose(replace(wish, minutes=0))
    with pytest.raises(UsageError, match="size of strokes"):
        choose(replace(wish, brush_size=9.0))
    with pytest.raises(UsageError, match="no recipe for a look of its own"):
        choose(replace(wish, recipe="magic"))
    with pytest.raises(UsageError, match="several looks at once"):
        choose(replace(wish, recipe="conditional"))
    with pytest.raises(DatasetError, match="learns from films"):
        choose(replace(wish, recipe="recycle"))


@pytest.mark.parametrize(
    "setting", ["init=/etc/passwd", "style=/etc", "data.crop_px", "crop=3", "cyclegan.cycle_weight=2"]
)
def test_further_settings_reach_the_trainings_numbers_and_no_files(wish: TrainingWish, setting: str) -> None:
    assert choose(replace(wish, settings=("data.crop_px=64", "unpaired.nce_weight=0.3"))).recipe == "unpaired"
    with pytest.raises(UsageError, match="cannot be given here"):
        choose(replace(wish, settings=(setting,)))


def test_a_look_is_added_to_a_pack_of_several_looks_alone(wish: TrainingWish) -> None:
    choice = choose(replace(wish, extends="atelier", look="mine"))
    assert choice.recipe == "extend" and "'atelier'" in choice.why
    with pytest.raises(UsageError, match=r"no pack of several looks.*atelier"):
        choose(replace(wish, extends="wave"))
    with pytest.raises(UsageError, match=r"no pack of several looks"):
        choose(replace(wish, extends="../packs/atelier"))
    with pytest.raises(UsageError, match="has a look 'vangogh' already"):
        choose(replace(wish, extends="atelier", look="vangogh"))


def test_loose_files_get_names_that_training_knows(tmp_path: Path) -> None:
    first = toy.write(tmp_path / "shelf" / "a.png", toy.painting(1))
    os.rename(first, tmp_path / "shelf" / "0123")
    material = [
        Material(tmp_path / "shelf" / "0123", "../../Starry Night.JPG", "picture"),
        Material(tmp_path / "shelf" / "0123", "Starry Night.jpg", "picture"),
        Material(tmp_path / "shelf" / "0123", "日本", "video"),
    ]
    folder = lay_out(material, tmp_path / "laid")
    assert sorted(path.name for path in folder.iterdir()) == [
        "Starry-Night-2.jpg",
        "Starry-Night.jpg",
        "video.mp4",
    ]
    assert (folder / "Starry-Night.jpg").read_bytes() == (tmp_path / "shelf" / "0123").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["laid", "shelf"]


def test_one_file_is_what_is_learned_from_and_an_older_layout_is_gone(tmp_path: Path) -> None:
    picture = toy.write(tmp_path / "one.png", toy.painting(1))
    lay_out([Material(picture, f"{number}.png", "picture") for number in range(3)], tmp_path / "laid")
    path = lay_out([Material(picture, "one.png", "picture")], tmp_path / "laid")
    assert path == tmp_path / "laid" / "one.png" and list((tmp_path / "laid").iterdir()) == [path]


def test_training_that_is_not_installed_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_wish, "find_spec", lambda name: None)
    with pytest.raises(EnvironmentMissingError, match=r'torch, onnx.*pip install "stylereel\[train\]"'):
        training_wish.require_training()
