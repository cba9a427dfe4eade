"""The live route, spoken to as any program would: a WebSocket with frames and JSON. Nothing is timed."""

import contextlib
import json
import socket
import struct
import threading
import time

import numpy as np
import pytest

from many_looks import many_pack, many_recipe
from stylereel.video.jpeg import decode_jpeg, encode_jpeg

pytest.importorskip("fastapi", reason="the studio extra is not installed")
client_api = pytest.importorskip("websockets.sync.client")
exceptions = pytest.importorskip("websockets.exceptions")

CHEAP = {"runner": "onnxruntime", "threads": 1}
WAIT = 60
HEADER = struct.Struct("<IId")


def until(is_so):
    deadline = time.monotonic() + WAIT
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.005)


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    return many_pack(tmp_path_factory.mktemp("many") / "many", many_recipe()).folder


@pytest.fixture
def live(studio, styles, many):
    """A studio whose live sessions run on one thread, and that has a pack of many looks."""
    if not (styles / "many").exists():
        (styles / "many").symlink_to(many)
    studio.house.rooms["live"].painting = CHEAP
    return studio


class Client:
    def __init__(self, studio, look="negative", **options):
        query = "" if look is None else f"?look={look}"
        address = f"{studio.url.replace('http', 'ws')}/api/live{query}"
        self.socket = client_api.connect(address, open_timeout=WAIT, max_size=None, **options).__enter__()
        self.texts, self.sequence = [], 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def next(self, kind=None):
        """The next message that is a frame ("frame") or has that key; others are kept or thrown away."""
        while True:
            message = self.socket.recv(timeout=WAIT)
            if isinstance(message, bytes):
                if kind == "frame":
                    sequence, flags, sent = HEADER.unpack_from(message)
                    return sequence, flags, sent, message[HEADER.size :]
                continue
            found = json.loads(message)
            if kind in found:
                return found

    def send(self, jpeg, sent=1.5):
        self.sequence += 1
        self.socket.send(HEADER.pack(self.sequence, 0, sent) + jpeg)
        return self.sequence

    def round_trip(self, jpeg, sent=1.5):
        sequence = self.send(jpeg, sent)
        answer = self.next("frame")
        assert answer[0] == sequence and answer[2] == sent
        return answer

    def set(self, **settings):
        self.socket.send(json.dumps({"set": settings}))

    def status_where(self, is_so):
        while True:
            status = self.next("status")["status"]
            if is_so(status):
                return status


def grey(level, size=(96, 64)):
    return encode_jpeg(np.full((size[1], size[0], 3), level, np.uint8))


def level(answer):
    assert answer[1] == 0
    return decode_jpeg(answer[3], most_side_px=4000).mean()


def test_a_frame_comes_back_painted_with_its_number_and_its_time(live):
    with Client(live) as client:
        answer = client.round_trip(grey(60), sent=1234.5678)
        assert abs(level(answer) - 195) < 3
        status = client.status_where(lambda status: status["frames_out"] == 1)
    assert (status["look"], status["width"], status["height"], status["state"]) == (
        "negative",
        96,
        64,
        "live",
    )


def test_the_status_comes_by_itself_and_when_it_is_asked_for(live):
    with Client(live) as client:
        assert client.next("status")["status"]["state"] == "waiting"
        assert client.next("status")["status"]["frames_in"] == 0
        client.socket.send(json.dumps({"get": "status"}))
        assert client.next("status")["status"]["style"] == "negative"


def test_settings_change_while_frames_go_on(live):
    with Client(live) as client:
        client.round_trip(grey(60))
        client.set(strength=0.5)
        client.status_where(lambda status: status["strength"] == 0.5)
        assert abs(level(client.round_trip(grey(60))) - 127) < 4
        client.set(look="plain", strength=1.0, keep_colors=True, stabilize=0.5)
        status = client.status_where(lambda status: status["style"] == "plain")
        assert (status["keep_colors"], status["stabilize"], status["look"]) == (True, 0.5, "plain")
        assert abs(level(client.round_trip(grey(60))) - 60) < 4


