"""`stylereel live --output page`: a live run in browsers of this machine, with its look and sliders.

Whoever watches gets the newest picture that they have time for: a frame is sent when fewer than two are
unseen, and one that comes meanwhile takes the place of the one that waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import Any, Protocol

import uvicorn
from anyio.to_thread import run_sync
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse

from stylereel.actions.live_frames import JPEG_QUALITY, jpeg_of
from stylereel.actions.look_list import list_looks
from stylereel.core.errors import OutputError, StylereelError, UsageError
from stylereel.core.frames import Frame
from stylereel.studio.guard import Guard
from stylereel.studio.live_wire import PAINTED, Header, error_text, request_in, style_in
from stylereel.studio.models_looks import LookList
from stylereel.studio.page_files import PAGE_FOLDER, PageFiles
from stylereel.studio.problem import Problem
from stylereel.studio.problems import add_problem_handlers
from stylereel.studio.routes.looks import facts_of
from stylereel.studio.serving import bound_socket
from stylereel.studio.settings import StudioSettings

USUAL_PORT = 7861
MOST_VIEWERS = 16
_MOST_UNSEEN = 2
_STATUS_SECONDS = 0.25
_START_SECONDS = 10.0
_LOOK = ("look", "mix", "share")


class Watched(Protocol):
    """The run that a page shows: a `LiveSession`."""

    def change(self, settings: Mapping[str, Any]) -> None:
        """See `LiveSession.change`."""
        ...

    def status(self) -> Any:
        """See `LiveSession.status`."""
        ...


class PageOutput:
    """An output of a live run that browsers watch; see `stylereel.video.live_programme.LiveOutput`.

    Attributes:
        url: where.
        session: what the page's look and sliders change; None where it only shows.
    """

    comes_back, patience_seconds = False, 5.0

    def __init__(self, port: int | None = None) -> None:
        """Take the port; the page answers when the run begins.

        Args:
            port: None for the usual one, or a free one where that is taken.

        Raises:
            UsageError: it is taken, or not allowed.
        """
        try:
            settings = StudioSettings(port=USUAL_PORT if port is None else port, page=False)
            self._socket = bound_socket(settings)
        except UsageError as error:
            if port is not None:
                raise UsageError(f"output page:{port}: {str(error).replace('--port ', 'page:')}") from error
            settings = StudioSettings(port=0, page=False)
            self._socket = bound_socket(settings)
        self._settings = settings.model_copy(update={"port": self._socket.getsockname()[1]})
        self.url = self._settings.url
        self.name = f"page ({self.url})"
        self.session: Watched | None = None
        self._look: dict[str, Any] = {"look": None, "mix": None, "share": 0.0}
        self._viewers: set[_Viewer] = set()
        self._count = 0
        self._server: uvicorn.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def open(self, programme: object) -> None:
        """Serve the page."""
        config = uvicorn.Config(
            self._app(),
            log_level="warning",
            access_log=False,
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="stylereel-live-page", daemon=True)
        self._thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise OutputError(f"the page at {self.url} cannot be served.")
            time.sleep(0.01)

    def write(self, frame: Frame) -> None:
        """Give a frame to all who watch; encodes nothing where nobody does, and waits for nobody."""
        self._count += 1
        if not self._viewers or self._loop is None:
            return
        header = Header(self._count % 2**32, 1000 * time.time()).packed(PAINTED)
        message = header + jpeg_of(frame.pixels, JPEG_QUALITY)
        with contextlib.suppress(RuntimeError):  # the page has ended
            self._loop.call_soon_threadsafe(self._offer, message)

    def close(self) -> None:
        """End the page."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(self.patience_seconds)
        self._socket.close()

    def abandon(self) -> None:
        """See `LiveOutput.abandon`."""
        if self._server is not None:
            self._server.should_exit = self._server.force_exit = True

    def _serve(self) -> None:
        assert self._server is not None
        self._server.run(sockets=[self._socket])

    def _offer(self, message: bytes) -> None:
        for viewer in self._viewers:
            viewer.offer(message)

    def _app(self) -> FastAPI:
        app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        add_problem_handlers(app)
        app.add_api_route("/api/looks", _looks)
        app.add_api_websocket_route("/api/watch", self._watch)
        app.add_api_route("/", lambda: FileResponse(PAGE_FOLDER / "watch.html", media_type="text/html"))
        app.mount("/", PageFiles(), name="page")
        app.add_middleware(Guard, settings=self._settings)
        return app

    async def _watch(self, socket: WebSocket) -> None:
        await socket.accept()
        self._loop = asyncio.get_running_loop()
        if len(self._viewers) >= MOST_VIEWERS:
            error = UsageError(f"{MOST_VIEWERS} pages watch already: close one of them.")
            with contextlib.suppress(WebSocketDisconnect):
                await socket.send_text(error_text(error))
                await socket.close(1013, "no place is free")
            return
        viewer = _Viewer(socket, self)
        self._viewers.add(viewer)
        try:
            await viewer.run()
        finally:
            self._viewers.discard(viewer)

    def change(self, settings: Mapping[str, Any]) -> None:
        """Change the run as a page asks: `look`, `mix`, `share`, and what `LiveSession.change` takes.

        Raises:
            StylereelError, Problem: they cannot be, and nothing was changed.
        """
        if self.session is None:
            raise UsageError("this page only shows the run, and cannot change it.")
        look = {**self._look, **{name: settings[name] for name in _LOOK if name in settings}}
        wanted = {name: value for name, value in settings.items() if name not in _LOOK}
        if "style" in wanted:
            raise UsageError("a page names a look, and not a style.")
        if look != self._look:
            wanted["style"] = style_in(look)
        self.session.change(wanted)
        self._look = look

    def status(self) -> dict[str, Any]:
        """What pages are told of the run; empty before it has begun."""
        try:
            status = self.session.status().as_dict() if self.session is not None else {}
        except UsageError:
            return {}
        return {
            **status,
            "viewers": len(self._viewers),
            "mix": self._look["mix"],
            "share": self._look["share"],
        }


