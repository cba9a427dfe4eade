"""The studio's page, in a real browser: from a file to its export, by pointer and by keyboard."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from clips import make_clip, numbered
from running_studio import RunningStudio
from stylereel.packs import find
from stylereel.studio.shelf import Incoming
from stylereel.video.reader import FrameReader

SHIPPED = find.shipped_folder()
PHONE = {"width": 390, "height": 844}
SAID_BY_CHROMIUM = "Failed to load resource"
"""Chromium itself writes this where an answer is 4xx, however well the page takes it."""


@pytest.fixture(scope="module")
def shared(tmp_path_factory, styles):
    """One studio for all tests, with the toy styles and `atelier`: networks are loaded once."""
    folder = tmp_path_factory.mktemp("page")
    shutil.copytree(SHIPPED / "atelier", folder / "shipped" / "atelier")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STYLEREEL_PACKS", str(styles))
        patch.setattr(find, "shipped_folder", lambda: folder / "shipped")
        running = RunningStudio(folder / "studio")
        yield running
        running.stop()


@pytest.fixture
def page(shared, browser_page):
    """The studio's page with nothing in it, opened."""
    jobs = shared.client.get("/api/jobs").json()["jobs"]
    for job in jobs:
        shared.client.post(f"/api/jobs/{job['id']}/cancel")
    deadline = time.monotonic() + 20
    while any(job["state"] in ("waiting", "running", "stopping") for job in jobs):
        assert time.monotonic() < deadline
        time.sleep(0.05)
        jobs = shared.client.get("/api/jobs").json()["jobs"]
    for job in jobs:
        shared.client.delete(f"/api/jobs/{job['id']}")
    shared.client.delete("/api/media")
    browser_page.set_default_timeout(30000)
    browser_page.goto(shared.url)
    browser_page.get_by_role("heading", name="Drop a video or a picture here").wait_for()
    return browser_page


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory) -> Path:
    """A clip whose export, stabilised, takes a few seconds."""
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    return make_clip(path, frames=80, size=(320, 180), paint=numbered, audio=True)


def give(page, path: Path) -> None:
    """Choose a file, as the button does, and wait until it is seen in a look."""
    page.locator("input[type=file]").first.set_input_files(path)
    page.locator(".wipe-after img:not([hidden])").wait_for()


def choose(page, title: str) -> None:
    page.get_by_role("radio", name=title, exact=True).click()


def export(page):
    """Start an export as it is set; its card."""
    page.get_by_role("tab", name="Export").click()
    page.locator(".panel-foot").get_by_role("button", name="Export", exact=True).click()
    card = page.locator(".export-jobs .job").first
    card.wait_for()
    return card


def told(card, state: str) -> None:
    card.locator(".job-state", has_text=state).wait_for()


def fetched(page, card, folder: Path) -> Path:
    with page.expect_download() as download:
        card.get_by_role("link", name="Download").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def forgive(page, status: int) -> None:
    """Drop what Chromium says of an answer that the test provoked."""
    page.complaints[:] = [
        one for one in page.complaints if not (SAID_BY_CHROMIUM in one and str(status) in one)
    ]


def until(page, truth: str, seconds: float = 30) -> None:
    """Wait for an expression to be true; playwright's own way needs `eval`, which the page forbids."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(truth):
        assert time.monotonic() < deadline, truth
        page.wait_for_timeout(50)


def tab_to(page, selector: str, most: int = 60) -> None:
    """Press Tab until the focus is on what `selector` names."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"no Tab leads to {selector}")


def test_a_clip_is_given_looked_at_exported_and_fetched_with_its_frames_and_sound(page, clip, tmp_path):
    give(page, clip)
    choose(page, "Negative")
    page.get_by_text("CC0-1.0 · Museum of Toys").wait_for()
    card = export(page)
    told(card, "Done")
    path = fetched(page, card, tmp_path)
    assert path.name == "clip - Negative.mp4"
    frames = [frame.pixels for frame in FrameReader(path)]
    sources = [frame.pixels for frame in FrameReader(clip)]
    assert len(frames) == len(sources) == 12
    assert np.abs(255 - sources[5].astype(int) - frames[5]).mean() < 6
    with av.open(str(path)) as container:
        assert container.streams.audio and sum(frame.samples for frame in container.decode(audio=0)) > 10000


