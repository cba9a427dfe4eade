"""The Train view in a real browser: from a folder of pictures to a look in the gallery."""

from __future__ import annotations

import json
import re

import pytest

import toy_pictures as toy
from studio_trainings import TINY, is_over, job_when, started, training

MILLISECONDS = 90_000


@pytest.fixture
def studio(studio_at, tmp_path, monkeypatch):
    monkeypatch.setenv("STYLEREEL_PACKS", str(tmp_path / "styles"))
    return studio_at(tmp_path / "studio")


@pytest.fixture
def page(studio, browser_page):
    """The view, in a page whose trainings are small."""

    def small(route):
        wanted = route.request.post_data_json if route.request.method == "POST" else None
        if wanted:
            wanted |= {"settings": TINY, "threads": 1}
        route.continue_(post_data=json.dumps(wanted) if wanted else None)

    browser_page.set_default_timeout(MILLISECONDS)
    browser_page.route("**/api/jobs", small)
    browser_page.goto(f"{studio.url}/#/train")
    browser_page.get_by_text("20 to 100 pictures in one manner").wait_for()
    return browser_page


def test_a_folder_becomes_a_look_in_the_gallery(studio, page, tmp_path, monkeypatch):
    monkeypatch.setenv("STYLEREEL_MAX_STEPS", "100")
    paintings = toy.style_folder(tmp_path / "Blue Strokes", 6)
    (paintings / "notes.txt").write_text("not a picture")
    scenes = sorted(toy.content_folder(tmp_path / "scenes", 6).iterdir())
    start = page.get_by_role("button", name="Start learning")
    assert start.is_disabled() and page.get_by_text("Add pictures that show the look.").is_visible()
    page.get_by_label("A folder for the look").set_input_files(paintings)
    page.locator(".toast", has_text="1 file left out: not a picture").wait_for()
    page.get_by_label("Files for your footage").set_input_files(scenes)
    page.locator(".tile.sending").last.wait_for(state="detached")
    page.wait_for_selector(".plan.ready")
    assert page.get_by_label("Name of the look").input_value() == "blue-strokes"
    assert "6 pictures: the recipe 'unpaired'" in page.locator(".plan").inner_text()
    page.reload()  # what was given is still there
    page.wait_for_selector(".plan.ready")
    assert page.locator(".well").first.locator(".tile").count() == 6
    page.get_by_label("Licence of the pictures").fill("CC0-1.0")
    page.wait_for_selector(".plan.ready")
    start.click()
    page.locator(".sheet-picture:not([hidden])").wait_for()
    assert re.match(r"After \d+ step", page.locator(".stage-note").inner_text())
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Go on").wait_for()
    assert "It goes on where it was" in page.locator(".headline").inner_text()
    page.reload()  # the address leads back to the training
    page.locator(".run-head").get_by_role("heading", name="blue-strokes").wait_for()
    page.get_by_role("button", name="Go on").click()
    keep = page.get_by_role("button", name="Keep this look")
    keep.wait_for()
    assert page.locator(".figure").count() >= 5
    thumbs = page.get_by_role("radio", name="After 1 step", exact=True)
    thumbs.click()
    assert "After 1 step" in page.locator(".stage-note").inner_text()
    page.get_by_role("button", name="Enlarge", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    keep.click()
    page.locator(".toast", has_text="'blue-strokes' stands among your looks now.").wait_for()
    looks = {look["id"]: look for look in studio.client.get("/api/looks").json()["looks"]}
    assert looks["blue-strokes"]["is_mine"] and looks["blue-strokes"]["license"] == "CC0-1.0"
    link = page.locator(".run-actions").get_by_role("link", name="Use it on a video")
    assert link.get_attribute("href") == "#/stylise?look=blue-strokes"
    page.get_by_role("button", name="Keep under another name").click()
    page.get_by_role("dialog").get_by_label("Name").fill("second")
    page.get_by_role("dialog").get_by_role("button", name="Keep", exact=True).click()
    page.locator(".toast", has_text="'second' stands among your looks now.").wait_for()
    link.click()
    page.wait_for_url("**/#/stylise?*")
    page.get_by_role("button", name="scene05.png, picture").wait_for()
    assert not page.get_by_text("painting").count()  # what was only shown as a look is not offered as footage


def test_a_training_that_diverged_is_begun_again_gently(studio, page, monkeypatch):
    monkeypatch.setenv("STYLEREEL_MAX_STEPS", "200")
    wanted = training(studio)
    wild = ["unpaired.generator_rate=1e8", "loop.clip_gradient_norm=1e9"]
    job = started(studio, wanted | {"settings": [*wanted["settings"], *wild]})
    job_when(studio, job["id"], is_over)
    page.get_by_role("tab", name="my-look").click()
    page.get_by_text("diverged at step").first.wait_for()
    page.get_by_role("button", name="Start again, gently").click()
    page.get_by_role("button", name="Cancel", exact=True).wait_for()
    newest = studio.client.get("/api/jobs").json()["jobs"][0]
    assert newest["wanted"]["gentle"] and newest["id"] != job["id"]
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Cancel the training").click()
    job_when(studio, newest["id"], is_over)
    page.goto(f"{studio.url}/#/privacy")  # what a training holds is named there, and goes with everything
    page.get_by_role("rowheader", name="Learning 'my-look'").wait_for()
    page.get_by_role("button", name="Delete everything").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete everything").click()
    page.get_by_text("The folder is empty").wait_for()
    assert list((studio.settings.folder / "jobs").iterdir()) == []


def test_a_studio_that_cannot_train_explains_how_it_is_installed(studio, page, monkeypatch):
    from stylereel.actions import training_wish

    monkeypatch.setattr(training_wish, "find_spec", lambda name: None)
    page.reload()
    page.get_by_text("Learning looks is an extra").wait_for()
    assert page.get_by_text('pip install "stylereel[train]"').is_visible()
    assert not page.get_by_role("button", name="Start learning").is_visible()


def test_the_view_fits_a_phone(studio, page):
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    assert page.get_by_role("button", name="Start learning").is_visible()
