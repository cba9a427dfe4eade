"""`stylereel live` with made clips, a local web server and a terminal of the test's own; nothing is timed."""

import functools
import http.server
import json
import os
import pty
import select
import shutil
import signal
import socket
import threading
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from clips import make_clip, numbered
from processes import COMMAND, interruptible, wait_until
from stylereel.actions.live import LiveSession, live
from stylereel.core.errors import RefusedError, UsageError, VideoOpenError
from stylereel.video.live_output import NullOutput

CHEAP = ("--runner", "onnxruntime", "--threads", "1")
OPTIONS = {"runner": "onnxruntime", "threads": 1}
WAIT = 60


@pytest.fixture
def desk(tmp_path, monkeypatch, styles):
    """A folder with a clip of two seconds, as the current one; the toy styles are the user's own."""
    make_clip(tmp_path / "in.mp4", frames=50, size=(96, 64))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STYLEREEL_PACKS", str(styles))
    return tmp_path


def until(is_so):
    deadline = time.monotonic() + WAIT
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)


def frames_in(path):
    with av.open(str(path)) as media:
        return [
            (float(frame.pts * frame.time_base), frame.to_ndarray(format="rgb24"))
            for frame in media.decode(video=0)
        ]


class Kept(NullOutput):
    """Keeps every frame that reaches it."""

    def __init__(self):
        self.frames = []

    def write(self, frame):
        self.frames.append(frame)


def test_a_clip_is_played_live_into_a_file_and_nowhere(run, desk):
    outputs = ("--output", "out.mkv", "--output", "null")
    result = run("live", "--input", "in.mp4", "--style", "negative", *outputs, "--json", *CHEAP)
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary["frames_in"] == 50 and summary["frames_out"] == 50 - summary["dropped"]
    assert [output["state"] for output in summary["outputs"]] == ["finished", "finished"]
    for output in summary["outputs"]:
        assert output["frames"] + output["dropped"] == summary["frames_out"]
    assert summary["seconds"] >= 1.9, "it was played faster than its own pace"
    found = frames_in("out.mkv")
    assert len(found) == summary["outputs"][0]["frames"]
    assert all(abs(25 * seconds - round(25 * seconds)) < 0.03 for seconds, _ in found), (
        "not at the clip's times"
    )
    assert found[-1][0] <= 1.97
    with av.open("out.mkv") as media:
        assert "in the style of 'negative'" in " ".join(media.metadata.values())


def test_the_look_is_that_of_stylize_and_strength_0_is_the_source(desk):
    kept = Kept()
    live("in.mp4", style="negative", outputs=[kept], **OPTIONS)
    source = Kept()
    live("in.mp4", style="negative", strength=0, outputs=[source], **OPTIONS)
    by_time = {frame.pts: frame.pixels for frame in source.frames}
    both = [frame for frame in kept.frames if frame.pts in by_time]
    assert len(both) > 5
    for frame in both:
        assert np.abs(255 - by_time[frame.pts].astype(int) - frame.pixels).max() <= 2


def test_style_and_strength_change_through_the_socket_while_it_runs(desk):
    session = LiveSession("in.mp4", style=["plain", "negative"], loop=True, outputs=["null"], **OPTIONS)
    summaries = []
    thread = threading.Thread(target=lambda: summaries.append(session.run(control="live.sock")), daemon=True)
    thread.start()
    until(lambda: Path("live.sock").exists())
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(WAIT)
        client.connect("live.sock")
        replies = client.makefile("rb")

        def ask(request):
            client.sendall(json.dumps(request).encode() + b"\n")
            return json.loads(replies.readline())

        until(lambda: ask({"get": "status"})["status"]["frames_out"] > 0)
        reply = ask({"set": {"style": "negative", "strength": 0.5, "stabilize": 0.5, "keep_colors": True}})
        assert reply["ok"] and reply["status"]["strength"] == 0.5
        until(lambda: ask({"get": "status"})["status"]["style"] == "negative")
        for wrong in (
            {"style": "nothing"},
            {"strength": 2},
            {"strength": "much"},
            {"keep_colors": 1},
            {"size": 1},
        ):
            assert not ask({"set": wrong})["ok"]
        status = ask({"get": "status"})["status"]
        assert (status["style"], status["strength"], status["keep_colors"]) == ("negative", 0.5, True)
        assert ask({"quit": True})["ok"]
    thread.join(WAIT)
    assert summaries[0].style == "negative" and not Path("live.sock").exists()


