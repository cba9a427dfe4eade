"""FFmpeg on both sides: yuv4mpeg and raw pictures through stdin and stdout, and nothing else there."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from clips import make_clip, make_vfr, numbered, smooth
from stylereel.video.reader import FrameReader

COMMAND = [sys.executable, "-c", "from stylereel.cli.main import main; main()", "stylize"]


@pytest.fixture
def pipe(styles):
    """Run `stylereel stylize` in a process of its own with bytes on stdin."""
    environment = {**os.environ, "STYLEREEL_PACKS": str(styles), "COLUMNS": "200"}

    def run(*arguments, stdin: bytes = b"", code: int = 0):
        result = subprocess.run(
            [*COMMAND, *map(str, arguments)], input=stdin, env=environment, capture_output=True, timeout=120
        )
        assert result.returncode == code, result.stderr.decode()
        return result.stdout, result.stderr.decode()

    run.environment = environment
    return run


def y4m(layout="yuv420p", *, frames=5, size=(64, 48), rate=25, paint=smooth) -> bytes:
    """What `ffmpeg -f yuv4mpegpipe -` would send."""
    sent = io.BytesIO()
    with av.open(sent, "w", format="yuv4mpegpipe", options={"strict": "-1"}) as out:
        stream = out.add_stream("rawvideo", rate=rate)
        stream.width, stream.height, stream.pix_fmt = *size, layout
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(paint(index, *size), format="rgb24")
            frame = frame.reformat(format=layout, threads=1)
            frame.pts = index
            out.mux(stream.encode(frame))
    return sent.getvalue()


def read_y4m(data: bytes):
    """Header words, and every frame as RGB."""
    with av.open(io.BytesIO(data), format="yuv4mpegpipe") as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        return data.split(b"\n", 1)[0].decode().split(), stream, frames


@pytest.mark.parametrize("layout", ["yuv420p", "yuv422p", "yuv444p"])
def test_yuv4mpeg_in_gives_yuv4mpeg_out_frame_for_frame(pipe, layout):
    sent = y4m(layout, rate=24)
    out, told = pipe("-", "-", "--style", "negative", stdin=sent)
    words, stream, frames = read_y4m(out)
    assert {"W64", "H48", "F24:1"} <= set(words) and stream.codec_context.pix_fmt == layout
    assert len(frames) == 5
    for before, after in zip(read_y4m(sent)[2], frames, strict=True):
        assert np.abs(255 - before.astype(int) - after).mean() < 3
    assert "5 frames of 64x48" in told


def test_strength_zero_sends_the_same_pictures_on(pipe):
    sent = y4m(frames=3)
    out, _ = pipe("-", "-", "--style", "negative", "--strength", 0, stdin=sent)
    first, second = (np.frombuffer(data[-64 * 48 * 3 // 2 :], np.uint8).astype(int) for data in (sent, out))
    assert len(out.split(b"FRAME\n")) == len(sent.split(b"FRAME\n"))
    assert np.abs(first - second).max() <= 2


def test_a_file_goes_into_a_pipe_and_a_pipe_into_a_file_at_the_same_times(pipe, tmp_path):
    clip = make_clip(tmp_path / "in.mp4", frames=9, rate=30, audio=True)
    out, told = pipe(clip, "-", "--style", "plain", "--json")
    assert json.loads(told[told.index("{") :])["frames"] == 9
    pipe("-", tmp_path / "out.mkv", "--style", "plain", "--codec", "ffv1", stdin=out)
    with av.open(str(tmp_path / "out.mkv")) as container:
        times = [float(frame.pts * frame.time_base) for frame in container.decode(video=0)]
    assert np.abs(np.array(times) - np.arange(9) / 30).max() < 0.0006  # Matroska counts milliseconds


def test_raw_pictures_keep_their_values_and_their_opacity(pipe):
    frames = np.random.default_rng(0).integers(0, 256, (3, 30, 34, 4), np.uint8)
    frames[..., 3] = np.maximum(frames[..., 3], 1)
    raw = ("--input-format", "raw", "--size", "34x30", "--pixel-format")
    out, _ = pipe(
        "-", "-", "--style", "negative", *raw, "rgba", "--output-pixel-format", "rgba", stdin=frames.tobytes()
    )
    got = np.frombuffer(out, np.uint8).reshape(frames.shape).astype(int)
    assert np.abs(255 - frames[..., :3].astype(int) - got[..., :3]).max() <= 1
    assert np.array_equal(got[..., 3], frames[..., 3])
    opaque = np.ascontiguousarray(frames[..., :3]).tobytes()
    out, _ = pipe("-", "-", "--style", "plain", *raw, "rgb24", "--output-format", "raw", stdin=opaque)
    assert np.abs(np.frombuffer(out, np.uint8).reshape(3, 30, 34, 3).astype(int) - frames[..., :3]).max() <= 1


def test_raw_pictures_come_at_the_rate_that_is_stated(pipe, tmp_path):
    frames = np.zeros((5, 16, 16, 3), np.uint8)
    options = ("--size", "16x16", "--pixel-format", "rgb24", "--fps", "30000/1001")
    pipe("-", tmp_path / "out.mp4", "--style", "plain", *options, stdin=frames.tobytes())
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert str(container.streams.video[0].average_rate) == "30000/1001"
        assert sum(1 for _ in container.decode(video=0)) == 5


def test_ten_bits_stay_ten_bits(pipe):
    ramp = (64 + np.arange(876)).astype("<u2")[None].repeat(16, 0)
    grey = np.full((16, 438), 512, "<u2")[:8]
    sent = b"YUV4MPEG2 W876 H16 F25:1 Ip C420p10\nFRAME\n" + ramp.tobytes() + 2 * grey.tobytes()
    out, _ = pipe("-", "-", "--style", "plain", "--bit-depth", 10, stdin=sent)
    assert b"C420p10" in out.split(b"\n", 1)[0]
    luma = np.frombuffer(out[-876 * 16 * 3 :], "<u2")[: 876 * 16].reshape(16, 876)
    assert np.abs(luma.astype(int) - ramp).max() <= 1


def test_a_variable_rate_becomes_constant_in_a_pipe_and_that_is_said(pipe, tmp_path):
    clip = make_vfr(tmp_path / "in.mkv", paint=numbered)
    out, told = pipe(clip, "-", "--style", "plain", "--fps", 25)
    frames = read_y4m(out)[2]
    assert abs(len(frames) - 25 * 1.04) <= 2
    assert "one frame rate" not in told
    _, told = pipe(clip, "-", "--style", "plain")
    assert "one frame rate" in told


def test_a_cut_of_a_pipe_counts_from_its_first_frame(pipe):
    out, _ = pipe(
        "-", "-", "--style", "plain", "--start", 0.2, "--end", 0.4, stdin=y4m(frames=20, paint=numbered)
    )
    frames = read_y4m(out)[2]
    assert [round((float(frame.mean()) - 40) / 6) for frame in frames] == [5, 6, 7, 8, 9]


def test_a_pipe_that_ends_in_the_middle_of_a_frame_gives_the_frames_before_it(pipe):
    out, _ = pipe("-", "-", "--style", "plain", stdin=y4m(frames=4)[:-700])
    assert len(read_y4m(out)[2]) == 3


def test_a_reader_that_leaves_ends_the_run_quietly(pipe):
    process = subprocess.Popen(
        [*COMMAND, "-", "-", "--style", "plain"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=pipe.environment,
    )
    sent = y4m(frames=40, size=(320, 240))
    assert process.stdout and process.stdin and process.stderr

    import contextlib
    import threading

    def feed():
        with contextlib.suppress(BrokenPipeError), process.stdin as stdin:
            stdin.write(sent)

    feeding = threading.Thread(target=feed)
    feeding.start()
    assert process.stdout.read(9) == b"YUV4MPEG2"
    process.stdout.close()
    told = process.stderr.read().decode()
    assert process.wait(60) == 0 and "Traceback" not in told and "Error" not in told, told
    feeding.join(10)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from Linux's /proc")
def test_memory_does_not_grow_with_what_comes_through(pipe, tmp_path):
    measure = (
        "import re, sys\n"
        "from stylereel.cli.main import build_app\n"
        "try: build_app()()\n"
        "except SystemExit: pass\n"
        # Not ru_maxrss, which a new process begins with its parent's.
        "sys.stderr.write('peak ' + re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])\n"
    )
    one = y4m(frames=1, size=(320, 240))
    header, frame = one.split(b"\n", 1)
    peaks = []
    for count in (20, 600):
        result = subprocess.run(
            [sys.executable, "-c", measure, "stylize", "-", "-", "--style", "plain"],
            input=header + b"\n" + frame * count,
            env=pipe.environment,
            capture_output=True,
            timeout=120,
        )
        assert result.stdout.count(b"FRAME\n") == count, result.stderr.decode()[-500:]
        peaks.append(int(result.stderr.decode().split("peak ")[1]))
    assert peaks[1] - peaks[0] < 30_000, peaks  # KiB; all 600 frames would be 69,000 as Y'CbCr, twice as RGB


@pytest.mark.parametrize(
    "arguments,stdin,code,words",
    [
        ((), b"", 3, "empty"),
        ((), b"RIFF....AVI LIST", 3, "no yuv4mpeg"),
        ((), b"YUV4MPEG2 W0 H0\n", 3, "cannot be read as y4m"),
        (("--input-format", "raw"), b"123", 2, "--size"),
        (("--size", "64"), b"123", 2, "WIDTHxHEIGHT"),
        (("--size", "64x64", "--pixel-format", "rgb42"), b"123", 2, "rgb24"),
        (("--input-format", "y4m", "--size", "64x64"), b"123", 2, "raw"),
        (("--input-format", "mp4"), b"123", 2, "y4m"),
        (("--size", "64x64", "--pixel-format", "rgb24"), b"123", 3, "frame"),
        (("--codec", "h264"), y4m(frames=1), 2, "files"),
        (("--output-pixel-format", "nv12"), y4m(frames=1), 2, "nv12"),
        (("--preset", "vertical"), y4m(frames=1), 2, ".mp4"),
    ],
)
def test_what_cannot_come_through_a_pipe_is_told_in_one_sentence(pipe, arguments, stdin, code, words):
    out, told = pipe("-", "-", "--style", "plain", *arguments, stdin=stdin, code=code)
    assert out == b"" and words in told and "Traceback" not in told, told


def test_options_of_a_pipe_are_refused_for_files(pipe, tmp_path):
    clip = make_clip(tmp_path / "in.mp4", frames=2)
    for option in (("--size", "64x48"), ("--output-format", "y4m")):
        _, told = pipe(clip, tmp_path / "out.mp4", "--style", "plain", *option, code=2)
        assert "not -" in told


def half(index, width, height):
    """White from a column on that moves on with every frame."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, 8 + 4 * index :] = 255
    return picture


