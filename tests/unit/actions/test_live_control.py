import json
import os
import socket
import stat
from pathlib import Path

import pytest

from stylereel.actions.live_control import ControlSocket, answered
from stylereel.core.errors import OutputError, UsageError

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no Unix sockets here")


class Run:
    def __init__(self):
        self.settings, self.is_stopped = {}, False

    def change(self, settings):
        if "wrong" in settings:
            raise UsageError("Unknown setting 'wrong'.")
        self.settings |= settings

    def status(self):
        return self

    def as_dict(self):
        return {"settings": self.settings}

    def stop(self):
        self.is_stopped = True


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A short name: a socket's path has about a hundred bytes."""
    monkeypatch.chdir(tmp_path)
    return "live.sock"


def asked(path, *lines):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(path)
        with client.makefile("rb") as replies:
            found = []
            for line in lines:
                client.sendall(line)
                found.append(json.loads(replies.readline()))
            return found


def test_several_requests_go_over_one_connection(place):
    run = Run()
    with ControlSocket.at(place, run):
        first, second = asked(place, b'{"set": {"strength": 0.5}}\n', b'{"get": "status"}\n')
    assert first == second == {"ok": True, "status": {"settings": {"strength": 0.5}}}
    assert not os.path.exists(place)


def test_a_program_may_come_after_another_has_left(place):
    run = Run()
    with ControlSocket.at(place, run):
        for _ in range(20):
            assert asked(place, b'{"get": "status"}\n')[0]["ok"]
        asked(place, b'{"quit": true}\n')
    assert run.is_stopped


@pytest.mark.parametrize(
    "line",
    [b"hello", b"[]", b"{}", b'{"set": 3}', b'{"get": "x"}', b'{"sat": {}}', b"\xff\xfe", b"[" * 60_000],
)
def test_what_is_no_request_is_answered_and_changes_nothing(line):
    run = Run()
    reply = answered(line, run)
    assert reply["ok"] is False and reply["error"]
    assert run.settings == {} and not run.is_stopped


def test_a_setting_that_is_wrong_is_told():
    assert answered(b'{"set": {"wrong": 1}}', Run()) == {"ok": False, "error": "Unknown setting 'wrong'."}


def test_a_line_without_an_end_is_cut_off(place):
    with ControlSocket.at(place, Run()):
        assert "64 KiB" in asked(place, b"x" * 70_000)[0]["error"]


def test_nobody_else_may_open_the_socket(place):
    with ControlSocket.at(place, Run()):
        assert stat.S_IMODE(os.stat(place).st_mode) == 0o600


def test_a_socket_that_a_killed_run_left_is_replaced_and_anything_else_is_not(place):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(place)
    with ControlSocket.at(place, Run()), pytest.raises(OutputError, match="another run"):
        ControlSocket.at(place, Run()).__enter__()
    Path(place).write_text("mine")
    with pytest.raises(OutputError, match="no socket"), ControlSocket.at(place, Run()):
        pass
    assert Path(place).read_text() == "mine"


def test_a_socket_in_no_folder_is_told():
    with pytest.raises(OutputError, match="control socket"), ControlSocket.at("no/such/folder/s", Run()):
        pass
