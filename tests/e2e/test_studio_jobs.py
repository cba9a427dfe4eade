"""Jobs of the studio: what goes in, what comes out, and what becomes of those that do not end well."""

import json
import os
import signal
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest

pytest.importorskip("fastapi", reason="the studio extra is not installed")

from clips import make_clip, make_pictures
from stylereel.actions.stylize import stylize
from stylereel.video.reader import FrameReader

ENDED = ("done", "failed", "cancelled", "stopped")
needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="processes are held and ended by signals")


def uploaded(studio, path: Path, name: str | None = None) -> str:
    answer = studio.client.post("/api/media", params={"name": name or path.name}, content=path.read_bytes())
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def started(studio, media: str, kind: str = "stylize", **wanted) -> dict:
    answer = studio.client.post(
        "/api/jobs", json={"kind": kind, "media": media, "look": "negative", **wanted}
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


def until(studio, job_id: str, states=ENDED, seconds: float = 100) -> dict:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        job = studio.client.get(f"/api/jobs/{job_id}").json()
        if job["state"] in states:
            return job
        assert job["state"] not in ENDED, job
        time.sleep(0.02)
    raise AssertionError(f"still {job['state']}: {job}")


def result_of(studio, job: dict, folder: Path) -> Path:
    """The job's result, downloaded."""
    done = until(studio, job["id"])
    assert done["state"] == "done", done
    answer = studio.client.get(f"/api/media/{done['result']['media']}/file", params={"download": 1})
    path = folder / done["result"]["name"]
    path.write_bytes(answer.content)
    return path


def frames_and_sound(path: Path) -> tuple[list[np.ndarray], list[tuple[int | None, bytes]]]:
    with av.open(str(path)) as container:
        sound = [(frame.pts, frame.to_ndarray().tobytes()) for frame in container.decode(audio=0)]
    with FrameReader(path) as reader:
        return [frame.pixels for frame in reader], sound


@pytest.fixture
def held(studio):
    """Starts a job whose process stands still until `go` or the test's end: (job, pid, go)."""
    stopped = []

    def hold(media: str, **wanted):
        job = started(studio, media, **wanted)
        pid = process_of(studio, job["id"])
        os.kill(pid, signal.SIGSTOP)
        stopped.append(pid)
        return job, pid, lambda: os.kill(pid, signal.SIGCONT)

    yield hold
    for pid in stopped:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def process_of(studio, job_id: str) -> int:
    until(studio, job_id, ("running",))
    return studio.house.jobs._running[job_id].pid


def test_a_video_comes_out_as_the_command_line_makes_it_frames_and_sound(studio, clip, tmp_path):
    options = {"strength": 0.6, "keep_colors": True, "codec": "h264", "quality": 60, "max_side": 48}
    job = started(studio, uploaded(studio, clip, "Ferien.mp4"), look="brush", stabilize=0.3, **options)
    fetched = result_of(studio, job, tmp_path)
    stylize(clip, tmp_path / "own.mp4", style="brush", stabilize=0.3, **options)
    theirs, their_sound = frames_and_sound(fetched)
    own, own_sound = frames_and_sound(tmp_path / "own.mp4")
    assert len(theirs) == len(own) == 12
    assert all(np.array_equal(one, other) for one, other in zip(theirs, own, strict=True))
    assert their_sound and their_sound == own_sound
    assert fetched.name == "Ferien-brush.mp4" and own[0].shape[:2] == (36, 48)


def test_a_stretch_and_a_mixture_come_out_as_the_command_line_makes_them(studio, clip, tmp_path):
    options = {"start": 0.12, "end": 0.36, "codec": "ffv1"}
    mixed = {"look": "atelier:vangogh", "mix": "atelier:ukiyoe", "share": 0.25}
    fetched = result_of(studio, started(studio, uploaded(studio, clip), **mixed, **options), tmp_path)
    stylize(clip, tmp_path / "own.mkv", style="atelier:vangogh*0.75+ukiyoe*0.25", **options)
    theirs, own = frames_and_sound(fetched)[0], frames_and_sound(tmp_path / "own.mkv")[0]
    assert len(own) == 6 and all(np.array_equal(*pair) for pair in zip(theirs, own, strict=True))


def test_a_picture_comes_out_as_a_picture(studio, tmp_path):
    picture = sorted(make_pictures(tmp_path / "pictures", 1).iterdir())[0]
    job = started(studio, uploaded(studio, picture, "Foto.png"), codec="jpeg", name="Bild")
    fetched = result_of(studio, job, tmp_path)
    assert fetched.name == "Bild.jpg" and fetched.read_bytes()[:3] == b"\xff\xd8\xff"


def test_a_loop_is_three_small_seconds_that_a_browser_plays(studio, tmp_path):
    film = make_clip(tmp_path / "film.mp4", frames=60, rate=15, size=(720, 64), audio=True)
    job = started(studio, uploaded(studio, film), "loop", start=2.0)
    with av.open(str(result_of(studio, job, tmp_path))) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.width) == ("h264", 640)
        assert len(list(container.decode(video=0))) == 45


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"look": "nobody"}, 404),
        ({"look": "../../etc"}, 404),
        ({"look": "/tmp"}, 404),
        ({"look": "negative", "mix": "brush"}, 422),
        ({"look": "negative", "start": 5.0}, 422),
        ({"look": "negative", "start": 0.3, "end": 0.2}, 422),
        ({"look": "negative", "codec": "png"}, 422),
        ({"look": "negative", "codec": "../x"}, 422),
        ({"look": "negative", "quality": 101}, 422),
        ({"look": "negative", "max_side": 0}, 422),
        ({"look": "negative", "strength": float("nan")}, 422),
        ({"look": "negative", "output": "/tmp/x.mp4"}, 422),
        ({"look": "negative", "kind": "format-disk"}, 422),
        ({"look": "negative", "media": "0" * 32}, 404),
        ({"look": "negative", "media": "../../etc/passwd"}, 422),
    ],
)
def test_what_cannot_be_done_is_refused_at_once_with_what_to_do(studio, clip, wanted, status):
    asked = {"kind": "stylize", "media": uploaded(studio, clip), **wanted}
    answer = studio.client.post(
        "/api/jobs", content=json.dumps(asked), headers={"content-type": "application/json"}
    )
    assert answer.status_code == status, answer.text
    assert set(answer.json()["error"]) == {"text", "hint"} and all(answer.json()["error"].values())
    assert not studio.client.get("/api/jobs").json()["jobs"]


