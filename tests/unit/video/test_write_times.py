from fractions import Fraction

import av
import numpy as np
import pytest

from stylereel.core.errors import OutputError, SizeChangedError, UsageError
from stylereel.core.frames import Frame
from stylereel.video.encoder import Ticker
from stylereel.video.plan import plan_output
from stylereel.video.writer import FrameWriter
from written_media import (
    LAST_DURATION,
    SIZE,
    TICK,
    VARIABLE,
    frame_times,
    gray_frames,
    make_source,
    source_info,
)


def write(path, frames, info=None, **options):
    with FrameWriter(path, info=info or source_info(), source_path=None, size=SIZE, **options) as writer:
        for frame in frames:
            writer.write(frame)
        return writer.finish()


@pytest.mark.parametrize("codec", ["h264", "hevc", "av1", "vp9"])
def test_mp4_keeps_every_time_and_the_last_duration_exactly(tmp_path, codec):
    write(tmp_path / "o.mp4", gray_frames(), codec=codec)
    assert frame_times(tmp_path / "o.mp4") == [pts * TICK for pts in VARIABLE]
    with av.open(str(tmp_path / "o.mp4")) as media:
        stream = media.streams.video[0]
        assert stream.time_base == TICK
        assert stream.duration == VARIABLE[-1] + LAST_DURATION
        last = max((p for p in media.demux(stream) if p.pts is not None), key=lambda packet: packet.pts)
        if codec != "vp9":  # FFmpeg's VP9 parser guesses a packet's duration from the rate
            assert last.duration == LAST_DURATION


@pytest.mark.parametrize(
    "tick", [Fraction(1, 90000), Fraction(1001, 30000), Fraction(1, 12), Fraction(1, 1000000)]
)
def test_mp4_takes_the_clock_of_any_source(tmp_path, tick):
    frames = gray_frames((0, 1, 2, 5, 6), tick=tick, last_duration=3)
    write(tmp_path / "o.mp4", frames, source_info(time_base=tick, frame_rate=Fraction(12)))
    assert frame_times(tmp_path / "o.mp4") == [pts * tick for pts in (0, 1, 2, 5, 6)]


@pytest.mark.parametrize("constant", [True, False])
def test_a_constant_rate_with_reordered_frames_is_as_long_as_its_frames(tmp_path, constant):
    times = tuple(range(0, 30000, 1000))
    write(
        tmp_path / "o.mp4", gray_frames(times, last_duration=1000), source_info(is_variable_rate=not constant)
    )
    with av.open(str(tmp_path / "o.mp4")) as media:
        assert media.streams.video[0].duration == 30000
    assert frame_times(tmp_path / "o.mp4") == [pts * TICK for pts in times]


@pytest.mark.parametrize("ending", ["mkv", "webm"])
def test_matroska_rounds_each_time_to_its_millisecond(tmp_path, ending):
    frames = gray_frames(range(0, 200 * 1001, 1001), tick=TICK, last_duration=1001)
    write(tmp_path / f"o.{ending}", frames)
    for index, time in enumerate(frame_times(tmp_path / f"o.{ending}")):
        assert abs(time - index * Fraction(1001, 30000)) <= Fraction(1, 2000)
    with av.open(str(tmp_path / f"o.{ending}")) as media:
        assert abs(Fraction(media.duration, 1000000) - 200 * Fraction(1001, 30000)) <= Fraction(1, 1000)


def test_the_last_picture_of_a_gif_stays_as_long_as_it_did(tmp_path):
    write(tmp_path / "o.gif", gray_frames(), metadata={"comment": "made by a test"})
    with av.open(str(tmp_path / "o.gif")) as media:
        packets = [(p.pts, p.duration) for p in media.demux(video=0) if p.pts is not None]
        assert "made by a test" in media.metadata["comment"]
    assert [pts for pts, _ in packets] == [0, 3, 8, 9, 20, 30, 32]
    assert packets[-1][1] == round(LAST_DURATION * TICK * 100)


def test_a_late_start_stays_late(tmp_path):
    late = [pts + 2000 for pts in VARIABLE]
    write(tmp_path / "o.mp4", gray_frames(late))
    assert frame_times(tmp_path / "o.mp4") == [pts * TICK for pts in late]


def test_times_before_zero_move_so_that_no_frame_is_lost(tmp_path):
    early = [pts - 1500 for pts in VARIABLE]
    write(tmp_path / "o.mp4", gray_frames(early))
    assert frame_times(tmp_path / "o.mp4") == [pts * TICK for pts in VARIABLE]


def test_frames_within_one_tick_are_all_kept_and_told(tmp_path):
    frames = gray_frames((0, 10, 20, 9000), last_duration=1000)
    summary = write(tmp_path / "o.mkv", frames)
    assert frame_times(tmp_path / "o.mkv") == [0, Fraction(1, 1000), Fraction(2, 1000), Fraction(3, 10)]
    assert any("one tick" in notice for notice in summary.notices)


def test_rounding_does_not_accumulate():
    ticker = Ticker(Fraction(1, 100))
    ticks = [ticker(Fraction(index, 30)) for index in range(3000)]
    assert all(
        abs(Fraction(tick, 100) - Fraction(index, 30)) <= Fraction(1, 200) for index, tick in enumerate(ticks)
    )


def test_avi_refuses_a_variable_rate_with_advice_before_any_work(tmp_path):
    with pytest.raises(UsageError, match=r"variable frame rate.*\.mkv"):
        plan_output(tmp_path / "o.avi", source_info(is_variable_rate=True))
    write(tmp_path / "s.mkv", gray_frames())
    with pytest.raises(UsageError, match="variable frame rate"):
        plan_output(tmp_path / "o.avi", source_info(tmp_path / "s.mkv"))
    assert not (tmp_path / "o.avi").exists()


def test_avi_takes_a_constant_rate_that_the_header_does_not_promise(tmp_path):
    source = make_source(tmp_path / "s.mkv", audio=())
    assert plan_output(tmp_path / "o.avi", source_info(source)).container.name == "AVI"


def test_avi_stops_when_the_rate_turns_out_to_vary(tmp_path):
    with pytest.raises(OutputError, match="variable frame rate"):
        write(tmp_path / "o.avi", gray_frames(), source_info(is_variable_rate=False))
    assert list(tmp_path.iterdir()) == []


def test_gif_refuses_rates_over_its_clock_and_warns_of_fast_ones(tmp_path):
    with pytest.raises(UsageError, match="at most 100"):
        plan_output(tmp_path / "o.gif", source_info(frame_rate=Fraction(120)))
    assert plan_output(tmp_path / "o.gif", source_info(frame_rate=Fraction(60))).notices


def test_a_frame_of_another_size_is_refused_by_name(tmp_path):
    with pytest.raises(SizeChangedError, match="10x10 cannot stand in a video of 64x48"):
        write(tmp_path / "o.mp4", [Frame(np.zeros((10, 10, 3), np.uint8), 0, TICK)])
        write(tmp_path / "o.mp4", [Frame(np.zeros((10, 10, 3), np.uint8), 0, TICK)] * 2)
    assert list(tmp_path.iterdir()) == []


def test_avi_counts_in_the_rate_that_the_times_show_not_in_the_average_of_the_header(tmp_path):
    source = make_source(tmp_path / "s.mkv", audio=())
    plan = plan_output(tmp_path / "o.avi", source_info(source, frame_rate=Fraction(2503, 100)))
    assert plan.frame_rate == 25
