"""A video written part by part, stopped and gone on with, is the video that is written without a stop."""

import os

import av
import numpy as np
import pytest

from stylereel.core.errors import OutputError, ResumeError
from stylereel.core.frames import Frame
from stylereel.video.parts import Parts, frames_of_a_part, is_published
from stylereel.video.writer import FrameWriter
from written_media import TICK, frame_times, make_source, packets_of, source_info

EACH = 7
SIZE = (64, 48)
EVERY_CODEC = [
    ("mp4", "h264"),
    ("mp4", "hevc"),
    ("mp4", "av1"),
    ("mp4", "vp9"),
    ("mov", "prores"),
    ("mov", "png"),
    ("mkv", "h264"),
    ("mkv", "ffv1"),
    ("webm", "vp9"),
    ("avi", "h264"),
]


def moving(times, tick=TICK, last=900):
    """Pictures that move, so that encoders predict and reorder."""
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    return [
        Frame(
            np.stack([x * 3 + 5 * k, y * 4 + 3 * k, x + y + 7 * k], -1).astype(np.uint8),
            pts,
            tick,
            last if k == len(times) - 1 else 0,
        )
        for k, pts in enumerate(times)
    ]  # fmt: skip


EVEN = moving([1000 * k for k in range(30)])


def parts_for(output, each=EACH):
    return Parts.begin(output, {"input": "a"}, SIZE, each)


def written(path, frames, parts, info=None, **settings):
    with FrameWriter(
        path, info=info or source_info(), source_path=None, size=SIZE, parts=parts, **settings
    ) as writer:
        for frame in frames:
            writer.write(frame)
        return writer.finish()


def stopped(path, frames, info=None, each=EACH, **settings):
    """Write `frames` and break off, as a full disk or Ctrl-C would; what is found of it afterwards."""
    parts = parts_for(path, each)
    with (
        pytest.raises(RuntimeError, match="stop"),
        FrameWriter(
            path, info=info or source_info(), source_path=None, size=SIZE, parts=parts, **settings
        ) as w,
    ):
        for frame in frames:
            w.write(frame)
        raise RuntimeError("stop")
    return Parts.find(path)


@pytest.mark.parametrize(("ending", "codec"), EVERY_CODEC)
@pytest.mark.parametrize("stop", [EACH + 1, 2 * EACH, 25, 30])
def test_going_on_gives_the_packets_of_an_uninterrupted_run(tmp_path, ending, codec, stop):
    info = source_info(is_variable_rate=False)
    whole, resumed = tmp_path / f"whole.{ending}", tmp_path / f"resumed.{ending}"
    one = written(whole, EVEN, parts_for(whole), info, codec=codec)
    found = stopped(resumed, EVEN[:stop], info, codec=codec)
    assert found.frames == (stop - 1) // EACH * EACH
    other = written(resumed, EVEN[found.frames :], found, info, codec=codec)
    assert packets_of(whole, "video") == packets_of(resumed, "video")
    assert (one.frames, one.duration_seconds) == (other.frames, other.duration_seconds)
    assert one.frames == 30
    if ending in ("mp4", "mov", "avi"):
        assert whole.read_bytes() == resumed.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [resumed.name, whole.name]


@pytest.mark.parametrize(("ending", "codec"), EVERY_CODEC)
def test_parts_keep_every_time_that_one_encoder_keeps(tmp_path, ending, codec):
    times = [1000 * k for k in range(30)]
    if ending != "avi":
        times = [
            0,
            900,
            2700,
            2800,
            30_000,
            30_100,
            30_200,
            30_900,
            60_000,
            60_100,
            *range(90_000, 110_000, 1001),
        ]
    frames = moving(times)
    info = source_info(is_variable_rate=ending != "avi")
    plain, parted = tmp_path / f"plain.{ending}", tmp_path / f"parted.{ending}"
    one = written(plain, frames, None, info, codec=codec)
    other = written(parted, frames, parts_for(parted), info, codec=codec)
    assert frame_times(plain) == frame_times(parted)
    assert one.duration_seconds == other.duration_seconds
    with_end = [_shown(path) for path in (plain, parted)]
    assert with_end[0] == with_end[1]


def _shown(path):
    with av.open(str(path)) as media:
        stream = media.streams.video[0]
        return stream.duration, stream.start_time, stream.frames, stream.average_rate, media.duration


@pytest.mark.parametrize("each", [1, 2, 3, 8])
@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_reordered_frames_at_uneven_times_are_decoded_in_rising_order(tmp_path, each, codec):
    """A part's first packets must come after those of the part before, whatever gap lies between."""
    times, at = [], 0
    for k in range(40):
        at += (1, 1, 400_000, 3, 7000)[k % 5]
        times.append(at)
    path = tmp_path / "out.mp4"
    info = source_info(is_variable_rate=False)  # so that there are B-frames
    written(path, moving(times), parts_for(path, each), info, codec=codec)
    with av.open(str(path)) as media:
        packets = [packet for packet in media.demux(video=0) if packet.size]
    decoding = [packet.dts for packet in packets]
    assert decoding == sorted(set(decoding))
    assert all(packet.dts <= packet.pts for packet in packets)
    assert frame_times(path) == [time * TICK for time in times]
    if each == 8:
        assert [packet.pts for packet in packets] != sorted(packet.pts for packet in packets)


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_a_few_frames_of_hevc_have_the_same_times_each_time(tmp_path, frames):
    seen = set()
    for attempt in range(6):
        path = tmp_path / f"{attempt}.mp4"
        written(path, EVEN[:frames], None, source_info(is_variable_rate=False), codec="hevc")
        seen.add(path.read_bytes())
        assert frame_times(path) == [k * 1000 * TICK for k in range(frames)]
    assert len(seen) == 1


