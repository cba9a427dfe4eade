"""A live look over a WebSocket: JPEG frames in, painted JPEG frames out."""

from __future__ import annotations

import base64
import contextlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse

from stylereel.actions.live_frames import MOST_FRAME_BYTES, checked_frame
from stylereel.actions.look_list import list_looks
from stylereel.actions.preview_desk import PreviewDesk
from stylereel.core.errors import StylereelError, UsageError
from stylereel.studio.house import House
from stylereel.studio.live_socket import FAILED, FULL, LiveSocket
from stylereel.studio.live_wire import error_text
from stylereel.studio.problem import Problem

_CARD_QUALITY = 80


class LiveRoom:
    """The live sessions of a studio.

    Attributes:
        most: how many there may be at the same time.
        sessions: those that there are.
        painting: further arguments of `LiveFrames`, for all of them.
    """

    def __init__(self, most: int) -> None:
        self.most, self.sessions = most, set[LiveSocket]()
        self.taken = 0
        self.painting: dict[str, Any] = {}

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """A place for one session.

        Raises:
            UsageError: all are taken.
        """
        if self.taken >= self.most:
            raise UsageError(
                f"All {self.most} live sessions of this studio are in use: close another tab that shows "
                "Live, then try again."
            )
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1

    def end(self) -> None:
        """Close them all soon."""
        for session in list(self.sessions):
            session.end()


def router(house: House) -> APIRouter:
    """The route /api/live."""
    routes = APIRouter()
    room = house.room("live", lambda: LiveRoom(house.settings.live_sessions))
    desk = house.room("previews", PreviewDesk)
    house.when_ending(room.end)

    @routes.websocket("/live")
    async def live(socket: WebSocket, look: str | None = None) -> None:
        """A live session; what goes over it is described in docs/live.md."""
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect):
            try:
                with room.place():
                    await _serve(room, socket, look)
            except UsageError as error:
                await socket.send_text(error_text(error))
                await socket.close(FULL, "no place is free")

    @routes.post("/live/gallery", response_class=StreamingResponse)
    async def gallery(
        request: Request, side: Annotated[int, Query(ge=16, le=640)] = 240
    ) -> StreamingResponse:
        """A JPEG frame, the body of the request, in all looks, as GET /api/media/{id}/gallery gives them."""
        frame = await run_sync(checked_frame, await _body(request))
        return StreamingResponse(_cards(desk, frame, side), media_type="application/x-ndjson")

    return routes


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_FRAME_BYTES:
            raise Problem(
                413,
                f"A frame has at most {MOST_FRAME_BYTES // 10**6} MB.",
                "Send it smaller: 640x360 will do.",
            )
    return bytes(body)


def _cards(desk: PreviewDesk, frame: bytes, side: int) -> Iterator[bytes]:
    looks = [look.name for look in list_looks()]
    try:
        with tempfile.TemporaryDirectory(prefix="stylereel-live-") as folder:
            path = Path(folder) / "frame.jpg"
            path.write_bytes(frame)
            for card in desk.gallery(path, 0.0, looks, side=side, client="live"):
                line: dict[str, object] = {"look": card.style}
                if card.preview is None:
                    line["problem"] = card.problem
                else:
                    jpeg = base64.b64encode(card.preview.jpeg(_CARD_QUALITY)).decode("ascii")
                    line["picture"] = f"data:image/jpeg;base64,{jpeg}"
                yield json.dumps(line).encode() + b"\n"
    except StylereelError as error:  # the status is sent already
        yield json.dumps({"problem": str(error)}).encode() + b"\n"


async def _serve(room: LiveRoom, socket: WebSocket, look: str | None) -> None:
    try:
        chosen = {"look": look or await run_sync(_first_look), "mix": None, "share": 0.0}
        session = LiveSocket(socket, chosen)
        await run_sync(session.begin, room.painting)
    except (StylereelError, Problem) as error:
        await socket.send_text(error_text(error))
        await socket.close(FAILED, "the look cannot be painted")
        return
    room.sessions.add(session)
    try:
        await session.run()
    finally:
        room.sessions.discard(session)


def _first_look() -> str:
    looks = list_looks()
    if not looks:
        raise UsageError("There is no look here: make one with `stylereel train`.")
    return looks[0].name