class _Viewer:
    """One page that watches."""

    def __init__(self, socket: WebSocket, page: PageOutput) -> None:
        self._socket, self._page = socket, page
        self._newest: bytes | None = None
        self._texts = deque[str](maxlen=8)
        self._unseen = self.dropped = 0
        self._status_is_due = True
        self._something = asyncio.Event()

    def offer(self, message: bytes) -> None:
        """A picture takes the place of one that waits; in the server's thread."""
        self.dropped += self._newest is not None
        self._newest = message
        self._something.set()

    async def run(self) -> None:
        tasks = [asyncio.create_task(work()) for work in (self._send, self._receive, self._keep_status_due)]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(self) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            while self._texts:
                await self._socket.send_text(self._texts.popleft())
            if self._newest is not None and self._unseen < _MOST_UNSEEN:
                message, self._newest = self._newest, None
                self._unseen += 1
                await self._socket.send_bytes(message)
            if self._status_is_due:
                self._status_is_due = False
                status = {**self._page.status(), "page_dropped": self.dropped}
                await self._socket.send_text(json.dumps({"status": status}))

    async def _receive(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text") or ""
            if text == "seen":
                self._unseen = max(0, self._unseen - 1)
            else:
                await self._answer(text)
            self._something.set()

    async def _answer(self, text: str) -> None:
        try:
            request = request_in(text)
            if "set" in request:
                await run_sync(self._page.change, request["set"])
        except (StylereelError, Problem) as error:
            self._texts.append(error_text(error))
        self._status_is_due = True

    async def _keep_status_due(self) -> None:
        while True:
            await asyncio.sleep(_STATUS_SECONDS)
            self._status_is_due = True
            self._something.set()


def _looks() -> LookList:
    return LookList(looks=[facts_of(look) for look in list_looks()])


def page_output(text: str) -> PageOutput:
    """The output that `page` or `page:PORT` names.

    Raises:
        UsageError: no such port, or it is taken.
    """
    _, colon, port = text.partition(":")
    if colon and not (port.isdecimal() and 0 <= int(port) <= 65535):
        raise UsageError(f"output {text!r}: write page, or page with a port, such as page:8000.")
    return PageOutput(int(port) if colon else None)
