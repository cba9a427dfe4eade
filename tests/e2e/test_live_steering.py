"""Looks of one pack in a live run: another look, a mixture and the strength come with the next frame."""

import threading
import time

import numpy as np
import pytest

from clips import make_clip
from many_looks import many_pack, many_recipe
from stylereel.actions.live import LiveSession
from stylereel.actions.live_easel import Easel
from stylereel.actions.stylizer import Stylizer
from stylereel.core.errors import UsageError
from stylereel.inference.painter import Painter, PainterState
from stylereel.video.live_output import NullOutput

OPTIONS = {"runner": "onnxruntime", "threads": 1, "device": "cpu", "precision": "fp32"}
SETTINGS = {"strength": 1.0, "keep_colors": False, "stabilize": 0.0}
SIZE = (96, 64)
WAIT = 60


@pytest.fixture(scope="module")
def packs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packs")
    many_pack(folder / "many", many_recipe())
    return folder


@pytest.fixture
def easel(packs, monkeypatch):
    monkeypatch.setenv("STYLEREEL_PACKS", str(packs))
    made = Easel(["many:oil"], SETTINGS, **OPTIONS)
    made.ready(SIZE, 25.0, measures=False)
    yield made
    made.close()


def picture():
    return np.random.default_rng(3).integers(0, 256, (64, 96, 3), np.uint8)


def painted(easel):
    brush, size = easel.brush()
    assert size == SIZE
    return Painter(brush.runner, brush.look).next(picture(), PainterState())[0]


def far(first, second):
    return np.abs(first.astype(int) - second.astype(int)).mean()


def test_a_mixture_is_the_same_as_its_own_network_would_paint_and_loads_none(easel):
    network = easel.stylizer
    for style, strength in (
        ("many:oil", 1.0),
        ("many:ink", 1.0),
        ("many:oil*0.7+chalk*0.3", 1.0),
        ("many:chalk", 0.4),
    ):
        easel.change({"style": style, "strength": strength})
        assert easel.style == style and easel.loading is None
        assert easel.stylizer is network, "another network was loaded for a look of the same pack"
        baked = Stylizer.load(style, strength=strength, **OPTIONS)
        assert np.abs(painted(easel).astype(int) - baked(picture())).max() <= 2


def test_a_share_changes_the_picture_a_little_and_at_once(easel):
    easel.change({"style": "many:oil"})
    sweep = [painted(easel)]
    for share in (0.25, 0.5, 0.75):
        easel.change({"style": f"many:oil*{1 - share}+ink*{share}"})
        sweep.append(painted(easel))
    easel.change({"style": "many:ink"})
    sweep.append(painted(easel))
    away = [far(sweep[0], each) for each in sweep]
    assert away == sorted(away) and away[1] > 0


def test_a_look_that_is_not_in_the_pack_changes_nothing(easel):
    before = painted(easel)
    for style in ("many:tar", "many:oil*0.5+tar*0.5", "many:oil*x", "nothing", 3):
        with pytest.raises(UsageError):
            easel.change({"style": style, "strength": 0.2})
    assert easel.style == "many:oil" and easel.settings["strength"] == 1.0
    assert np.array_equal(painted(easel), before)


def test_many_mixtures_do_not_pile_up(easel):
    for share in range(1, 60):
        easel.change({"style": f"many:oil*{share}+ink"})
    assert len(easel._named) < 10 and len(easel._painting) == 1


class Seen(NullOutput):
    def __init__(self):
        self.frames = []

    def write(self, frame):
        self.frames.append(frame.pixels)


def test_a_mixture_is_in_the_picture_of_a_run_that_goes_on(tmp_path, packs, monkeypatch):
    monkeypatch.setenv("STYLEREEL_PACKS", str(packs))
    clip = make_clip(tmp_path / "in.mp4", frames=2, size=SIZE)
    session = LiveSession(clip, style="many:oil", loop=True, outputs=[seen := Seen()], adapt=False, **OPTIONS)
    thread = threading.Thread(target=session.run, daemon=True)
    thread.start()

    def a_new_frame():
        count, deadline = len(seen.frames), time.monotonic() + WAIT
        while len(seen.frames) < count + 4:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return seen.frames[-1]

    def nearest(pixels, among):
        return min(far(pixels, each) for each in among)

    try:
        before = [a_new_frame() for _ in range(6)]
        session.change({"style": "many:oil*0.2+ink*0.8"})
        assert session.status().style == "many:oil*0.2+ink*0.8" and session.status().loading is None
        after = a_new_frame()
        assert nearest(after, before) > 1
    finally:
        session.stop()
        thread.join(WAIT)
