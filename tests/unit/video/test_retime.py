"""Frames at a constant rate, each as near to its own time as that allows."""

from fractions import Fraction

import numpy as np
import pytest

from clips import make_clip
from stylereel.core.frames import Frame
from stylereel.video.reader import FrameReader
from stylereel.video.retime import at_rate

MILLI = Fraction(1, 1000)


def film(times, last=40) -> list[Frame]:
    return [
        Frame(np.full((4, 4, 3), index, np.uint8), pts, MILLI, last if index == len(times) - 1 else 0)
        for index, pts in enumerate(times)
    ]


def shown(times, rate, **options) -> list[tuple[int, int]]:
    """`(tick, index of the frame)` of each that comes out."""
    frames = list(at_rate(iter(film(times, **options)), Fraction(rate), Fraction(25)))
    assert all(frame.time_base == 1 / Fraction(rate) and frame.duration == 1 for frame in frames)
    return [(frame.pts, int(frame.pixels[0, 0, 0])) for frame in frames]


def test_the_same_rate_changes_nothing():
    assert shown(range(0, 400, 40), 25) == [(index, index) for index in range(10)]


def test_half_the_rate_leaves_out_every_other_frame_and_double_repeats_each():
    assert [tick for tick, _ in shown(range(0, 400, 40), "12.5")] == list(range(5))
    assert [index for _, index in shown(range(0, 120, 40), 50)] == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize("rate", ["24", "30", "30000/1001", "60", "10"])
def test_every_tick_is_filled_and_no_frame_is_further_than_half_a_tick_from_its_time(rate):
    times = [7, 40, 80, 200, 240, 250, 400, 440, 480, 700, 733, 1000]
    found = shown(times, rate)
    ticks = [tick for tick, _ in found]
    assert ticks == list(range(ticks[0], ticks[-1] + 1))
    first_shown = {}
    for tick, index in found:
        first_shown.setdefault(index, tick)
    for index, tick in first_shown.items():
        assert abs(tick / Fraction(rate) - times[index] * MILLI) <= 1 / Fraction(rate) / 2
    end = (ticks[-1] + 1) / Fraction(rate)
    assert abs(end - 1040 * MILLI) <= 1 / Fraction(rate)


def test_a_repeated_frame_is_the_same_array_and_nothing_comes_of_nothing():
    frames = list(at_rate(iter(film([0, 200])), Fraction(25), Fraction(25)))
    assert frames[0].pixels is frames[4].pixels and len(frames) == 6
    assert list(at_rate(iter([]), Fraction(25), Fraction(25))) == []


def test_a_clock_that_jumps_by_days_is_not_filled_with_frames():
    frames = list(at_rate(iter(film([0, 10**9])), Fraction(1), Fraction(25)))
    assert len(frames) <= 3700


def test_a_real_video_keeps_its_length(tmp_path):
    path = make_clip(tmp_path / "in.mp4", frames=50, rate=25)
    with FrameReader(path) as reader:
        frames = list(at_rate(iter(reader), Fraction(30), reader.info.frame_rate))
    assert len(frames) == 60


def test_a_last_frame_that_claims_to_stay_for_ages_stays_an_hour():
    last = Frame(np.zeros((2, 2, 3), np.uint8), 0, Fraction(1, 1000), 2**55)
    assert sum(1 for _ in at_rate(iter([last]), Fraction(1), Fraction(25))) == 3600


@pytest.mark.parametrize("times", [range(0, 400, 40), [7, 40, 80, 200, 240, 250, 700, 733], [5]])
@pytest.mark.parametrize("rate", ["1/200", "24", "30000/1001", "60"])
def test_begun_at_the_place_of_any_frame_it_gives_the_rest(times, rate):
    frames, rate = film(times), Fraction(rate)
    places = []
    whole = list(at_rate(iter(frames), rate, Fraction(25), tell=places.append))
    assert len(places) == len(whole)
    for index in sorted({0, 1, 2, len(whole) // 2, len(whole) - 2, len(whole) - 1} & set(range(len(whole)))):
        place, told = places[index], []
        rest = list(at_rate(iter(frames[place.taken :]), rate, Fraction(25), start=place, tell=told.append))
        assert told == places[index:]
        assert [(f.pts, f.pixels[0, 0, 0]) for f in rest] == [
            (f.pts, f.pixels[0, 0, 0]) for f in whole[index:]
        ]


def test_a_broken_clock_goes_on_as_far_ahead_as_it_was():
    frames, places = film([0, 1000, 10**8, 10**8 + 2000, 10**8 + 5000, 2 * 10**8]), []
    whole = list(at_rate(iter(frames), Fraction(1), Fraction(25), tell=places.append))
    for index in (1, 2, 1800, 3601, 3603, 3604, 5000, len(whole) - 1):
        place = places[index]
        rest = list(at_rate(iter(frames[place.taken :]), Fraction(1), Fraction(25), start=place))
        assert [f.pts for f in rest] == [f.pts for f in whole[index:]]
        assert all(a.pixels is b.pixels for a, b in zip(rest, whole[index:], strict=True))
