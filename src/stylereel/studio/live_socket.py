"""One client of the live route: its WebSocket on one side, its painting thread on the other."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Callable
from typing import Any

from anyio.to_thread import run_sync
from fastapi import WebSocket, WebSocketDisconnect

from stylereel.actions.live_frames import Answer, LiveFrames
from stylereel.core.errors import StylereelError, UsageError
from stylereel.core.registry import unknown_name
from stylereel.studio.live_wire import (
    BAD,
    DROPPED,
    PAINTED,
    Header,
    error_text,
    picture_in,
    request_in,
    style_in,
)
from stylereel.studio.problem import Problem

STATUS_SECONDS = 0.25
SETTINGS = ("look", "mix", "share", "strength", "keep_colors", "stabilize")
ENDING, FAILED, FULL = 1001, 1011, 1013
"""Why the studio closes a session, as close codes: it ends, it cannot go on, all places are taken."""
_FLAGS = {"painted": PAINTED, "dropped": DROPPED, "bad": BAD}
_MOST_WAITING_CHANGES, _MOST_WAITING_TEXTS, _MOST_WAITING_NOTES = 64, 32, 256


class LiveSocket:
    """A live session of one client.

    Everything that waits to be sent is bounded: of pictures and statuses the newest, of the rest a few. So a
    client that does not read costs no more than one that does.
    """

    def __init__(self, socket: WebSocket, look: dict[str, Any]) -> None:
        """Nothing is painted before `begin`.

        Args:
            socket: accepted.
            look: `look`, `mix` and `share`.
        """
        self._socket, self._look = socket, look
        self._loop = asyncio.get_running_loop()
        self._something = asyncio.Event()
        self._changes: asyncio.Queue[dict[str, Any]] = asyncio.Queue(_MOST_WAITING_CHANGES)
        self._picture: Answer | None = None
        self._notes = deque[bytes](maxlen=_MOST_WAITING_NOTES)
        self._texts = deque[str](maxlen=_MOST_WAITING_TEXTS)
        self._status_is_due, self._unread = True, 0
        self._close_with: tuple[int, str] | None = None

    def begin(self, painting: dict[str, Any]) -> None:
        """Find the look; takes a moment, so not in the server's thread.

        Args:
            painting: further arguments of `LiveFrames`.

        Raises:
            StylereelError, Problem: as `LiveFrames` and `style_in`.
        """
        self._frames = LiveFrames(
            style_in(self._look),
            lambda answer: self._from_thread(self._queue_answer, answer),
            on_failure=lambda error: self._from_thread(self._fail, error),
            **painting,
        )

    async def run(self) -> None:
        """Serve until the client leaves or the session is ended."""
        tasks = [
            asyncio.create_task(work())
            for work in (self._receive, self._send, self._apply_changes, self._keep_status_due)
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if not isinstance(task.exception(), WebSocketDisconnect | None):
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.shield(run_sync(self._frames.close))

    def end(self, code: int = ENDING, why: str = "the studio ends") -> None:
        """Close it soon; in the server's thread."""
        self._close_with = self._close_with or (code, why)
        self._something.set()

    def _from_thread(self, act: Callable[..., object], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            self._loop.call_soon_threadsafe(act, *arguments)

    def _queue_answer(self, answer: Answer) -> None:
        header: Header = answer.tag
        if answer.outcome == "painted":
            if self._picture is not None:
                self._unread += 1
                self._notes.append(self._picture.tag.packed(DROPPED))
            self._picture = answer
        else:
            self._notes.append(header.packed(_FLAGS[answer.outcome]))
        if answer.outcome == "bad":
            self._texts.append(error_text(UsageError(answer.reason), sequence=header.sequence))
        self._something.set()

    def _fail(self, error: Exception) -> None:
        self._texts.append(error_text(error))
        self.end(FAILED, "the look cannot be painted")

    def _tell(self, error: Exception) -> None:
        self._texts.append(error_text(error))
        self._something.set()

    async def _receive(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            try:
                if (picture := message.get("bytes")) is not None:
                    self._frames.put(picture_in(picture), Header.of(picture))
                else:
                    self._take_request(request_in(message.get("text") or ""))
            except UsageError as error:
                self._tell(error)

    def _take_request(self, request: dict[str, Any]) -> None:
        if "set" in request:
            try:
                self._changes.put_nowait(request["set"])
            except asyncio.QueueFull:
                raise UsageError("changes come faster than they can be made: this one is left out.") from None
        self._status_is_due = True
        self._something.set()

    async def _apply_changes(self) -> None:
        while True:
            settings = await self._changes.get()
            try:
                await run_sync(self._change, settings)
            except (StylereelError, Problem) as error:
                self._tell(error)
            self._status_is_due = True
            self._something.set()

    def _change(self, settings: dict[str, Any]) -> None:
        for name in settings:
            if name not in SETTINGS:
                raise UsageError(unknown_name("setting", name, SETTINGS))
        look = {
            **self._look,
            **{name: settings[name] for name in ("look", "mix", "share") if name in settings},
        }
        wanted = {name: value for name, value in settings.items() if name not in look}
        if look != self._look:
            wanted["style"] = style_in(look)
        self._frames.change(wanted)
        self._look = look

    async def _keep_status_due(self) -> None:
        while True:
            await asyncio.sleep(STATUS_SECONDS)
            self._status_is_due = True
            self._something.set()

    async def _send(self) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            while self._notes:
                await self._socket.send_bytes(self._notes.popleft())
            if (answer := self._picture) is not None:
                self._picture = None
                await self._socket.send_bytes(answer.tag.packed(PAINTED) + answer.jpeg)
            while self._texts:
                await self._socket.send_text(self._texts.popleft())
            if self._status_is_due:
                self._status_is_due = False
                await self._socket.send_text(json.dumps({"status": self._status()}))
            if self._close_with is not None and not self._texts:
                await self._socket.close(*self._close_with)
                return

    def _status(self) -> dict[str, Any]:
        status = self._frames.status().as_dict()
        status["dropped"] += self._unread
        return {**status, **self._look}
