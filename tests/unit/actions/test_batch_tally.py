"""The frames of all files of a batch, counted together."""

from stylereel.actions.batch_tally import Tally
from stylereel.core.progress import Progress


def test_frames_of_files_at_work_are_counted_together_and_named():
    tally = Tally(["a.mp4", "b.mp4"], [10, 20])
    tally.at(0, Progress(1, 10))
    overall = tally.at(1, Progress(1, 20))
    assert (overall.done, overall.total) == (2, 30) and overall.note == "job 1 of 2: a.mp4, b.mp4"
    overall = tally.finish(0, 10)
    assert (overall.done, overall.total) == (11, 30) and overall.note == "job 2 of 2: b.mp4"
    assert tally.files_done == 1


def test_frames_that_were_there_before_say_nothing_about_the_pace():
    tally = Tally(["a.mp4"], [1000])
    overall = tally.at(0, Progress(900, 1000))
    assert (overall.done, overall.per_second) == (900, 0.0)
    assert tally.at(0, Progress(901, 1000)).per_second < 1e6
    assert tally.finish(0, 1000).done == 1000


def test_a_file_that_fails_or_was_finished_before_takes_its_frames_along():
    tally = Tally(["a.mp4", "b.mp4", "c.mp4"], [10, 20, 30])
    tally.leave_out(0)
    assert tally.finish(0, 10).total == 50
    tally.at(1, Progress(1, 20))
    overall = tally.finish(1, 0)
    assert (overall.done, overall.total) == (1, 31)


def test_without_a_count_of_every_file_there_is_no_time_left():
    tally = Tally(["a.mp4", "b.mp4"], [None, 5])
    assert tally.at(1, Progress(1, 5)).total is None
    assert tally.at(0, Progress(1, 7)).total == 12


def test_steps_of_a_fit_are_told_and_count_as_no_frames():
    tally = Tally(["a.mp4"], [10])
    overall = tally.at(0, Progress(300, 700, unit="steps", note="fitting the look to the reference"))
    assert (overall.done, overall.total, overall.unit) == (0, 10, "frames")
    assert overall.note == "job 1 of 1: a.mp4, fitting the look to the reference"
    assert tally.at(0, Progress(1, 10)).done == 1
