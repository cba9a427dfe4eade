"""Crop, scale and pad: which part of the picture is shown, and how large."""

from fractions import Fraction

import numpy as np
import pytest

from clips import corners
from stylereel.core.errors import SizeChangedError, UsageError
from stylereel.core.frames import Frame
from stylereel.video.framing import Crop, Framing
from written_media import source_info

TICK = Fraction(1, 25)


def info(width=1280, height=720, **changes):
    return source_info(width=width, height=height, **changes)


@pytest.mark.parametrize(
    "text,box",
    [
        ("640x480", (320, 120, 640, 480)),
        ("640x480+10+20", (10, 20, 640, 480)),
        ("9:16", (438, 0, 404, 720)),
        ("1:1", (280, 0, 720, 720)),
        ("2.35:1", (0, 88, 1280, 544)),
        ("16:9", (0, 0, 1280, 720)),
        ("1280x720+0+0", (0, 0, 1280, 720)),
    ],
)
def test_a_crop_is_the_part_that_it_says(text, box):
    assert Crop.parsed(text).box(info()) == box


@pytest.mark.parametrize(
    "text", ["", "640", "640x", "0x10", "a:b", "9:0", "640x480+1", "-1x5", "640x480+-1+2"]
)
def test_what_is_no_crop_is_refused_with_an_example(text):
    with pytest.raises(UsageError, match="9:16"):
        Crop.parsed(text)


@pytest.mark.parametrize("text", ["1281x10", "640x480+700+0", "10x10+1271+0"])
def test_a_crop_outside_the_picture_is_refused_with_its_size(text):
    with pytest.raises(UsageError, match="1280x720"):
        Crop.parsed(text).box(info())


def test_an_aspect_is_that_of_what_is_seen():
    wide = info(720, 576, sample_aspect_ratio=Fraction(64, 45))  # 16:9 on a PAL DVD
    assert Crop.parsed("16:9").box(wide) == (0, 0, 720, 576)
    width, height = Crop.parsed("1:1").box(wide)[2:]
    assert abs(width * 64 / 45 - height) <= 2


@pytest.mark.parametrize("fit", ["crop", "pad"])
@pytest.mark.parametrize("size", [(1080, 1920), (1080, 1080)])
@pytest.mark.parametrize("source", [(1280, 720), (720, 1280), (640, 480), (3, 200), (200, 3), (1, 1)])
def test_any_picture_comes_to_a_size_without_being_stretched(fit, size, source):
    framing = Framing.planned(info(*source), size=size, fit=fit)
    assert framing.canvas == size
    x, y, width, height = framing.box
    assert x >= 0 and y >= 0 and x + width <= source[0] and y + height <= source[1] and min(width, height) > 0
    assert all(inner <= whole for inner, whole in zip(framing.inner, size, strict=True))
    stretched = (framing.inner[0] / width) / (framing.inner[1] / height)
    # Sides are whole, and even where they are cut: two pixels of the shorter side are the error that is left.
    assert abs(stretched - 1) <= 2.1 / min(width, height, *framing.inner)
    if fit == "pad":
        assert (width, height) == source and size[0] in framing.inner[:1] + size[:1]
    else:
        assert framing.inner == size


def test_padding_is_black_and_opaque_around_the_middle():
    picture = corners(0, 64, 32)
    frame = Frame(picture, 3, TICK, alpha=np.zeros((32, 64), np.uint16))
    framing = Framing.planned(info(64, 32), size=(64, 64), fit="pad")
    cut = next(framing.before(iter([frame])))
    padded = next(framing.after(iter([[cut]])))[0]
    assert padded.pixels.shape == (64, 64, 3) and padded.pts == 3
    assert np.array_equal(padded.pixels[16:48], picture) and not padded.pixels[:16].any()
    assert padded.alpha is not None and (padded.alpha[:16] == 65280).all() and not padded.alpha[16:48].any()


def test_a_crop_takes_every_plane_along():
    deep = (np.arange(64 * 48, dtype=np.uint16).reshape(48, 64, 1) * 20).repeat(3, 2)
    frame = Frame((deep >> 8).astype(np.uint8), 0, TICK, deep=deep, alpha=deep[..., 0])
    cut = next(Framing.planned(info(64, 48), crop=Crop.parsed("10x8+3+5")).before(iter([frame])))
    assert np.array_equal(cut.deep, deep[5:13, 3:13]) and np.array_equal(cut.alpha, deep[5:13, 3:13, 0])
    assert cut.pixels.shape == (8, 10, 3)


def test_pictures_of_other_sizes_are_refused():
    framing = Framing.planned(info(64, 48), crop=Crop.parsed("1:1"))
    with pytest.raises(SizeChangedError, match="one size"):
        next(framing.before(iter([Frame(corners(0, 32, 48), 0, TICK)])))
