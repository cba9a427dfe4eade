"""Live sources on this machine's own network that break off and come back; nothing is timed."""

import io
import socket
import threading
import time
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import av
import pytest

from clips import numbered
from stylereel.actions.live import LiveSession
from stylereel.core.errors import VideoOpenError
from stylereel.video import live_pace
from stylereel.video.live_output import NullOutput

OPTIONS = {"runner": "onnxruntime", "threads": 1}
WAIT = 60


@pytest.fixture(autouse=True)
def _packs(monkeypatch, styles):
    monkeypatch.setenv("STYLEREEL_PACKS", str(styles))
    monkeypatch.setattr(live_pace, "FIRST_WAIT_SECONDS", 0.1)


@pytest.fixture(scope="module")
def stream():
    """Two seconds of MPEG-TS."""
    made = io.BytesIO()
    with av.open(made, "w", format="mpegts") as out:
        video = out.add_stream("libx264", rate=25, options={"tune": "zerolatency", "g": "5"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        for index in range(50):
            frame = av.VideoFrame.from_ndarray(numbered(index, 64, 48), "rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    return made.getvalue()


def until(is_so):
    deadline = time.monotonic() + WAIT
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)


class Kept(NullOutput):
    def __init__(self):
        self.frames = []

    def write(self, frame):
        self.frames.append(frame)


def watched(address):
    """A run over an address, and what it shows."""
    session = LiveSession(address, style="plain", outputs=[kept := Kept()], **OPTIONS)
    thread = threading.Thread(target=session.run, daemon=True)
    thread.start()
    return session, kept, thread


def check_comes_back_twice(session, kept, thread):
    until(lambda: session.notices and session.notices.count("The source is back.") >= 2)
    count = len(kept.frames)
    until(lambda: len(kept.frames) > count + 3)
    assert session.status().reconnects >= 2
    session.stop()
    thread.join(WAIT)
    assert not thread.is_alive()
    times = [frame.pts * frame.time_base for frame in kept.frames]
    assert times == sorted(set(times)), "a time came twice or went back"
    assert all("Waiting" in told or "back" in told for told in session.notices)


class Breaking(BaseHTTPRequestHandler):
    """Gives a part of the stream and drops the connection; each second request is refused."""

    stream, asked = b"", 0

    def do_GET(self):
        type(self).asked += 1
        if type(self).asked % 2 == 0:
            self.send_error(503)
            return
        self.send_response(200)
        self.send_header("Content-Type", "video/mp2t")
        self.send_header("Content-Length", str(10 * len(self.stream)))
        self.end_headers()
        self.wfile.write(self.stream[: 3 * len(self.stream) // 4])
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_): ...


def test_a_stream_over_http_that_breaks_off_and_is_refused_for_a_while_goes_on(stream):
    handler = type("Handler", (Breaking,), {"stream": stream, "asked": 0})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        check_comes_back_twice(*watched(f"http://127.0.0.1:{server.server_port}/live.ts"))
        assert handler.asked >= 5
        server.shutdown()


def test_a_stream_over_tcp_that_breaks_off_and_is_away_for_a_while_goes_on(stream):
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        listening.settimeout(0.1)

        def serve():
            turn = 0
            while not over.is_set():
                try:
                    client, _ = listening.accept()
                except TimeoutError:
                    continue
                turn += 1
                with client:
                    if turn % 2 == 0:
                        continue  # hung up at once
                    for at in range(0, len(stream), 1880):
                        try:
                            client.sendall(stream[at : at + 1880])
                        except OSError:
                            break
                        if over.wait(0.005):
                            return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            check_comes_back_twice(*watched(f"tcp://127.0.0.1:{port}"))
        finally:
            over.set()
            thread.join(WAIT)


@pytest.mark.parametrize("address", ["rtmp://127.0.0.1:{port}/live/key", "rtsp://127.0.0.1:{port}/cam"])
def test_an_address_where_nobody_answers_is_told_without_its_key(address):
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]
    address = address.format(port=port)
    with pytest.raises(VideoOpenError, match="does not answer") as told:
        LiveSession(address, style="plain", **OPTIONS).run()
    assert "key" not in str(told.value) and "/cam" not in str(told.value)
