"""Uploads to a studio: what is taken, and what is refused without harm."""

import os
import socket
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest

from clips import make_clip, make_pictures
from file_bombs import png
from stylereel.studio.problem import Problem

pytest.importorskip("fastapi", reason="the studio extra is not installed")


def sent(studio, data: bytes, name: str = "clip.mp4"):
    return studio.client.post("/api/media", params={"name": name}, content=data)


def trouble(answer) -> str:
    error = answer.json()["error"]
    assert error["hint"], error
    return error["text"]


def left_over(studio) -> list[Path]:
    """Files of media and uploads that lie in the studio's folder."""
    folder = studio.settings.folder
    return [path for part in ("media", "incoming") for path in (folder / part).rglob("*") if path.is_file()]


def test_a_video_is_taken_and_described(studio, clip):
    media = sent(studio, clip.read_bytes(), "../../Mein Film.mp4").json()
    assert media["name"] == "Mein Film.mp4" and media["kind"] == "video" and media["origin"] == "upload"
    assert (media["width"], media["height"], media["frames"], media["frame_rate"]) == (64, 48, 12, 25)
    assert media["has_sound"] and media["bytes"] == clip.stat().st_size
    assert media["expires"] - media["created"] == pytest.approx(7 * 86400)
    assert studio.client.get("/api/media").json()["media"] == [media]
    assert studio.client.get(f"/api/media/{media['id']}").json() == media


def test_a_picture_is_taken_and_described(studio, tmp_path):
    picture = sorted(make_pictures(tmp_path / "pictures", 1).iterdir())[0]
    media = sent(studio, picture.read_bytes(), "photo.png").json()
    assert media["kind"] == "picture" and media["frames"] == 1 and media["seconds"] is None
    content = studio.client.get(f"/api/media/{media['id']}/file")
    assert content.headers["content-type"] == "image/png" and content.content == picture.read_bytes()


