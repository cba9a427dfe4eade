import itertools
import threading
from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest

from stylereel.core.anchors import anchors_at, still_places
from stylereel.core.frames import Frame
from stylereel.inference.network_stage import network_stage, picture_stage
from stylereel.inference.painter import Look, Painter, PainterState
from stylereel.inference.saved_state import RunState, dump_state
from stylereel.temporal.stabilizer import Stabilizer


class Flickering:
    """A runner whose results are negatives with another noise each time."""

    name, device, precision, anchor_channels = "toy", "cpu", "fp32", 0

    def __init__(self) -> None:
        self._rng = np.random.default_rng(0)

    def run(self, frames, code, state, anchors=None):
        noise = self._rng.normal(0, 10, frames.shape)
        return (255 - frames + noise).clip(0, 255).astype(np.uint8), state


def film(count: int = 12) -> list[Frame]:
    still = np.random.default_rng(1).integers(40, 200, (64, 96, 3), np.uint8)
    times = np.cumsum([1, 5, 1, 2, 40, 1, 1, 3, 7, 1, 1, 2])
    marked = [still.copy() for _ in range(count)]
    for index, pixels in enumerate(marked):
        pixels[0, 0] = index  # no two frames are the same
    return [Frame(pixels, int(times[index]), Fraction(1, 90)) for index, pixels in enumerate(marked)]


def through(stage, frames: list[Frame]) -> list[Frame]:
    return [frame for batch in stage([frame] for frame in frames) for frame in batch]


def steps(frames: list[Frame]) -> float:
    return float(
        np.mean([(b.pixels.astype(float) - a.pixels) ** 2 for a, b in itertools.pairwise(frames[4:])])
    )


def test_order_count_and_times_out_are_those_that_came_in_and_it_flickers_less():
    frames = film()
    bare = through(network_stage(Painter(Flickering(), Look())), frames)
    calm = through(network_stage(Painter(Flickering(), Look(), Stabilizer(0.7))), frames)
    assert [(f.pts, f.time_base) for f in calm] == [(f.pts, f.time_base) for f in frames]
    assert steps(calm) < 0.2 * steps(bare)


def test_the_source_that_strength_lets_through_is_not_smeared():
    frames = film(4)
    moved = [frame.with_pixels(np.roll(frame.pixels, 9 * i, 1)) for i, frame in enumerate(frames)]
    calm = through(network_stage(Painter(Flickering(), Look(strength=0.0), Stabilizer(1.0))), moved)
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(calm, moved, strict=True))


@pytest.mark.parametrize("look", [Look(strength=0.5), Look(keep_colors=True)])
def test_a_stabilised_look_can_be_laid_over_the_source(look):
    frames = film()
    calm = through(network_stage(Painter(Flickering(), look, Stabilizer(0.7))), frames)
    assert steps(calm) < 0.3 * steps(through(network_stage(Painter(Flickering(), look)), frames))


def test_a_frame_that_is_shown_again_gets_the_result_it_got():
    shown = [0, 1, 1, 1, 2, 2, 1]
    distinct = film(3)
    frames = [distinct[index].with_pixels(distinct[index].pixels.copy()) for index in shown]
    frames = [replace(frame, pts=pts) for pts, frame in enumerate(frames)]
    results = through(network_stage(Painter(Flickering(), Look(), Stabilizer(0.7))), frames)
    assert [frame.pts for frame in results] == list(range(7))
    same = [np.array_equal(a.pixels, b.pixels) for a, b in itertools.pairwise(results)]
    assert same == [False, True, True, False, True, False]


def test_a_frame_shown_again_is_made_anew_where_a_run_may_begin_with_it():
    frames = [film(1)[0]] * 5
    kept: list[PainterState] = []
    keepers = iter([None, None, None, kept.append, None])

    stage = network_stage(Painter(Flickering(), Look()), before_each=lambda frame: next(keepers))
    results = through(stage, frames)
    same = [np.array_equal(a.pixels, b.pixels) for a, b in itertools.pairwise(results)]
    assert kept == [PainterState()] and same == [True, True, False, True]


def test_every_run_of_a_stage_begins_anew():
    stage = network_stage(Painter(Flickering(), Look(), Stabilizer(0.7)))
    frames = film()
    through(stage, frames)
    first = through(stage, frames)[0].pixels
    again = Flickering()
    for _ in range(12):
        again.run(frames[0].pixels[None], None, None)
    assert np.array_equal(first, again.run(frames[0].pixels[None], None, None)[0][0])