def test_a_reload_in_the_middle_of_an_export_loses_nothing(page, long_clip, shared):
    give(page, long_clip)
    choose(page, "Brush")
    page.get_by_label("Stabilise").fill("0.7")
    page.get_by_label("Strength").fill("0.6")
    card = export(page)
    told(card, "Running")
    page.reload()
    card = page.locator(".export-jobs .job").first
    card.wait_for()
    assert page.get_by_role("tab", name="Export").get_attribute("aria-selected") == "true"
    assert page.get_by_role("radio", name="Brush").get_attribute("aria-checked") == "true"
    told(card, "Done")
    [job] = shared.client.get("/api/jobs").json()["jobs"]
    assert job["wanted"]["stabilize"] == 0.7 and job["wanted"]["strength"] == 0.6
    page.get_by_role("tab", name="Adjust").click()
    assert page.get_by_label("Strength").input_value() == "0.6"


def test_an_export_is_cancelled_and_its_card_goes_when_it_is_deleted(page, long_clip, shared):
    give(page, long_clip)
    choose(page, "Brush")
    page.get_by_label("Stabilise").fill("0.7")
    card = export(page)
    page.get_by_role("button", name="Jobs, 1 under way").wait_for()
    card.get_by_role("button", name="Cancel").click()
    told(card, "Cancelled")
    assert shared.client.get("/api/jobs").json()["jobs"][0]["state"] == "cancelled"
    card.get_by_role("button", name="Delete").click()
    card.wait_for(state="detached")
    assert shared.client.get("/api/jobs").json()["jobs"] == []


def test_a_file_that_is_no_video_is_told_and_the_next_one_works(page, clip, tmp_path):
    broken = tmp_path / "holiday.mp4"
    broken.write_bytes(b"this is no video" * 500)
    page.locator("input[type=file]").first.set_input_files(broken)
    message = page.locator(".toast.error")
    message.wait_for()
    assert "holiday.mp4" in message.locator(".toast-text").inner_text()
    assert message.locator(".toast-hint").inner_text()
    forgive(page, 422)
    message.get_by_role("button", name="Close this message").click()
    give(page, clip)
    assert page.locator(".bin-item").count() == 1


def test_an_upload_is_shown_outlives_its_view_and_is_cancelled(page, tmp_path, shared, monkeypatch):
    write = Incoming.write

    def slowly(self, data):
        time.sleep(0.5)
        write(self, data)

    monkeypatch.setattr(Incoming, "write", slowly)
    large = tmp_path / "large.mp4"
    large.write_bytes(bytes(24_000_000))
    page.locator("input[type=file]").first.set_input_files(large)
    sending = page.locator(".sending-large")
    sending.get_by_role("progressbar", name="Upload of large.mp4").wait_for()
    sending.get_by_text(re.compile(r"of 24 MB, .+ left")).wait_for()
    page.get_by_role("link", name="Privacy").click()
    page.get_by_role("heading", name="The folder is empty").wait_for()
    page.get_by_role("link", name="Stylise").click()
    sending.get_by_text(re.compile(r"of 24 MB")).wait_for()
    sending.get_by_role("button", name="Cancel").click()
    page.get_by_role("heading", name="Drop a video or a picture here").wait_for()
    assert page.locator(".toast").count() == 0
    assert shared.client.get("/api/media").json()["media"] == []


