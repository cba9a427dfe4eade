from pathlib import Path

import numpy as np
import pytest

import toy_pictures as toy
from stylereel.core.errors import DatasetError
from stylereel.data.credits import CreditBook
from stylereel.data.gather import Gathered, GatherRules, Named, gather


def rules(role: str = "style", **changed: object) -> GatherRules:
    values: dict = {
        "role": role,
        "short_side_px": 256,
        "smallest_side_px": 32,
        "least_pictures": 1,
        "budget_bytes": 10**9,
        **changed,
    }
    return GatherRules(**values)


def gathered(folder: Path, **changed: object) -> Gathered:
    return gather([Named(folder)], rules(**changed), CreditBook())


def test_a_tenth_and_at_least_one_picture_is_held_out(tmp_path: Path) -> None:
    found = gathered(toy.style_folder(tmp_path, 20))
    assert (len(found.training), len(found.held_out)) == (18, 2)
    few = gathered(toy.style_folder(tmp_path / "few", 5))
    assert (len(few.training), len(few.held_out)) == (4, 1)


def test_tiles_of_a_picture_are_held_out_with_it(tmp_path: Path) -> None:
    for seed in range(8):
        toy.write(tmp_path / "img" / f"{seed}.png", toy.painting(seed))
        toy.write(tmp_path / "tiles" / f"{seed}_t00.png", toy.painting(seed))
        toy.write(tmp_path / "tiles" / f"{seed}_t01.png", toy.painting(seed))
    found = gathered(tmp_path)
    held = {picture.group for picture in found.held_out.pictures}
    assert len(found.held_out) == 3 * len(held)
    assert not held & {picture.group for picture in found.training.pictures}


def test_of_a_single_picture_a_strip_is_held_out(tmp_path: Path) -> None:
    pixels = toy.painting(1, 120, 400)
    toy.write(tmp_path / "one.png", pixels)
    found = gathered(tmp_path)
    kept, away = found.training.pictures[0].pixels, found.held_out.pictures[0].pixels
    assert kept.shape[1] + away.shape[1] == 400 and away.shape[1] == 60
    assert np.array_equal(np.concatenate([kept, away], axis=1), pixels)


def test_the_same_seed_holds_out_the_same_pictures(tmp_path: Path) -> None:
    toy.style_folder(tmp_path, 12)
    groups = [{picture.group for picture in gathered(tmp_path, seed=4).held_out.pictures} for _ in range(2)]
    assert groups[0] == groups[1]


def test_unreadable_and_small_pictures_are_skipped_counted_and_named(tmp_path: Path) -> None:
    toy.style_folder(tmp_path, 6)
    (tmp_path / "broken.jpg").write_bytes(b"nothing")
    toy.write(tmp_path / "tiny.png", toy.scene(1, 20, 20))
    notices = " ".join(gathered(tmp_path).notices)
    assert "1 file(s) could not be read and are skipped: broken.jpg" in notices
    assert "1 file(s) are smaller than 32 px and are skipped: tiny.png" in notices


def test_too_few_pictures_are_refused_with_what_was_wrong(tmp_path: Path) -> None:
    toy.content_folder(tmp_path, 2)
    toy.write(tmp_path / "tiny.png", toy.scene(1, 20, 20))
    with pytest.raises(
        DatasetError, match=r"got 2, expected at least 4 or a video.*1 have a side below 32 px"
    ):
        gathered(tmp_path, role="content", least_pictures=4)


def test_a_refused_licence_leaves_pictures_out(tmp_path: Path) -> None:
    toy.style_folder(tmp_path, 6)
    (tmp_path / "sources.json").write_text(
        '{"painting00.png": {"licence": "Unsplash licence"}, "painting01.png": "CC0-1.0",'
        ' "painting02.png": {"license": "CC0-1.0", "certainty": "doubtful"}}'
    )
    found = gathered(tmp_path, refused_licenses=("unsplash", "uncertain"))
    assert len(found.files) == 4
    assert any("2 file(s) left out by their licence" in notice for notice in found.notices)


def test_of_a_set_larger_than_memory_all_pictures_get_their_turn(tmp_path: Path) -> None:
    toy.style_folder(tmp_path, 16, 64, 64)
    one = 64 * 64 * 3
    found = gathered(tmp_path, budget_bytes=8 * one)
    assert any("exchanged in while training" in notice for notice in found.notices)
    assert len(found.training) < 8
    seen = {
        found.training.draw(batch, draw / 20).pixels.tobytes()
        for batch in range(0, 200, 4)
        for draw in range(20)
    }
    assert len(seen) >= 14
    again = gathered(tmp_path, budget_bytes=8 * one)
    for batch in (3, 77, 160):
        first, second = found.training.draw(batch, 0.4), again.training.draw(batch, 0.4)
        assert np.array_equal(first.pixels, second.pixels)
