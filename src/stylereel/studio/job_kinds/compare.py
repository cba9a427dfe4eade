"""Two results of one source side by side: the same metrics, in words, and a report of each."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from stylereel.studio.folder import write_whole
from stylereel.studio.job_kind import Plan, WantedJob
from stylereel.studio.models import ID_PATTERN, Media
from stylereel.studio.problem import Problem

if TYPE_CHECKING:
    from stylereel.studio.job_work import Work
    from stylereel.studio.shelf import MediaShelf

IS_QUICK = False
KEEPS_FOLDER = True
QUICK_FRAMES = 48
MediaId = Annotated[str, Field(pattern=ID_PATTERN)]
SIDES = ("a", "b")


class Wanted(WantedJob):
    """A comparison."""

    kind: Literal["compare"]
    a: str = Field(pattern=ID_PATTERN)
    """One result."""
    b: str = Field(pattern=ID_PATTERN)
    """The other one."""
    source: str = Field(pattern=ID_PATTERN)
    """What both were made of."""
    start: float | None = Field(default=None, ge=0)
    """Where in the source the results begin, seconds."""
    frames: int | None = Field(default=QUICK_FRAMES, ge=1)
    """So many from the beginning at most; null for all. Two results of 720p take about a second a frame."""
    style: list[MediaId] = Field(default=[], max_length=500)
    """Pictures of the style: texture and colours are then measured against them too."""


def plan(wanted: Wanted, shelf: MediaShelf) -> Plan:
    """See `job_kind.Kind`."""
    a, b, source = (shelf.get(one) for one in (wanted.a, wanted.b, wanted.source))
    _check(a, b, source)
    style = [shelf.get(one) for one in wanted.style]
    names = _told_apart(a.name, b.name)
    used = (source, a, b, *style)
    order = {
        "source": [str(shelf.path(source.id)), source.name, source.kind],
        "results": [[str(shelf.path(m.id)), n, m.kind] for m, n in zip((a, b), names, strict=True)],
        "style": [[str(shelf.path(media.id)), media.name, media.kind] for media in style],
        "start": wanted.start or None,
        "frames": wanted.frames,
        "names": list(names),
    }
    called = {str(shelf.path(media.id)): media.name for media in used}
    return Plan(f"{names[0]} against {names[1]}", order, tuple({media.id for media in used}), called)


def run(work: Work) -> dict[str, Any]:
    """See `job_kind.Kind`."""
    from stylereel.actions.compare import compare
    from stylereel.actions.comparison_words import in_words
    from stylereel.actions.evaluate_report import report_html
    from stylereel.actions.training_wish import lay_out
    from stylereel.studio.job_kinds.train import _pieces

    order, laid = work.order, work.folder / "laid"
    try:
        source = lay_out(_pieces([order["source"]]), laid / "source")
        results = [
            lay_out(_pieces([told]), laid / side) for side, told in zip(SIDES, order["results"], strict=True)
        ]
        style = [lay_out(_pieces(order["style"]), laid / "style")] if order["style"] else ()
        found = compare(
            source,
            results,
            style=style,
            start=order["start"],
            frames=order["frames"],
            on_progress=work.progress,
        )
        for side, evaluation in zip(SIDES, found.evaluations, strict=True):
            write_whole(work.folder / report_name(side), report_html(evaluation).encode())
    finally:
        shutil.rmtree(laid, ignore_errors=True)
    work.facts("comparison", in_words(found, order["names"]).as_json())
    return {"name": " and ".join(order["names"])}


def report_name(side: str) -> str:
    """The file of one side's report in the job's folder."""
    return f"report-{side}.html"


def _check(a: Media, b: Media, source: Media) -> None:
    """Refuse what cannot be set side by side.

    Raises:
        Problem: 422.
    """
    if a.id == b.id:
        raise Problem(422, f"'{a.name}' was chosen twice.", "Choose two different results.")
    if source.id in (a.id, b.id):
        raise Problem(
            422,
            f"'{source.name}' is the source and a result at once.",
            "Choose what the results were made of.",
        )
    for media in (a, b):
        if media.kind != source.kind:
            raise Problem(
                422,
                f"'{media.name}' is a {media.kind}, and the source '{source.name}' a {source.kind}.",
                "Choose the source that both results were made of.",
            )


def _told_apart(a: str, b: str) -> tuple[str, str]:
    """Names of two results, numbered where they are the same."""
    return (a, b) if a != b else (f"{a} (1)", f"{b} (2)")
