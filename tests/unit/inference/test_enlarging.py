"""A look laid over a smaller frame comes back with the source's edges, and with nothing of it elsewhere."""

import cv2
import numpy as np
import pytest

from stylereel.inference.enlarging import enlarged, reduced, reduced_size
from stylereel.inference.painter import Look, Painter, PainterState

RNG = np.random.default_rng(3)


def scene(height=240, width=320) -> np.ndarray:
    """Sharp shapes on a soft ground."""
    ground = cv2.resize(RNG.integers(60, 200, (6, 8, 3), np.uint8), (width, height))
    for index in range(12):
        corner = tuple(int(side) for side in RNG.integers(0, (width - 40, height - 40)))
        color = [int(level) for level in RNG.integers(0, 256, 3)]
        cv2.rectangle(ground, corner, (corner[0] + 17 + index, corner[1] + 23), color, -1)
    return ground


def error(first, second) -> float:
    """Of luma: a look keeps colours of its own."""
    first, second = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(float) for picture in (first, second))
    return float(np.mean((first - second) ** 2))


@pytest.mark.parametrize("scale", [0.75, 0.5, 0.3])
def test_a_look_that_follows_the_source_is_as_crisp_as_the_source(scale):
    source = scene()
    small = reduced(source, scale)
    plain = cv2.resize(small, (320, 240), interpolation=cv2.INTER_CUBIC)
    assert error(enlarged(source, small, small), source) < 0.5 * error(plain, source)
    negative = 255 - small
    assert error(enlarged(source, small, negative), 255 - source) < 0.5 * error(plain, source)


def test_of_a_source_that_the_look_ignores_nothing_shows_through():
    source = RNG.integers(100, 156, (240, 320, 3), np.uint8)
    small = reduced(source, 0.5)
    flat = np.full_like(small, 90)
    assert np.abs(enlarged(source, small, flat).astype(int) - 90).max() <= 1


@pytest.mark.parametrize("size", [(16, 16), (17, 40), (241, 319), (3, 500)])
def test_any_size_comes_back_and_none_gets_too_small(size):
    source = RNG.integers(0, 256, (*size, 3), np.uint8)
    small = reduced(source, 0.25)
    assert small.shape[:2] == reduced_size(*size, 0.25)
    assert all(now >= min(16, before) for now, before in zip(small.shape, size, strict=False))
    assert enlarged(source, small, small).shape == source.shape


def test_a_large_frame_is_the_same_in_bands(monkeypatch):
    source = scene()
    small = reduced(source, 0.5)
    whole = enlarged(source, small, 255 - small)
    monkeypatch.setattr("stylereel.inference.enlarging._BAND_PX", 320 * 7)
    assert np.array_equal(enlarged(source, small, 255 - small), whole)


class Negative:
    """A runner that inverts, and notes which sizes it sees."""

    name, device, precision, anchor_channels = "toy", "cpu", "fp32", 0

    def __init__(self):
        self.sizes = []

    def run(self, frames, code, state, anchors=None):
        self.sizes.append(frames.shape[1:3])
        return 255 - frames, state


def test_the_network_sees_the_scaled_frame_in_stills_and_in_videos():
    source, runner = scene(), Negative()
    painter = Painter(runner, Look(scale=0.5))
    still = painter.still(source)
    moving, _ = painter.next(source, PainterState())
    assert runner.sizes == [(120, 160)] * 2
    assert np.array_equal(still, moving) and still.shape == source.shape
    assert np.array_equal(Painter(Negative(), Look()).still(source), 255 - source)
