"""The live view in real Chromium, whose fake camera shows a clip that the test made; nothing is timed."""

import base64
import json
import re
import time
from fractions import Fraction

import av
import numpy as np
import pytest

from running_studio import chromium_path
from stylereel.video.jpeg import decode_jpeg, encode_jpeg

pytest.importorskip("fastapi", reason="the studio extra is not installed")
pytestmark = pytest.mark.skipif(chromium_path() is None, reason="no Chromium: apt-get install chromium")

CHEAP = {"runner": "onnxruntime", "threads": 1}
WAIT_MS = 60_000
CAMERA = ("--use-fake-device-for-media-stream",)
ALLOWED = ("--use-fake-ui-for-media-stream",)
RED, GREEN = (200, 40, 40), (40, 200, 40)


def y4m(path, frames=20, size=(320, 180)):
    """A clip for the fake camera: the left half red, the right half green, a white bar that moves."""
    width, height = size
    with open(path, "wb") as out:
        out.write(f"YUV4MPEG2 W{width} H{height} F20:1 Ip A1:1 C420jpeg\n".encode())
        for index in range(frames):
            rgb = np.full((height, width, 3), RED, np.uint8)
            rgb[:, width // 2 :] = GREEN
            rgb[-20:, 10 * index : 10 * index + 20] = 255
            planes = av.VideoFrame.from_ndarray(rgb, "rgb24").reformat(format="yuvj420p")
            out.write(b"FRAME\n" + planes.to_ndarray().tobytes())
    return path


@pytest.fixture(scope="module")
def camera_clip(tmp_path_factory):
    return y4m(tmp_path_factory.mktemp("camera") / "camera.y4m")


@pytest.fixture(scope="module")
def camera_browser(launch_chromium, camera_clip):
    return launch_chromium(*CAMERA, *ALLOWED, f"--use-file-for-fake-video-capture={camera_clip}")


@pytest.fixture
def live_studio(studio):
    studio.house.rooms["live"].painting = CHEAP
    return studio


def opened(browser, studio, query="", **context):
    page = browser.new_context(
        viewport={"width": 1280, "height": 720}, accept_downloads=True, **context
    ).new_page()
    page.set_default_timeout(WAIT_MS)
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(f"{studio.url}/#/live{query}")
    page.wait_for_selector(".live-desk")
    return page


@pytest.fixture
def view(camera_browser, live_studio):
    page = opened(camera_browser, live_studio, "?look=negative")
    yield page
    page.context.close()
    assert not page.complaints


def start(page):
    page.locator(".live-bar").get_by_role("button", name="Start camera").click()
    page.wait_for_selector(".live-message", state="hidden")


def shown(page):
    """Mean colours of the left and the right part of what is seen."""
    data = page.evaluate(
        "() => document.querySelector('.live-picture canvas').toDataURL('image/jpeg', 0.95).split(',')[1]"
    )
    pixels = decode_jpeg(base64.b64decode(data), most_side_px=4000)
    third = pixels.shape[1] // 5
    return pixels[20:60, 10:third].mean(axis=(0, 1)), pixels[20:60, -third:-10].mean(axis=(0, 1))


def until(page, is_so):
    deadline = time.monotonic() + WAIT_MS / 1000
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        page.wait_for_timeout(50)


def near(found, wanted, within=25):
    return np.abs(np.asarray(found) - np.asarray(wanted)).max() < within


NEGATIVE = tuple(255 - level for level in RED), tuple(255 - level for level in GREEN)


def test_the_camera_is_seen_in_the_look_and_figures_say_how_it_goes(view):
    start(view)
    until(view, lambda: near(shown(view)[0], NEGATIVE[0]) and near(shown(view)[1], NEGATIVE[1]))
    until(view, lambda: re.search(r"\d+ ms", view.inner_text(".live-meter")))
    until(view, lambda: "320 × 180" in view.inner_text(".live-meter"))
    assert "Dropped" in view.inner_text(".live-meter")
    view.get_by_role("tab", name="Source").click()
    assert "camera.y4m" in view.get_by_label("Camera", exact=True).last.inner_text()


def test_another_look_comes_while_the_picture_goes_on(view, live_studio):
    start(view)
    until(view, lambda: near(shown(view)[0], NEGATIVE[0]))
    (session,) = live_studio.house.rooms["live"].sessions
    count = session._frames._painted.count
    view.get_by_role("radio", name="plain").click()
    until(view, lambda: near(shown(view)[0], RED))
    assert session._frames._painted.count > count
    assert view.locator(".live-message").is_hidden(), "the picture gave way to a message"
    view.keyboard.press("ArrowRight")  # the filmstrip has the focus
    assert "look=plain" not in view.url


def test_sliders_and_switches_change_the_picture(view):
    start(view)
    until(view, lambda: near(shown(view)[0], NEGATIVE[0]))
    strength = view.get_by_role("slider", name="Strength")
    strength.focus()
    for _ in range(10):
        strength.press("PageDown")
    until(view, lambda: near(shown(view)[0], RED))


def test_source_and_look_are_seen_beside_each_other_and_with_an_edge(view):
    start(view)
    until(view, lambda: near(shown(view)[0], NEGATIVE[0]))
    view.get_by_text("Beside").click()
    until(view, lambda: near(shown(view)[0], RED) and near(shown(view)[1], NEGATIVE[1]))
    size = view.evaluate(
        "() => { const c = document.querySelector('.live-picture canvas'); return [c.width, c.height]; }"
    )
    assert size == [640, 180]
    view.get_by_text("Wipe").click()
    edge = view.get_by_role("slider", name="Edge between the camera and the look")
    edge.focus()
    edge.press("End")
    until(view, lambda: near(shown(view)[0], RED) and near(shown(view)[1], GREEN))
    edge.press("Home")
    until(view, lambda: near(shown(view)[0], NEGATIVE[0]) and near(shown(view)[1], NEGATIVE[1]))


def test_a_snapshot_is_a_png_of_what_is_seen(view, tmp_path):
    start(view)
    until(view, lambda: near(shown(view)[0], NEGATIVE[0]))
    with view.expect_download() as download:
        view.get_by_role("button", name="Snapshot").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert re.fullmatch(r"stylereel-negative-[\d-]+\.png", path.name)
    with av.open(str(path)) as media:
        pixels = next(media.decode(video=0)).to_ndarray(format="rgb24")
    assert pixels.shape == (180, 320, 3) and near(pixels[20:60, 10:100].mean(axis=(0, 1)), NEGATIVE[0])


def test_a_recording_has_what_was_seen_and_its_sound(view, tmp_path):
    start(view)
    until(view, lambda: near(shown(view)[0], NEGATIVE[0]))
    record = view.get_by_role("button", name="Record", exact=True)
    record.click()
    until(view, lambda: record.get_attribute("aria-pressed") == "true")
    view.wait_for_timeout(2500)
    record.click()
    view.get_by_role("tab", name="Record").click()
    link = view.locator(".live-recording").get_by_role("link", name="Download")
    with view.expect_download() as download:
        link.click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    with av.open(str(path)) as media:
        frames = [frame.to_ndarray(format="rgb24") for frame in media.decode(video=0)]
    with av.open(str(path)) as media:
        sound = np.concatenate([frame.to_ndarray().ravel() for frame in media.decode(audio=0)])
    assert len(frames) >= 5 and near(frames[-1][20:60, 10:100].mean(axis=(0, 1)), NEGATIVE[0])
    assert np.abs(sound).max() > 0, "the fake microphone beeps"


def test_the_sound_of_a_recording_is_held_back_by_the_round_trip(view):
    view.evaluate("""() => {
      window.delays = [];
      const make = AudioContext.prototype.createDelay;
      AudioContext.prototype.createDelay = function (...given) {
        const node = make.apply(this, given);
        window.delays.push(node);
        return node;
      };
    }""")
    start(view)
    until(view, lambda: re.search(r"(\d+) ms", view.inner_text(".live-meter")))
    view.get_by_role("button", name="Record", exact=True).click()
    until(view, lambda: view.evaluate("() => window.delays.length") == 1)
    seconds = view.evaluate("() => window.delays[0].delayTime.value")
    assert 0 < seconds <= 2


def test_a_recording_is_kept_in_the_library_or_deleted(view, live_studio):
    start(view)
    record = view.get_by_role("button", name="Record", exact=True)
    until(view, record.is_enabled)
    record.click()
    view.wait_for_timeout(1500)
    record.click()
    view.get_by_role("tab", name="Record").click()
    view.locator(".live-recording").get_by_role("button", name="Keep in the library").click()
    until(view, lambda: len(live_studio.client.get("/api/media").json()["media"]) == 1)
    view.locator(".live-recording").get_by_role("button", name="Delete this recording").click()
    until(view, lambda: view.locator(".live-recording").count() == 0)


def test_a_camera_that_is_refused_is_explained_and_there_is_another_way(launch_chromium, live_studio):
    page = opened(launch_chromium(*CAMERA), live_studio, permissions=[])
    page.locator(".live-bar").get_by_role("button", name="Start camera").click()
    page.wait_for_selector("text=This browser does not let the page use the camera.")
    assert page.get_by_role("button", name="Try again").is_visible()
    page.get_by_role("button", name="Play a video instead").click()
    page.wait_for_selector("text=No video in the library yet")
    page.context.close()


def test_a_machine_without_a_camera_is_told_so(chromium, live_studio):
    page = opened(chromium, live_studio, permissions=["camera", "microphone"])
    page.locator(".live-bar").get_by_role("button", name="Start camera").click()
    page.wait_for_selector("text=No camera was found.")
    page.context.close()


def test_a_camera_that_is_pulled_out_is_told_and_can_be_started_again(view):
    view.evaluate("""() => {
      const get = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (wanted) => (window.stream = await get(wanted));
    }""")
    start(view)
    view.evaluate("() => window.stream.getVideoTracks()[0].dispatchEvent(new Event('ended'))")
    view.wait_for_selector("text=The camera went away.")
    view.get_by_role("button", name="Try again").click()
    view.wait_for_selector(".live-message", state="hidden")


def test_all_places_taken_is_told(view, live_studio):
    live_studio.house.rooms["live"].most = 0
    view.locator(".live-bar").get_by_role("button", name="Start camera").click()
    view.wait_for_selector("text=live sessions of this studio are in use")
    live_studio.house.rooms["live"].most = 1
    view.get_by_role("button", name="Try again").click()
    view.wait_for_selector(".live-message", state="hidden")


def test_a_studio_that_goes_away_is_told_and_found_again(
    camera_browser, studio_at, tmp_path, styles, monkeypatch
):
    monkeypatch.setenv("STYLEREEL_PACKS", str(styles))
    studio = studio_at(tmp_path / "first")
    studio.house.rooms["live"].painting = CHEAP
    page = opened(camera_browser, studio, "?look=negative")
    start(page)
    studio.stop()
    page.wait_for_selector("text=The studio does not answer.")
    other = studio_at(tmp_path / "second", port=studio.settings.port)
    other.house.rooms["live"].painting = CHEAP
    page.wait_for_selector(".live-message", state="hidden")
    until(page, lambda: near(shown(page)[0], NEGATIVE[0]))
    page.context.close()


def test_leaving_the_view_frees_camera_and_place(view, live_studio):
    view.evaluate("""() => {
      const get = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (wanted) => (window.stream = await get(wanted));
    }""")
    start(view)
    assert live_studio.house.rooms["live"].taken == 1
    view.get_by_role("link", name="Privacy").click()
    until(view, lambda: live_studio.house.rooms["live"].taken == 0)
    assert view.evaluate("() => window.stream.getTracks().every((track) => track.readyState === 'ended')")


@pytest.fixture
def film(live_studio, tmp_path):
    """A video with sound in the studio's library."""
    path = tmp_path / "film.webm"
    with av.open(str(path), "w") as out:
        video = out.add_stream("libvpx", rate=10)
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        audio = out.add_stream("libopus", rate=48000)
        for index in range(20):
            pixels = np.full((180, 320, 3), RED, np.uint8)
            pixels[:, 160:] = GREEN
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 10)
            out.mux(video.encode(frame))
        for index in range(50):
            tone = (0.3 * np.sin(np.arange(1920) / 10)).astype(np.float32)[None]
            block = av.AudioFrame.from_ndarray(np.repeat(tone, 2, 1).reshape(1, -1), "flt", "stereo")
            block.sample_rate, block.pts, block.time_base = 48000, 1920 * index, Fraction(1, 48000)
            out.mux(audio.encode(block))
        out.mux(video.encode(None))
        out.mux(audio.encode(None))
    answer = live_studio.client.post("/api/media", params={"name": "film.webm"}, content=path.read_bytes())
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_video_of_the_library_is_played_as_a_camera_with_its_sound(view, live_studio, film, tmp_path):
    view.reload()
    view.wait_for_selector(".live-desk")
    view.get_by_role("tab", name="Source").click()
    view.locator(".live-panel").get_by_text("Video", exact=True).first.click()
    view.locator(".live-bar").get_by_role("button", name="Play the video").click()
    view.wait_for_selector(".live-message", state="hidden")
    until(view, lambda: near(shown(view)[0], NEGATIVE[0], 40))
    record = view.get_by_role("button", name="Record", exact=True)
    record.click()
    view.wait_for_timeout(2000)
    record.click()
    view.get_by_role("tab", name="Record").click()
    with view.expect_download() as download:
        view.locator(".live-recording").get_by_role("link", name="Download").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    with av.open(str(path)) as media:
        sound = np.concatenate([frame.to_ndarray().ravel() for frame in media.decode(audio=0)])
    assert np.abs(sound.astype(float)).max() > 0.02