RAW = ("--size", "64x48", "--pixel-format", "rgb24", "--fps", 25, "--output-format", "raw")


def raw_frames(data: bytes) -> np.ndarray:
    return np.frombuffer(data, np.uint8).reshape(-1, 48, 64, 3)


def test_a_mask_lies_over_what_comes_through_a_pipe_frame_by_frame(pipe, tmp_path):
    mask = make_clip(tmp_path / "mask.mkv", frames=5, paint=half, lossless=True)
    sent = np.stack([smooth(index, 64, 48) for index in range(5)])
    masked = ("--style", "negative", "--mask", mask, "--mask-feather", 0)
    for more in ((), ("--mask-invert",), ("--outside", "negative")):
        out, told = pipe("-", "-", *RAW, *masked, *more, stdin=sent.tobytes())
        assert "5 frames of 64x48" in told
        for index, (plain, result) in enumerate(zip(sent, raw_frames(out), strict=True)):
            edge = 8 + 4 * index
            inside, outside = (plain, 255 - plain) if "--mask-invert" in more else (255 - plain, plain)
            outside = 255 - plain if "--outside" in more else outside
            assert (result[:, edge:] == inside[:, edge:]).all()
            assert (result[:, :edge] == outside[:, :edge]).all()


def test_a_mask_and_a_timeline_go_together_from_a_file_into_a_pipe_and_back(pipe, tmp_path):
    clip = make_clip(tmp_path / "in.mkv", frames=5, lossless=True)
    mask = make_clip(tmp_path / "mask.mkv", frames=5, paint=half, lossless=True)
    keys = tmp_path / "keys.toml"
    keys.write_text(
        "[[key]]\nat = 0\nstrength = 0\n[[key]]\nat = 0.16\nstrength = 1\neasing = 'hold'\n", "utf-8"
    )
    said = ("--style", "negative", "--mask", mask, "--mask-feather", 0, "--timeline", keys)
    from_file, _ = pipe(clip, "-", *said, "--output-format", "raw")
    with FrameReader(clip) as reader:
        sent = np.stack([frame.pixels for frame in reader])
    made = raw_frames(from_file)
    assert (made[0] == sent[0]).all()  # strength 0
    assert (made[4][:, :24] == sent[4][:, :24]).all() and (made[4][:, 24:] == 255 - sent[4][:, 24:]).all()
    through, _ = pipe("-", "-", *RAW, *said, stdin=sent.tobytes())
    assert through == from_file
    pipe("-", tmp_path / "out", *RAW[:-2], *said, stdin=sent.tobytes())
    pictures = [cv2.imread(str(path))[..., ::-1] for path in sorted((tmp_path / "out").iterdir())]
    assert (np.stack(pictures) == made).all()


def test_a_mask_through_the_pipe_and_cuts_of_a_pipe_are_refused_in_words(pipe, tmp_path):
    _, told = pipe("-", "-", *RAW, "--style", "negative", "--mask", "-", stdin=b"", code=2)
    assert "what comes through stdin is the INPUT" in told
    keys = tmp_path / "keys.toml"
    keys.write_text("snap_to_cuts = 0.5\n[[key]]\nat = 0\nstrength = 1\n", "utf-8")
    sent = smooth(0, 64, 48).tobytes()
    _, told = pipe("-", "-", *RAW, "--style", "negative", "--timeline", keys, stdin=sent, code=2)
    assert "a pipe is read once" in told
