"""A source that is scrubbed along shows what a player would, with the pixels that a run reads."""

import random

import numpy as np
import pytest

from clips import make_clip, make_damaged, make_gif, make_pictures, make_vfr, numbered
from stylereel.core.errors import MissingInputError, UsageError
from stylereel.video.reader import FrameReader
from stylereel.video.scrubber import LEAST_KEPT, Scrubber
from stylereel.video.source import VideoSource


def all_frames(path):
    with FrameReader(path) as reader:
        origin = float(reader.info.origin_seconds)
        return [(frame.seconds - origin, frame.pixels) for frame in reader]


def seen_at(frames, seconds):
    shown = [pixels for began, pixels in frames if began <= seconds + 0.0005]
    return shown[-1] if shown else frames[0][1]


MAKERS = {
    "mp4": lambda path: make_clip(path / "a.mp4", frames=40, gop=12),
    "one keyframe": lambda path: make_clip(path / "a.mp4", frames=40, gop=400),
    "b frames": lambda path: make_clip(
        path / "a.mp4", frames=40, gop=12, options={"preset": "medium", "bf": "3"}
    ),
    "mkv": lambda path: make_clip(path / "a.mkv", frames=40, gop=12),
    "ts": lambda path: make_clip(path / "a.ts", frames=40, gop=12),
    "vfr": lambda path: make_vfr(path / "a.mp4"),
    "gif": lambda path: make_gif(path / "a.gif"),
    "late": lambda path: make_clip(path / "a.mkv", frames=10, pts=[2000 + 40 * k for k in range(10)]),
    "turned": lambda path: make_clip(path / "a.mp4", frames=20, rotation=90),
    "damaged": lambda path: make_damaged(path / "a.mp4"),
    "hevc": lambda path: make_clip(path / "a.mp4", frames=30, codec="libx265", gop=10),
}


@pytest.mark.parametrize("maker", MAKERS)
def test_any_order_of_times_shows_what_reading_through_gives(maker, tmp_path):
    path = MAKERS[maker](tmp_path)
    frames = all_frames(path)
    end = frames[-1][0]
    times = [began for began, _ in frames] + [end * k / 23 for k in range(24)] + [end + 5]
    random.Random(3).shuffle(times)
    with Scrubber(path) as scrubber:
        for seconds in times:
            np.testing.assert_array_equal(scrubber.at(max(0, seconds)).pixels, seen_at(frames, seconds))


def test_a_frame_says_when_it_began_to_be_shown(tmp_path):
    with Scrubber(make_vfr(tmp_path / "a.mp4")) as scrubber:
        assert scrubber.at(0.3).seconds == pytest.approx(0.25)
        assert scrubber.at(9).seconds == pytest.approx(1.0)


def test_neighbours_are_read_on_to_or_at_hand_and_the_file_is_opened_once(tmp_path, monkeypatch):
    path = make_clip(tmp_path / "a.mp4", frames=60, gop=20, paint=numbered)
    with Scrubber(path) as scrubber:
        scrubber.at(1.0)
        monkeypatch.setattr(VideoSource, "reopen", lambda self: pytest.fail("opened again"))
        monkeypatch.setattr(
            type(scrubber._source.decoder), "seek", lambda *arguments: pytest.fail("searched")
        )
        for seconds in (1.04, 1.08, 1.0, 0.84, 1.2, 1.16):
            shown = scrubber.at(seconds)
            assert shown.seconds == pytest.approx(seconds)


def test_what_stays_at_hand_is_bounded(tmp_path):
    path = make_clip(tmp_path / "a.mp4", frames=60, gop=60)
    frames = all_frames(path)
    with Scrubber(path, kept_bytes=30_000) as scrubber:
        for seconds in (2.2, 1.0, 0.2, 2.3, 0):
            np.testing.assert_array_equal(scrubber.at(seconds).pixels, seen_at(frames, seconds))
            assert scrubber._bytes <= 30_000 or len(scrubber._kept) <= LEAST_KEPT
        scrubber.close()
        assert not scrubber._kept


def test_pictures_have_times_as_frames_of_a_film_and_one_is_seen_at_any(tmp_path):
    folder = make_pictures(tmp_path / "many", 5)
    with Scrubber(folder) as scrubber:
        assert scrubber.at(0.09).seconds == pytest.approx(0.08)
        assert int(scrubber.at(0.09).pixels[0, 0, 0]) == int(numbered(2, 4, 4)[0, 0, 0])
        assert scrubber.at(7).seconds == pytest.approx(0.16)
    with Scrubber(folder / "frame3.png") as scrubber:
        assert scrubber.at(3.5).seconds == 0
        assert int(scrubber.at(3.5).pixels[0, 0, 0]) == int(numbered(2, 4, 4)[0, 0, 0])


@pytest.mark.parametrize("seconds", [-0.1, float("nan"), float("inf"), True])
def test_what_is_no_time_is_refused(seconds, tmp_path):
    with (
        Scrubber(make_clip(tmp_path / "a.mp4", frames=3)) as scrubber,
        pytest.raises(UsageError, match="0 or later"),
    ):
        scrubber.at(seconds)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(MissingInputError):
        Scrubber(tmp_path / "no.mp4")
