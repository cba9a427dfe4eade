"""What the API answers with. Times are seconds since 1970, lengths are seconds, sides are pixels."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MediaKind = Literal["video", "picture"]
JobState = Literal["waiting", "running", "stopping", "stopped", "done", "failed", "cancelled"]
ID_PATTERN = r"^[0-9a-f]{32}$"


class Answer(BaseModel):
    """Base of the API's models: what stands below a field describes it at /api/docs."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Media(Answer):
    """A video or a picture that lies in the studio's folder."""

    id: str = Field(pattern=ID_PATTERN)
    name: str
    """A label; never a path."""
    kind: MediaKind
    origin: Literal["upload", "result"]
    job: str | None = None
    """That made it."""
    bytes: int
    width: int
    height: int
    seconds: float | None
    frames: int | None
    frame_rate: float | None
    has_sound: bool
    codec: str = ""
    content_type: str = "application/octet-stream"
    created: float
    expires: float
    """When it is removed."""


class MediaList(Answer):
    """Everything that lies there, the newest first."""

    media: list[Media]


class Removed(Answer):
    """What was removed, and what was kept because a job needs it."""

    removed: list[str]
    kept: list[str] = []


class Trouble(Answer):
    """What went wrong, and what to do."""

    text: str
    hint: str = ""


class Failure(Answer):
    """What every answer from 400 on holds."""

    error: Trouble


class ProgressFacts(Answer):
    """How far a job is."""

    done: int
    total: int | None = None
    unit: str = "frames"
    fraction: float | None = None
    eta_seconds: float | None = None
    per_second: float = 0.0
    note: str = ""


class JobResult(Answer):
    """What a job made."""

    media: str | None = None
    name: str = ""
    bytes: int = 0


class Job(Answer):
    """One job."""

    id: str = Field(pattern=ID_PATTERN)
    kind: str
    title: str
    state: JobState
    wanted: dict[str, Any]
    progress: ProgressFacts | None = None
    notices: list[str] = []
    error: Trouble | None = None
    created: float
    started: float | None = None
    ended: float | None = None
    result: JobResult | None = None
    training: dict[str, Any] | None = None
    comparison: dict[str, Any] | None = None
    can_resume: bool = False


class JobList(Answer):
    """Every job, the newest first."""

    jobs: list[Job]
