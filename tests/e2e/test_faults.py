"""What happens to sources and disks while a job runs: a whole result or a typed error, and nothing lost."""

import itertools
import os
import shutil
import subprocess
import sys
import threading
from fractions import Fraction

import av
import numpy as np
import pytest

import stylereel
from clips import BT709, make_clip, numbered, video_frame
from interrupted_jobs import heard, shown
from stylereel.core.errors import InputError, OutputError, StalledError
from stylereel.video import parts
from stylereel.video.reader import FrameReader

posix = pytest.mark.skipif(os.name == "nt", reason="removes and cuts open files")


@pytest.fixture(autouse=True)
def small(monkeypatch, styles):
    """Parts of ten frames, and the toy styles."""
    monkeypatch.setattr(parts, "MOST_FRAMES", 10)
    monkeypatch.setenv("STYLEREEL_PACKS", str(styles))


def done(source, output, **settings):
    chosen = {"style": "plain", **settings}
    return stylereel.stylize(source, output, runner="onnxruntime", threads=1, **chosen)


def times(path):
    return [time for time, _ in shown(path)]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def once_at(frame, act):
    """An `on_progress` that does something when that many frames are through."""
    acted = []

    def watch(progress):
        if progress.done >= frame and not acted:
            acted.append(True)
            act()

    return watch


# The disk


@pytest.fixture
def tiny_disk(tmp_path):
    """A disk of two megabytes, and how to make it larger."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if sys.platform != "linux" or os.geteuid() != 0 or mount is None:
        pytest.skip(
            "mounting a small disk needs root on Linux; limits on file size stand in for it elsewhere"
        )
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {made.stderr.decode().strip()}")
    try:
        yield disk, lambda size: subprocess.run([mount, "-o", f"remount,size={size}", disk], check=True)
    finally:
        subprocess.run(["umount", "-l", disk], check=False)


def test_a_disk_that_fills_up_keeps_what_is_finished_and_goes_on_when_there_is_room(tiny_disk, tmp_path):
    disk, grow = tiny_disk
    source = make_clip(tmp_path / "in.mp4", frames=120, size=(160, 120), audio=True)
    with pytest.raises(OutputError, match="disk is full") as error:
        done(source, disk / "out.mkv", codec="ffv1", style="brush")
    assert error.value.exit_code == 3 and "--resume" in error.value.__notes__[0]
    assert names(disk) == ["out.mkv.unfinished"]
    kept = parts.Parts.find(disk / "out.mkv").frames
    assert 10 <= kept < 120
    with pytest.raises(OutputError, match="disk is full"):
        done(source, disk / "out.mkv", codec="ffv1", style="brush", resume=True)
    assert parts.Parts.find(disk / "out.mkv").frames >= kept
    grow("64m")
    done(source, disk / "out.mkv", codec="ffv1", style="brush", resume=True)
    done(source, tmp_path / "whole.mkv", codec="ffv1", style="brush")
    assert shown(disk / "out.mkv") == shown(tmp_path / "whole.mkv") and names(disk) == ["out.mkv"]


def test_a_disk_that_is_full_from_the_start_is_told_and_left_empty(tiny_disk, tmp_path):
    disk, _ = tiny_disk
    (disk / "ballast").write_bytes(b"x" * (2 * 1024 * 1024 - 4096))
    source = make_clip(tmp_path / "in.mp4", frames=30)
    for output in ("out.mp4", "folder"):
        with pytest.raises(OutputError, match="disk is full"):
            done(source, disk / output, style="brush")
        assert names(disk) == ["ballast"]


# The source while it is read


@posix
def test_a_source_that_is_removed_on_the_way_is_still_read_to_its_end_with_its_sound(tmp_path):
    source = make_clip(tmp_path / "in.mp4", frames=60, size=(128, 96), audio=True)
    kept = shutil.copy(source, tmp_path / "copy.mp4")
    summary = done(source, tmp_path / "out.mp4", on_progress=once_at(12, source.unlink))
    assert summary.frames == 60 and not summary.is_truncated
    assert times(tmp_path / "out.mp4") == times(kept) and heard(tmp_path / "out.mp4") == heard(kept)


@posix
def test_pictures_that_are_removed_on_the_way_show_their_neighbour_and_are_named(tmp_path):
    from clips import make_pictures

    source = make_pictures(tmp_path / "in", count=40)
    summary = done(source, tmp_path / "out", on_progress=once_at(8, (source / "frame30.png").unlink))
    assert summary.frames == 40 and summary.concealed_frames == 1
    assert any("frame30.png" in notice for notice in summary.notices)


@posix
@pytest.mark.parametrize("name", ["in.mp4", "in.mkv", "in.ts"])
def test_a_source_that_is_cut_short_on_the_way_is_stylised_as_far_as_it_goes(tmp_path, name):
    front = {"movflags": "faststart"} if name.endswith("mp4") else None
    source = make_clip(
        tmp_path / name, frames=150, size=(320, 240), container_options=front, options={"qp": "4"},
        paint=lambda k, w, h: np.random.default_rng(k).integers(40, 200, (h, w, 3), np.uint8),
    )  # fmt: skip
    size = source.stat().st_size
    assert size > 6_000_000  # more than any reader has in its buffers by then
    summary = done(
        source, tmp_path / "out.mp4", on_progress=once_at(5, lambda: os.truncate(source, size * 2 // 3))
    )
    assert 50 < summary.frames < 150 and len(times(tmp_path / "out.mp4")) == summary.frames
    assert summary.is_truncated == (name != "in.ts") or any("truncated" in n for n in summary.notices)
    assert names(tmp_path) == [name, "out.mp4"]


def joined(path, *pieces):
    """Transport streams one after the other, as a recorder writes them when the broadcast changes."""
    path.write_bytes(b"".join(piece.read_bytes() for piece in pieces))
    return path


def test_a_picture_size_that_changes_in_the_stream_is_brought_to_that_of_the_first_frame(tmp_path):
    first = make_clip(tmp_path / "1.ts", frames=20, size=(96, 64), gop=5)
    second = make_clip(tmp_path / "2.ts", frames=20, size=(64, 48), gop=5)
    source = joined(tmp_path / "in.ts", first, second)
    summary = done(source, tmp_path / "out.mp4")
    assert summary.frames == 40 and (summary.width, summary.height) == (96, 64)
    assert any("picture size changes" in notice for notice in summary.notices)
    with av.open(str(tmp_path / "out.mp4")) as media:
        assert {(frame.width, frame.height) for frame in media.decode(video=0)} == {(96, 64)}


@pytest.mark.parametrize("later", ["yuv444p", "yuv422p", "yuv420p10le"])
def test_a_pixel_format_that_changes_in_the_stream_changes_no_colour(tmp_path, later):
    pieces = [
        make_clip(tmp_path / f"{k}.ts", frames=15, pix_fmt=pixels, paint=numbered, lossless=True, gop=5)
        for k, pixels in enumerate(("yuv420p", later))
    ]
    summary = done(joined(tmp_path / "in.ts", *pieces), tmp_path / "out.mkv", codec="ffv1")
    assert summary.frames == 30
    levels = [np.frombuffer(pixels, np.uint8).mean() for _, pixels in shown(tmp_path / "out.mkv")]
    expected = [40 + 6 * k for k in (*range(15), *range(15))]
    assert np.abs(np.subtract(levels, expected)).max() <= 2


# Time


def stamped(path, stamps, rate=1000):
    """A Matroska file whose packets carry these times in file order, whatever they are."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"preset": "ultrafast", "g": "1"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, rate)
        packets = []
        for index in range(len(stamps)):
            frame = video_frame(numbered(index, 64, 48), "yuv420p", BT709)
            frame.pts, frame.time_base = 40 * index, Fraction(1, rate)
            packets += stream.encode(frame)
        packets += stream.encode(None)
        for packet, stamp in zip(packets, stamps, strict=True):
            packet.pts = packet.dts = stamp
            out.mux(packet)
    return path


