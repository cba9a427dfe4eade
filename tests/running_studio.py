"""A real studio on a free port, in a thread of the test's process, and a browser to look at it with."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_START_SECONDS = 30


class RunningStudio:
    """A studio that serves.

    Attributes:
        url: where, without a slash at its end.
        house: what its routes share.
        client: asks it; a path is enough.
    """

    def __init__(self, folder: Path, **settings: Any) -> None:
        from stylereel.studio.house import open_house
        from stylereel.studio.serving import StudioServer, bound_socket
        from stylereel.studio.settings import StudioSettings, made_safe

        wanted = StudioSettings(folder=folder, **{"port": 0, **settings})
        self._socket = bound_socket(wanted)
        port = self._socket.getsockname()[1]
        self.settings = made_safe(wanted.model_copy(update={"port": port}))
        self.url = self.settings.url
        self.house = open_house(self.settings)
        self._server = StudioServer(self.house)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()
        headers = {"authorization": f"Bearer {self.settings.token}"} if self.settings.token else {}
        self.client = httpx.Client(base_url=self.url, headers=headers, timeout=60)
        deadline = time.monotonic() + _START_SECONDS
        while not self._server.started:
            assert self._thread.is_alive() and time.monotonic() < deadline, "the studio does not start"
            time.sleep(0.01)

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        self.client.close()
        self._server.should_exit = True
        self._thread.join(_START_SECONDS)
        self._socket.close()
        self.house.close()
        assert not self._thread.is_alive(), "the studio does not end"


@pytest.fixture
def studio_at() -> Iterator[Any]:
    """Starts studios: `studio_at(folder, **settings)`; all end with the test."""
    running: list[RunningStudio] = []

    def start(folder: Path, **settings: Any) -> RunningStudio:
        running.append(RunningStudio(folder, **settings))
        return running[-1]

    yield start
    for studio in running:
        studio.stop()


@pytest.fixture
def studio(studio_at, tmp_path, monkeypatch, styles) -> RunningStudio:
    """A studio in a folder of its own, where the toy styles are the user's own."""
    monkeypatch.setenv("STYLEREEL_PACKS", str(styles))
    return studio_at(tmp_path / "studio")


def chromium_path() -> str | None:
    """Where Chromium lies: the one that is named by `STYLEREEL_CHROMIUM`, else what the path has."""
    named = os.environ.get("STYLEREEL_CHROMIUM")
    names = [named] if named else ["chromium", "chromium-browser", "google-chrome"]
    return next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="module")
def launch_chromium() -> Iterator[Any]:
    """Starts browsers: `launch_chromium(*more_arguments)`; all end with the module.

    Until then playwright keeps an event loop in this thread, where `asyncio.run` cannot have another.
    Skips with a reason where no Chromium is.
    """
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium: install one (apt-get install chromium), or name it in STYLEREEL_CHROMIUM")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (the dev extra)")
    with api.sync_playwright() as playwright:
        browsers = []

        def launch(*more: str) -> Any:
            arguments = [*CHROMIUM_ARGUMENTS, *more]
            browsers.append(playwright.chromium.launch(executable_path=path, args=arguments))
            return browsers[-1]

        yield launch
        for browser in browsers:
            browser.close()


@pytest.fixture(scope="module")
def chromium(launch_chromium) -> Any:
    """A browser without a camera, for the whole module."""
    return launch_chromium()


@pytest.fixture
def browser_page(chromium) -> Iterator[Any]:
    """A page of 1280 x 720 that fails the test where it asks another machine or complains."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720}, accept_downloads=True)
    page = context.new_page()
    page.complaints, page.elsewhere = [], []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda told: page.complaints.append(told.text) if told.type == "error" else None)
    page.on("request", lambda asked: page.elsewhere.append(asked.url) if _is_elsewhere(asked.url) else None)
    yield page
    context.close()
    assert not page.elsewhere, f"asked another machine: {page.elsewhere}"
    assert not page.complaints, f"the page complained: {page.complaints}"


def _is_elsewhere(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1:", "http://localhost:", "ws://127.0.0.1:", "blob:", "data:"))