def test_a_share_of_a_mixture_changes_without_another_network(live):
    with Client(live, "many:oil") as client:
        client.round_trip(grey(60))
        (session,) = live.house.rooms["live"].sessions
        network = session._frames._easel.stylizer
        for share in (0.2, 0.4, 1, 0):
            client.set(mix="many:ink", share=share)
            status = client.status_where(lambda status, share=share: status["share"] == share)
            assert status["loading"] is None
            client.round_trip(grey(60))
        assert session._frames._easel.stylizer is network
        assert status["style"] == "many:oil"


@pytest.mark.parametrize(
    "request_",
    [
        "hello",
        "[]",
        "{}",
        '{"set": 3}',
        '{"get": "files"}',
        '{"open": "/etc/passwd"}',
        '{"set": {"look": "/etc"}}',
        '{"set": {"look": "../styles/plain"}}',
        '{"set": {"look": "nothing"}}',
        '{"set": {"look": null}}',
        '{"set": {"mix": "plain", "share": 0.5}}',
        '{"set": {"share": "much"}}',
        '{"set": {"strength": 7}}',
        '{"set": {"keep_colors": 1, "strength": 0.1}}',
        '{"set": {"size": 3}}',
        "[" * 60_000,
        json.dumps({"set": {"look": "x" * 70_000}}),
    ],
)
def test_what_is_no_request_is_told_and_changes_nothing(live, request_):
    with Client(live) as client:
        client.socket.send(request_)
        error = client.next("error")["error"]
        assert error["text"] and "bug" not in error["hint"]
        assert abs(level(client.round_trip(grey(60))) - 195) < 3


@pytest.mark.parametrize(
    "message", [b"", b"short", HEADER.pack(7, 0, 1.0), HEADER.pack(7, 0, 1.0) + b"#EXTM3U"]
)
def test_a_bad_frame_is_told_and_the_next_is_painted(live, message):
    with Client(live) as client:
        client.socket.send(message)
        error = client.next("error")
        assert "frame" in error["error"]["text"] or "header" in error["error"]["text"]
        client.send(grey(60))
        while (answer := client.next("frame"))[1] != 0:
            pass
        assert abs(level(answer) - 195) < 3


def test_places_are_counted_and_a_closed_tab_frees_its_own(live):
    before = set(threading.enumerate())
    first, second = Client(live), Client(live, "plain")
    first.round_trip(grey(60))
    with Client(live) as third:
        assert "2 live sessions" in third.next("error")["error"]["text"]
        with pytest.raises(exceptions.ConnectionClosed) as closed:
            third.next("frame")
        assert closed.value.rcvd.code == 1013
    assert abs(level(first.round_trip(grey(60))) - 195) < 3, "the refused one harmed another"
    first.socket.socket.shutdown(socket.SHUT_RDWR)  # as when the browser is killed
    until(lambda: live.house.rooms["live"].taken == 1)
    with Client(live) as next_one:
        assert abs(level(next_one.round_trip(grey(60))) - 195) < 3
        assert abs(level(second.round_trip(grey(60))) - 60) < 3
    second.socket.close()
    until(lambda: live.house.rooms["live"].taken == 0 and not live.house.rooms["live"].sessions)
    until(lambda: not [
        thread for thread in set(threading.enumerate()) - before if thread.name.startswith("stylereel-live")
    ])  # fmt: skip


