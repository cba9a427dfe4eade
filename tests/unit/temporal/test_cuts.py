import cv2
import numpy as np
import pytest

from stylereel.temporal.cuts import Join, Scenes, look_for_cut

CUT, FLASH, SAME = Join.CUT, Join.FLASH, Join.SAME


def scene(seed: int, size=(180, 720)) -> np.ndarray:
    """A wide grey picture of soft shapes, for windows to move over."""
    coarse = np.random.default_rng(seed).uniform(30, 225, (8, 28)).astype(np.float32)
    return cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC).clip(0, 255).astype(np.uint8)


def window(picture: np.ndarray, x: float, width: int = 320) -> np.ndarray:
    return picture[:, round(x) : round(x) + width]


def joins(views) -> list[Join]:
    found, state = [], None
    for view in views:
        join, state = look_for_cut(np.ascontiguousarray(view).clip(0, 255).astype(np.uint8), state)
        found.append(join)
    return found


@pytest.mark.parametrize("seed", range(6))
def test_a_hard_cut_is_found_on_exactly_its_frame(seed):
    first, second = scene(seed), scene(seed + 100)
    assert joins([window(first, i) for i in range(5)] + [window(second, i) for i in range(5)]) == (
        [SAME] * 5 + [CUT] + [SAME] * 4
    )


@pytest.mark.parametrize("light", [60, 130, 255])
def test_a_flash_is_no_cut_and_the_scene_goes_on_after_it(light):
    still = window(scene(1), 0).astype(np.float32)
    assert joins([still] * 3 + [still + light] + [still] * 3) == [SAME] * 3 + [FLASH] + [SAME] * 3


def test_a_light_that_stays_on_is_taken_for_the_new_light():
    still = window(scene(1), 0) * 0.5
    assert joins([still] * 2 + [still + 60] * 6) == [SAME] * 2 + [FLASH] * 3 + [SAME] * 3


def test_a_cut_behind_a_flash_is_found():
    first, second = (window(scene(seed), 0) * 0.7 for seed in (1, 2))
    white = np.full_like(first, 255)
    assert joins([first] * 3 + [white] + [second] * 3) == [SAME] * 3 + [FLASH, CUT] + [SAME] * 2


def test_a_fade_to_black_and_back_is_no_cut():
    still = window(scene(3), 0)
    down = [still * (1 - i / 20) for i in range(21)]
    assert CUT not in joins(down + down[::-1])


def test_a_fade_into_another_scene_is_one_cut():
    first, second = (window(scene(seed), 0) for seed in (3, 4))
    down, up = ([still * level for level in np.linspace(1, 0, 21)] for still in (first, second))
    assert joins(down + up[::-1]).count(CUT) == 1


@pytest.mark.parametrize("level", [0, 30, 255])
def test_the_first_scene_after_a_plain_lead_begins_at_its_first_frame(level):
    first = window(scene(3), 0)
    assert joins([np.full_like(first, level)] * 4 + [first] * 4) == [SAME] * 4 + [CUT] + [SAME] * 3


def test_a_dissolve_is_no_storm_of_cuts():
    first, second = (window(scene(seed), 0).astype(np.float32) for seed in (5, 6))
    assert joins([first + (second - first) * i / 24 for i in range(25)]).count(CUT) <= 1


@pytest.mark.parametrize("pace", [5, 20, 40])
def test_a_pan_is_no_cut_however_fast(pace):
    wide = scene(7)
    assert CUT not in joins([window(wide, pace * i) for i in range(400 // pace)])


def test_noise_on_a_plain_surface_is_no_cut():
    rng = np.random.default_rng(0)
    assert joins([rng.normal(120, 12, (180, 320)) for _ in range(20)]) == [SAME] * 20


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (16, 16), (5, 300)])
def test_any_size_has_an_answer(size):
    rng = np.random.default_rng(0)
    assert len(joins([rng.integers(0, 256, size) for _ in range(3)])) == 3


def test_pictures_of_different_things_are_mostly_cuts_and_a_film_with_one_cut_is_not():
    album, film = Scenes(), Scenes()
    for at in range(8):
        album.look(np.dstack([window(scene(at), 0)] * 3))
        film.look(np.dstack([window(scene(at // 4), at)] * 3))
    assert (album.cuts, film.cuts) == (7, 1)
    assert album.mostly_cuts and not film.mostly_cuts