def levels_of(path):
    return [round((np.frombuffer(pixels, np.uint8).mean() - 40) / 6) for _, pixels in shown(path)]


def test_times_that_repeat_are_set_apart_and_no_frame_is_lost(tmp_path):
    stamps = [0, 40, 80, 80, 80, 120, 160, 160, 200, 240, 280, 320]
    source = stamped(tmp_path / "in.mkv", stamps)
    summary = done(source, tmp_path / "out.mkv")
    found = times(tmp_path / "out.mkv")
    assert summary.frames == 12 and levels_of(tmp_path / "out.mkv") == list(range(12))
    assert found == sorted(set(found)) and found[-1] == Fraction(320, 1000)
    assert any("repaired" in notice for notice in summary.notices)


@pytest.mark.parametrize("frames", [15, 60])
def test_a_clock_that_is_set_back_goes_on_where_it_was_with_its_sound(tmp_path, frames):
    """What a camera's files joined end to end look like: each begins at zero anew."""
    pieces = [
        make_clip(tmp_path / f"{k}.ts", frames=frames, paint=numbered, gop=5, audio=True) for k in range(3)
    ]
    source = joined(tmp_path / "in.ts", *pieces)
    for output in ("out.mp4", "out.mkv"):
        summary = done(source, tmp_path / output)
        found = times(tmp_path / output)
        assert summary.frames == 3 * frames
        assert {round(float(b - a), 2) for a, b in itertools.pairwise(found)} == {0.04}
        expected = [k % 34 for k in range(frames)] * 3
        assert np.abs(np.subtract(levels_of(tmp_path / output), expected)).max() <= 2
        sound = sum(len(packet) for piece in pieces for packet in heard(piece))
        assert sum(map(len, heard(tmp_path / output))) > 0.85 * sound  # the rest is framing
        with av.open(str(tmp_path / output)) as media:
            assert float(media.duration / av.time_base) == pytest.approx(3 * frames / 25, abs=0.2)


