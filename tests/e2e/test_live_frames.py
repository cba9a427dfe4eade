"""Frames handed over as JPEG and taken back painted; nothing is timed."""

import threading
import time

import cv2
import numpy as np
import pytest

from stylereel.actions.live_frames import MOST_FRAME_BYTES, LiveFrames
from stylereel.core.errors import UsageError
from stylereel.video.jpeg import decode_jpeg, encode_jpeg

OPTIONS = {"runner": "onnxruntime", "threads": 1}
WAIT = 60


@pytest.fixture(autouse=True)
def _packs(monkeypatch, styles):
    monkeypatch.setenv("STYLEREEL_PACKS", str(styles))


def until(is_so):
    deadline = time.monotonic() + WAIT
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.005)


def grey(level, size=(96, 64)):
    return encode_jpeg(np.full((size[1], size[0], 3), level, np.uint8))


class Client:
    """Hands frames over and keeps what comes back."""

    def __init__(self, style="negative", **options):
        self.answers, self.failures = [], []
        self.frames = LiveFrames(
            style, self.answers.append, on_failure=self.failures.append, **OPTIONS, **options
        )

    def round_trip(self, jpeg, tag="one"):
        count = len(self.answers)
        self.frames.put(jpeg, tag)
        until(lambda: len(self.answers) > count)
        return self.answers[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.frames.close()


def level(answer):
    assert answer.outcome == "painted", answer
    return decode_jpeg(answer.jpeg, most_side_px=4000).mean()


def test_a_frame_comes_back_in_the_look_with_its_tag_and_size():
    with Client() as client:
        answer = client.round_trip(grey(60), tag={"any": "thing"})
        assert answer.tag == {"any": "thing"} and abs(level(answer) - 195) < 3
        assert decode_jpeg(answer.jpeg, most_side_px=4000).shape == (64, 96, 3)
        status = client.frames.status()
    assert (status.state, status.width, status.height, status.frames_in, status.frames_out) == (
        "live", 96, 64, 1, 1,
    )  # fmt: skip
    assert status.latency_p50_ms is not None and not client.failures


def test_settings_come_with_the_next_frame_and_wrong_ones_change_nothing():
    with Client() as client:
        client.frames.change({"strength": 0.5})
        assert abs(level(client.round_trip(grey(60))) - 127) < 4
        for wrong in ({"strength": 2}, {"style": "nothing"}, {"size": 3}, {"keep_colors": "yes"}):
            with pytest.raises(UsageError):
                client.frames.change({"strength": 0, **wrong} if "strength" not in wrong else wrong)
        assert client.frames.status().strength == 0.5
        client.frames.change({"strength": 0})
        assert abs(level(client.round_trip(grey(60))) - 60) < 3


def test_another_look_comes_while_frames_go_on(monkeypatch):
    with Client("negative") as client:
        client.round_trip(grey(60))
        let = threading.Event()
        load = client.frames._easel._looks._load
        client.frames._easel._looks._load = lambda wanted: let.wait(WAIT) and load(wanted)
        client.frames.change({"style": "plain"})
        for _ in range(5):
            assert abs(level(client.round_trip(grey(60))) - 195) < 3
        assert client.frames.status().loading == "plain"
        let.set()
        until(lambda: client.frames.status().style == "plain")
        assert abs(level(client.round_trip(grey(60))) - 60) < 3


def test_a_look_that_is_changed_before_the_first_frame_is_the_first(styles):
    with Client("negative") as client:
        client.frames.change({"style": "plain"})
        assert client.frames.status().style == "plain"
        assert abs(level(client.round_trip(grey(60))) - 60) < 3


def test_frames_of_another_size_come_back_at_theirs_without_waiting_for_a_network():
    with Client() as client:
        client.round_trip(grey(60))
        let = threading.Event()
        load = client.frames._easel._looks._load
        client.frames._easel._looks._load = lambda wanted: let.wait(WAIT) and load(wanted)
        for size in ((128, 96), (64, 112)):
            answer = client.round_trip(grey(60, size))
            assert decode_jpeg(answer.jpeg, most_side_px=4000).shape == (size[1], size[0], 3)
            assert abs(level(answer) - 195) < 3
        let.set()
        until(lambda: client.frames.status().network_height == 112)
        assert abs(level(client.round_trip(grey(60, (64, 112)))) - 195) < 3


def test_what_is_late_is_dropped_answered_and_counted_and_the_newest_is_painted():
    with Client() as client:
        client.round_trip(grey(60))
        let, paint = threading.Event(), client.frames._easel.brush
        client.frames._easel.brush = lambda: let.wait(WAIT) and paint()
        for tag in range(10):
            client.frames.put(grey(60), tag)
            if tag == 0:
                until(lambda: client.frames._inbox._waiting == [])
        assert len(client.answers) == 1 + 8, "more than two frames are in flight"
        let.set()
        until(lambda: len(client.answers) == 11)
        outcomes = {answer.tag: answer.outcome for answer in client.answers}
        assert [tag for tag in range(10) if outcomes[tag] == "painted"] == [0, 9]
        assert client.frames.status().dropped == 8


def broken():
    return grey(60)[:200] + bytes(500)


def huge():
    """A JPEG whose header says 60000 x 60000."""
    data = bytearray(grey(60))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = b"\xea\x60\xea\x60"
    return bytes(data)


def progressive():
    return cv2.imencode(".jpg", np.zeros((64, 96, 3), np.uint8), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[
        1
    ].tobytes()


@pytest.mark.parametrize(
    ("jpeg", "said"),
    [
        (b"", "no JPEG"),
        (b"\xff\xd8", "no JPEG"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "no JPEG"),
        (b"#EXTM3U\nfile:///etc/passwd", "no JPEG"),
        (huge(), "60000x60000"),
        (grey(60, (8, 64)), "8x64"),
        (progressive(), "progressive"),
        (bytes(MOST_FRAME_BYTES + 1), "at most"),
    ],
)
def test_a_bad_frame_is_told_and_the_next_is_painted(jpeg, said):
    with Client() as client:
        answer = client.round_trip(jpeg, "bad one")
        assert (answer.tag, answer.outcome, answer.jpeg) == ("bad one", "bad", b"")
        assert said in answer.reason
        assert abs(level(client.round_trip(grey(60))) - 195) < 3
        assert client.frames.status().bad == 1 and not client.failures


def test_a_damaged_frame_harms_nothing():
    with Client() as client:
        assert client.round_trip(broken()).outcome in ("bad", "painted")
        assert abs(level(client.round_trip(grey(60))) - 195) < 3


def test_a_network_that_fails_ends_the_session_and_says_why():
    with Client() as client:
        client.round_trip(grey(60))
        stylizer = client.frames._easel.stylizer

        def fail(*_):
            raise ValueError("out of paint")

        stylizer.runner.run = fail
        client.frames.put(grey(60), "last")
        until(lambda: client.failures)
        assert "out of paint" in str(client.failures[0])
        assert client.frames.status().state == "failed"
        client.frames.put(grey(60), "after")
        assert client.answers[-1].tag == "after" and client.answers[-1].outcome == "dropped"


def test_a_closed_session_leaves_no_thread_behind():
    before = set(threading.enumerate())
    for _ in range(3):
        with Client() as client:
            client.round_trip(grey(60))
    assert set(threading.enumerate()) <= before
