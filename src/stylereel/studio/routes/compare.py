"""Of a comparison: the report of each side, a page that can run nothing and ask nobody."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from fastapi.responses import FileResponse

from stylereel.studio.house import House
from stylereel.studio.job_kinds.compare import report_name
from stylereel.studio.models import ID_PATTERN
from stylereel.studio.problem import Problem

JobId = Annotated[str, Path(pattern=ID_PATTERN)]
REPORT_POLICY = (
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
"""The report is one file with its pictures inside; its styles stand in it, and it has no script to run."""


def router(house: House) -> APIRouter:
    """Routes of single comparisons below /api/jobs."""
    routes = APIRouter()

    @routes.get("/jobs/{job_id}/report")
    def report(job_id: JobId, of: Literal["a", "b"] = "a") -> FileResponse:
        """The whole report of one side, HTML."""
        job = house.jobs.get(job_id)
        path = house.jobs.folder(job.id) / report_name(of)
        if job.kind != "compare" or not path.is_file():
            raise Problem(404, f"'{job.title}' has no report.", "A comparison has one when it is done.")
        return FileResponse(
            path, media_type="text/html; charset=utf-8", headers={"content-security-policy": REPORT_POLICY}
        )

    return routes
