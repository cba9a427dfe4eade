"""A disk or network that stops answering is told, also before there is any frame."""

import threading
import time

import pytest

from clips import make_clip
from stylereel.actions.stylize import stylize
from stylereel.core.errors import StalledError
from stylereel.video.decode import Decoder
from stylereel.video.source import VideoSource
from toy_packs import toy_pack


@pytest.fixture
def film(tmp_path):
    toy_pack(tmp_path / "brush")
    return make_clip(tmp_path / "in.mp4", frames=40, gop=40)


@pytest.fixture
def let_go():
    event = threading.Event()
    yield event
    event.set()


def stalls(film, **settings):
    """A run that stalls; nothing is left of it."""
    folder = film.parent
    before = sorted(folder.iterdir())
    began = time.monotonic()
    with pytest.raises(StalledError, match="no frame for"):
        stylize(film, folder / "out.mp4", style=folder / "brush", **settings)
    assert time.monotonic() - began < 20
    assert [path for path in sorted(folder.iterdir()) if path.name != ".out.mp4.lock"] == before


def packets_then(monkeypatch, count, act):
    """Every decoder gives `count` packets and then does `act`."""
    real = Decoder._packets

    def packets(self):
        for index, packet in enumerate(real(self)):
            if index >= count:
                act()
            yield packet

    monkeypatch.setattr(Decoder, "_packets", packets)


def test_while_the_file_is_opened(film, monkeypatch, let_go):
    monkeypatch.setattr("stylereel.actions.stylize.STALL_SECONDS", 0.5)
    real = VideoSource._open
    monkeypatch.setattr(VideoSource, "_open", lambda self: let_go.wait(60) and real(self))
    stalls(film)


def test_while_the_first_frame_is_decoded(film, monkeypatch, let_go):
    monkeypatch.setattr("stylereel.actions.stylize.STALL_SECONDS", 0.5)
    packets_then(monkeypatch, 0, lambda: let_go.wait(60))
    stalls(film)


def test_on_the_way_to_the_start_that_was_asked_for(film, monkeypatch, let_go):
    monkeypatch.setattr("stylereel.actions.stylize.STALL_SECONDS", 0.5)
    packets_then(monkeypatch, 20, lambda: let_go.wait(60))
    stalls(film, start=1.2)


def test_a_long_way_to_the_start_is_no_stall(film, monkeypatch):
    monkeypatch.setattr("stylereel.actions.stylize.STALL_SECONDS", 1.0)
    packets_then(monkeypatch, 0, lambda: time.sleep(0.06))
    began = time.monotonic()
    done = stylize(film, film.parent / "out.mp4", style=film.parent / "brush", start=1.2)
    assert done.frames == 10 and time.monotonic() - began > 2