def test_a_name_of_the_result_is_a_label_and_no_path(studio, clip, tmp_path):
    job = started(studio, uploaded(studio, clip), name="../../../tmp/evil")
    assert result_of(studio, job, tmp_path).name == "evil.mp4"
    assert {path.name for path in studio.settings.folder.iterdir()} == {".lock", "incoming", "jobs", "media"}


def test_a_job_that_fails_says_why_by_the_files_own_name(studio, clip):
    media = uploaded(studio, clip, "Ferien.mp4")
    studio.house.shelf.path(media).write_bytes(b"no film any more")
    failed = until(studio, started(studio, media)["id"])
    assert failed["state"] == "failed" and failed["can_resume"]
    assert "'Ferien.mp4'" in failed["error"]["text"]
    assert str(studio.settings.folder) not in json.dumps(failed)


@needs_signals
@pytest.mark.parametrize("kind", ["SIGSEGV", "SIGKILL"])
def test_a_crashed_child_is_a_failed_job_and_harms_no_other(studio, clip, held, kind):
    media = uploaded(studio, clip)
    job, pid, go = held(media)
    other = started(studio, media)
    os.kill(pid, getattr(signal, kind))
    go()
    failed = until(studio, job["id"])
    assert failed["state"] == "failed" and kind in failed["error"]["text"] and failed["error"]["hint"]
    assert until(studio, other["id"])["state"] == "done"
    again = studio.client.post(f"/api/jobs/{job['id']}/resume").json()
    assert until(studio, again["id"])["state"] == "done"


@needs_signals
def test_jobs_wait_their_turn_loops_run_beside_them_and_too_many_are_refused(
    studio_at, tmp_path, clip, styles, monkeypatch
):
    monkeypatch.setenv("STYLEREEL_PACKS", str(styles))
    studio = studio_at(tmp_path / "narrow", jobs_waiting=2)
    media = uploaded(studio, clip)
    first = started(studio, media)
    pid = process_of(studio, first["id"])
    os.kill(pid, signal.SIGSTOP)
    waiting = [started(studio, media) for _ in range(2)]
    assert [job["state"] for job in waiting] == ["waiting", "waiting"]
    refused = studio.client.post("/api/jobs", json={"kind": "stylize", "media": media, "look": "negative"})
    assert refused.status_code == 429 and "2 jobs wait" in refused.text and refused.headers["retry-after"]
    assert studio.client.post(f"/api/jobs/{waiting[0]['id']}/cancel").json()["state"] == "cancelled"
    loop = started(studio, media, "loop")
    assert until(studio, loop["id"])["state"] == "done"
    assert studio.client.get(f"/api/jobs/{waiting[1]['id']}").json()["state"] == "waiting"
    assert studio.client.delete(f"/api/media/{media}").status_code == 409
    assert studio.client.delete("/api/media").json()["kept"] == [media]
    os.kill(pid, signal.SIGCONT)
    assert until(studio, waiting[1]["id"])["state"] == "done"
    assert studio.client.get(f"/api/jobs/{first['id']}").json()["state"] == "done"
    assert studio.client.delete(f"/api/media/{media}").status_code == 200


