"""Jobs on disk: `jobs/ID/job.json`, written whole whenever something changes that must not be lost."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from stylereel.studio.folder import write_whole
from stylereel.studio.job_kind import Plan
from stylereel.studio.job_work import ORDER_NAME
from stylereel.studio.models import Job

LOG_NAME = "child.log"
_log = logging.getLogger(__name__)

Wish = Literal["cancel", "stop", "wait"]
"""Why a running job is to end early: for good, to be resumed by hand, or to go on at the next start."""


class StoredJob(BaseModel):
    """What `job.json` holds."""

    job: Job
    order: dict[str, Any]
    media: list[str]
    names: dict[str, str]
    queued: float
    is_resumed: bool = False
    wish: Wish | None = None


@dataclass
class Record:
    """A job in the memory of the server.

    Attributes:
        stored: what its file holds too.
        has_result: its child told of a result, or of an error.
        told_result: what it told.
    """

    stored: StoredJob
    told_result: dict[str, Any] | None = field(default=None)

    @property
    def job(self) -> Job:
        """The job itself."""
        return self.stored.job


class JobStore:
    """The folder of all jobs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def folder(self, job_id: str) -> Path:
        """The folder of one job, whose id is known to be one."""
        return self._folder / job_id

    def load(self) -> Iterator[Record]:
        """Every job that was kept; what cannot be read is removed."""
        for folder in sorted(self._folder.iterdir()):
            try:
                stored = StoredJob.model_validate_json((folder / "job.json").read_bytes())
                if stored.job.id != folder.name:
                    raise ValueError("it lies in another folder")
                yield Record(stored)
            except (OSError, ValueError, ValidationError) as error:
                _log.warning("%s is no job of the studio (%s): removed", folder, type(error).__name__)
                shutil.rmtree(folder, ignore_errors=True)

    def begin(self, job: Job, plan: Plan, now: float) -> Record:
        """Keep a new job."""
        stored = StoredJob(job=job, order=plan.order, media=list(plan.media), names=plan.names, queued=now)
        self.folder(job.id).mkdir()
        record = Record(stored)
        self.save(record)
        return record

    def save(self, record: Record) -> None:
        """Keep what is known now."""
        write_whole(self.folder(record.job.id) / "job.json", record.stored.model_dump_json().encode())

    def write_order(self, record: Record) -> Path:
        """Write what the child reads; the job's folder."""
        stored, folder = record.stored, self.folder(record.job.id)
        told = {
            "kind": stored.job.kind,
            "order": stored.order,
            "names": stored.names,
            "is_resumed": stored.is_resumed,
        }
        write_whole(folder / ORDER_NAME, json.dumps(told).encode())
        return folder

    def clear(self, job_id: str) -> None:
        """Remove everything that a job worked with, and keep what is known of it."""
        for path in self.folder(job_id).iterdir():
            if path.name == "job.json":
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def remove(self, job_id: str) -> None:
        """Remove a job whole."""
        shutil.rmtree(self.folder(job_id), ignore_errors=True)
