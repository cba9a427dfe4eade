"""The size of a moving preview follows the machine, and does not flutter."""

from stylereel.actions.preview_pace import BUDGET_MS, SMALLEST_PX, Pace

MOST = 921_600


def painted(pace, ms_per_megapixel, times=5, px=None):
    for _ in range(times):
        size = px or pace.quick_px
        pace.took(size, ms_per_megapixel * size / 1e6)
    return pace.quick_px


def test_a_quick_machine_paints_at_the_full_size():
    assert painted(Pace(MOST), 85) == MOST


def test_a_slow_one_paints_smaller_until_it_is_in_time():
    pace = Pace(MOST)
    assert painted(pace, 200) == MOST / 2
    assert 200 * pace.quick_px / 1e6 <= BUDGET_MS
    assert painted(pace, 2000) == SMALLEST_PX


def test_a_single_hiccup_changes_nothing():
    pace = Pace(MOST)
    painted(pace, 85)
    assert painted(pace, 900, times=2) == MOST


def test_it_goes_back_up_with_a_distance():
    pace = Pace(MOST)
    painted(pace, 200)
    assert painted(pace, 100) == MOST / 2  # 92 ms at the full size: in time, and not by enough
    assert painted(pace, 60) == MOST


def test_small_frames_tell_nothing():
    assert painted(Pace(MOST), 5000, px=80 * 60) == MOST


def test_a_limit_below_the_smallest_size_is_kept():
    pace = Pace(10_000)
    assert painted(pace, 5000, px=640 * 360) == 10_000