def test_everything_is_reached_by_the_keyboard_alone(page, clip):
    give(page, clip)
    page.evaluate("document.activeElement.blur()")
    tab_to(page, "[role=slider]")
    edge = page.get_by_role("slider", name="Before and after")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    assert edge.get_attribute("aria-valuenow") == "62"
    page.keyboard.press("Home")
    assert edge.get_attribute("aria-valuenow") == "0"
    tab_to(page, ".scrub-input")
    page.keyboard.press("ArrowRight")
    page.get_by_text("Frame 2 of 12").wait_for()
    tab_to(page, ".card")
    first = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.getAttribute('aria-checked')") == "true"
    assert page.evaluate("document.activeElement.textContent") != first
    strength = page.get_by_label("Strength")
    tab_to(page, "input[type=range]:not(.scrub-input)")
    page.keyboard.press("ArrowLeft")
    assert strength.input_value() == "0.99"
    page.keyboard.press("Home")
    assert strength.input_value() == "1"
    tab_to(page, "[role=switch]")
    page.keyboard.press("Space")
    assert page.get_by_role("switch", name="Keep colours").get_attribute("aria-checked") == "true"
    tab_to(page, ".panel-foot .button")
    page.keyboard.press("Enter")
    assert page.get_by_role("tab", name="Export").get_attribute("aria-selected") == "true"
    page.evaluate("document.activeElement.blur()")
    tab_to(page, ".panel-foot .button")
    page.keyboard.press("Enter")
    told(page.locator(".export-jobs .job"), "Done")


def test_moment_look_and_mixture_are_in_the_address_and_in_the_picture(page, clip, shared):
    give(page, clip)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/preview?" in request.url else None)
    choose(page, "Ukiyoe")
    page.get_by_label("Mix with").select_option(label="Tarot")
    page.get_by_label("Share of Tarot").fill("0.25")
    page.locator(".scrub-input").press("End")
    page.get_by_text("Frame 12 of 12").wait_for()
    until(page, "location.hash.includes('share=0.25') && location.hash.includes('t=0.4')")
    assert any("mix=atelier%3Atarot" in url and "share=0.25" in url for url in asked)
    page.reload()
    page.get_by_text("Frame 12 of 12").wait_for()
    assert page.get_by_label("Mix with").input_value() == "atelier:tarot"
    assert page.get_by_label("Share of Tarot").input_value() == "0.25"
    page.get_by_role("tab", name="Export").click()
    placeholder = page.get_by_label("File name").get_attribute("placeholder")
    assert placeholder == "clip - Ukiyoe + Tarot.mp4"


def test_every_card_shows_its_look_on_this_clip(page, clip, shared):
    give(page, clip)
    looks = shared.client.get("/api/looks").json()["looks"]
    until(page, "[...document.querySelectorAll('.card img')].every((img) => img.src)")
    pictures = page.eval_on_selector_all(".card img", "(all) => all.map((img) => img.src)")
    assert len(pictures) == len(looks) >= 12 and len(set(pictures)) > 9


def test_three_seconds_are_painted_and_play_in_place_without_sound(page, clip):
    give(page, clip)
    choose(page, "Negative")
    page.get_by_role("button", name="Play 3 s").click()
    page.get_by_role("button", name="Stop", exact=True).wait_for()
    until(page, "document.querySelector('video.loop').currentTime > 0.1")
    assert page.evaluate("document.querySelector('video.loop').muted")
    page.get_by_role("button", name="Sound on").click()
    assert not page.evaluate("document.querySelector('video.loop').muted")
    page.reload()
    page.get_by_role("button", name="Stop", exact=True).wait_for()
    choose(page, "Plain")
    page.get_by_role("button", name="Play 3 s").wait_for()
    assert page.locator("video.loop").is_hidden()


