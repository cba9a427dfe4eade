import contextlib
import io
import itertools
import socket
import sys
import threading
import time
import types
from fractions import Fraction

import av
import numpy as np
import pytest

from clips import smooth
from stylereel.core.errors import EnvironmentMissingError, OutputError, UsageError
from stylereel.core.frames import Frame
from stylereel.video import live_relay
from stylereel.video.live_output import FileOutput, PipeOutput, live_output
from stylereel.video.live_programme import Programme
from stylereel.video.pipe_output import PipeFormat

SIZE = (64, 48)
PROGRAMME = Programme(SIZE, Fraction(25), metadata={"comment": "made live"})


def frame(ms):
    return Frame(smooth(ms // 40, *SIZE), ms, Fraction(1, 1000))


def written(output, times):
    output.open(PROGRAMME)
    for ms in times:
        output.write(frame(ms))
    output.close()


def times_in(path):
    with av.open(str(path)) as media:
        return [round(float(found.pts * found.time_base), 3) for found in media.decode(video=0)]


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".mov", ".webm"])
def test_a_file_keeps_each_frames_time_where_others_were_dropped(tmp_path, ending):
    path = tmp_path / f"out{ending}"
    written(live_output(path), [0, 40, 200, 240, 1000])
    assert times_in(path) == [0.0, 0.04, 0.2, 0.24, 1.0]


def test_a_run_without_a_frame_leaves_no_file(tmp_path):
    written(live_output(tmp_path / "out.mp4"), [])
    assert list(tmp_path.iterdir()) == []


def test_an_hls_folder_can_be_played_while_it_is_written_and_afterwards(tmp_path):
    output = live_output(tmp_path / "site" / "index.m3u8")
    output.open(PROGRAMME)
    for ms in range(0, 9000, 40):
        output.write(frame(ms))
    playlist = tmp_path / "site" / "index.m3u8"
    assert "#EXT-X-ENDLIST" not in playlist.read_text() and ".ts" in playlist.read_text()
    output.close()
    assert "#EXT-X-ENDLIST" in playlist.read_text()
    assert len(times_in(playlist)) == 225
    assert len(list(playlist.parent.glob("*.ts"))) <= 8
    with pytest.raises(OutputError, match="exists"):
        live_output(playlist)


def test_a_pipe_fills_what_was_dropped_so_that_it_stays_in_time():
    into = io.BytesIO()
    output = PipeOutput(PipeFormat("raw", "rgb24", into))
    written(output, [0, 40, 200, 240])
    pictures = np.frombuffer(into.getvalue(), np.uint8).reshape(-1, SIZE[1], SIZE[0], 3)
    assert len(pictures) == 7  # 0, 40, then 80 to 200 shown by the frame that came at 200, 240
    same = [np.array_equal(*pair) for pair in itertools.pairwise(pictures)]
    assert same == [False, False, True, True, True, False]


def test_frames_that_come_faster_than_the_pipe_counts_are_left_out():
    into = io.BytesIO()
    written(PipeOutput(PipeFormat("raw", "rgb24", into)), range(0, 1000, 10))
    assert abs(len(into.getvalue()) // (SIZE[0] * SIZE[1] * 3) - 25) <= 1


@pytest.mark.parametrize("name", ["folder", "out.png", "out.gif", "out.xyz", "http://host/x", "rtmp://"])
def test_what_is_no_live_output_is_told(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError):
        live_output(name)


def test_an_output_that_exists_is_kept_unless_told_otherwise(tmp_path):
    path = tmp_path / "out.mp4"
    path.write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists"):
        live_output(path)
    assert isinstance(live_output(path, overwrite=True), FileOutput)


def test_a_virtual_camera_without_its_plug_in_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    with pytest.raises(EnvironmentMissingError, match="pip install pyvirtualcam"):
        live_output("camera")


def test_a_virtual_camera_is_given_every_frame(monkeypatch):
    sent, opened = [], []

    class Camera:
        def __init__(self, width, height, fps, fmt, device):
            opened.append((width, height, fps, fmt, device))

        def send(self, pixels):
            sent.append(pixels.shape)

        def close(self):
            sent.append("closed")

    library = types.SimpleNamespace(Camera=Camera, PixelFormat=types.SimpleNamespace(RGB="rgb"))
    monkeypatch.setitem(sys.modules, "pyvirtualcam", library)
    written(live_output("camera:/dev/video9"), [0, 40])
    assert opened == [(64, 48, 25.0, "rgb", "/dev/video9")]
    assert sent == [(48, 64, 3), (48, 64, 3), "closed"]


def test_a_virtual_camera_without_a_device_says_what_to_do(monkeypatch):
    def missing(*_, **__):
        raise RuntimeError("no device")

    library = types.SimpleNamespace(Camera=missing, PixelFormat=types.SimpleNamespace(RGB="rgb"))
    monkeypatch.setitem(sys.modules, "pyvirtualcam", library)
    with pytest.raises(EnvironmentMissingError, match="v4l2loopback"):
        live_output("camera").open(PROGRAMME)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_an_rtmp_server_gets_the_frames_at_their_times_and_its_key_is_never_shown():
    address = f"rtmp://127.0.0.1:{free_port()}/live/secret"
    found = []

    def serve():
        # FFmpeg's server takes the end of a stream for an error, and loses what it has not parsed by then.
        with (
            contextlib.suppress(av.error.FFmpegError),
            av.open(address, "r", options={"listen": "1"}, timeout=(60, 60)) as media,
        ):
            for packet in media.demux(video=0):
                found.append(packet.pts)

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    output = live_output(address)
    assert "secret" not in output.name
    for _ in range(50):  # until the server listens
        try:
            written(output, range(0, 8000, 40))
            break
        except OutputError as error:
            assert "secret" not in str(error)
            time.sleep(0.2)
    server.join(60)
    assert len(found) > 100 and found == list(range(0, 8000, 40))[: len(found)]


def test_a_server_that_refuses_is_told():
    output = live_output(f"rtmp://127.0.0.1:{free_port()}/live/key")
    with pytest.raises(OutputError, match="refused"):
        written(output, range(0, 40_000, 40))


def test_a_server_that_takes_nothing_counts_as_gone_and_stops_no_other_thread(monkeypatch):
    monkeypatch.setattr(live_relay, "STUCK_SECONDS", 1.0)
    silent = socket.create_server(("127.0.0.1", 0))
    output = live_output(f"rtmp://127.0.0.1:{silent.getsockname()[1]}/live/key")
    beats, over = [], threading.Event()

    def beat():
        while not over.wait(0.01):
            beats.append(1)

    threading.Thread(target=beat, daemon=True).start()
    output.open(Programme((640, 360), Fraction(25)))
    noise = np.random.default_rng(0).integers(0, 256, (360, 640, 3), np.uint8)
    with pytest.raises(OutputError, match="takes nothing"):
        for ms in range(0, 400_000, 40):
            output.write(Frame(np.roll(noise, ms, 1), ms, Fraction(1, 1000)))
    over.set()
    output.abandon()
    silent.close()
    assert len(beats) > 20
