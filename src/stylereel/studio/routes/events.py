"""What changes, as it does: one stream for every open page."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from stylereel.studio.events import as_event
from stylereel.studio.house import House
from stylereel.studio.problem import Problem


def router(house: House) -> APIRouter:
    """Routes below /api/events."""
    routes = APIRouter()

    @routes.get("/events", response_class=StreamingResponse)
    async def events() -> StreamingResponse:
        """Server-sent events: `job` (a Job), `media` (a Media), `removed` (ids); first every job."""
        if house.events.is_full:
            raise Problem(429, "Too many pages listen to this studio.", "Close one of them.")

        def now() -> Iterator[bytes]:
            return (as_event("job", job) for job in reversed(house.jobs.all()))

        headers = {"x-accel-buffering": "no"}
        return StreamingResponse(house.events.stream(now), media_type="text/event-stream", headers=headers)

    return routes
