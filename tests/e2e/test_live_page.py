"""`stylereel live --output page`: pages that watch a run, one of which may be slow. Nothing is timed."""

import json
import struct
import threading
import time

import numpy as np
import pytest

from clips import make_clip
from running_studio import chromium_path
from stylereel.actions.live import LiveSession
from stylereel.cli import studio as studio_command
from stylereel.core.errors import UsageError
from stylereel.video.jpeg import decode_jpeg
from stylereel.video.live_output import live_output

pytest.importorskip("fastapi", reason="the studio extra is not installed")
client_api = pytest.importorskip("websockets.sync.client")
exceptions = pytest.importorskip("websockets.exceptions")

from stylereel.studio.live_page import PageOutput, page_output

OPTIONS = {"runner": "onnxruntime", "threads": 1}
WAIT = 60
HEADER = struct.Struct("<IId")


def until(is_so):
    deadline = time.monotonic() + WAIT
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)


@pytest.fixture
def shown(tmp_path, monkeypatch, styles):
    """A run that goes on, and its page."""
    monkeypatch.setenv("STYLEREEL_PACKS", str(styles))
    clip = make_clip(tmp_path / "in.mp4", frames=50, size=(96, 64))
    page = page_output("page:0")
    session = LiveSession(clip, style="negative", loop=True, outputs=[page, "null"], **OPTIONS)
    page.session = session
    thread = threading.Thread(target=session.run, daemon=True)
    thread.start()
    until(lambda: page._server is not None and page._server.started)
    yield page, session
    session.stop()
    thread.join(WAIT)
    assert not thread.is_alive()


class Viewer:
    def __init__(self, page, **options):
        self._connecting = client_api.connect(
            page.url.replace("http", "ws") + "/api/watch", open_timeout=WAIT, max_size=None, **options
        )

    def __enter__(self):
        self.socket = self._connecting.__enter__()
        return self

    def __exit__(self, *_):
        self.socket.close()

    def next(self, kind):
        while True:
            message = self.socket.recv(timeout=WAIT)
            if isinstance(message, bytes):
                if kind == "frame":
                    return HEADER.unpack_from(message)[0], message[HEADER.size :]
            elif kind in (found := json.loads(message)):
                return found

    def seen(self):
        self.socket.send("seen")


def test_several_pages_see_the_run_and_each_frame_as_it_is_painted(shown):
    page, _ = shown
    with Viewer(page) as first, Viewer(page) as second:
        for viewer in (first, second):
            numbers = []
            for _ in range(5):
                number, jpeg = viewer.next("frame")
                numbers.append(number)
                viewer.seen()
            assert numbers == sorted(set(numbers))
            assert decode_jpeg(jpeg, most_side_px=400).shape == (64, 96, 3)
        status = first.next("status")["status"]
    assert status["viewers"] == 2 and status["style"] == "negative"
    assert page.name in [output["name"] for output in status["outputs"]]


def test_a_page_that_is_slow_gets_two_pictures_and_holds_up_nobody(shown):
    page, session = shown
    with Viewer(page) as slow, Viewer(page) as quick:
        for _ in range(2):
            slow.next("frame")
        for _ in range(20):
            quick.next("frame")
            quick.seen()
        until(lambda: any(each._unseen == 2 and each.dropped > 5 for each in page._viewers))
        viewer = max(page._viewers, key=lambda each: each.dropped)
        assert viewer._newest is not None
        before = session.status().frames_out
        until(lambda: session.status().frames_out > before + 5)
        assert all(output.state == "live" for output in session.status().outputs)
        waits = viewer._newest
        slow.seen()
        number, _ = slow.next("frame")
        assert number >= HEADER.unpack_from(waits)[0], "the newest comes next, and none that waited long"


def test_a_page_changes_look_and_sliders_and_all_are_told(shown):
    page, session = shown
    with Viewer(page) as first, Viewer(page) as second:
        first.socket.send(json.dumps({"set": {"look": "plain", "strength": 0.5, "keep_colors": True}}))
        until(lambda: session.status().style == "plain")
        while second.next("status")["status"]["style"] != "plain":
            pass
        status = second.next("status")["status"]
        assert (status["strength"], status["keep_colors"]) == (0.5, True)
        for wrong in (
            {"look": "/etc"},
            {"style": "negative"},
            {"strength": 3},
            {"look": "plain", "mix": "negative", "share": 0.5},
            {"size": 1},
        ):
            first.socket.send(json.dumps({"set": wrong}))
            assert first.next("error")["error"]["text"]
        first.socket.send("hello")
        assert first.next("error")["error"]["text"]
        assert session.status().strength == 0.5


