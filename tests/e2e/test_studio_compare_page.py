"""The Compare view in a real browser: two results played as one, measured, and their reports."""

from __future__ import annotations

import pytest

from clips import make_clip
from studio_trainings import is_over, job_when, started, uploaded

MILLISECONDS = 60_000
TIMES = "() => [...document.querySelectorAll('.duet video')].map(video => video.currentTime)"


@pytest.fixture
def page(browser_page):
    browser_page.set_default_timeout(MILLISECONDS)
    return browser_page


def test_two_results_are_seen_side_by_side_and_measured(studio, page, tmp_path):
    page.goto(f"{studio.url}/#/compare")
    page.get_by_text("Two results, side by side").wait_for()
    clip = make_clip(tmp_path / "walk.mp4", frames=24, size=(160, 96))
    media = uploaded(studio, clip.read_bytes(), "walk.mp4")["id"]
    for look in ("plain", "negative"):
        job = started(studio, {"kind": "stylize", "media": media, "look": look})
        assert job_when(studio, job["id"], is_over)["state"] == "done"
    page.get_by_label("B, right").wait_for()
    chosen = [page.get_by_label(label).locator("option:checked") for label in ("A, left", "B, right")]
    page.locator(".wipe-name.right", has_text="walk-negative.mp4").wait_for()
    assert [one.inner_text() for one in chosen] == ["walk-plain.mp4", "walk-negative.mp4"]
    for _ in range(3):
        page.get_by_role("button", name="One frame on").click()
    page.get_by_text("Frame 4").wait_for()
    left, right = page.evaluate(TIMES)
    assert left == right == pytest.approx(3.5 / 25, abs=0.02)
    page.get_by_role("button", name="Play", exact=True).click()
    page.get_by_role("button", name="Pause").click()
    left, right = page.evaluate(TIMES)
    assert left == right  # wherever it stops, both show the same frame
    page.get_by_role("button", name="Measure", exact=True).click()
    page.locator(".metrics").wait_for()
    assert "keeps more of the light and shade" in page.locator(".sides dd").first.inner_text()
    page.get_by_role("button", name="Swap sides").click()
    page.locator(".sides dt + dd", has_text="walk-negative.mp4").first.wait_for()
    assert "keeps more of the light and shade" in page.locator(".sides dd").nth(1).inner_text()
    page.get_by_role("button", name="Open the full report").click()
    report = page.frame_locator("iframe[title='Report of walk-negative.mp4']")
    report.get_by_role("heading", name="walk-negative.mp4").wait_for()
    assert page.locator("iframe.report").first.get_attribute("sandbox") == ""


def test_a_result_is_looked_at_beside_its_source_which_is_not_measured(studio, page, tmp_path):
    clip = make_clip(tmp_path / "walk.mp4", frames=12, size=(160, 96))
    media = uploaded(studio, clip.read_bytes(), "walk.mp4")["id"]
    job = started(studio, {"kind": "stylize", "media": media, "look": "negative"})
    job_when(studio, job["id"], is_over)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{studio.url}/#/compare")
    page.locator(".wipe-name.left", has_text="walk-negative.mp4").wait_for()
    assert page.get_by_label("B, right").locator("option:checked").inner_text() == "walk.mp4 (the source)"
    assert page.get_by_role("button", name="Measure", exact=True).is_disabled()
    assert page.get_by_text("Two results are measured against their source").is_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
