"""Comparisons of the studio: two results, their figures in words, and a report that can run nothing."""

import re

import pytest

from clips import make_clip, smooth
from studio_trainings import is_over, job_when, started, uploaded


@pytest.fixture
def shelf(studio, tmp_path):
    """A source and two results of it, on the shelf of a studio."""
    sizes = {"frames": 8, "size": (160, 96)}
    source = make_clip(tmp_path / "source.mp4", **sizes)
    dark = make_clip(tmp_path / "dark.mp4", paint=lambda *at: smooth(*at) // 2, **sizes)
    films = {"source": source, "calm": source, "dark": dark}
    return {name: uploaded(studio, path.read_bytes(), f"{name}.mp4")["id"] for name, path in films.items()}


def test_two_results_are_measured_and_told_in_words(studio, shelf):
    job = started(
        studio, {"kind": "compare", "a": shelf["calm"], "b": shelf["dark"], "source": shelf["source"]}
    )
    assert job["title"] == "calm.mp4 against dark.mp4"
    done = job_when(studio, job["id"], is_over)
    assert done["state"] == "done", done["error"]
    told = done["comparison"]
    rows = {row["metric"]: row for row in told["rows"]}
    assert (
        rows["content_ssim"]["best"] == [0]
        and "calm.mp4 keeps more of the light" in rows["content_ssim"]["says"]
    )
    assert "calm.mp4" in told["headline"] and told["frames"] == 8
    assert rows["warping_error"]["direction"] == "less is better"
    assert "layout" not in str(told) and str(studio.settings.folder) not in str(done)


def test_the_report_is_a_page_that_can_run_nothing_and_asks_nobody(studio, shelf):
    wanted = {
        "kind": "compare",
        "a": shelf["calm"],
        "b": shelf["dark"],
        "source": shelf["source"],
        "frames": 3,
    }
    job = started(studio, wanted)
    job_when(studio, job["id"], is_over)
    for side, name in (("a", "calm.mp4"), ("b", "dark.mp4")):
        answer = studio.client.get(f"/api/jobs/{job['id']}/report", params={"of": side})
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
        policy = answer.headers["content-security-policy"]
        assert (
            policy.startswith("sandbox;") and "allow-scripts" not in policy and "default-src 'none'" in policy
        )
        assert f"<h1>{name}</h1>" in answer.text and "3 frames" in answer.text
        assert not re.findall(r'(?:src|href)="(?!data:|#)|url\(|@import|<link', answer.text)
        assert "<script" not in answer.text and str(studio.settings.folder) not in answer.text


def refused(studio, **wanted) -> str:
    answer = studio.client.post("/api/jobs", json={"kind": "compare", **wanted})
    assert answer.status_code in (404, 422), answer.text
    return answer.json()["error"]["text"]


def test_what_cannot_be_set_side_by_side_is_refused(studio, shelf, tmp_path):
    from studio_trainings import picture_bytes

    still = uploaded(studio, picture_bytes(smooth(0, 160, 96)), "still.png")["id"]
    source, calm, dark = shelf["source"], shelf["calm"], shelf["dark"]
    assert "chosen twice" in refused(studio, a=calm, b=calm, source=source)
    assert "source and a result at once" in refused(studio, a=calm, b=source, source=source)
    assert "is a picture" in refused(studio, a=calm, b=still, source=source)
    assert "no such media" in refused(studio, a=calm, b="0" * 32, source=source)
    job = started(studio, {"kind": "compare", "a": calm, "b": dark, "source": source})
    early = studio.client.get(f"/api/jobs/{job['id']}/report")
    assert early.status_code == 404 and "when it is done" in early.json()["error"]["hint"]
