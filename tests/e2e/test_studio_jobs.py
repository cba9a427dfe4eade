"""Jobs of the studio: what goes in, what comes out, and what becomes of those that do not end well."""

import time

import numpy as np

from stylereel.video.reader import FrameReader


def uploaded(studio, path, name=None) -> dict:
    answer = studio.client.post("/api/media", params={"name": name or path.name}, content=path.read_bytes())
    assert answer.status_code == 201, answer.text
    return answer.json()


def started(studio, **wanted) -> dict:
    answer = studio.client.post("/api/jobs", json=wanted)
    assert answer.status_code == 201, answer.text
    return answer.json()


def job_in(studio, job_id: str, states=("done", "failed", "cancelled", "stopped"), seconds=60) -> dict:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        job = studio.client.get(f"/api/jobs/{job_id}").json()
        if job["state"] in states:
            return job
        time.sleep(0.05)
    raise AssertionError(f"still {job['state']}: {job}")


def test_a_video_goes_in_and_comes_out_in_a_look(studio, clip, tmp_path):
    media = uploaded(studio, clip)
    job = started(studio, kind="stylize", media=media["id"], look="negative")
    done = job_in(studio, job["id"])
    assert done["state"] == "done", done
    result = studio.client.get(f"/api/media/{done['result']['media']}").json()
    assert result["origin"] == "result" and result["job"] == job["id"] and result["has_sound"]
    fetched = tmp_path / "fetched.mp4"
    fetched.write_bytes(studio.client.get(f"/api/media/{result['id']}/file?download=1").content)
    frames = [frame.pixels for frame in FrameReader(fetched)]
    sources = [frame.pixels for frame in FrameReader(clip)]
    assert len(frames) == len(sources) == 12
    assert np.abs(255 - sources[0].astype(int) - frames[0]).mean() < 6
