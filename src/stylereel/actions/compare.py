"""Set several results of one source side by side: the same metrics, over the same frames."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stylereel.actions.compare_views import (
    Layout,
    check_sheet,
    check_split_view,
    contact_sheet,
    write_sheet,
    write_split_view,
)
from stylereel.actions.evaluate import checked_stretch, evaluation, wanted
from stylereel.actions.evaluation import Evaluation, Finding
from stylereel.actions.evaluation_material import prepare
from stylereel.actions.judging import judge
from stylereel.core.errors import UsageError
from stylereel.core.progress import OnProgress
from stylereel.video.probe import probe

MOST_RESULTS = 8


@dataclass(frozen=True)
class Row:
    """One metric over all results.

    Attributes:
        metric: name of the protocol.
        title: for people.
        findings: one per result, in their order.
        best: positions of the best results; all that are equal.
    """

    metric: str
    title: str
    findings: tuple[Finding, ...]
    best: tuple[int, ...]


@dataclass(frozen=True)
class Comparison:
    """What `compare` found.

    Attributes:
        source: what was compared with.
        names: of the results, short and different from each other.
        evaluations: one per result, in the order that they were named.
        rows: one per metric that was measured.
        sheet: the contact sheet, where one was asked for.
        video: the split view, where one was asked for.
        notices: sentences for the user.
    """

    source: str
    names: tuple[str, ...]
    evaluations: tuple[Evaluation, ...]
    rows: tuple[Row, ...]
    sheet: str | None = None
    video: str | None = None
    notices: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON: no pictures, and None where a figure is not known."""
        return {
            "source": self.source,
            "names": list(self.names),
            "results": [found.as_dict() for found in self.evaluations],
            "best": {row.metric: [self.names[index] for index in row.best] for row in self.rows},
            "sheet": self.sheet,
            "video": self.video,
            "notices": list(self.notices),
        }


def compare(
    source: str | Path,
    results: Sequence[str | Path],
    *,
    style: str | Path | Sequence[str | Path] = (),
    photos: str | Path | None = None,
    features: str | Path | None = None,
    start: str | float | None = None,
    frames: int | None = None,
    sheet: str | Path | None = None,
    video: str | Path | None = None,
    layout: Layout = "columns",
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
) -> Comparison:
    """Measure results over the frames that all of them have, and set them beside each other.

    Args:
        source: the video, picture or folder of pictures before.
        results: the same after, two to eight of them.
        style: folders and files of the style's pictures.
        photos: folder of ordinary photographs, for the likeness.
        features: an ONNX feature network of yours, for FID and KID.
        start: where in the source the results begin.
        frames: compare so many at most.
        sheet: write a contact sheet here, .png or .jpg.
        video: write a split view here; the source's sound comes along.
        layout: "columns" or "slices", of the video.
        overwrite: replace what exists.
        on_progress: called with each frame.

    Raises:
        UsageError: an option that cannot be right.
        InputError: files that cannot be read, compared or written.
    """
    source, paths = Path(source), [Path(path) for path in results]
    if not 2 <= len(paths) <= MOST_RESULTS:
        raise UsageError(
            f"{len(paths)} result(s) to compare: name two to {MOST_RESULTS} after the source, or use evaluate"
        )
    stretch = checked_stretch(start, frames)
    sheet, video = (Path(path) if path is not None else None for path in (sheet, video))
    info = probe(source)
    for path in paths:
        probe(path)
    named = (source, *paths)
    if sheet is not None:
        check_sheet(sheet, named, overwrite=overwrite)
    if video is not None:
        check_split_view(video, info, named, layout, overwrite=overwrite)
    began = time.monotonic()
    prepared = prepare(wanted(style, photos, features, None), on_progress)
    passed = judge(source, paths, prepared, stretch, on_progress)
    elapsed = time.monotonic() - began
    evaluations = tuple(
        evaluation(source, path, passed, judged, prepared, elapsed)
        for path, judged in zip(paths, passed.results, strict=True)
    )
    names = short_names(paths)
    notices = list(dict.fromkeys((*prepared.notices, *passed.notices)))
    if sheet is not None:
        moments = [judged.moments for judged in passed.results]
        write_sheet(sheet, contact_sheet(names, moments), overwrite=overwrite)
    if video is not None:
        written = write_split_view(
            video, source, paths, names, stretch, passed.frames, layout, overwrite, on_progress
        )
        notices += written.notices
    shown = [str(path) if path is not None else None for path in (sheet, video)]
    return Comparison(str(source), names, evaluations, _rows(evaluations), shown[0], shown[1], tuple(notices))


def short_names(paths: Sequence[Path]) -> tuple[str, ...]:
    """File names without endings; with them, then with their folders, then numbered where needed."""
    for name in (lambda path: path.stem, lambda path: path.name, str):
        names = [name(path) for path in paths]
        if len(set(names)) == len(names):
            return tuple(names)
    return tuple(f"{index + 1} {path.stem}" for index, path in enumerate(paths))


def _rows(evaluations: Sequence[Evaluation]) -> tuple[Row, ...]:
    rows = []
    for findings in zip(*(found.findings for found in evaluations), strict=True):
        distances = [
            math.inf if math.isnan(f.value) else f.value if f.less_is_better else -f.value for f in findings
        ]
        least = min(distances)
        best = tuple(i for i, d in enumerate(distances) if d <= least + 1e-9) if math.isfinite(least) else ()
        rows.append(Row(findings[0].metric, findings[0].title, tuple(findings), best))
    return tuple(rows)