def test_every_look_is_shown_on_what_the_camera_sees(view):
    start(view)
    until(view, lambda: view.locator(".card img:not([hidden])").count() >= 3)


def test_a_frame_in_every_look_is_given_over_http(live_studio):
    frame = encode_jpeg(np.full((90, 160, 3), 60, np.uint8))
    answer = live_studio.client.post("/api/live/gallery", content=frame)
    lines = [json.loads(line) for line in answer.text.splitlines()]
    found = {line["look"]: line for line in lines}
    assert {"negative", "plain"} <= set(found)
    jpeg = base64.b64decode(found["negative"]["picture"].partition(",")[2])
    assert abs(decode_jpeg(jpeg, most_side_px=400).mean() - 195) < 4
    assert live_studio.client.post("/api/live/gallery", content=b"#EXTM3U").status_code == 422
    assert live_studio.client.post("/api/live/gallery", content=bytes(2_100_000)).status_code == 413


def test_everything_can_be_reached_and_is_named(view):
    start(view)
    unnamed = view.evaluate("""() => [...document.querySelectorAll('.live-desk :is(button, select, input)')]
      .filter((one) => !one.hidden && one.offsetParent && !(
        one.getAttribute('aria-label') || one.getAttribute('aria-labelledby') || one.textContent.trim()
        || one.labels?.length || one.closest('label')))
      .map((one) => one.outerHTML.slice(0, 120))""")
    assert unnamed == []
    view.locator(".live-bar button").first.focus()
    until(view, view.get_by_role("button", name="Snapshot").is_enabled)
    with view.expect_download():
        view.keyboard.press("s")