@needs_signals
def test_a_running_job_is_cancelled_and_leaves_nothing(studio, tmp_path):
    film = make_clip(tmp_path / "film.mp4", frames=300, size=(320, 240))
    job = started(studio, uploaded(studio, film), look="brush")
    pid = process_of(studio, job["id"])
    stopping = studio.client.post(f"/api/jobs/{job['id']}/cancel").json()
    assert stopping["state"] in ("stopping", "cancelled")
    assert until(studio, job["id"])["state"] == "cancelled"
    assert [path.name for path in (studio.settings.folder / "jobs" / job["id"]).iterdir()] == ["job.json"]
    assert not is_alive(pid)
    assert studio.client.post(f"/api/jobs/{job['id']}/resume").status_code == 409
    assert studio.client.delete(f"/api/jobs/{job['id']}").status_code == 200
    assert not studio.client.get("/api/jobs").json()["jobs"]


@needs_signals
def test_a_child_that_does_not_listen_is_ended_all_the_same(studio, clip, held, monkeypatch):
    monkeypatch.setattr("stylereel.studio.job_process.PATIENCE_SECONDS", 0.5)
    job, pid, _ = held(uploaded(studio, clip))
    assert studio.client.post(f"/api/jobs/{job['id']}/cancel").json()["state"] == "stopping"
    assert until(studio, job["id"])["state"] == "cancelled"
    assert not is_alive(pid)


@needs_signals
def test_what_runs_and_waits_when_a_studio_ends_goes_on_in_the_next(studio_at, tmp_path, styles, monkeypatch):
    monkeypatch.setenv("STYLEREEL_PACKS", str(styles))
    film = make_clip(tmp_path / "film.mp4", frames=700, size=(192, 144))
    first = studio_at(tmp_path / "studio")
    media = uploaded(first, film)
    running, waiting = (started(first, media, look="brush", quality=30) for _ in range(2))
    while until(first, running["id"], ("running",))["progress"] is None or not parts_of(first, running["id"]):
        time.sleep(0.02)
    first.stop()
    second = studio_at(tmp_path / "studio")
    done = [until(second, job["id"]) for job in (running, waiting)]
    assert [job["state"] for job in done] == ["done", "done"]
    assert any("Went on after" in notice for notice in done[0]["notices"])
    bytes_of = [second.client.get(f"/api/media/{job['result']['media']}/file").content for job in done]
    assert bytes_of[0] == bytes_of[1]


def parts_of(studio, job_id: str) -> list[Path]:
    return list((studio.settings.folder / "jobs" / job_id).glob("*.unfinished/000000.json"))


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_every_change_of_a_job_is_told_to_who_listens(studio, clip):
    media = uploaded(studio, clip)
    with studio.client.stream("GET", "/api/events") as listening:
        assert listening.headers["content-type"].startswith("text/event-stream")
        lines = listening.iter_lines()
        assert next(lines).startswith("retry")
        job = started(studio, media)
        states, kinds = [], []
        for line in lines:
            if line.startswith("event: "):
                kinds.append(line.removeprefix("event: "))
            if line.startswith("data: ") and kinds[-1] == "job":
                states.append(json.loads(line.removeprefix("data: "))["state"])
                if states[-1] == "done":
                    break
    assert states[0] == "waiting" and "running" in states and "media" in kinds
    with studio.client.stream("GET", "/api/events") as listening:
        told = next(line for line in listening.iter_lines() if line.startswith("data: "))
    assert json.loads(told.removeprefix("data: "))["id"] == job["id"]


def test_ended_jobs_expire_and_their_results_with_them(studio, clip):
    job = until(studio, started(studio, uploaded(studio, clip))["id"])
    later = time.time() + 8 * 86400
    studio.house.jobs._clock = studio.house.shelf._clock = lambda: later
    studio.house.jobs.remove_expired()
    studio.house.shelf.remove_expired()
    assert studio.client.get(f"/api/jobs/{job['id']}").status_code == 404
    assert not studio.client.get("/api/media").json()["media"]
