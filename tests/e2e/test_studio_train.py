"""Trainings of the studio, as a program asks for them: begun, stopped, gone on with, kept."""

import os
import re

import pytest

import toy_pictures as toy
from studio_trainings import (
    folder_of,
    is_over,
    job_when,
    started,
    steps_done,
    training,
    uploaded,
    uploaded_pictures,
)


@pytest.fixture
def own_styles(tmp_path, monkeypatch):
    folder = tmp_path / "styles"
    monkeypatch.setenv("STYLEREEL_PACKS", str(folder))
    return folder


@pytest.fixture
def studio(studio_at, tmp_path, own_styles):
    return studio_at(tmp_path / "studio")


def test_a_look_is_trained_stopped_gone_on_with_and_kept(studio, own_styles, monkeypatch):
    monkeypatch.setenv("STYLEREEL_MAX_STEPS", "100")
    wanted = training(studio, credit="Ada Painter")
    job = started(studio, wanted)
    assert job["title"] == "Learning 'my-look'"
    running = job_when(studio, job["id"], steps_done(3))
    told = running["training"]
    assert told["recipe"] == "unpaired" and told["why"].startswith("6 pictures")
    assert any("no video in the content" in text for text in told["advice"])
    assert {"key", "title", "says", "trend", "verdict", "points"} <= set(told["terms"][0])
    studio.client.post(f"/api/jobs/{job['id']}/stop")
    stopped = job_when(studio, job["id"], is_over)
    assert stopped["state"] == "stopped" and stopped["can_resume"], stopped
    assert 3 <= stopped["training"]["step"] < 100
    sheet = studio.client.get(f"/api/jobs/{job['id']}/preview")
    assert sheet.status_code == 200 and sheet.content.startswith(b"\x89PNG")
    assert studio.client.post(f"/api/jobs/{job['id']}/keep").status_code == 409
    for media in studio.client.get("/api/media").json()["media"]:  # it keeps what it learns from
        assert studio.client.delete(f"/api/media/{media['id']}").status_code == 200
    resumed = studio.client.post(f"/api/jobs/{job['id']}/resume")
    assert resumed.status_code == 200, resumed.text
    done = job_when(studio, job["id"], is_over)
    assert done["state"] == "done" and done["result"]["name"] == "my-look", done["error"]
    told = done["training"]
    assert told["finished"] and told["step"] == told["total_steps"] == 100 and told["minutes_left"] == 0
    assert any(f"Going on at step {stopped['training']['step']}" in text for text in told["notices"])
    assert told["previews"][0] == 1 and told["previews"][-1] == 100
    first = studio.client.get(f"/api/jobs/{job['id']}/preview", params={"step": 1})
    assert first.content != studio.client.get(f"/api/jobs/{job['id']}/preview").content
    assert studio.client.get(f"/api/jobs/{job['id']}/preview", params={"step": 2}).status_code == 404
    assert not (folder_of(studio, job) / "material").exists()
    assert studio.client.get(f"/api/jobs/{job['id']}/keep").json() == {"name": None, "looks": []}
    kept = studio.client.post(f"/api/jobs/{job['id']}/keep").json()
    assert (
        kept
        == {"name": "my-look", "looks": ["my-look"]}
        == studio.client.get(f"/api/jobs/{job['id']}/keep").json()
    )
    assert sorted(os.listdir(own_styles)) == ["my-look"]
    again = studio.client.post(f"/api/jobs/{job['id']}/keep")
    assert again.status_code == 409 and "already" in again.json()["error"]["text"]
    other = studio.client.post(f"/api/jobs/{job['id']}/keep", json={"name": "other-look"})
    assert other.json()["looks"] == ["other-look"]
    replaced = studio.client.post(f"/api/jobs/{job['id']}/keep", json={"overwrite": True})
    assert replaced.status_code == 200 and sorted(os.listdir(own_styles)) == ["my-look", "other-look"]


def test_a_training_goes_on_when_the_server_comes_again(studio_at, tmp_path, own_styles, monkeypatch):
    monkeypatch.setenv("STYLEREEL_MAX_STEPS", "5000")
    studio = studio_at(tmp_path / "studio")
    job = started(studio, training(studio))
    job_when(studio, job["id"], steps_done(3))
    studio.stop()
    again = studio_at(tmp_path / "studio")
    went_on = lambda job: any("Going on at step" in text for text in job["training"]["notices"])  # noqa: E731
    begun = job_when(again, job["id"], went_on)["training"]["step"]
    assert begun >= 3 and job_when(again, job["id"], steps_done(begun + 1))["state"] == "running"
    again.client.post(f"/api/jobs/{job['id']}/cancel")
    over = job_when(again, job["id"], is_over)
    assert over["state"] == "cancelled" and not over["can_resume"]
    assert os.listdir(folder_of(again, job)) == ["job.json"]


