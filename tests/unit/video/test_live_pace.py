"""On a clock that moves when somebody waits, or when the source takes its time."""

from fractions import Fraction

import numpy as np
import pytest

from stylereel.core.errors import UsageError, VideoOpenError
from stylereel.core.frames import Frame
from stylereel.video.live_address import PROTOCOLS, LiveAddress
from stylereel.video.live_pace import LiveRun
from stylereel.video.live_source import LiveFacts

TICK = Fraction(1, 1000)


class Clock:
    def __init__(self, ends_at=float("inf")):
        self.now, self.ends_at, self.waits = 0.0, ends_at, []

    def __call__(self):
        return self.now

    def wait(self, seconds):
        self.waits.append(round(seconds, 3))
        self.now += seconds
        return self.now >= self.ends_at


class Source:
    """Frames at these ms; `error` instead of an end; `slow` seconds pass before the frame of that index."""

    def __init__(self, times, error=None, slow=None, clock=None, size=(8, 6)):
        self.times, self.error, self.slow, self.clock, self.size = times, error, slow or {}, clock, size
        self.facts, self.is_closed = LiveFacts(size, Fraction(25)), False

    def frames(self):
        for index, ms in enumerate(self.times):
            if self.clock is not None:
                self.clock.now += self.slow.get(index, 0.0)
            yield Frame(np.zeros((self.size[1], self.size[0], 3), np.uint8), ms, TICK)
        if self.error is not None:
            raise self.error

    def close(self):
        self.is_closed = True


def run_of(clock, sources, **options):
    sources = iter(sources)

    def reopen():
        found = next(sources)
        if isinstance(found, Exception):
            raise found
        return found

    values = dict(comes_back=False, is_paced=True, size=(8, 6), clock=clock, wait=clock.wait)
    return LiveRun(next(sources), reopen, **{**values, **options})


def played(run, clock):
    return [(frame.pts, round(clock.now, 3)) for frame in run.frames()]


def test_a_file_is_played_by_its_own_times_from_wherever_they_begin():
    clock = Clock()
    run = run_of(clock, [Source([500, 540, 640])])
    assert played(run, clock) == [(0, 0.0), (40, 0.04), (140, 0.14)]


def test_a_file_that_loops_goes_on_in_time():
    clock = Clock(ends_at=0.3)
    run = run_of(clock, [Source([0, 40, 80]) for _ in range(5)], loop=True)
    assert [pts for pts, _ in played(run, clock)] == [0, 40, 80, 120, 160, 200, 240, 280]
    assert run.turns == 2


def test_what_is_not_paced_goes_on_as_it_comes():
    clock = Clock()
    run = run_of(clock, [Source([0, 40, 80])], is_paced=False)
    assert played(run, clock) == [(0, 0.0), (40, 0.0), (80, 0.0)] and not clock.waits


def test_after_a_long_stop_a_paced_source_is_taken_from_where_it_is():
    clock = Clock()
    run = run_of(clock, [Source([0, 40, 80, 120], slow={2: 3.0}, clock=clock)])
    assert played(run, clock) == [(0, 0.0), (40, 0.04), (80, 3.04), (120, 3.08)], "nobody catches up live"


def test_a_source_that_vanishes_is_waited_for_and_goes_on_at_the_time_that_it_is():
    clock, told = Clock(ends_at=8.0), []
    gone = VideoOpenError("the camera is gone.")
    first = Source([0, 40], error=gone)
    run = run_of(
        clock,
        [first, gone, gone, Source([0, 40])],
        comes_back=True,
        is_paced=False,
        tell=told.append,
    )
    out = []
    for frame in run.frames():
        out.append(frame.pts)
        if len(out) == 4:
            clock.ends_at = clock.now
    assert out == [0, 40, 3500, 3540], "0.5, 1 and 2 seconds were waited"
    assert clock.waits[:3] == [0.5, 1.0, 2.0] and run.reconnects == 1 and first.is_closed
    assert "gone" in told[0] and "back" in told[1]


def test_a_file_that_breaks_off_is_an_error_and_one_that_ends_is_the_end():
    clock = Clock()
    with pytest.raises(VideoOpenError, match="broken"):
        list(run_of(clock, [Source([0], error=VideoOpenError("broken"))]).frames())
    assert len(list(run_of(clock, [Source([0])]).frames())) == 1


def test_a_lower_rate_leaves_out_frames_evenly_and_counts_them():
    clock = Clock()
    run = run_of(clock, [Source(range(0, 1000, 20))], rate=Fraction(25))
    assert [frame.pts for frame in run.frames()] == list(range(0, 1000, 40)) and run.skipped == 25
    thirty = run_of(clock, [Source([round(1000 * index / 30) for index in range(300)])], rate=Fraction(20))
    assert abs(len(list(thirty.frames())) - 200) <= 1


def test_a_rate_that_the_source_has_leaves_out_none_though_frames_jitter():
    clock = Clock()
    jitter = [40 * index + (-1) ** index for index in range(1, 50)]
    run = run_of(clock, [Source(jitter)], rate=Fraction(25))
    assert len(list(run.frames())) == 49 and not run.skipped


def test_frames_of_another_size_are_brought_to_that_of_the_run():
    run = run_of(Clock(), [Source([0], size=(10, 10))])
    assert next(run.frames()).pixels.shape == (6, 8, 3)


def test_an_address_is_told_from_a_camera_and_a_file(tmp_path):
    assert LiveAddress.parsed("camera:2").camera == 2
    assert LiveAddress.parsed("rtmp://host/live/key").kind == "address"
    assert LiveAddress.parsed("clip.mp4").kind == "file"
    assert LiveAddress.parsed("C:\\clips\\a.mp4").kind == "file"
    odd = tmp_path / "camera:0"
    odd.touch()
    assert LiveAddress.parsed(odd).kind == "file"
    for wrong in ("camera:front", "ftp://host/a.mp4", "file:///etc/passwd", "concat://a|b"):
        with pytest.raises(UsageError, match="input is"):
            LiveAddress.parsed(wrong)


def test_no_address_lets_a_playlist_open_a_file_of_this_machine():
    for scheme in PROTOCOLS:
        options = LiveAddress.parsed(f"{scheme}://host/x").options
        allowed = options["protocol_whitelist"].split(",")
        assert not {"file", "pipe", "concat", "subfile", "data", "fd"} & set(allowed), scheme
        assert not {"concat", "lavfi", "image2"} & set(options["format_whitelist"].split(","))


def test_what_is_shown_of_an_address_keeps_its_secrets():
    assert LiveAddress.parsed("rtmp://me:word@host:1935/live/key?token=1").shown == "rtmp://host:1935/..."
