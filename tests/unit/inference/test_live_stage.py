from fractions import Fraction

import numpy as np

from clips import smooth
from stylereel.core.frames import Frame
from stylereel.inference.live_stage import Brush, live_stage
from stylereel.inference.painter import Look, Painter, PainterState
from stylereel.temporal.stabilizer import Stabilizer

SIZE = (96, 64)


class Runner:
    """A network of one operation."""

    name, device, precision, anchor_channels, ends_size = "toy", "cpu", "fp32", 0, 0

    def __init__(self, operation):
        self.operation = operation

    def run(self, frames, code, state, anchors=None):
        return self.operation(frames), state


INVERT, SAME = Runner(lambda frames: 255 - frames), Runner(lambda frames: frames.copy())


def frames(count):
    return [Frame(smooth(index, *SIZE), index, Fraction(1, 25)) for index in range(count)]


def painted(brush_of, count=6):
    stage = live_stage(brush_of)
    return [batch[0] for batch in stage([frame] for frame in frames(count))]


def test_a_look_is_exchanged_between_two_frames_and_no_frame_is_lost():
    brushes = [Brush(INVERT, Look())] * 3 + [Brush(SAME, Look())] * 3
    out = painted(lambda frame: brushes[frame.pts])
    assert [frame.pts for frame in out] == list(range(6))
    for source, frame in zip(frames(6), out, strict=True):
        expected = 255 - source.pixels if frame.pts < 3 else source.pixels
        assert np.array_equal(frame.pixels, expected)


def test_strength_and_colours_take_hold_at_once():
    strengths = [1.0, 0.5, 0.0]
    out = painted(lambda frame: Brush(INVERT, Look(strengths[frame.pts])), 3)
    source = frames(3)
    assert np.array_equal(out[2].pixels, source[2].pixels)
    assert np.abs(out[1].pixels.astype(int) - 127.5).max() <= 1


def test_a_stabiliser_that_stays_on_goes_on_over_a_change_of_strength():
    """The same frames as without the change, once the change is over: nothing of the past was thrown away."""
    strengths = [1.0, 1.0, 0.9, 1.0, 1.0]
    steady = painted(lambda frame: Brush(INVERT, Look(), 0.7), 5)
    changed = painted(lambda frame: Brush(INVERT, Look(strengths[frame.pts]), 0.7), 5)
    assert np.array_equal(steady[4].pixels, changed[4].pixels)


def test_it_paints_as_the_painter_of_a_file_does():
    painter, state = Painter(INVERT, Look(), Stabilizer(0.7)), PainterState()
    expected = []
    for frame in frames(6):
        pixels, state = painter.next(frame.pixels, state)
        expected.append(pixels)
    out = painted(lambda frame: Brush(INVERT, Look(), 0.7))
    assert all(np.array_equal(a, b.pixels) for a, b in zip(expected, out, strict=True))


def test_another_size_for_the_network_leaves_the_size_of_the_frame():
    scales = [1.0, 0.5, 0.25]
    told = []
    stage = live_stage(
        lambda frame: Brush(INVERT, Look(scale=scales[frame.pts]), 0.5),
        lambda seconds, scale: told.append(scale),
    )
    out = [batch[0] for batch in stage([frame] for frame in frames(3))]
    assert {frame.pixels.shape for frame in out} == {(64, 96, 3)}
    assert told == scales
