"""A look is laid where the mask is white, and what is beside it stays as it was, bit for bit."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from stylereel.core.frames import Frame
from stylereel.core.pixels import DEEP_PEAK, to_uint8
from stylereel.inference.beside_source import beside_source
from stylereel.inference.compositing import blend, blend_where
from stylereel.inference.masking import MaskedLook, feathered, soften
from stylereel.inference.network_stage import network_stage, picture_stage
from stylereel.inference.painter import Look, Painter, PainterState
from stylereel.inference.repeats import once_each
from stylereel.temporal.stabilizer import Stabilizer


class Counting:
    """A runner that turns light into dark and counts."""

    name, device, precision, anchor_channels = "toy", "cpu", "fp32", 0

    def __init__(self, change=lambda frames: 255 - frames) -> None:
        self.frames, self.change = 0, change

    def run(self, frames, code, state, anchors=None):
        self.frames += len(frames)
        return self.change(frames), state


def noise(seed, kind=np.uint8, peak=256):
    return np.random.default_rng(seed).integers(0, peak, (40, 60, 3)).astype(kind)


def split(at=30, size=(40, 60)):
    mask = np.zeros(size, np.uint16)
    mask[:, at:] = DEEP_PEAK
    return mask


def frame(index, mask, **more):
    return Frame(noise(index), index, Fraction(1, 25), 1, mask=mask, **more)


def through(stage, frames):
    return [frame for batch in stage([frame] for frame in frames) for frame in batch]


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_black_is_the_one_white_the_other_and_grey_what_strength_gives(kind):
    peak = 256 if kind is np.uint8 else DEEP_PEAK + 1
    outside, inside = noise(1, kind, peak), noise(2, kind, peak)
    mask = np.repeat(np.array([0, DEEP_PEAK // 2, DEEP_PEAK], np.uint16), 20)[None].repeat(40, 0)
    result = blend_where(outside, inside, mask)
    assert (result[:, :20] == outside[:, :20]).all() and (result[:, 40:] == inside[:, 40:]).all()
    half = blend(outside, inside, 0.5)[:, 20:40].astype(int)
    assert np.abs(result[:, 20:40].astype(int) - half).max() <= 1


@pytest.mark.parametrize("feather", [0, 1, 2, 5, 8.4])
def test_a_feather_reaches_as_far_as_it_says_and_rises_smoothly(feather):
    soft, reach = soften(split(), feather), round(feather)
    assert (soft[:, : 30 - reach] == 0).all() and (soft[:, 30 + reach :] == DEEP_PEAK).all()
    edge = soft[0, 30 - reach : 30 + reach].astype(int)
    assert (np.diff(edge) > 0).all() and (edge + edge[::-1] == DEEP_PEAK).all()
    assert (edge > 0).all() and (edge < DEEP_PEAK).all()


@pytest.mark.parametrize("feather", [3, 500, 4096])
def test_a_mask_that_is_one_all_over_stays_so_up_to_the_frame_s_edge(feather):
    for value in (0, 1000, DEEP_PEAK):
        assert (soften(np.full((40, 60), value, np.uint16), feather) == value).all()


def test_softening_keeps_what_is_shown_again_one_array_and_takes_one_percent_by_itself():
    mask = split(300, (400, 600))
    first, second = feathered(iter([frame(0, mask), frame(1, mask)]), None)
    assert first.mask is second.mask
    assert np.flatnonzero((first.mask[0] > 0) & (first.mask[0] < DEEP_PEAK)).tolist() == list(range(296, 304))


def test_the_source_beside_a_look_of_more_than_8_bits_keeps_every_level():
    deep, painted = noise(1, np.uint16, DEEP_PEAK + 1), noise(2, np.uint16, DEEP_PEAK + 1)
    source = replace(frame(0, split()), deep=deep, pixels=to_uint8(deep))
    stylized = replace(source, deep=painted, pixels=to_uint8(painted))
    result, _ = MaskedLook().step(source, stylized, None)
    assert (result.deep[:, :30] == deep[:, :30]).all() and (result.deep[:, 30:] == painted[:, 30:]).all()
    assert (result.pixels == to_uint8(result.deep)).all() and result.mask is None


def test_the_network_rests_where_nothing_of_the_look_is_seen():
    black, white = split(60), split(0)
    frames = [frame(0, black), frame(1, white), frame(2, black), frame(2, black), frame(2, white)]
    for lanes in (1, 3):
        runner = Counting()
        stage = beside_source(network_stage(Painter(runner, Look()), lanes=lanes), [MaskedLook()])
        shown = through(stage, frames)
        assert runner.frames == 2
        for source, result, is_white in zip(frames, shown, [0, 1, 0, 0, 1], strict=True):
            assert (result.pixels == (255 - source.pixels if is_white else source.pixels)).all()
    runner = Counting()
    through(picture_stage(Painter(runner, Look())), frames)
    assert runner.frames == 2


def test_the_look_outside_rests_where_it_is_not_seen_and_its_state_is_what_it_needs():
    outside = Counting(lambda frames: frames // 2)
    finisher = MaskedLook(Painter(outside, Look(), Stabilizer(0.5)))
    stage = beside_source(network_stage(Painter(Counting(), Look())), [finisher])
    frames = [frame(index, split(at)) for index, at in enumerate([30, 0, 60, 20])]
    whole = through(stage, frames)
    assert outside.frames == 3
    assert (whole[0].pixels[:, :30] == frames[0].pixels[:, :30] // 2).all()
    assert (whole[0].pixels[:, 30:] == 255 - frames[0].pixels[:, 30:]).all()
    assert (whole[1].pixels == 255 - frames[1].pixels).all()
    state = PainterState()
    for source in frames[:2]:
        _, state = finisher.step(source, source, state)
    again = beside_source(network_stage(Painter(Counting(), Look())), [finisher], start=[state])
    for one, other in zip(through(again, frames[2:]), whole[2:], strict=True):
        assert (one.pixels == other.pixels).all()


def test_a_picture_that_is_shown_again_under_another_mask_is_laid_anew():
    pixels = noise(3)
    frames = [
        Frame(pixels, index, Fraction(1, 25), 1, mask=mask)
        for index, mask in enumerate([split(10), split(50)])
    ]
    stage = once_each(beside_source(network_stage(Painter(Counting(), Look())), [MaskedLook()]))
    first, second = through(stage, frames)
    assert (first.pixels[:, :10] == pixels[:, :10]).all() and (
        first.pixels[:, 10:] == 255 - pixels[:, 10:]
    ).all()
    assert (second.pixels[:, :50] == pixels[:, :50]).all()
    assert (second.pixels[:, 50:] == 255 - pixels[:, 50:]).all()
