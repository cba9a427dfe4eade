"""The look at any time: exact at keys, even or eased between, the same whenever it is asked for."""

import itertools

import numpy as np
import pytest

from stylereel.inference.look_timeline import EASINGS, LookKey, LookTimeline
from stylereel.inference.painter import Look

CODES = {"first": np.array([0.1, 0.7, 0.0], np.float32), "second": np.array([-0.3, 1.9, 0.0], np.float32)}


def ends(code: np.ndarray, strength: float) -> np.ndarray:
    return np.concatenate([code, 2 * code])


def timeline(easing: str = "linear") -> LookTimeline:
    keys = [
        LookKey(1.0, 0.2, 0.0, easing, CODES["first"]),
        LookKey(3.0, 1.0, 0.5, easing, CODES["second"]),
        LookKey(4.0, 0.1, 1.0, easing, CODES["first"]),
    ]
    return LookTimeline(keys, 0.5, ends)


@pytest.mark.parametrize(
    ("easing", "quarter", "half"),
    [
        ("linear", 0.25, 0.5),
        ("smooth", 0.15625, 0.5),
        ("ease-in", 0.0625, 0.25),
        ("ease-out", 0.4375, 0.75),
        ("hold", 0.0, 0.0),
    ],
)
def test_an_easing_has_these_values(easing, quarter, half):
    assert set(EASINGS) == {"linear", "smooth", "ease-in", "ease-out", "hold"}
    assert EASINGS[easing](0.25) == quarter and EASINGS[easing](0.5) == half and EASINGS[easing](0.0) == 0
    assert EASINGS[easing](1.0) == (0.0 if easing == "hold" else 1.0)


@pytest.mark.parametrize("easing", EASINGS)
def test_it_is_exact_at_its_keys_before_the_first_and_after_the_last(easing):
    moving = timeline(easing)
    for seconds, strength, colors, code in [
        (0.0, 0.2, 0.0, "first"),
        (1.0, 0.2, 0.0, "first"),
        (3.0, 1.0, 0.5, "second"),
        (4.0, 0.1, 1.0, "first"),
        (99.0, 0.1, 1.0, "first"),
    ]:
        look = moving.at(seconds)
        assert (look.strength, look.keep_colors, look.scale) == (strength, colors, 0.5)
        assert np.array_equal(look.code, ends(CODES[code], strength))


@pytest.mark.parametrize("easing", ["linear", "smooth", "ease-in", "ease-out"])
def test_between_keys_everything_goes_one_way_and_never_past_them(easing):
    looks = [timeline(easing).at(1 + 2 * step / 50) for step in range(51)]
    for values, rises in (
        ([look.strength for look in looks], True),
        ([look.keep_colors for look in looks], True),
        ([look.code[0] for look in looks], False),
        ([look.code[1] for look in looks], True),
    ):
        steps = [b - a for a, b in itertools.pairwise(values)]
        assert all(step >= 0 if rises else step <= 0 for step in steps) and len(set(values)) > 40
        assert min(values) in (values[0], values[-1]) and max(values) in (values[0], values[-1])


def test_a_held_key_stays_until_the_next_one_is_there():
    moving = timeline("hold")
    assert moving.at(2.999999).is_same(moving.at(1.0)) and moving.at(3.0).strength == 1.0


def test_it_is_a_pure_function_of_the_time():
    times = np.random.default_rng(0).uniform(0, 5, 200)
    first, again = timeline("smooth"), timeline("smooth")
    expected = {seconds: first.at(seconds) for seconds in times}
    for seconds in sorted(times):
        assert again.at(seconds).is_same(expected[seconds])


def test_looks_are_the_same_only_where_strength_colours_and_code_are():
    one = Look(code=np.ones(3, np.float32))
    assert one.is_same(Look(code=np.ones(3, np.float32)))
    assert not one.is_same(Look(code=np.zeros(3, np.float32)))
    assert not one.is_same(Look()) and not one.is_same(None)
    assert not one.is_same(Look(strength=0.5, code=np.ones(3, np.float32)))
    assert Look().is_same(Look()) and not Look().is_same(Look(keep_colors=0.1))


def test_the_strength_is_asked_for_inside_the_network_too_and_no_code_where_there_is_none():
    keys = [LookKey(0.0, 0.0, code=CODES["first"]), LookKey(2.0, 1.0, code=CODES["second"])]
    moving = LookTimeline(keys, ends=lambda code, strength: np.append(code, strength))
    assert moving.at(0.0).code is None and moving.at(0.0).leaves_source
    assert moving.at(1.0).code[-1] == moving.at(1.0).strength == 0.5 and moving.at(2.0).code[-1] == 1.0


def test_one_look_is_keyed_in_strength_and_colours_alone():
    look = LookTimeline([LookKey(0.0, 0.0), LookKey(2.0, 1.0)]).at(1.0)
    assert look == Look(strength=0.5) and look.code is None
