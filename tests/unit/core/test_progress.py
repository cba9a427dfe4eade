from stylereel.core.progress import Meter


def test_the_meter_tells_pace_and_time_left_from_recent_units():
    now = [0.0]
    meter = Meter(total=100, clock=lambda: now[0])
    for _ in range(10):
        now[0] += 0.1
        progress = meter.advance()
    assert progress.done == 10
    assert abs(progress.per_second - 10) < 1e-6
    assert progress.eta_seconds is not None and abs(progress.eta_seconds - 9) < 1e-6


def test_a_total_that_was_estimated_too_low_grows_with_what_is_done():
    meter = Meter(total=1, clock=lambda: 0.0)
    assert meter.advance(3).total == 3


def test_without_a_total_there_is_no_time_left():
    assert Meter().advance().eta_seconds is None


def test_what_an_earlier_sitting_did_says_nothing_about_the_pace_of_this_one():
    now = [0.0]
    meter = Meter(total=1000, done=900, clock=lambda: now[0])
    now[0] = 2.0
    progress = meter.advance()
    assert progress.done == 901 and abs(progress.per_second - 0.5) < 1e-6
