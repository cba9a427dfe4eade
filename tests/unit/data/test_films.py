"""Videos as material: runs of frames, what is held out, what is left out and said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import toy_pictures as toy
from clips import make_clip
from stylereel.core.errors import DatasetError
from stylereel.data.clip_crops import ClipWish
from stylereel.data.credits import CreditBook
from stylereel.data.films import RUN_FRAMES, GatheredFilms, film_cutter, gather_films
from stylereel.data.gather import GatherRules, Named
from stylereel.data.settings import DataSettings

RULES = GatherRules("content", 96, 32, 4, 10**8)
SETTINGS = DataSettings(crop_px=48, batch_size=2, content_short_side_px=(64, 96))
WISH = ClipWish(count=None, frames=3, flows=False, style=True, alone=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("films")
    make_clip(root / "long.mp4", frames=90, size=(128, 96))
    make_clip(root / "short.mp4", frames=RUN_FRAMES - 2, size=(128, 96))
    make_clip(root / "small.mp4", frames=40, size=(64, 24))
    toy.content_folder(root / "photos", 2)
    return root


@pytest.fixture(scope="module")
def films(folder: Path) -> GatheredFilms:
    return gather_films([Named(folder, license="CC0-1.0")], RULES, CreditBook())


def test_videos_are_learned_from_and_what_is_left_out_is_said(films: GatheredFilms) -> None:
    assert [file.path.name for file in films.files] == ["long.mp4"]
    assert [credit.license for credit in films.credits] == ["CC0-1.0"]
    said = " | ".join(films.notices)
    assert "2 picture(s) left out" in said and "2 video(s) skipped" in said
    assert "short.mp4" in said and "small.mp4" in said


def test_runs_that_are_held_out_are_none_that_are_trained_on(films: GatheredFilms) -> None:
    assert all(run.frames.shape[0] == RUN_FRAMES for run in films.runs.clips)
    kept = {picture.group for picture in films.training.pictures}
    away = {picture.group for picture in films.held_out.pictures}
    assert away and kept.isdisjoint(away)
    assert len(films.training) == RUN_FRAMES * len(films.runs)


def test_a_video_of_one_run_serves_for_both(tmp_path: Path) -> None:
    make_clip(tmp_path / "one.mp4", frames=RUN_FRAMES, size=(128, 96))
    films = gather_films([Named(tmp_path)], RULES, CreditBook())
    assert len(films.training) and len(films.held_out)


def test_a_batch_holds_consecutive_frames_of_both_and_depends_on_its_number_alone(
    films: GatheredFilms,
) -> None:
    cutter = film_cutter(films, films, SETTINGS, 7, WISH)
    first, again = cutter.batch(3), film_cutter(films, films, SETTINGS, 7, WISH).batch(3)
    assert first.moving is not None and first.style_moving is not None and again.moving is not None
    assert first.moving.frames.shape == first.style_moving.frames.shape == (2, 3, 3, 48, 48)
    assert first.content.equal(first.moving.frames[:, 0]) and first.moving.flow.shape[1] == 0
    assert first.moving.frames.equal(again.moving.frames)
    assert not first.moving.frames.equal(first.style_moving.frames)
    assert not first.moving.frames.equal(cutter.batch(4).moving.frames)  # type: ignore[union-attr]


def test_a_larger_brush_cuts_smaller_regions_of_the_style_alone(films: GatheredFilms) -> None:
    fine, coarse = (
        film_cutter(films, films, SETTINGS.model_copy(update={"brush_size": size}), 7, WISH)
        for size in (0.75, 1.0)
    )
    assert fine.batch(0).content.equal(coarse.batch(0).content)

    def detail(pictures: np.ndarray) -> float:
        return float(np.abs(np.diff(pictures, axis=-1)).mean())

    pairs = [(fine.batch(n).style.numpy(), coarse.batch(n).style.numpy()) for n in range(4)]
    assert sum(detail(a) for a, _ in pairs) > sum(detail(b) for _, b in pairs)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("photos", r"No video for content in .*photos: got 2 picture"),
        ("short.mp4", "No usable video for content"),
    ],
)
def test_without_a_usable_video_the_error_says_what_to_name(folder: Path, name: str, says: str) -> None:
    with pytest.raises(DatasetError, match=says):
        gather_films([Named(folder / name)], RULES, CreditBook())
