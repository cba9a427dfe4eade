"""A live look over a WebSocket: JPEG frames in, painted JPEG frames out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from stylereel.actions.styles import list_styles
from stylereel.core.errors import StylereelError, UsageError
from stylereel.studio.house import House
from stylereel.studio.live_socket import FAILED, FULL, LiveSocket
from stylereel.studio.live_wire import error_text


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
    house.when_ending(room.end)

    @routes.websocket("/live")
    async def live(socket: WebSocket, look: str | None = None) -> None:
        """A live session; what goes over it is described in docs/studio.md."""
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect):
            try:
                with room.place():
                    await _serve(room, socket, look)
            except UsageError as error:
                await socket.send_text(error_text(error))
                await socket.close(FULL, "no place is free")

    return routes


async def _serve(room: LiveRoom, socket: WebSocket, look: str | None) -> None:
    try:
        chosen = {"look": look or await run_sync(_first_look), "mix": None, "share": 0.0}
        session = LiveSocket(socket, chosen)
        await run_sync(session.begin, room.painting)
    except StylereelError as error:
        await socket.send_text(error_text(error))
        await socket.close(FAILED, "the look cannot be painted")
        return
    room.sessions.add(session)
    try:
        await session.run()
    finally:
        room.sessions.discard(session)


def _first_look() -> str:
    """Of those that are here, a pack of one look before one of many, whose name alone names none."""
    found = [listing for listing in list_styles() if listing.card is not None]
    found.sort(key=lambda listing: bool(listing.card and listing.card.code_size))
    if not found:
        raise UsageError("There is no look here: make one with `stylereel train`.")
    card, name = found[0].card, found[0].name
    return f"{name}:{card.styles[0]}" if card is not None and card.code_size else name
