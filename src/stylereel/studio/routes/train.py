"""Of a training: its preview sheets, and keeping what it made among one's own looks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from stylereel.studio.folder import write_whole
from stylereel.studio.house import House
from stylereel.studio.job_kinds.train import Wanted, plan, wish_of
from stylereel.studio.models import ID_PATTERN, Job
from stylereel.studio.problem import Problem

KEPT_NAME = "kept.json"
JobId = Annotated[str, Path(pattern=ID_PATTERN)]


class KeepWanted(BaseModel):
    """How a finished look is kept."""

    name: str | None = Field(default=None, max_length=200)
    """Under which name; the training's where it is not given."""
    overwrite: bool = False
    """Take the place of a look of that name."""


class Kept(BaseModel):
    """A look that was kept."""

    name: str | None
    """Of the pack; null where it is not kept."""
    looks: list[str]
    """What GET /api/looks calls what is new in it."""


class CanTrain(BaseModel):
    """Whether this studio can train, and what it takes."""

    can_train: bool
    missing: list[str]
    """Packages that are not installed."""
    install: str
    """The line that installs them."""
    packs: list[str]
    """Packs of several looks that one more can be added to."""


class TrainPlan(BaseModel):
    """How a look would be learned."""

    recipe: str
    why: str
    advice: list[str]
    """What may disappoint, and what to do about it."""


def router(house: House) -> APIRouter:
    """Routes below /api/train, and of single trainings below /api/jobs."""
    routes = APIRouter()

    @routes.get("/train")
    def can_train() -> CanTrain:
        """Whether looks can be trained here, and which packs take one more."""
        from stylereel.actions.styles import list_styles
        from stylereel.actions.training_wish import INSTALL, missing_for_training

        missing = list(missing_for_training())
        many = [
            listing.name for listing in list_styles() if listing.card is not None and listing.card.code_size
        ]
        return CanTrain(can_train=not missing, missing=missing, install=INSTALL, packs=many)

    @routes.post("/train/plan")
    def planned(wanted: Wanted) -> TrainPlan:
        """What a training would be, without starting it; the same checks as for a job."""
        from stylereel.actions.training_wish import choose

        choice = choose(wish_of(plan(wanted, house.shelf).order))
        return TrainPlan(recipe=choice.recipe, why=choice.why, advice=list(choice.advice))

    @routes.get("/jobs/{job_id}/preview")
    def preview(job_id: JobId, step: Annotated[int | None, Query(ge=0)] = None) -> FileResponse:
        """The sheet that was drawn at a step of a training, PNG; the newest where none is named."""
        from stylereel.actions.wished_training import preview_sheet

        job = _training(house, job_id)
        path = preview_sheet(house.jobs.folder(job.id), step)
        if path is None:
            raise Problem(
                404, "There is no such preview sheet.", "The first one is drawn with the first step."
            )
        return FileResponse(path, media_type="image/png")

    @routes.post("/jobs/{job_id}/keep")
    def keep(job_id: JobId, wanted: KeepWanted | None = None) -> Kept:
        """Copy the look that a training made among the user's own; 409 where its name is taken."""
        from stylereel.actions.styles import keep_style, whose_style

        wanted, job = wanted or KeepWanted(), _training(house, job_id)
        if job.state != "done":
            raise Problem(409, f"'{job.title}' is {job.state}.", "A look is kept when its training is done.")
        name = wanted.name or str(job.wanted["name"])
        if not wanted.overwrite and (whose := whose_style(name)):
            what = "would hide the shipped one" if whose == "shipped" else "would replace that one"
            raise Problem(
                409,
                f"There is a look '{name}' already.",
                f"Keeping yours under its name {what}: choose another.",
            )
        pack = keep_style(house.jobs.folder(job.id) / "pack", name, overwrite=wanted.overwrite)
        added = (job.training or {}).get("looks") or []
        kept = Kept(name=pack.card.name, looks=[f"{name}:{look}" for look in added] or [name])
        write_whole(house.jobs.folder(job.id) / KEPT_NAME, kept.model_dump_json().encode())
        return kept

    @routes.get("/jobs/{job_id}/keep")
    def kept(job_id: JobId) -> Kept:
        """Under which name the look of a training was kept last, where it was and still is."""
        from stylereel.actions.styles import whose_style

        job = _training(house, job_id)
        try:
            told = Kept.model_validate_json((house.jobs.folder(job.id) / KEPT_NAME).read_bytes())
        except (OSError, ValueError):
            return Kept(name=None, looks=[])
        return told if told.name and whose_style(told.name) == "user" else Kept(name=None, looks=[])

    return routes


def _training(house: House, job_id: str) -> Job:
    job = house.jobs.get(job_id)
    if job.kind != "train":
        raise Problem(404, f"'{job.title}' is no training.", "Trainings are the jobs whose kind is 'train'.")
    return job