def test_a_gap_of_an_hour_stays_an_hour_and_costs_no_frames(tmp_path):
    stamps = [*range(0, 480, 40), *range(3_600_000, 3_600_480, 40)]
    source = stamped(tmp_path / "in.mkv", stamps)
    for output in ("out.mkv", "out.mp4"):
        summary = done(source, tmp_path / output)
        assert summary.frames == 24
        assert times(tmp_path / output) == [Fraction(stamp, 1000) for stamp in stamps]


def test_missing_times_are_made_up_at_the_frame_rate(tmp_path):
    with av.open(str(tmp_path / "in.h264"), "w", format="h264") as out:
        stream = out.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(24):
            frame = video_frame(numbered(index, 64, 48), "yuv420p", BT709)
            frame.pts = index
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    summary = done(tmp_path / "in.h264", tmp_path / "out.mp4")
    steps = {b - a for a, b in itertools.pairwise(times(tmp_path / "out.mp4"))}
    assert summary.frames == 24 and max(steps) - min(steps) < Fraction(1, 1000)


@pytest.mark.parametrize("name", ["in.mp4", "in.mkv", "in.webm", "in.mov", "in.avi", "in.ts", "in.gif"])
def test_a_video_of_one_frame_gives_one_frame(tmp_path, name):
    codec = {"webm": "libvpx-vp9", "gif": "gif"}.get(name[3:], "libx264")
    pixels = "gray" if name == "in.gif" else "yuv420p"
    source = make_clip(tmp_path / name, frames=1, codec=codec, pix_fmt=pixels, color=None)
    for output in ("out.mp4", "hevc.mp4", "out.mkv", "out.webm", "out.gif", "out.mov"):
        codec = "hevc" if output == "hevc.mp4" else None
        assert done(source, tmp_path / output, codec=codec).frames == 1
        assert len(times(tmp_path / output)) == 1


# Sound


def with_sound_of(path, seconds, frames=25):
    """A video of one second with sound of another length."""
    from clips import tone

    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sound = out.add_stream("aac", rate=48000, layout="mono")
        for index in range(frames):
            frame = video_frame(numbered(index, 64, 48), "yuv420p", BT709)
            frame.pts = index
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        samples = tone(seconds)
        for first in range(0, samples.shape[1], 1024):
            frame = av.AudioFrame.from_ndarray(samples[:, first : first + 1024], format="fltp", layout="mono")
            frame.sample_rate, frame.time_base, frame.pts = 48000, Fraction(1, 48000), first
            out.mux(sound.encode(frame))
        out.mux(sound.encode(None))
    return path


@pytest.mark.parametrize("seconds", [0.05, 0.4, 3.0, 30.0])
@pytest.mark.parametrize("name", ["in.mp4", "in.mkv"])
@pytest.mark.parametrize("frames", [8, 25])
def test_sound_longer_or_shorter_than_the_pictures_is_kept_whole(tmp_path, name, seconds, frames):
    source = with_sound_of(tmp_path / name, seconds, frames)
    for output in ("out.mp4", "out.mkv"):
        assert done(source, tmp_path / output).frames == frames
        assert heard(tmp_path / output) == heard(source)
        assert len(times(tmp_path / output)) == frames


# A decoder that stalls


def test_a_source_that_stalls_ends_with_a_word_and_keeps_what_is_finished(tmp_path, monkeypatch):
    source = make_clip(tmp_path / "in.mp4", frames=47)
    let_go = threading.Event()
    real = FrameReader._video_frames

    def stalling(self, media):
        for index, frame in enumerate(real(self, media)):
            if index == 35:
                let_go.wait(60)
            yield frame

    monkeypatch.setattr("stylereel.inference.engine._PATIENCE_SECONDS", 0.2)
    with monkeypatch.context() as patch, pytest.raises(StalledError, match="no frame for") as error:
        patch.setattr(FrameReader, "_video_frames", stalling)
        patch.setattr("stylereel.actions.stylize.STALL_SECONDS", 0.5)
        done(source, tmp_path / "out.mp4")
    let_go.set()
    assert isinstance(error.value, InputError) and "--resume" in error.value.__notes__[0]
    assert done(source, tmp_path / "out.mp4", resume=True).resumed_frames >= 20
    assert len(times(tmp_path / "out.mp4")) == 47