def deaf_client(studio, look):
    """A connection that sends frames and never reads; gives what sends one."""
    host, port = "127.0.0.1", studio.settings.port
    raw = socket.create_connection((host, port), timeout=WAIT)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    lines = [
        f"GET /api/live?look={look} HTTP/1.1", f"Host: {host}:{port}", "Upgrade: websocket",
        "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ]  # fmt: skip
    raw.sendall("\r\n".join([*lines, "", ""]).encode())
    assert raw.recv(12) == b"HTTP/1.1 101"

    def send(jpeg):
        message = HEADER.pack(1, 0, 0.0) + jpeg
        raw.sendall(b"\x82\xff" + struct.pack(">Q", len(message)) + bytes(4) + message)

    return raw, send


def test_a_client_that_does_not_read_is_bounded_and_harms_no_other(live):
    raw, send = deaf_client(live, "negative")
    noise = np.random.default_rng(1).integers(0, 256, (360, 640, 3), np.uint8)
    big = encode_jpeg(noise, 95)
    sessions = live.house.rooms["live"].sessions
    until(lambda: sessions)
    (session,) = sessions
    with raw, Client(live, "plain") as other:
        until(lambda: send(big) or session._unread > 5)  # answers pile up nowhere: the newest is kept
        for _ in range(10):
            assert abs(level(other.round_trip(grey(60))) - 60) < 3
        assert len(session._notes) <= 256 and len(session._texts) <= 32
        assert session._status()["dropped"] >= 5
        raw.shutdown(socket.SHUT_RDWR)
        until(lambda: live.house.rooms["live"].taken == 1)


def test_a_network_that_fails_ends_its_session_alone(live):
    with Client(live) as client, Client(live, "plain") as other:
        client.round_trip(grey(60))
        (session,) = [one for one in live.house.rooms["live"].sessions if one._look["look"] == "negative"]

        def fail(*_):
            raise ValueError("out of paint")

        session._frames._easel.stylizer.runner.run = fail
        client.send(grey(60))
        assert "out of paint" in client.next("error")["error"]["text"]
        with pytest.raises(exceptions.ConnectionClosed) as closed:
            client.next("frame")
        assert closed.value.rcvd.code == 1011
        assert abs(level(other.round_trip(grey(60))) - 60) < 3


@pytest.mark.parametrize("look", ["nothing", "/etc", "many", "many:tar"])
def test_a_session_with_a_look_that_is_not_there_is_refused_with_a_reason(live, look):
    with Client(live, look) as client:
        if (
            look == "many"
        ):  # which of its looks is not said, which is found out with the first frame or before
            with contextlib.suppress(exceptions.ConnectionClosed):
                client.send(grey(60))
        assert client.next("error")["error"]["text"]
        with pytest.raises(exceptions.ConnectionClosed):
            client.next("frame")


def test_without_a_name_some_look_is_at_work(live):
    with Client(live, None) as client:
        assert client.next("status")["status"]["look"]
        assert client.round_trip(grey(60))[1] == 0


def test_another_site_and_another_host_get_no_session(live):
    for options in ({"origin": "http://evil.example"}, {"additional_headers": {"Host": "evil.example"}}):
        with pytest.raises(exceptions.InvalidStatus):
            Client(live, **options)
    with Client(live, origin=live.url) as client:
        assert client.round_trip(grey(60))[1] == 0


def test_a_studio_with_a_token_asks_for_it(studio_at, tmp_path, styles, monkeypatch):
    monkeypatch.setenv("STYLEREEL_PACKS", str(styles))
    studio = studio_at(tmp_path / "guarded", token="a-secret-of-ours")
    studio.house.rooms["live"].painting = CHEAP
    with pytest.raises(exceptions.InvalidStatus):
        Client(studio)
    with Client(studio, additional_headers={"Authorization": "Bearer a-secret-of-ours"}) as client:
        assert client.round_trip(grey(60))[1] == 0


def test_a_studio_that_ends_closes_its_sessions_at_once(studio_at, tmp_path, styles, monkeypatch):
    monkeypatch.setenv("STYLEREEL_PACKS", str(styles))
    studio = studio_at(tmp_path / "ending")
    studio.house.rooms["live"].painting = CHEAP
    with Client(studio) as client:
        client.round_trip(grey(60))
        studio._server.should_exit = True
        with pytest.raises(exceptions.ConnectionClosed) as closed:
            client.next("frame")
        assert closed.value.rcvd.code in (1001, 1012)
