"""Frames that a look is fitted on are those that its network is given, and their facts tell them apart."""

import json

import cv2
import numpy as np
import pytest

from clips import make_clip, make_pictures
from stylereel.actions.content_frames import Content
from stylereel.actions.stylize import stylize
from stylereel.inference.enlarging import reduced
from stylereel.video.images import natural_key
from toy_packs import toy_pack

SHAPED = [
    {},
    {"start": "0.2", "end": 0.8},
    {"fps": 5},
    {"crop": "32x24+4+8"},
    {"max_side": 32},
    {"crop": "1:1", "max_side": 24},
    {"scale": 0.5},
]


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return make_clip(tmp_path_factory.mktemp("clip") / "in.mkv", frames=30, size=(64, 48), lossless=True)


def few(source, count=4, **options):
    with Content.of({**options, "input": source}).opened() as opened:
        return opened.few(count)


def facts(source, **options):
    with Content.of({**options, "input": source}).opened() as opened:
        return json.dumps(opened.facts)


@pytest.mark.parametrize("options", SHAPED, ids=str)
def test_frames_come_cut_scaled_and_at_the_rate_at_which_the_network_is_given_them(clip, tmp_path, options):
    style = toy_pack(tmp_path / "plain", "identity")
    stylize(clip, tmp_path / "out", style=style, strength=0, **options)
    given = [cv2.imread(str(path))[..., ::-1] for path in sorted((tmp_path / "out").iterdir())]
    given = [reduced(frame, options.get("scale", 1.0)) for frame in given]
    found = few(clip, **options)
    assert len(found) == 4
    places = [next(at for at, frame in enumerate(given) if np.array_equal(frame, one)) for one in found]
    assert places == sorted(set(places)) and places[-1] - places[0] >= len(given) // 2  # spread over all


def test_a_preset_s_size_is_that_of_its_frames(clip):
    assert {frame.shape for frame in few(clip, 2, preset="square", fit="pad")} == {(810, 1080, 3)}


def test_pictures_are_spread_over_their_folder(tmp_path):
    make_pictures(tmp_path / "frames", 30)
    read = [
        cv2.imread(str(path))[..., ::-1] for path in sorted((tmp_path / "frames").iterdir(), key=natural_key)
    ]
    found = few(tmp_path / "frames", 3)
    assert len(found) == 3 and np.array_equal(found[0], read[0])
    assert any(np.array_equal(found[-1], picture) for picture in read[20:])


def test_of_a_frame_that_is_too_large_parts_come_at_its_own_scale(tmp_path):
    large = np.random.default_rng(1).integers(0, 255, (1500, 2500, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "large.png"), large[..., ::-1])
    (found,) = few(tmp_path / "large.png")
    assert found.shape == (1080, 1920, 3) and np.array_equal(found, large[:1080, :1920])


def test_whatever_changes_the_frames_is_among_their_facts_and_nothing_else(clip):
    every = [facts(clip, **options) for options in [*SHAPED, {"preset": "square"}, {"start": 0.2}]]
    assert len(set(every)) == len(every)
    assert facts(clip, codec="hevc", strength=0.5, max_side=None) == facts(clip)
