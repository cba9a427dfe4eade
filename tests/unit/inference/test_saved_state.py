"""A painter that goes on from a saved state paints what it would have painted without the stop."""

import json
from fractions import Fraction

import numpy as np
import pytest
from safetensors.numpy import load, save

from moving_scenes import filmed, panned
from slides import slide
from stylereel.core.errors import ResumeError, RunnerFailedError
from stylereel.core.frames import Frame
from stylereel.inference.painter import Look, Painter, PainterState
from stylereel.inference.saved_state import RunState, dump_state, load_state
from stylereel.inference.text_guard import TextGuard, TextState
from stylereel.temporal.cuts import CutState
from stylereel.temporal.stabilizer import Stabilizer
from stylereel.video.retime import Place


class Anchored:
    """A runner whose strokes lie where the anchors say."""

    name, device, precision = "toy", "cpu", "fp32"

    def __init__(self, anchor_channels: int) -> None:
        self.anchor_channels = anchor_channels

    def run(self, frames, code, state, anchors=None):
        painted = 255 - frames
        if anchors is not None:
            height, width = frames.shape[1:3]
            strokes = np.kron(anchors[0, :, :, 0], np.ones((4, 4)))[:height, :width, None]
            painted = (painted + 30 * strokes).clip(0, 255).astype(np.uint8)
        return painted, state


def film() -> list[np.ndarray]:
    """A pan, a flash in it, a cut, and the pan again."""
    frames = filmed(panned(16))
    frames[4] = np.clip(frames[4].astype(int) + 90, 0, 255).astype(np.uint8)
    return [*frames[:9], *(255 - frame[::-1] for frame in frames[9:12]), *frames[12:]]


def painted(painter, frames, state):
    shown = []
    for frame in frames:
        pixels, state = painter.next(frame, state)
        shown.append(pixels)
    return shown, state


@pytest.mark.parametrize("channels", [0, 4])
@pytest.mark.parametrize("strength", [0.0, 0.8])
@pytest.mark.parametrize("stop", [0, 1, 4, 5, 9, 13])
def test_going_on_from_saved_bytes_is_bit_for_bit_going_on(channels, strength, stop):
    frames = film()
    painter = Painter(Anchored(channels), Look(), Stabilizer(strength) if strength else None)
    whole, _ = painted(painter, frames, PainterState())
    _, state = painted(painter, frames[:stop], PainterState())
    data = dump_state(RunState(state))
    again = load_state(data).painter
    rest, _ = painted(painter, frames[stop:], again)
    assert all(np.array_equal(a, b) for a, b in zip(whole[stop:], rest, strict=True))
    assert dump_state(RunState(again)) == data


def saved():
    painter = Painter(Anchored(4), Look(), Stabilizer(0.5))
    return dump_state(RunState(painted(painter, film()[:5], PainterState())[1]))


@pytest.mark.parametrize("keep", [0, 4, 40, 0.5, -1])
def test_cut_off_bytes_are_refused(keep):
    data = saved()
    cut = data[: round(len(data) * keep)] if isinstance(keep, float) else data[:keep]
    with pytest.raises(ResumeError, match="--overwrite"):
        load_state(cut)


def harmed(name, change):
    arrays = dict(load(saved()))
    arrays[name] = change(arrays[name])
    data = saved()
    facts = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
    return save(arrays, metadata=facts)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("stabilizer.0", lambda a: a[:-1]),
        ("stabilizer.1", lambda a: a.astype(np.float64)),
        ("stabilizer.2", lambda a: np.full_like(a, np.nan)),
        ("motion.view", lambda a: a[0]),
        ("motion.thumbnail", lambda a: a.T.copy()),
        ("anchors.places", lambda a: a[:, :, :1].copy()),
        ("anchors.faded", lambda a: a[:1]),
    ],
)
def test_arrays_that_cannot_be_are_refused_by_name(name, change):
    with pytest.raises(ResumeError, match=name.split(".")[0]):
        load_state(harmed(name, change))


@pytest.mark.parametrize("facts", ["[]", "{}", "nonsense", '{"format": 2}', '{"format": 1, "motion": 3}'])
def test_facts_that_cannot_be_are_refused(facts):
    with pytest.raises(ResumeError):
        load_state(save({"motion.view": np.zeros((4, 4), np.uint8)}, metadata={"facts": facts}))


def test_what_the_text_guard_knows_and_where_a_retimed_video_stands_come_back_exactly():
    pages = [Frame(slide(320, 180, shift=3 * index)[0], index, Fraction(1, 25)) for index in range(4)]
    look, state = Frame(np.full((180, 320, 3), 90, np.uint8), 0, Fraction(1, 25)), None
    for page in pages[:3]:
        _, state = TextGuard().step(page, look, state)
    place = Place(taken=7, tick=-3, shown=2, jumped=5, given=True)
    again = load_state(dump_state(RunState(text=state, place=place)))
    assert again.place == place and again.painter == PainterState()
    results = [TextGuard().step(pages[3], look, text) for text in (state, again.text)]
    assert np.array_equal(results[0][0].pixels, results[1][0].pixels)
    assert dump_state(RunState(text=results[0][1])) == dump_state(RunState(text=results[1][1]))


@pytest.mark.parametrize("mask", [np.full((4, 4), 1.5, np.float32), np.zeros(4, np.float32)])
def test_a_mask_that_cannot_be_is_refused(mask):
    scene = CutState(np.zeros((32, 48), np.float32), 1.0)
    with pytest.raises(ResumeError, match=r"text\.mask"):
        load_state(dump_state(RunState(text=TextState(mask, scene))))


@pytest.mark.parametrize("place", ["3", "{}x", '{"taken": -1}', '{"taken": 1.5}', '{"taken": 1, "other": 2}'])
def test_a_place_that_cannot_be_is_refused(place):
    facts = f'{{"format": 1, "place": {place}}}'
    with pytest.raises(ResumeError, match="--overwrite"):
        load_state(save({}, metadata={"facts": facts}))


def test_a_state_that_nobody_can_save_is_told_before_hours_are_lost():
    with pytest.raises(ResumeError, match="--runner"):
        dump_state(RunState(PainterState(runner=object())))


def test_a_runner_that_breaks_off_has_an_error_of_its_own():
    class Breaking(Anchored):
        def run(self, frames, code, state, anchors=None):
            raise MemoryError("out of device memory")

    frame = film()[0]
    for paint in (lambda p: p.still(frame), lambda p: p.next(frame, PainterState())):
        with pytest.raises(
            RunnerFailedError, match=r"'toy' on cpu.*256x192.*out of device memory.*--max-side"
        ):
            paint(Painter(Breaking(0), Look()))
