"""A picture that is shown again is stylised once, and shown at each of its times."""

from fractions import Fraction

import numpy as np

from stylereel.core.frames import Frame
from stylereel.inference.repeats import once_each


def test_each_picture_is_stylised_once_and_shown_as_often_as_it_came():
    pictures = [np.full((2, 2, 3), value, np.uint8) for value in (10, 20, 30)]
    showings = [0, 0, 0, 1, 2, 2, 0]
    frames = [Frame(pictures[which], 5 * index, Fraction(1, 25), 5) for index, which in enumerate(showings)]
    seen = []

    def stage(batches):
        for batch in batches:
            seen.extend(int(frame.pixels[0, 0, 0]) for frame in batch)
            yield [frame.with_pixels(frame.pixels + 1) for frame in batch]

    out = [frame for batch in once_each(stage)([frame] for frame in frames) for frame in batch]
    assert seen == [10, 20, 30, 10]
    assert [int(frame.pixels[0, 0, 0]) for frame in out] == [11, 11, 11, 21, 31, 31, 11]
    assert [(frame.pts, frame.duration) for frame in out] == [(frame.pts, 5) for frame in frames]


def test_nothing_gives_nothing():
    assert list(once_each(lambda batches: batches)(iter([]))) == []


def test_a_frame_that_begins_anew_is_stylised_again_and_those_after_it_take_its_result():
    picture = np.zeros((2, 2, 3), np.uint8)
    frames = [Frame(picture, index, Fraction(1, 25), 1) for index in range(6)]
    seen = []

    def stage(batches):
        for batch in batches:
            seen.extend(frame.pts for frame in batch)
            yield [frame.with_pixels(frame.pixels + frame.pts) for frame in batch]

    spared = once_each(stage, lambda frame: frame.pts == 4)
    out = [frame for batch in spared([frame] for frame in frames) for frame in batch]
    assert seen == [0, 4]
    assert [(frame.pts, int(frame.pixels[0, 0, 0])) for frame in out] == list(enumerate([0, 0, 0, 0, 4, 4]))
