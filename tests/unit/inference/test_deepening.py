"""Ten bits through a network of eight: no bands where the source has none."""

from fractions import Fraction

import numpy as np
import pytest

from stylereel.core.frames import Frame
from stylereel.core.pixels import to_uint8
from stylereel.inference.beside_source import beside_source
from stylereel.inference.deepening import Deepener, deepened

LOOKS = {
    "half the contrast": lambda x: 0.5 * x + 40,
    "a dark gamma": lambda x: 255 * (x / 255) ** 1.8,
    "a light gamma": lambda x: 255 * (x / 255) ** 0.6,
    "a negative": lambda x: 255 - x,
    "waves": lambda x: x + 12 * np.sin(x / 20),
}


def gradient(width=1024, height=96, low=16.0, high=235.0) -> np.ndarray:
    """A ten-bit ramp, `(H, W, 3)` uint16 with peak 65280."""
    ramp = np.rint(np.linspace(low, high, width) * 4) / 4
    return np.rint(np.broadcast_to(ramp[None, :, None], (height, width, 3)) * 256).astype(np.uint16)


def through(look, deep):
    """What a network of 8 bits makes of it, that deepened, and the truth; in 8-bit levels."""
    source = to_uint8(deep)
    stylized = np.rint(np.clip(look(source.astype(np.float64)), 0, 255)).astype(np.uint8)
    return stylized, deepened(deep, source, stylized) / 256, look(deep / 256.0)


def longest_run(row: np.ndarray) -> int:
    return int(
        np.diff(np.flatnonzero(np.diff(row.astype(np.float64), prepend=np.nan, append=np.nan) != 0)).max()
    )


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_a_gradient_stays_a_gradient(look):
    bands, fine, truth = through(look, gradient())
    assert np.abs(fine - truth).max() <= 0.8  # at the borders; within, half of it
    assert np.abs(fine - truth)[:, 64:-64].max() <= 0.5
    assert (fine - truth).std() < 0.5 * (bands - truth).std()
    ten = np.rint(fine[48, :, 1] * 4)
    levels, possible = len(np.unique(ten)), len(np.unique(np.rint(truth[48, :, 1] * 4)))
    assert levels > 0.9 * possible and levels > 3 * len(np.unique(bands[48, :, 1]))
    if possible > 800:
        assert levels > 2 * 256


def test_a_slow_gradient_has_no_plateau_longer_than_a_third_of_what_eight_bits_make():
    deep = gradient(1280, 480, 100, 130)
    bands, fine, _ = through(LOOKS["half the contrast"], deep)
    ten = np.rint(fine[240, :, 1] * 4)
    assert longest_run(ten) < longest_run(bands[240, :, 1]) / 3
    steps = np.abs(np.diff(fine[240, :, 1]))
    assert steps.max() < 0.35, "no step as large as half a level of eight bits"


def test_strokes_stay_strokes():
    deep = gradient(320, 240, 60, 90)
    source = to_uint8(deep)
    rng = np.random.default_rng(0)
    painted = np.clip(source + rng.normal(0, 25, source.shape), 0, 255).astype(np.uint8)
    fine = deepened(deep, source, painted) / 256
    assert np.abs(fine - painted).max() <= 2.6
    assert (fine - fine.mean()).std() > 0.93 * (painted - painted.mean()).std()


def test_the_source_itself_is_left_bit_for_bit():
    deep = gradient(64, 32)
    small = to_uint8(deep)
    source = Frame(small, 0, Fraction(1, 25), deep=deep)
    finished, _ = Deepener().step(source, source.with_pixels(small), None)
    assert finished.deep is deep
    assert np.array_equal(deepened(deep, small, small.copy()), deep)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (5, 1), (33, 17)])
def test_any_size_is_deepened(size):
    rng = np.random.default_rng(0)
    deep = rng.integers(0, 65281, (size[1], size[0], 3)).astype(np.uint16)
    fine = deepened(deep, to_uint8(deep), rng.integers(0, 256, deep.shape).astype(np.uint8))
    assert fine.shape == deep.shape and fine.max() <= 65280


def test_finishers_see_each_result_beside_its_own_source_even_where_a_stage_holds_back():
    def late(batches):
        held = []
        for batch in batches:
            held += batch
            if len(held) == 3:
                yield held
                held = []
        yield held

    class Sum:
        def step(self, source, stylized, state):
            assert source.pts == stylized.pts
            count = (state or 0) + 1
            return stylized.with_pixels(np.full_like(source.pixels, count)), count

    frames = [Frame(np.zeros((2, 2, 3), np.uint8), index, Fraction(1, 25)) for index in range(8)]
    out = [
        frame for batch in beside_source(late, [Sum(), Deepener()])([f] for f in frames) for frame in batch
    ]
    assert [frame.pts for frame in out] == list(range(8))
    assert [int(frame.pixels[0, 0, 0]) for frame in out] == list(range(1, 9))
    assert all(frame.deep is not None for frame in out)
    assert beside_source(late, []) is late
