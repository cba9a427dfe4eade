"""The studio's web application: every route that lies in `routes/`, and the page."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from anyio.to_thread import run_sync
from fastapi import APIRouter, FastAPI

from stylereel import __version__
from stylereel.core.registry import family
from stylereel.studio.guard import Guard
from stylereel.studio.house import House
from stylereel.studio.models import Failure
from stylereel.studio.page_files import PageFiles
from stylereel.studio.problems import add_problem_handlers

ROUTES = family("stylereel.studio.routes")
DESCRIPTION = (
    """Stylereel over HTTP: give a video or a picture, choose a look, follow the job, fetch the result."""
)


def create_app(house: House) -> FastAPI:
    """The application for an open house; whoever serves it closes the house by its lifespan."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await run_sync(house.open)
        try:
            yield
        finally:
            await run_sync(house.close)

    app = FastAPI(
        title="Stylereel studio",
        description=DESCRIPTION,
        version=__version__,
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        responses={"4XX": {"model": Failure}, 422: {"model": Failure}},
        docs_url=None,
        redoc_url=None,
    )
    add_problem_handlers(app)
    for name in ROUTES.names():
        routes: APIRouter = ROUTES.load(name).router(house)
        app.include_router(routes, prefix="/api", tags=[name])
    if house.settings.page:
        app.mount("/", PageFiles(), name="page")
    app.add_middleware(Guard, settings=house.settings)
    return app
