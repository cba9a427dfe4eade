"""The looks that can be chosen, those in the user's own folder as they lie there now."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import FileResponse

from stylereel.actions.look_list import LookListing, list_looks, look_named, look_picture
from stylereel.core.errors import UsageError
from stylereel.studio.house import House
from stylereel.studio.models_looks import LookFacts, LookList
from stylereel.studio.problem import Problem

LookId = Annotated[
    str, Path(max_length=700, description="Of GET /api/looks; the colon may be written as it is, or as %3A.")
]


def router(house: House) -> APIRouter:
    """Routes below /api/looks."""
    routes = APIRouter()

    @routes.get("/looks")
    def looks() -> LookList:
        """Every look; packs of many give each of theirs."""
        return LookList(looks=[facts_of(look) for look in list_looks()])

    @routes.get("/looks/{look_id}")
    def one(look_id: LookId) -> LookFacts:
        """One look."""
        return facts_of(known_look(look_id))

    @routes.get("/looks/{look_id}/picture", response_class=FileResponse)
    def picture(look_id: LookId) -> FileResponse:
        """The picture that its pack brings along: photographs, each beside what the look makes of it."""
        known_look(look_id)
        path = look_picture(look_id)
        if path is None:
            raise Problem(
                404,
                f"The pack of '{look_id}' brings no picture.",
                "Ask for a preview of a video in this look instead.",
            )
        return FileResponse(path, media_type="image/jpeg", headers={"cache-control": "private, max-age=60"})

    return routes


def known_look(look_id: str) -> LookListing:
    """The look of that id: a name in the list, never a path.

    Raises:
        Problem: 404, there is none.
    """
    try:
        return look_named(look_id)
    except UsageError as error:
        raise Problem(404, str(error), "GET /api/looks lists them.") from None


def facts_of(look: LookListing) -> LookFacts:
    """A look as the API tells of it."""
    told = asdict(look)
    return LookFacts(id=told.pop("name"), **told)
