"""What the server gives a browser: pages under the policy, videos to seek in, a way in with a token."""

import pytest

pytest.importorskip("fastapi", reason="the studio extra is not installed")

from clips import make_clip


def test_the_page_opens_in_a_browser_and_asks_nobody_else(studio, browser_page):
    answer = browser_page.goto(studio.url)
    assert answer.status == 200
    assert "Stylereel" in browser_page.title()


def test_the_api_is_described_on_a_page_that_needs_nothing_else(studio, browser_page):
    browser_page.goto(f"{studio.url}/api/docs")
    assert browser_page.locator("h3", has_text="/api/media/{media_id}/file").count() == 1
    assert browser_page.get_by_role("link", name="POST /api/jobs", exact=True).count() == 1
    width = browser_page.locator("table").first.evaluate("table => getComputedStyle(table).borderCollapse")
    assert width == "collapse"  # its style sheet is let in


def test_the_whole_api_is_in_the_schema_with_what_refusals_look_like(studio):
    schema = studio.client.get("/api/openapi.json").json()
    assert {"/api/about", "/api/media", "/api/jobs", "/api/jobs/{job_id}/cancel"} <= set(schema["paths"])
    asked = schema["paths"]["/api/jobs"]["post"]
    kinds = asked["requestBody"]["content"]["application/json"]["schema"]["discriminator"]["mapping"]
    assert {"stylize", "loop"} <= set(kinds)
    assert asked["responses"]["422"]["content"]["application/json"]["schema"]["$ref"].endswith("/Failure")


def test_a_browser_plays_a_video_from_any_second_on(studio, browser_page, tmp_path):
    film = make_clip(tmp_path / "film.mp4", frames=100, size=(320, 240))
    media = studio.client.post("/api/media?name=film.mp4", content=film.read_bytes()).json()
    browser_page.goto(studio.url)
    sought = browser_page.evaluate(
        """address => new Promise((resolve, reject) => {
            const video = document.createElement("video");
            video.onerror = () => reject(video.error.message);
            video.onloadedmetadata = () => { video.currentTime = 3.2; };
            video.onseeked = () => resolve([video.currentTime, video.duration, video.videoWidth]);
            video.src = address;
        })""",
        f"/api/media/{media['id']}/file",
    )
    assert sought == [3.2, 4, 320]


def test_a_browser_comes_in_with_the_token_once_and_stays(studio_at, tmp_path, browser_page):
    studio = studio_at(tmp_path / "studio", token="correct-horse-battery")
    browser_page.goto(studio.settings.url_with_token)
    assert browser_page.url == f"{studio.url}/"
    assert browser_page.evaluate("fetch('/api/about').then(answer => answer.status)") == 200
    assert browser_page.evaluate("document.cookie") == ""


def test_a_file_of_the_page_that_has_not_changed_is_not_sent_again(studio):
    first = studio.client.get("/")
    assert first.headers["cache-control"] == "no-cache" and "text/html" in first.headers["content-type"]
    again = studio.client.get("/", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304 and not again.content