def test_sound_and_metadata_are_copied_once_at_the_end(tmp_path):
    source = make_source(tmp_path / "in.mp4", seconds=2, audio=("aac",))
    path = tmp_path / "out.mp4"
    frames = moving([1000 * k for k in range(50)])
    parts = parts_for(path)
    with FrameWriter(
        path, info=source_info(source), source_path=source, size=SIZE, parts=parts,
        metadata={"comment": "painted"},
    ) as writer:  # fmt: skip
        for frame in frames:
            writer.write(frame)
        assert not path.exists() and parts.frames == 49
    assert [data for _, data in packets_of(path, "audio")] == [
        data for _, data in packets_of(source, "audio")
    ]
    assert len(packets_of(path, "video")) == 50


def test_a_cut_and_a_late_start_end_where_they_do_without_parts(tmp_path):
    frames = moving([3000 + 1000 * k for k in range(20)], last=5000)
    for settings in ({"end_seconds": 0.75}, {"start_seconds": 1, "end_seconds": 1.7}):
        plain, parted = tmp_path / "plain.mp4", tmp_path / "parted.mp4"
        written(plain, frames, None, overwrite=True, **settings)
        written(parted, frames, parts_for(parted), overwrite=True, **settings)
        assert frame_times(plain) == frame_times(parted) and _shown(plain) == _shown(parted)


def test_frames_within_one_tick_are_counted_over_all_parts(tmp_path):
    frames = moving([10 * k for k in range(20)])  # a third of a millisecond apart
    path = tmp_path / "out.mkv"
    found = stopped(path, frames[:16])
    summary = written(path, frames[found.frames :], found)
    plain = written(tmp_path / "plain.mkv", frames, None)
    assert summary.notices == plain.notices and any("one tick" in notice for notice in summary.notices)
    assert frame_times(path) == frame_times(tmp_path / "plain.mkv")


def test_nothing_finished_leaves_nothing(tmp_path):
    assert stopped(tmp_path / "out.mp4", EVEN[:EACH]) is None
    assert not list(tmp_path.iterdir())


def test_all_finished_and_only_the_file_missing_makes_the_file(tmp_path, monkeypatch):
    path = tmp_path / "out.mp4"
    with monkeypatch.context() as patch, pytest.raises(OutputError):
        patch.setattr("stylereel.video.staging.os.replace", _refuse_output)
        written(path, EVEN, parts_for(path))
    found = Parts.find(path)
    assert found.is_whole and found.frames == 30 and not path.exists() and not is_published(path, found)
    assert written(path, [], found).frames == 30
    assert len(frame_times(path)) == 30 and [p.name for p in tmp_path.iterdir()] == ["out.mp4"]


def _refuse_output(source, target, real=os.replace):
    if str(target).endswith("out.mp4"):
        raise OSError(28, "No space left on device")
    real(source, target)


def test_a_file_that_was_finished_just_before_the_kill_is_known_as_such(tmp_path, monkeypatch):
    path = tmp_path / "out.mp4"
    monkeypatch.setattr(Parts, "discard", lambda self: None)
    written(path, EVEN, parts_for(path))
    assert is_published(path, Parts.find(path))
    first = path.read_bytes()
    written(path, [], Parts.find(path), overwrite=True)
    assert path.read_bytes() == first


def test_pictures_in_a_folder_are_the_parts_themselves(tmp_path):
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    written(whole, EVEN, parts_for(whole))
    found = stopped(resumed, EVEN[:20])
    assert found.frames == 14 and not resumed.exists()
    kept = {path.name for path in found.pictures.iterdir()}
    assert {f"{k:06d}.png" for k in range(1, 15)} <= kept
    summary = written(resumed, EVEN[14:], found)
    assert {p.name: p.read_bytes() for p in whole.iterdir()} == {
        p.name: p.read_bytes() for p in resumed.iterdir()
    }
    assert summary.frames == 30 and summary.bytes == sum(p.stat().st_size for p in resumed.iterdir())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["resumed", "whole"]


def test_pictures_that_were_moved_before_the_kill_count_as_finished(tmp_path, monkeypatch):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "other.txt").write_text("kept")
    moved = []

    def until_the_kill(source, target, real=os.replace):
        if str(target).startswith(str(folder.resolve())) and ".unfinished" not in str(target):
            if len(moved) == 12:
                raise OSError(5, "killed")
            moved.append(target)
        real(source, target)

    with monkeypatch.context() as patch, pytest.raises(OutputError):
        patch.setattr("stylereel.video.staging.os.replace", until_the_kill)
        written(folder, EVEN, parts_for(folder), overwrite=True)
    found = Parts.find(folder)
    assert found.is_whole and is_published(folder, found)
    written(folder, [], found, overwrite=True)
    assert len(list(folder.glob("*.png"))) == 30 and (folder / "other.txt").read_text() == "kept"


def test_parts_of_another_encoder_are_not_joined(tmp_path):
    path = tmp_path / "out.mp4"
    found = stopped(path, EVEN[:20])
    with pytest.raises(ResumeError, match="another way"):
        written(path, EVEN[14:], found, quality=20, codec="hevc")
    assert not path.exists() and Parts.find(path).frames >= 14


def test_a_part_is_shorter_for_larger_pictures_and_never_tiny():
    assert frames_of_a_part((640, 360)) == frames_of_a_part((1920, 1080)) == 250
    assert frames_of_a_part((3840, 2160)) == 62
    assert frames_of_a_part((16384, 8192)) == 48