def test_a_stretch_of_a_clip_is_exported_and_a_wrong_time_is_told(page, clip, tmp_path):
    give(page, clip)
    choose(page, "Negative")
    page.get_by_role("tab", name="Export").click()
    end = page.get_by_label("End", exact=True)
    end.fill("5:00")
    end.press("Tab")
    page.get_by_text("Up to 0:00.5, such as 0:02.5").wait_for()
    start = page.locator(".panel-foot").get_by_role("button", name="Export", exact=True)
    assert start.is_disabled()
    end.fill("0:00.32")
    end.press("Tab")
    page.get_by_label("Start", exact=True).fill("0.08")
    page.get_by_label("File name").fill("short")
    page.get_by_text("about 6 frames").wait_for()
    page.get_by_label("Format").select_option(label="MKV · FFV1")
    card = export(page)
    told(card, "Done")
    path = fetched(page, card, tmp_path)
    assert path.name == "short.mkv"
    frames = [frame.pixels for frame in FrameReader(path)]
    sources = [frame.pixels for frame in FrameReader(clip)]
    assert len(frames) == 6
    assert np.abs(255 - sources[2].astype(int) - frames[0]).mean() < 3


def test_a_picture_is_exported_as_a_picture(page, tmp_path):
    picture = tmp_path / "photo.png"
    cv2.imwrite(str(picture), np.full((60, 80, 3), 200, np.uint8))
    give(page, picture)
    choose(page, "Negative")
    page.get_by_role("tab", name="Export").click()
    page.get_by_label("Format").select_option(label="JPEG")
    card = export(page)
    told(card, "Done")
    path = fetched(page, card, tmp_path)
    assert path.name == "photo - Negative.jpg"
    pixels = cv2.imread(str(path))
    assert pixels.shape == (60, 80, 3) and abs(int(pixels[30, 40, 0]) - 55) < 4


def test_what_lies_in_the_folder_is_listed_and_deleted(page, clip, shared):
    give(page, clip)
    page.get_by_role("link", name="Privacy").click()
    page.get_by_text(str(shared.settings.folder)).wait_for()
    page.get_by_role("button", name="Delete clip.mp4").click()
    page.locator("dialog").get_by_role("button", name="Cancel").click()
    assert len(shared.client.get("/api/media").json()["media"]) == 1
    page.get_by_role("button", name="Delete everything").click()
    page.locator("dialog").get_by_role("button", name="Delete everything").click()
    page.get_by_role("heading", name="The folder is empty").wait_for()
    assert shared.client.get("/api/media").json()["media"] == []
    page.get_by_role("link", name="Stylise").click()
    page.get_by_role("heading", name="Drop a video or a picture here").wait_for()


def test_on_a_phone_nothing_scrolls_sideways_and_fingers_find_their_targets(page, clip):
    page.set_viewport_size(PHONE)
    assert _scrolls_sideways(page) == [], "with nothing in it"
    give(page, clip)
    assert _scrolls_sideways(page) == [], "with a clip"
    assert _small_targets(page) == []
    page.get_by_role("tab", name="Export").click()
    assert _scrolls_sideways(page) == [], "at the export"
    assert _small_targets(page) == []
    told(export(page), "Done")
    assert _small_targets(page) == [], "with an export"
    page.get_by_role("link", name="Privacy").click()
    page.get_by_role("heading", name="Nothing leaves this machine").wait_for()
    assert _scrolls_sideways(page) == [], "in Privacy"
    assert _small_targets(page) == []


def test_the_theme_is_the_systems_until_another_is_chosen(page):
    page.emulate_media(color_scheme="dark")
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.get_by_role("button", name="Light theme").click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "light"


def _scrolls_sideways(page) -> list[str]:
    """What makes the page wider than the window."""
    return page.evaluate(
        """() => [document.documentElement, document.getElementById("view")]
        .filter((one) => one.scrollWidth > one.clientWidth)
        .map((one) => `${one.tagName} ${one.scrollWidth}`)"""
    )


def _small_targets(page) -> list[str]:
    """Controls that are seen and lower than 40 px."""
    return page.evaluate(
        """() => [...document.querySelectorAll("button, select, a.button, .places a, input:not([type=file])")]
        .filter((one) => one.checkVisibility() && !one.classList.contains("unseen") && one.role !== "switch")
        .map((one) => [one, one.getBoundingClientRect()])
        .filter(([, box]) => box.height > 0 && (box.height < 39.5 || box.width < 39.5))
        .map(([one, box]) => `${one.className} ${one.textContent} ${box.width}x${box.height}`)"""
    )
