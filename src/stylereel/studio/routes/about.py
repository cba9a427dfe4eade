"""What this studio is: its version, its folder and its limits."""

from __future__ import annotations

import importlib.util

from fastapi import APIRouter
from pydantic import BaseModel

from stylereel import __version__
from stylereel.studio.house import House


class Limits(BaseModel):
    """What the studio takes."""

    upload_bytes: int
    jobs_at_once: int
    jobs_waiting: int
    keep_days: float
    live_sessions: int


class About(BaseModel):
    """The studio."""

    name: str
    version: str
    page: bool
    folder: str
    limits: Limits
    can_train: bool


def router(house: House) -> APIRouter:
    """Routes below /api/about."""
    routes = APIRouter()

    @routes.get("/about")
    def about() -> About:
        """The studio's version, its folder and its limits."""
        settings = house.settings
        return About(
            name="Stylereel studio",
            version=__version__,
            page=settings.page,
            folder=str(settings.folder),
            limits=Limits(**settings.model_dump(include=set(Limits.model_fields))),
            can_train=importlib.util.find_spec("torch") is not None,
        )

    return routes
