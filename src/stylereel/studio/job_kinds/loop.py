"""A few seconds in a look, small and soon: what is played while the sliders are moved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from stylereel.studio.job_kind import Plan
from stylereel.studio.job_kinds.stylize import Laid, check_times, laid_options, planned, run
from stylereel.studio.problem import Problem

if TYPE_CHECKING:
    from stylereel.studio.shelf import MediaShelf

__all__ = ["IS_QUICK", "KEEPS_FOLDER", "Wanted", "plan", "run"]

IS_QUICK = True
KEEPS_FOLDER = False
LARGEST_SIDE_PX = 640
QUALITY = 75


class Wanted(Laid):
    """A loop."""

    kind: Literal["loop"]
    start: float = Field(default=0.0, ge=0)
    """Begin here, seconds; earlier where the media would end before the loop is full."""
    seconds: float = Field(default=3.0, ge=0.2, le=10)
    """How long it is."""


def plan(wanted: Wanted, shelf: MediaShelf) -> Plan:
    """See `job_kind.Kind`."""
    media = shelf.get(wanted.media)
    if media.kind != "video":
        raise Problem(422, f"'{media.name}' is one picture: it has nothing to play.", "Look at its preview.")
    check_times(media, wanted.start, None)
    start = wanted.start
    if media.seconds is not None:
        start = max(0.0, min(start, media.seconds - wanted.seconds))
    options = {
        **laid_options(wanted), "codec": "h264", "quality": QUALITY,
        "max_side": min(LARGEST_SIDE_PX, max(media.width, media.height)),
        "start": start, "end": start + wanted.seconds,
    }  # fmt: skip
    return planned(shelf, media, wanted, options, f"{Path(media.name).stem}-loop.mp4")