class Anchored:
    """A runner that paints the anchors themselves."""

    name, device, precision, anchor_channels = "toy", "cpu", "fp32", 4

    def run(self, frames, code, state, anchors=None):
        if anchors is None:
            rows, columns = (-(-side // 4) for side in frames.shape[1:3])
            anchors = anchors_at(still_places(4 * rows, 4 * columns), 4)[None]
        shown = np.repeat(np.repeat(anchors[..., :3], 4, 1), 4, 2)[:, : frames.shape[1], : frames.shape[2]]
        return (128 + 40 * shown).clip(0, 255).astype(np.uint8), state


def pan(count: int, step: int) -> list[np.ndarray]:
    wide = np.random.default_rng(2).uniform(0, 255, (30, 80, 3)).astype(np.float32)
    wide = cv2.resize(wide, (640, 240), interpolation=cv2.INTER_CUBIC).clip(0, 255).astype(np.uint8)
    return [np.ascontiguousarray(wide[:, step * at : step * at + 320]) for at in range(count)]


def test_anchors_travel_with_the_film_and_begin_anew_after_a_cut():
    painter, state = Painter(Anchored(), Look()), PainterState()
    painted = []
    for frame in [*pan(6, 4), np.random.default_rng(3).integers(0, 255, (240, 320, 3), np.uint8)]:
        result, state = painter.next(frame, state)
        painted.append(result.astype(int))
    travelled = np.abs(painted[5][40:200, 40:200] - painted[0][40:200, 60:220]).mean()
    stayed = np.abs(painted[5][40:200, 40:200] - painted[0][40:200, 40:200]).mean()
    assert travelled < 0.35 * stayed
    assert np.array_equal(painted[6], painted[0])  # where a new scene's anchors lie is known


def test_a_picture_by_itself_is_the_first_frame_of_a_film():
    painter, frame = Painter(Anchored(), Look()), pan(1, 0)[0]
    assert np.array_equal(painter.still(frame), painter.next(frame, PainterState())[0])


def test_without_anchors_and_stabiliser_no_motion_is_looked_for():
    _, state = Painter(Flickering(), Look()).next(pan(1, 0)[0], PainterState())
    assert state == PainterState()


def test_pictures_that_do_not_belong_together_are_each_painted_by_itself():
    painter, frames = (
        Painter(Anchored(), Look()),
        [Frame(pixels, at, Fraction(1)) for at, pixels in enumerate(pan(3, 9))],
    )
    assert all(
        np.array_equal(out.pixels, painter.still(frame.pixels))
        for out, frame in zip(through(picture_stage(painter), frames), frames, strict=True)
    )


@pytest.mark.parametrize("strength", [0.0, 0.7])
def test_frames_that_are_at_work_at_a_time_come_out_as_one_by_one(strength):
    shown = [0, 1, 1, 2, 3, 4, 4, 5]
    frames = [Frame(pan(6, 4)[at], pts, Fraction(1)) for pts, at in enumerate(shown)]
    results, kept = [], []
    for lanes in (1, 2):
        keepers = iter([None, None, None, None, None, kept.append, None, None])
        painter = Painter(Anchored(), Look(), Stabilizer(strength) if strength else None)
        stage = network_stage(painter, before_each=lambda frame: next(keepers), lanes=lanes)  # noqa: B023
        results.append(through(stage, frames))
    assert [frame.pts for frame in results[1]] == list(range(8))
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(*results, strict=True))
    one, other = (dump_state(RunState(state)) for state in kept)
    assert one == other


def test_the_network_is_at_as_many_frames_as_it_has_lanes():
    class Together(Anchored):
        """Goes on only where another call is at work as well."""

        def __init__(self):
            self.both = threading.Barrier(2, timeout=20)

        def run(self, frames, code, state, anchors=None):
            self.both.wait()
            return super().run(frames, code, state, anchors)

    frames = [Frame(pixels, at, Fraction(1)) for at, pixels in enumerate(pan(4, 3))]
    assert len(through(network_stage(Painter(Together(), Look()), lanes=2), frames)) == 4


def fading(frame: Frame) -> Look:
    """The look comes up from frame 2 to frame 6, and is gone before."""
    return Look(strength=min(1.0, max(0.0, (frame.pts - 2) / 4)))


@pytest.mark.parametrize("lanes", [1, 2])
@pytest.mark.parametrize("calm", [None, Stabilizer(0.7)])
def test_a_look_that_moves_is_laid_anew_over_a_frame_that_is_shown_again(lanes, calm):
    still = pan(1, 0)[0]
    frames = [Frame(still.copy(), pts, Fraction(1)) for pts in range(9)]
    painter = Painter(Anchored(), Look(), calm, fading)
    results = [out.pixels for out in through(network_stage(painter, lanes=lanes), frames)]
    assert all(np.array_equal(out, still) for out in results[:3])  # bit for bit, where there is no look yet
    away = [float(np.abs(out.astype(float) - still).mean()) for out in results]
    assert all(b > a for a, b in itertools.pairwise(away[2:7]))
    assert np.array_equal(results[6], results[7]) and np.array_equal(results[7], results[8])


def test_frames_under_a_moving_look_are_the_same_wherever_a_run_begins():
    frames = [Frame(pixels, pts, Fraction(1)) for pts, pixels in enumerate(pan(9, 4))]
    painter, kept = Painter(Anchored(), Look(), Stabilizer(0.7), fading), []
    keepers = iter([kept.append if pts in (1, 5) else None for pts in range(9)])
    whole = through(network_stage(painter, before_each=lambda frame: next(keepers)), frames)
    for begin, state in zip((1, 5), kept, strict=True):
        again = through(network_stage(painter, start=state), frames[begin:])
        assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(whole[begin:], again, strict=True))


def test_a_part_of_the_sources_colours_lies_between_all_and_none():
    frame = pan(1, 0)[0]
    none, half, whole = (
        Painter(Anchored(), Look(keep_colors=share)).still(frame).astype(int) for share in (0.0, 0.5, 1.0)
    )
    assert np.array_equal(whole, Painter(Anchored(), Look(keep_colors=True)).still(frame))
    assert np.abs(half - (none + whole) / 2).max() <= 1 and np.abs(whole - none).mean() > 1