def test_ctrl_c_ends_it_and_leaves_files_that_play(desk):
    command = [
        *COMMAND,
        "live",
        "--input",
        "in.mp4",
        "--loop",
        "--style",
        "negative",
        *CHEAP,
        "--control",
        "s",
    ]
    command += ["--output", "a.mp4", "--output", "b.mkv", "--output", "hls/index.m3u8", "--json"]
    process = interruptible(command, signal.SIGINT)
    wait_until(process, lambda: Path("s").exists() and Path("hls/index.m3u8").exists())
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=WAIT)
    assert process.returncode == 0, errors
    summary = json.loads(output)
    assert {state["state"] for state in summary["outputs"]} == {"finished"}
    for name, state in zip(("a.mp4", "b.mkv"), summary["outputs"], strict=False):
        assert len(frames_in(name)) == state["frames"] > 0
    assert not list(desk.glob(".*partial*"))


def test_a_pipe_carries_frames_and_nothing_else(desk):
    command = [
        *COMMAND,
        "live",
        "--input",
        "in.mp4",
        "--style",
        "negative",
        "--seconds",
        "1",
        "--json",
        *CHEAP,
    ]
    process = interruptible([*command, "--output", "-", "--output-format", "raw"], signal.SIGINT)
    output = process.stdout.buffer.read()
    errors = process.stderr.read()
    assert process.wait(WAIT) == 0, errors
    assert output and len(output) % (96 * 64 * 3) == 0
    assert '"frames_out"' in errors


def test_a_reader_that_leaves_ends_the_run(desk):
    command = [
        *COMMAND,
        "live",
        "--input",
        "in.mp4",
        "--loop",
        "--style",
        "negative",
        "--output",
        "-",
        *CHEAP,
    ]
    process = interruptible(command, signal.SIGINT)
    assert process.stdout.buffer.read(10)
    process.stdout.close()
    assert process.wait(WAIT) == 0, process.stderr.read()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_): ...


@pytest.fixture
def server(tmp_path):
    """A web server on this machine: its address and its folder."""
    folder = tmp_path / "site"
    folder.mkdir()
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}", folder
        serving.shutdown()


