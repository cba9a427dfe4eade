"""The API described for people: a page made of the OpenAPI schema, which asks nothing else of anybody."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from stylereel.studio.docs_page import STYLE, docs_page
from stylereel.studio.house import House


def router(house: House) -> APIRouter:
    """Routes below /api/docs."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/docs")
    def docs(request: Request) -> HTMLResponse:
        """Every address, what it takes and what it answers."""
        return HTMLResponse(docs_page(request.app.openapi()))

    @routes.get("/docs.css")
    def style() -> Response:
        """How that page looks."""
        return Response(STYLE, media_type="text/css", headers={"cache-control": "no-cache"})

    return routes
