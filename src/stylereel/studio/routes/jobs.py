"""Jobs: asked for, followed, ended early, gone on with, forgotten."""

from typing import Annotated

from fastapi import APIRouter, Path

from stylereel.studio.house import House
from stylereel.studio.job_kind import any_wanted
from stylereel.studio.models import ID_PATTERN, Job, JobList, Removed

JobId = Annotated[str, Path(pattern=ID_PATTERN)]


def router(house: House) -> APIRouter:
    """Routes below /api/jobs."""
    routes = APIRouter()
    jobs = house.jobs
    wanted_type = any_wanted()

    @routes.post("/jobs", status_code=201)
    def add(wanted: wanted_type) -> Job:  # type: ignore[valid-type]
        """Queue a job; follow it at GET /api/jobs/{id} or by GET /api/events."""
        return jobs.add(wanted)

    @routes.get("/jobs")
    def listed() -> JobList:
        """Every job, the newest first."""
        return JobList(jobs=jobs.all())

    @routes.get("/jobs/{job_id}")
    def one(job_id: JobId) -> Job:
        """How a job stands."""
        return jobs.get(job_id)

    @routes.post("/jobs/{job_id}/cancel")
    def cancel(job_id: JobId) -> Job:
        """End a job for good; what it has made so far is removed."""
        return jobs.cancel(job_id)

    @routes.post("/jobs/{job_id}/stop")
    def stop(job_id: JobId) -> Job:
        """Interrupt a job, keeping what it can go on with."""
        return jobs.stop(job_id)

    @routes.post("/jobs/{job_id}/resume")
    def resume(job_id: JobId) -> Job:
        """Go on with a job that was stopped or has failed."""
        return jobs.resume(job_id)

    @routes.delete("/jobs/{job_id}")
    def remove(job_id: JobId) -> Removed:
        """Forget a job that has ended; its result stays."""
        jobs.remove(job_id)
        return Removed(removed=[job_id])

    return routes