def test_another_site_gets_no_picture(shown):
    page, _ = shown
    for options in ({"origin": "http://evil.example"}, {"additional_headers": {"Host": "evil.example"}}):
        with pytest.raises(exceptions.InvalidStatus), Viewer(page, **options):
            pass


def test_the_end_of_the_run_is_the_end_of_the_page(tmp_path, monkeypatch, styles):
    monkeypatch.setenv("STYLEREEL_PACKS", str(styles))
    clip = make_clip(tmp_path / "in.mp4", frames=10, size=(96, 64))
    page = page_output("page:0")
    summary = LiveSession(clip, style="plain", outputs=[page], **OPTIONS).run()
    assert summary.outputs[0].state == "finished"
    with pytest.raises(OSError), Viewer(page):
        pass


def test_a_port_that_is_taken_is_told_and_the_usual_one_gives_way(monkeypatch):
    with_port = PageOutput(0)
    taken = with_port._settings.port
    with pytest.raises(UsageError, match=f"page:{taken}"):
        page_output(f"page:{taken}")
    monkeypatch.setattr("stylereel.studio.live_page.USUAL_PORT", taken)
    other = page_output("page")
    assert other._settings.port != taken
    for page in (with_port, other):
        page.close()


@pytest.mark.parametrize("text", ["page:x", "page:", "page:-1", "page:70000"])
def test_what_is_no_port_is_told(text):
    with pytest.raises(UsageError, match="page:8000"):
        page_output(text)


def test_without_the_extra_the_command_says_what_to_install(run, tmp_path, monkeypatch):
    clip = make_clip(tmp_path / "in.mp4", frames=5, size=(96, 64))
    monkeypatch.setattr(studio_command, "NEEDED", ("fastapi", "no_such_library"))
    result = run("live", "--input", clip, "--style", "plain", "--output", "page", "--seconds", "1")
    assert result.exit_code == 4
    assert 'pip install "stylereel[studio]"' in " ".join(result.output.split())


def test_the_command_says_where_the_picture_is(run, tmp_path):
    clip = make_clip(tmp_path / "in.mp4", frames=10, size=(96, 64))
    options = ("--runner", "onnxruntime", "--threads", "1", "--json")
    result = run("live", "--input", clip, "--style", "plain", "--output", "page:0", *options)
    assert result.exit_code == 0, result.output
    assert "http://127.0.0.1:" in result.stderr
    assert json.loads(result.stdout)["outputs"][0]["state"] == "finished"


def test_python_is_told_how_a_page_is_given():
    with pytest.raises(UsageError, match="PageOutput"):
        live_output("page")


@pytest.mark.skipif(chromium_path() is None, reason="no Chromium: apt-get install chromium")
def test_the_page_shows_the_picture_and_its_slider_changes_it(shown, browser_page):
    page, session = shown
    browser_page.goto(page.url)
    browser_page.wait_for_selector(".live-message", state="hidden", timeout=60_000)
    size = browser_page.evaluate(
        "() => [...document.querySelectorAll('canvas')].map((c) => [c.width, c.height])"
    )
    assert size == [[96, 64]]
    strength = browser_page.get_by_role("slider", name="Strength")
    strength.focus()
    for _ in range(10):
        strength.press("PageDown")
    until(lambda: browser_page.wait_for_timeout(50) or session.status().strength == 0)
    browser_page.get_by_label("Look", exact=True).select_option("plain")
    until(lambda: browser_page.wait_for_timeout(50) or session.status().style == "plain")
    colours = browser_page.get_by_role("switch", name="Keep colours")
    session.change({"keep_colors": True})  # as a key in the terminal does
    until(lambda: browser_page.wait_for_timeout(50) or colours.get_attribute("aria-checked") == "true")
    assert np.isfinite(session.status().fps_out)