@pytest.mark.parametrize(
    "name",
    ["a\0b.mp4", "../../../etc/passwd", "..", "/etc/passwd", "con.mp4", "x" * 900, "a\r\nSet-Cookie: x"],
)
def test_names_are_labels_whatever_they_are(studio, clip, name):
    answer = sent(studio, clip.read_bytes(), name)
    assert answer.status_code == 201
    media = answer.json()
    assert not set(media["name"]) & set("/\\\0\r\n")
    files = left_over(studio)
    assert all(studio.settings.folder / "media" / media["id"] == path.parent for path in files)
    told = studio.client.get(f"/api/media/{media['id']}/file", params={"download": 1}).headers
    assert told["content-disposition"].startswith("attachment") and "set-cookie" not in told


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("notes.txt", b"just some words, none of them a picture\n" * 40),
        ("notes.mp4", b"just some words, none of them a picture\n" * 40),
        ("noise.mp4", bytes(range(256)) * 64),
        ("list.m3u8", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"),
        ("list.mp4", b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n"),
        ("join.mp4", b"ffconcat version 1.0\nfile '/etc/passwd'\n"),
        ("join.ffconcat", b"ffconcat version 1.0\nfile '/etc/passwd'\n"),
        ("talk.sdp", b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nm=video 9 RTP/AVP 96\r\n"),
        ("dash.mpd", b"<?xml version='1.0'?><MPD><BaseURL>file:///etc/passwd</BaseURL></MPD>"),
        ("x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>"),
        ("x.png", b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>"),
        ("x.avs", b'AviSource("/etc/passwd")'),
        ("page.html", b"<html><script>alert(1)</script></html>"),
        ("code.py", b"import os\nos.system('true')\n"),
        ("empty.mp4", b""),
    ],
)
def test_what_is_no_video_or_picture_is_refused_and_leaves_nothing(studio, name, data):
    answer = sent(studio, data, name)
    assert answer.status_code == 422, answer.text
    text = trouble(answer)
    assert str(studio.settings.folder) not in text
    assert "root:" not in answer.text
    assert not left_over(studio)


def test_a_small_file_that_holds_a_giant_picture_is_refused(studio):
    rows = zlib.compress(bytes(1 + 40000) * 200, 9)
    for width, height in ((40000, 40000), (2**31 - 1, 1)):
        began = time.monotonic()
        answer = sent(studio, png(width, height, 8, 0, rows), "bomb.png")
        assert answer.status_code == 422, answer.text
        assert time.monotonic() - began < 20
    assert not left_over(studio)
    assert studio.client.get("/api/about").status_code == 200


def test_a_file_that_takes_too_long_to_look_into_is_given_up(clip):
    from stylereel.studio.probing import examined

    began = time.monotonic()
    with pytest.raises(Problem, match=r"'Ferien\.mp4' took over 0\.05 seconds") as given_up:
        examined(clip, "Ferien.mp4", seconds=0.05)
    assert given_up.value.status == 422 and time.monotonic() - began < 10


@pytest.mark.skipif(sys.platform == "win32", reason="limits of processes are of POSIX")
def test_the_process_that_looks_into_uploads_can_write_no_file_and_take_little_memory(tmp_path):
    code = (
        "import os, sys\nfrom stylereel.studio.probe_child import set_limits\nset_limits()\n"
        "try:\n    os.write(os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY), b'x')\nexcept OSError as error:\n"
        "    print(error.strerror)\n"
        "try:\n    bytearray(7 * 10**9)\nexcept MemoryError:\n    print('no memory')\n"
        "try:\n    files = [open(os.devnull) for _ in range(100)]\nexcept OSError:\n    print('no files')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n" + code,
         str(tmp_path / "written")], capture_output=True, text=True, timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip
    assert done.stdout.splitlines() == ["File too large", "no memory", "no files"], done.stderr


def test_a_side_that_is_too_long_is_refused(studio):
    row = zlib.compress(bytes(1 + 20000), 9)
    assert "16384" in trouble(sent(studio, png(20000, 1, 8, 0, row), "long.png"))


def test_a_cut_off_video_is_taken_as_far_as_it_goes_and_one_without_an_index_is_not(studio, tmp_path):
    front = make_clip(
        tmp_path / "front.mp4", frames=30, size=(128, 96), container_options={"movflags": "faststart"}
    ).read_bytes()
    assert sent(studio, front[: len(front) * 6 // 10]).status_code == 201
    behind = make_clip(tmp_path / "behind.mp4", frames=30, size=(128, 96)).read_bytes()
    assert "index" in trouble(sent(studio, behind[: len(behind) // 2]))


def test_an_upload_over_the_limit_is_refused_before_it_arrives_and_while_it_does(studio_at, tmp_path, clip):
    studio = studio_at(tmp_path / "small", upload_bytes=1000)
    assert "1000" in studio.client.get("/api/about").text
    stated = raw(studio, b"Content-Length: 99999999\r\n\r\n", leaves=False)
    assert b" 413 " in stated.splitlines()[0]
    pieces = (bytes(400) for _ in range(10))
    unstated = studio.client.post("/api/media", content=pieces)
    assert unstated.status_code == 413 and trouble(unstated)
    assert not left_over(studio)


def raw(studio, rest: bytes, *, leaves: bool = True) -> bytes:
    """What comes of the beginning of an upload, whose sender then leaves, or waits for an answer."""
    host = f"127.0.0.1:{studio.settings.port}"
    with socket.create_connection(("127.0.0.1", studio.settings.port), timeout=20) as connection:
        connection.sendall(f"POST /api/media?name=a.mp4 HTTP/1.1\r\nHost: {host}\r\n".encode() + rest)
        if not leaves:
            return connection.recv(65536)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while data := connection.recv(65536):
            answer += data
        return answer


@pytest.mark.parametrize("how", ["stated", "chunked", "reset"])
def test_a_tab_that_is_closed_in_the_middle_leaves_nothing_and_harms_nobody(studio, clip, how):
    data = clip.read_bytes()
    if how == "stated":
        raw(studio, f"Content-Length: {len(data)}\r\n\r\n".encode() + data[: len(data) // 2])
    elif how == "chunked":
        raw(studio, b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n" % len(data) + data[:100])
    else:
        with socket.create_connection(("127.0.0.1", studio.settings.port)) as connection:
            head = f"POST /api/media HTTP/1.1\r\nHost: 127.0.0.1:{studio.settings.port}\r\n"
            connection.sendall(head.encode() + f"Content-Length: {len(data)}\r\n\r\n".encode() + data[:100])
            time.sleep(0.1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    deadline = time.monotonic() + 10
    while left_over(studio) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not left_over(studio)
    assert sent(studio, data).status_code == 201


def test_what_is_deleted_is_gone_from_the_disk(studio, clip):
    first, second = (sent(studio, clip.read_bytes()).json()["id"] for _ in range(2))
    assert studio.client.delete(f"/api/media/{first}").json() == {"removed": [first], "kept": []}
    assert studio.client.get(f"/api/media/{first}/file").status_code == 404
    assert studio.client.delete("/api/media").json()["removed"] == [second]
    assert not left_over(studio)


def test_parts_of_a_file_come_by_range(studio, clip):
    data, media = clip.read_bytes(), sent(studio, clip.read_bytes()).json()
    address = f"/api/media/{media['id']}/file"
    part = studio.client.get(address, headers={"range": "bytes=10-19"})
    assert part.status_code == 206 and part.content == data[10:20]
    assert part.headers["content-range"] == f"bytes 10-19/{len(data)}"
    assert studio.client.get(address, headers={"range": "bytes=-5"}).content == data[-5:]
    assert studio.client.get(address, headers={"range": f"bytes={len(data)}-"}).status_code == 416
    head = studio.client.head(address)
    assert head.headers["accept-ranges"] == "bytes"


HOSTILE_IDS = (
    "..", "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "....//etc/passwd", "%00",
    "a" * 31, "A" * 32, "g" * 32, "a" * 32 + "%00", "a" * 33, "%5c..%5c..", "/etc/passwd", "C:%5cwin.ini",
    "media.json", "0" * 32 + "/../..", "0" * 32,
)  # fmt: skip


def test_no_route_with_an_id_leads_out_of_the_studio(studio):
    """Every path of the API that takes an id, with ids that want to be paths."""
    secret = studio.settings.folder / "secret.txt"
    secret.write_text("root:secret")
    seen = 0
    for path, methods in studio.client.get("/api/openapi.json").json()["paths"].items():
        if "{" not in path:
            continue
        for method in methods:
            for hostile in (*HOSTILE_IDS, "../secret.txt", "%2e%2e%2fsecret.txt"):
                for place in (part for part in path.split("/") if part.startswith("{")):
                    address = path.replace(place, hostile).replace("{", "").replace("}", "")
                    answer = studio.client.request(method, studio.url + address)
                    is_other_route = (
                        answer.status_code == 200 and "/.." in answer.request.url.raw_path.decode()
                    )
                    assert 400 <= answer.status_code < 500 or is_other_route, (method, address)
                    assert "root:" not in answer.text
                    seen += 1
    assert seen > 100


@pytest.mark.parametrize(
    "path",
    ["/../settings.py", "/%2e%2e/settings.py", "/..%2fsettings.py", "/js/../../settings.py", "//etc/passwd",
     "/%2e%2e%5csettings.py", "/../../../../../../etc/passwd", "/.%00./settings.py"],
)  # fmt: skip
def test_the_pages_files_are_all_that_the_page_serves(studio, path):
    with socket.create_connection(("127.0.0.1", studio.settings.port), timeout=20) as connection:
        host = f"127.0.0.1:{studio.settings.port}"
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while data := connection.recv(65536):
            answer += data
    assert answer.split(b" ")[1] in (b"404", b"400", b"405") and b"root:" not in answer
