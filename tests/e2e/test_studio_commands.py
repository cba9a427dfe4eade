"""`stylereel studio` and `stylereel serve`, in processes of their own, and a program that uses them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

pytest.importorskip("fastapi", reason="the studio extra is not installed")

from clips import make_clip
from processes import COMMAND, interruptible
from stylereel.cli import studio as studio_command
from stylereel.video.probe import probe

ROOT = Path(__file__).resolve().parents[2]
ON_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="processes are ended by signals")


class Served:
    """`stylereel serve --json` with more arguments, in a process that hears Ctrl-C."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        command = [*COMMAND, "serve", "--port", "0", "--folder", str(folder), "--json", *arguments]
        self.process = interruptible(command, signal.SIGINT)
        assert self.process.stdout is not None
        told = ""
        while not told.endswith("\n}\n"):
            line = self.process.stdout.readline()
            assert line, self.process.communicate()
            told += line
        self.facts = json.loads(told)
        self.client = httpx.Client(base_url=self.facts["url"], timeout=60)

    def end(self, kind: int = signal.SIGINT) -> tuple[int, str]:
        """Its exit code, and what it said to people."""
        self.process.send_signal(kind)
        _, said = self.process.communicate(timeout=60)
        return self.process.returncode, said


@pytest.fixture
def serve(styles, monkeypatch):
    monkeypatch.setenv("STYLEREEL_PACKS", str(styles))
    running: list[Served] = []

    def start(folder: Path, *arguments: str) -> Served:
        running.append(Served(folder, *arguments))
        return running[-1]

    yield start
    for served in running:
        if served.process.poll() is None:
            served.process.kill()
            served.process.communicate()


def begun_job(served: Served, film: Path) -> str:
    """A job of which one part is finished."""
    media = served.client.post("/api/media", content=film.read_bytes()).json()["id"]
    asked = {"kind": "stylize", "media": media, "look": "brush"}
    job = served.client.post("/api/jobs", json=asked).json()["id"]
    folder, deadline = Path(served.facts["folder"]) / "jobs" / job, time.monotonic() + 90
    while not list(folder.glob("*.unfinished/000000.json")):
        assert time.monotonic() < deadline, served.client.get(f"/api/jobs/{job}").text
        time.sleep(0.01)
    return job


def workers_of(folder: Path) -> list[int]:
    """Processes that work in a studio's folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if b"stylereel.studio.job_child" in command and str(folder).encode() in command:
            found.append(int(entry.name))
    return found


def finished(served: Served, job: str) -> dict:
    deadline = time.monotonic() + 120
    while (told := served.client.get(f"/api/jobs/{job}").json())["state"] in ("waiting", "running"):
        assert time.monotonic() < deadline, told
        time.sleep(0.05)
    return told


@ON_POSIX
def test_a_killed_server_takes_its_jobs_along_and_the_next_one_goes_on_with_them(serve, tmp_path):
    film = make_clip(tmp_path / "film.mp4", frames=700, size=(192, 144))
    first = serve(tmp_path / "studio")
    job = begun_job(first, film)
    first.process.kill()
    first.process.communicate()
    second = serve(tmp_path / "studio")
    told = finished(second, job)
    assert told["state"] == "done", told
    assert any("Went on after" in notice for notice in told["notices"])
    result = second.client.get(f"/api/media/{told['result']['media']}").json()
    assert result["frames"] == 700
    second.process.kill()
    deadline = time.monotonic() + 30
    while workers_of(tmp_path / "studio") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not workers_of(tmp_path / "studio")


@ON_POSIX
def test_ctrl_c_ends_it_and_says_that_jobs_go_on(serve, tmp_path):
    film = make_clip(tmp_path / "film.mp4", frames=700, size=(192, 144))
    served = serve(tmp_path / "studio")
    begun_job(served, film)
    with served.client.stream("GET", "/api/events"):  # a page that listens does not hold it up
        began = time.monotonic()
        code, said = served.end()
    assert code == 0 and "Ended. 1 job goes on at the next start." in said
    assert time.monotonic() - began < 30
    assert not workers_of(tmp_path / "studio")


@ON_POSIX
def test_it_tells_where_it_is_and_what_it_takes_and_ends_without_jobs_too(serve, tmp_path):
    served = serve(tmp_path / "studio", "--max-upload", "500MB", "--token", "correct-horse")
    assert served.facts["limits"]["upload_bytes"] == 500_000_000
    assert served.client.get("/api/about").status_code == 401
    bearer = {"authorization": "Bearer correct-horse"}
    about = served.client.get("/api/about", headers=bearer).json()
    assert not about["page"] and served.client.get("/", headers=bearer).status_code == 404
    assert served.client.get("/api/docs", headers=bearer).status_code == 200
    code, said = served.end(signal.SIGTERM)
    assert code == 0 and "correct-horse" in said and "500 MB" in said and said.endswith("Ended.\n")
    assert str(tmp_path / "studio") in said


def test_a_port_that_is_taken_is_named_with_what_to_do(run, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = run("studio", "--no-browser", "--port", port, "--folder", tmp_path / "studio")
    assert result.exit_code == 2
    assert f"Port {port} is taken" in result.output and f"--port {port + 1}" in result.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--token", "short"), "token"),
        (("--token", "with spaces in it"), "token"),
        (("--max-upload", "lots"), "max-upload"),
        (("--keep-days", "0"), "keep_days"),
        (("--jobs", "0"), "jobs_at_once"),
        (("--port", "70000"), "port"),
        (("--port", "0", "--host", "203.0.113.9"), "203.0.113.9"),
    ],
)
def test_options_that_cannot_be_are_refused_by_name(run, tmp_path, arguments, told):
    result = run("serve", "--folder", tmp_path / "studio", *arguments)
    assert result.exit_code == 2 and told in result.output


def test_a_folder_that_another_studio_holds_is_refused(run, studio):
    result = run("serve", "--port", 0, "--folder", studio.settings.folder)
    assert result.exit_code == 3 and "Another studio" in result.output


def test_a_missing_extra_is_told_with_the_line_that_installs_it(run, monkeypatch):
    monkeypatch.setattr(studio_command, "NEEDED", ("fastapi", "no_such_module_here"))
    result = run("studio", "--no-browser")
    assert result.exit_code == 4 and 'pip install "stylereel[studio]"' in result.output
    assert "no_such_module_here" in result.output


def test_the_example_uploads_stylises_and_downloads(studio, clip, tmp_path):
    example = ROOT / "examples" / "studio_client.py"
    subprocess.run(
        [sys.executable, str(example), str(clip), str(tmp_path / "out.mp4"), "negative"],
        env={**os.environ, "STYLEREEL_STUDIO": studio.url}, check=True, timeout=100,
    )  # fmt: skip
    info = probe(tmp_path / "out.mp4")
    assert (info.width, info.height, info.frame_count_estimate, info.audio_streams) == (64, 48, 12, 1)
    told = (ROOT / "docs" / "studio-api.md").read_text("utf-8")
    assert example.read_text("utf-8").split('"""\n', 1)[1].strip() in told
