"""Uploads and results: in, listed, looked at, out, and removed."""

from __future__ import annotations

import asyncio
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import FileResponse
from starlette.requests import ClientDisconnect

from stylereel.studio.house import House
from stylereel.studio.models import ID_PATTERN, Media, MediaList, Removed
from stylereel.studio.probing import examined
from stylereel.studio.problem import Problem
from stylereel.studio.shelf import Incoming, label

PIECE_BYTES = 1 << 20
SILENT_SECONDS = 60.0
"""An upload of which nothing arrives for so long is given up."""
_KEPT_BY_BROWSERS = {"cache-control": "private, max-age=3600"}
_BODY = {
    "requestBody": {
        "required": True,
        "description": "The file itself, as it is.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
MediaId = Annotated[str, Path(pattern=ID_PATTERN)]


def router(house: House) -> APIRouter:
    """Routes below /api/media."""
    routes = APIRouter()
    shelf = house.shelf

    @routes.post("/media", status_code=201, openapi_extra=_BODY)
    async def upload(
        request: Request, name: Annotated[str, Query(max_length=1000, description="A label.")] = "untitled"
    ) -> Media:
        """Take a video or a picture: the body is the file, streamed to disk and checked by decoding it."""
        shown = label(name)
        incoming = await run_sync(shelf.incoming, _stated_bytes(request))
        try:
            await _take(request, incoming)
            path = await run_sync(incoming.finish, shown)
            facts = await run_sync(examined, path, shown)
            return await run_sync(lambda: shelf.keep(path, shown, facts, origin="upload"))
        finally:
            incoming.discard()

    @routes.get("/media")
    def listed() -> MediaList:
        """Everything that lies there, the newest first."""
        return MediaList(media=shelf.all())

    @routes.delete("/media")
    def remove_all() -> Removed:
        """Delete all uploads and results, except what a job needs."""
        return shelf.remove_all()

    @routes.get("/media/{media_id}")
    def one(media_id: MediaId) -> Media:
        """What one of them is."""
        return shelf.get(media_id)

    @routes.delete("/media/{media_id}")
    def remove(media_id: MediaId) -> Removed:
        """Delete one of them."""
        shelf.remove(media_id)
        return Removed(removed=[media_id])

    @routes.head("/media/{media_id}/file", include_in_schema=False)
    @routes.get("/media/{media_id}/file", response_class=FileResponse)
    def content(
        media_id: MediaId, download: Annotated[bool, Query(description="As a file to save.")] = False
    ) -> FileResponse:
        """The file; parts of it with the header Range."""
        media = shelf.get(media_id)
        return FileResponse(
            shelf.path(media_id),
            media_type=media.content_type,
            filename=media.name,
            content_disposition_type="attachment" if download else "inline",
            headers=_KEPT_BY_BROWSERS,
        )

    return routes


def _stated_bytes(request: Request) -> int | None:
    stated = request.headers.get("content-length", "")
    return int(stated) if stated.isascii() and stated.isdigit() else None


async def _take(request: Request, incoming: Incoming) -> None:
    """Write what arrives, in large pieces, until its end."""
    piece = bytearray()
    arriving = request.stream().__aiter__()
    try:
        while (data := await asyncio.wait_for(anext(arriving, None), SILENT_SECONDS)) is not None:
            piece += data
            if len(piece) >= PIECE_BYTES:
                await run_sync(incoming.write, bytes(piece))
                piece.clear()
        await run_sync(incoming.write, bytes(piece))
    except TimeoutError:
        raise Problem(
            408, f"Nothing arrived for {SILENT_SECONDS:g} seconds.", "Check the connection and send it again."
        ) from None
    except ClientDisconnect:
        raise Problem(400, "The upload broke off.", "Send it again.") from None
    stated = _stated_bytes(request)
    if not incoming.bytes or (stated is not None and stated != incoming.bytes):
        raise Problem(
            422,
            f"{incoming.bytes} bytes arrived, which is no whole file.",
            "Send the file itself as the body.",
        )
