"""A video or a picture in a look, as `stylereel stylize` makes it, with its sound."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from stylereel.core.errors import ResumeError
from stylereel.studio.chosen_look import style_of
from stylereel.studio.job_kind import Plan, WantedJob
from stylereel.studio.models import ID_PATTERN, Media
from stylereel.studio.problem import Problem

if TYPE_CHECKING:
    from stylereel.studio.job_work import Work
    from stylereel.studio.shelf import MediaShelf

IS_QUICK = False
KEEPS_FOLDER = False
VIDEO_ENDINGS = {
    "h264": ".mp4",
    "hevc": ".mp4",
    "av1": ".mp4",
    "vp9": ".webm",
    "prores": ".mov",
    "ffv1": ".mkv",
    "gif": ".gif",
}
PICTURE_ENDINGS = {"jpeg": ".jpg", "png": ".png", "webp": ".webp"}
_USUAL_VIDEO, _USUAL_PICTURE = "h264", "png"


class Laid(WantedJob):
    """How a look is laid over a media."""

    media: str = Field(pattern=ID_PATTERN)
    """What it is laid over: its id."""
    look: str = Field(max_length=700)
    """An id of GET /api/looks."""
    mix: str | None = Field(default=None, max_length=700)
    """A second look of the same pack."""
    share: float = Field(default=0.5, ge=0, le=1)
    """Of the second look; the first has the rest."""
    strength: float = Field(default=1.0, ge=0, le=1)
    """0 is the source exactly, 1 the whole look."""
    keep_colors: bool = False
    """The look's light and texture with the source's colours."""
    stabilize: float = Field(default=0.0, ge=0, le=1)
    """How much each frame leans on the one before."""


class Wanted(Laid):
    """An export."""

    kind: Literal["stylize"]
    codec: Literal["h264", "hevc", "av1", "vp9", "prores", "ffv1", "gif", "jpeg", "png", "webp"] | None = None
    """Of the result; None for h264, and of a picture png."""
    quality: int | None = Field(default=None, ge=0, le=100)
    """0 is the smallest file, 100 the best picture; None for a good one."""
    max_side: int | None = Field(default=None, ge=16, le=16384)
    """The longer side at most, px."""
    start: float | None = Field(default=None, ge=0)
    """Begin here, seconds."""
    end: float | None = Field(default=None, gt=0)
    """Stop here, seconds."""
    name: str | None = Field(default=None, max_length=200)
    """What the result is called; None for a name made of the media's and the look's."""


def plan(wanted: Wanted, shelf: MediaShelf) -> Plan:
    """See `job_kind.Kind`."""
    media = shelf.get(wanted.media)
    check_times(media, wanted.start, wanted.end)
    codec, ending = _codec_and_ending(media, wanted.codec)
    options = {**laid_options(wanted), "codec": codec, "quality": wanted.quality, "max_side": wanted.max_side}
    if media.kind == "video":
        options |= {"start": wanted.start, "end": wanted.end}
    stem = Path(wanted.name or f"{Path(media.name).stem}-{_look_name(wanted)}").name
    stem = stem.removesuffix(ending)
    return planned(shelf, media, wanted, options, stem + ending)


def planned(shelf: MediaShelf, media: Media, wanted: Laid, options: dict[str, Any], name: str) -> Plan:
    """A plan for `actions.stylize` with these options; the result is called `name`."""
    source, ending = shelf.path(media.id), Path(name).suffix
    order = {"source": str(source), "output": f"result{ending}", "name": name, "options": options}
    names = {str(source): media.name, f"result{ending}": name}
    return Plan(f"{media.name} in {_look_name(wanted)}", order, (media.id,), names)


def laid_options(wanted: Laid) -> dict[str, Any]:
    """Arguments of `stylize` that say how the look is laid.

    Raises:
        Problem: no such look, or no such mixture.
    """
    return {
        "style": style_of(wanted.look, wanted.mix, wanted.share),
        "strength": wanted.strength,
        "keep_colors": wanted.keep_colors,
        "stabilize": wanted.stabilize,
    }


def check_times(media: Media, start: float | None, end: float | None) -> None:
    """Refuse a stretch that the media does not have.

    Raises:
        Problem: 422.
    """
    if start is not None and end is not None and start >= end:
        raise Problem(422, f"start is {start:g} s and end {end:g} s.", "Let it start before it ends.")
    if start and media.seconds is not None and start >= media.seconds:
        raise Problem(
            422, f"start is {start:g} s, and '{media.name}' ends at {media.seconds:.3f} s.", "Start earlier."
        )


def _codec_and_ending(media: Media, codec: str | None) -> tuple[str | None, str]:
    """What `stylize` is told, and the ending of its output."""
    endings, usual = (
        (VIDEO_ENDINGS, _USUAL_VIDEO) if media.kind == "video" else (PICTURE_ENDINGS, _USUAL_PICTURE)
    )
    chosen = codec or usual
    if chosen not in endings:
        raise Problem(
            422, f"A {media.kind} cannot be written as {codec}.", f"Choose one of: {', '.join(endings)}."
        )
    return (chosen if media.kind == "video" else None), endings[chosen]


def _look_name(wanted: Laid) -> str:
    name = wanted.look.partition(":")[2] or wanted.look
    if wanted.mix is None or wanted.share <= 0:
        return name
    return f"{name}-{wanted.mix.partition(':')[2]}"


def run(work: Work) -> dict[str, Any]:
    """See `job_kind.Kind`: what an earlier child finished of it is not done again."""
    from stylereel.actions.media_facts import examine_media
    from stylereel.actions.stylize import stylize

    order = work.order
    output = work.folder / order["output"]
    has_parts = output.with_name(f"{output.name}.unfinished").is_dir()
    resumes = work.is_resumed and has_parts

    def made(resume: bool):
        return stylize(
            order["source"], output, **order["options"],
            resume=resume, overwrite=not resume, on_progress=work.progress,
        )  # fmt: skip

    try:
        summary = made(resumes)
    except ResumeError:
        if not resumes:
            raise
        summary = made(False)
    for notice in summary.notices:
        work.notice(notice)
    return {"file": output.name, "name": order["name"], "facts": examine_media(output).as_dict()}