def hls(folder):
    """An HLS stream of a second, with its end."""
    with av.open(str(folder / "index.m3u8"), "w", format="hls", options={"hls_time": "1"}) as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(25):
            frame = av.VideoFrame.from_ndarray(numbered(index, 64, 48), "rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def test_hls_is_read_over_http_and_waited_for_when_it_ends(desk, server):
    address, folder = server
    hls(folder)
    session = LiveSession(f"{address}/index.m3u8", style="plain", outputs=[kept := Kept()], **OPTIONS)
    thread = threading.Thread(target=session.run, daemon=True)
    thread.start()
    until(lambda: len(kept.frames) > 10)
    until(lambda: any("back" in told for told in session.notices))
    session.stop()
    thread.join(WAIT)
    assert kept.frames[0].pixels.shape == (48, 64, 3)
    times = [frame.pts * frame.time_base for frame in kept.frames]
    assert times == sorted(times) and len(set(times)) == len(times)


@pytest.mark.parametrize("kind", ["file", "script", "concat"])
def test_a_playlist_from_an_address_opens_no_file_of_this_machine(desk, server, kind):
    address, folder = server
    make_clip(desk / "secret.ts", frames=25, size=(64, 48))
    secret = (desk / "secret.ts").as_uri()
    texts = {
        "file": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n",
        "script": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nconcat:{secret}\n#EXT-X-ENDLIST\n",
        "concat": f"ffconcat version 1.0\nfile {desk / 'secret.ts'}\n",
    }
    (folder / "index.m3u8").write_text(texts[kind])
    with pytest.raises((RefusedError, VideoOpenError)):
        live(f"{address}/index.m3u8", style="plain", seconds=1, **OPTIONS)
    session_input = desk / "list.m3u8"
    session_input.write_text(texts[kind])
    with pytest.raises(RefusedError):
        live(session_input, style="plain", seconds=1, **OPTIONS)


def test_udp_is_read_as_it_comes(desk):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    over = threading.Event()

    def send():
        with av.open(f"udp://127.0.0.1:{port}?pkt_size=1316", "w", format="mpegts") as out:
            stream = out.add_stream("libx264", rate=25, options={"tune": "zerolatency", "g": "5"})
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            index = 0
            while not over.wait(0.02):
                frame = av.VideoFrame.from_ndarray(numbered(index, 64, 48), "rgb24")
                frame.pts, frame.time_base = index, Fraction(1, 25)
                out.mux(stream.encode(frame))
                index += 1

    threading.Thread(target=send, daemon=True).start()
    session = LiveSession(f"udp://127.0.0.1:{port}", style="plain", outputs=[kept := Kept()], **OPTIONS)
    thread = threading.Thread(target=session.run, daemon=True)
    thread.start()
    until(lambda: len(kept.frames) > 5)
    session.stop()
    thread.join(WAIT)
    over.set()
    assert kept.frames[0].pixels.shape == (48, 64, 3)


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--input", "camera:x"), 2, "camera:0"),
        (("--input", "camera:97"), 3, "no such camera"),
        (("--input", "nothing.mp4"), 3, "no such file"),
        (("--input", "ftp://host/a"), 2, "begins with one of"),
        (("--input", "in.mp4", "--output", "x.mp4", "--output", "./x.mp4"), 2, "named twice"),
        (("--input", "in.mp4", "--output", "in.mp4", "--overwrite"), 3, "input itself"),
        (("--input", "in.mp4", "--output", "no/where/x.mp4"), 3, "does not exist"),
        (("--input", "in.mp4", "--style", "nothing"), 2, "unknown style"),
        (("--input", "in.mp4", "--strength", "2"), 2, "strength is 2"),
        (("--input", "in.mp4", "--stabilize", "-1"), 2, "stabilize is -1"),
        (("--input", "in.mp4", "--seconds", "0"), 2, "seconds is 0"),
        (("--input", "camera:0", "--loop"), 2, "plays a file"),
        (("--input", "in.mp4", "--camera-size", "640x480"), 2, "asks a camera"),
        (("--input", "in.mp4", "--codec", "hevc"), 2, "codec is for files"),
        (("--input", "in.mp4", "--output-format", "raw"), 2, "go"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_before_anything_is_made(run, desk, options, code, said):
    before = sorted(desk.rglob("*"))
    result = run("live", "--style", "plain", *options, *CHEAP)
    assert result.exit_code == code, result.output
    assert said in " ".join(result.output.split()).lower()
    assert sorted(desk.rglob("*")) == before


def test_a_network_that_is_too_slow_sees_smaller_frames_and_says_so(desk):
    def told():
        return any("is too slow" in notice for notice in session.notices)

    session = LiveSession(
        "in.mp4", style="brush", loop=True, target_fps=25, outputs=[kept := Kept()], **OPTIONS
    )
    paint = session._took
    session._took = lambda seconds, scale: paint(1.0 if scale == 1.0 else 0.001, scale)  # a slow machine
    thread = threading.Thread(target=session.run, daemon=True)
    thread.start()
    until(lambda: told() and session.status().network_width == 72)
    count = len(kept.frames)
    until(lambda: len(kept.frames) > count + 2)
    session.stop()
    thread.join(WAIT)
    assert {frame.pixels.shape for frame in kept.frames} == {(64, 96, 3)}, "the frames keep their size"


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no terminals here")
def test_keys_change_it_in_a_terminal_and_the_terminal_is_as_before(desk):
    import termios

    process, terminal = pty.fork()
    if process == 0:
        words = ["live", "--input", "in.mp4", "--loop", "--style", "plain", "--style", "negative", *CHEAP]
        os.execve(COMMAND[0], [*COMMAND, *words], {**os.environ, "COLUMNS": "250"})
    shown = ""

    def seen(text):
        nonlocal shown
        deadline = time.monotonic() + WAIT
        while text not in shown and time.monotonic() < deadline:
            if select.select([terminal], [], [], 0.1)[0]:
                shown += os.read(terminal, 65536).decode(errors="replace")
        assert text in shown, shown[-2000:]
        shown = ""

    try:
        before = termios.tcgetattr(terminal)
        seen("latency")
        for key, text in (
            ("-", "strength 0.9"),
            ("+", "strength 1"),
            ("c", "source's colours"),
            ("s", "stabilize 0.7"),
        ):
            os.write(terminal, key.encode())
            seen(text)
        os.write(terminal, b"n")
        seen("negative 1")
        os.write(terminal, b"q")
        seen("dropped (")
        _, status = os.waitpid(process, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert termios.tcgetattr(terminal)[3] == before[3], "the terminal echoes no more"
    finally:
        os.close(terminal)


def test_a_source_of_odd_size_is_made_even_for_every_output(desk):
    make_clip("odd.mkv", frames=10, size=(97, 65), codec="ffv1")
    summary = live("odd.mkv", style="plain", outputs=["out.mp4", "site/index.m3u8"], **OPTIONS)
    assert (summary.width, summary.height) == (96, 64)
    shutil.rmtree("site")


def test_a_run_is_asked_only_while_it_is_at_work(desk):
    with pytest.raises(UsageError, match="has not begun"):
        LiveSession("in.mp4", style="plain").status()