def test_a_training_that_diverges_says_what_to_do(studio, monkeypatch):
    monkeypatch.setenv("STYLEREEL_MAX_STEPS", "200")
    wanted = training(studio)
    wild = ["unpaired.generator_rate=1e8", "loop.clip_gradient_norm=1e9"]
    job = started(studio, wanted | {"settings": [*wanted["settings"], *wild]})
    failed = job_when(studio, job["id"], is_over)
    assert failed["state"] == "failed" and "diverged at step" in failed["error"]["text"]
    assert "gently, which halves the learning rates" in failed["error"]["hint"]
    assert str(folder_of(studio, job)) not in str(failed)


def refused(studio, **changed) -> dict:
    answer = studio.client.post("/api/jobs", json=training(studio, **changed))
    assert answer.status_code in (404, 422), answer.text
    assert studio.client.get("/api/jobs").json()["jobs"] == []
    return answer.json()["error"]


def test_what_cannot_be_trained_is_refused_before_it_waits(studio):
    style = uploaded_pictures(studio, toy.painting, 2, "painting")
    scenes = uploaded_pictures(studio, toy.scene, 4, "scene")

    def text(**changed) -> str:
        return refused(studio, **({"pictures": style, "content": scenes} | changed))["text"]

    assert "20 to 100 pictures in one manner" in text(pictures=[])
    assert "add a video of yours" in text(content=[])
    assert "2 photograph(s) are too few" in text(content=scenes[:2])
    assert "'My-look' would do" in text(name="My look")
    assert "stands on both sides" in text(content=[*scenes, style[0]])
    assert "no pack of several looks" in text(extends="nobody")
    assert "cannot be given here" in text(settings=["init=/etc/passwd"])
    assert text(pictures=["0" * 32]).startswith("There is no such media")


def test_the_uploaded_videos_are_what_a_look_is_learned_for_where_nobody_says_it(studio, clip):
    film = uploaded(studio, clip.read_bytes(), "holiday.mp4")
    style = uploaded(studio, clip.read_bytes(), "cartoon.mp4")
    from stylereel.studio.job_kinds import train as kind

    wanted = kind.Wanted(kind="train", name="a", pictures=[style["id"]], content=[])
    order = kind.plan(wanted, studio.house.shelf).order
    assert [label for _, label, _ in order["content"]] == ["holiday.mp4"]
    assert [label for _, label, _ in order["style"]] == ["cartoon.mp4"]
    assert film["id"] in kind.plan(wanted, studio.house.shelf).media


def test_a_studio_without_torch_says_how_training_is_installed(studio, monkeypatch):
    from stylereel.actions import training_wish

    facts = studio.client.get("/api/train").json()
    assert facts["can_train"] and facts["missing"] == [] and "atelier" in facts["packs"]
    monkeypatch.setattr(training_wish, "find_spec", lambda name: None)
    facts = studio.client.get("/api/train").json()
    assert not facts["can_train"] and "torch" in facts["missing"]
    answer = studio.client.post("/api/jobs", json=training(studio, pictures=[], content=[]))
    assert answer.status_code == 503
    assert re.search(r'pip install "stylereel\[train\]"', answer.json()["error"]["text"])


def test_a_plan_says_how_a_look_would_be_learned_and_starts_nothing(studio):
    wanted = training(studio, license="")
    planned = studio.client.post("/api/train/plan", json=wanted).json()
    assert planned["recipe"] == "unpaired" and any("licence" in text for text in planned["advice"])
    one = studio.client.post("/api/train/plan", json=wanted | {"pictures": wanted["pictures"][:1]}).json()
    assert one["why"].startswith("One picture")
    none = studio.client.post("/api/train/plan", json=wanted | {"pictures": []})
    assert none.status_code == 422 and studio.client.get("/api/jobs").json()["jobs"] == []


def test_previews_and_keeping_are_of_trainings_alone(studio, clip):
    nobody = "0" * 32
    assert studio.client.get(f"/api/jobs/{nobody}/preview").status_code == 404
    assert studio.client.post(f"/api/jobs/{nobody}/keep").status_code == 404
    assert studio.client.get("/api/jobs/..%2f..%2fetc/preview").status_code in (404, 422)
