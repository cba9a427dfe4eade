"""Trainings in a studio that are over in seconds: painted pictures, networks of few channels."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import cv2

import toy_pictures as toy

TINY = [
    "data.crop_px=48",
    "data.batch_size=2",
    "data.content_short_side_px=[64, 96]",
    "data.style_scales=[1.0, 1.3]",
    "loop.precision='fp32'",
    "loop.checkpoint_seconds=2",
    "health.enabled=false",
    "loop.preview_seconds=3",
    "unpaired.generator.detail_channels=12",
    "unpaired.generator.trunk_channels=16",
    "unpaired.generator.blocks=1",
    "unpaired.discriminator.channels=8",
    "unpaired.discriminator.layers=2",
    "unpaired.nce_patches=32",
]


def uploaded(studio: Any, data: bytes, name: str) -> dict:
    """A file on the studio's shelf."""
    answer = studio.client.post("/api/media", params={"name": name}, content=data)
    assert answer.status_code == 201, answer.text
    return answer.json()


def picture_bytes(pixels: Any) -> bytes:
    """RGB pixels as PNG."""
    return cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))[1].tobytes()


def uploaded_pictures(studio: Any, paint: Any, count: int, word: str) -> list[str]:
    """Ids of painted pictures on the studio's shelf."""
    return [uploaded(studio, picture_bytes(paint(seed)), f"{word} {seed}.png")["id"] for seed in range(count)]


def training(studio: Any, **changed: Any) -> dict:
    """What is asked for: six paintings, six scenes, tiny networks."""
    wanted = {
        "kind": "train",
        "name": "my-look",
        "minutes": 1,
        "threads": 1,
        "settings": TINY,
        "license": "CC0-1.0",
    }
    if "pictures" not in changed:
        wanted["pictures"] = uploaded_pictures(studio, toy.painting, 6, "painting")
    if "content" not in changed:
        wanted["content"] = uploaded_pictures(studio, toy.scene, 6, "scene")
    return wanted | changed


def started(studio: Any, wanted: dict) -> dict:
    """A job that was taken."""
    answer = studio.client.post("/api/jobs", json=wanted)
    assert answer.status_code == 201, answer.text
    return answer.json()


def job_when(studio: Any, job_id: str, ready: Any, seconds: float = 90) -> dict:
    """The job, as soon as `ready(job)` is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        job = studio.client.get(f"/api/jobs/{job_id}").json()
        if ready(job):
            return job
        time.sleep(0.1)
    raise AssertionError(f"never: {job['state']} {job['error']} {job['progress']}")


def is_over(job: dict) -> bool:
    """It has ended, whichever way."""
    return job["state"] in ("done", "failed", "cancelled", "stopped")


def steps_done(count: int) -> Any:
    """True of a training that has come so far."""
    return lambda job: bool(job["training"] and job["training"]["step"] >= count)


def folder_of(studio: Any, job: dict) -> Path:
    """Where the job has its files."""
    return studio.house.jobs.folder(job["id"])
