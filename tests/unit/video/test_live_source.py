import types

import cv2
import numpy as np
import pytest

from clips import make_clip
from stylereel.core.errors import RefusedError, VideoOpenError
from stylereel.video import live_source
from stylereel.video.live_address import LiveAddress
from stylereel.video.live_source import open_live

MADE = []


class Camera:
    """A camera of three pictures: blue, in the order of channels that OpenCV has."""

    def __init__(self, number, backend):
        self.number, self.left, self.is_open, self.asked = number, 4, number == 0, {}
        MADE.append(self)

    def isOpened(self):
        return self.is_open

    def set(self, what, value):
        self.asked[what] = value

    def get(self, what):
        return 29.97 if what == cv2.CAP_PROP_FPS else 0.0

    def read(self):
        self.left -= 1
        return (True, np.full((48, 64, 3), (255, 0, 0), np.uint8)) if self.left >= 0 else (False, None)

    def release(self):
        self.is_open = False


@pytest.fixture
def camera(monkeypatch):
    fake = types.SimpleNamespace(**{name: getattr(cv2, name) for name in dir(cv2) if name[0] != "_"})
    fake.VideoCapture = Camera
    monkeypatch.setattr(live_source, "cv2", fake)
    MADE.clear()


def test_a_camera_gives_rgb_frames_at_the_times_they_come_until_it_is_pulled_out(camera):
    now = [5.0]
    source = open_live(
        LiveAddress.parsed("camera:0"), max_side=32, camera_size=(640, 480), clock=lambda: now[0]
    )
    assert source.facts.size == (32, 24) and float(source.facts.rate) == 29.97
    assert MADE[0].asked[cv2.CAP_PROP_FRAME_WIDTH] == 640
    frames = source.frames()
    times = []
    for _ in range(3):
        frame = next(frames)
        assert frame.pixels.shape == (24, 32, 3) and tuple(frame.pixels[0, 0]) == (0, 0, 255)
        times.append(float(frame.pts * frame.time_base))
        now[0] += 0.5
    assert times == [0.0, 0.5, 1.0]
    with pytest.raises(VideoOpenError, match="any more"):
        next(frames)
    source.close()
    assert not MADE[0].is_open


def test_a_camera_that_is_not_there_is_told_with_what_may_be_wrong(camera):
    with pytest.raises(VideoOpenError, match="another program has it"):
        open_live(LiveAddress.parsed("camera:3"))


def test_a_picture_is_no_live_source(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((32, 32, 3), np.uint8))
    with pytest.raises(VideoOpenError, match="no video"):
        open_live(LiveAddress.parsed(tmp_path / "a.png"))


def test_a_file_gives_the_frames_that_a_reader_gives(tmp_path):
    path = make_clip(tmp_path / "a.mp4", frames=5)
    source = open_live(LiveAddress.parsed(path))
    assert len(list(source.frames())) == 5 and source.facts.size == (64, 48)
    source.close()


def test_a_script_under_a_videos_name_is_refused(tmp_path):
    (tmp_path / "a.mp4").write_text("ffconcat version 1.0\nfile b.mp4\n")
    with pytest.raises(RefusedError):
        open_live(LiveAddress.parsed(tmp_path / "a.mp4"))


def test_an_address_that_nobody_answers_at_is_told_without_its_secrets():
    with pytest.raises(VideoOpenError) as told:
        open_live(LiveAddress.parsed("rtmp://me:word@127.0.0.1:9/live/key"))
    assert "127.0.0.1:9" in str(told.value) and "word" not in str(told.value) and "key" not in str(told.value)
