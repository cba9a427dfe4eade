"""Judge a stylised video against its source: how calm, how like its style, how much of the source is left."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from stylereel.actions.evaluation import Evaluation
from stylereel.actions.evaluation_material import Prepared, Wanted, prepare
from stylereel.actions.judging import Judged, Pass, judge, pictured
from stylereel.actions.paired_frames import Stretch
from stylereel.core.errors import UsageError
from stylereel.core.progress import OnProgress
from stylereel.core.timecode import parse_seconds
from stylereel.video.probe import probe


def evaluate(
    source: str | Path,
    stylized: str | Path,
    *,
    style: str | Path | Sequence[str | Path] = (),
    photos: str | Path | None = None,
    features: str | Path | None = None,
    timing: str | Path | None = None,
    start: str | float | None = None,
    frames: int | None = None,
    on_progress: OnProgress | None = None,
) -> Evaluation:
    """Measure a result by every protocol that there is material for; memory does not grow with its length.

    Args:
        source: the video, picture or folder of pictures before.
        stylized: the same after; frames are matched in order.
        style: folders and files of the style's pictures, for likeness, texture and colours.
        photos: folder of ordinary photographs, for the likeness; None takes `photos` below STYLEREEL_DATA.
        features: an ONNX feature network of yours, for FID and KID.
        timing: file with the summary that `stylize --json` prints, for the speed.
        start: where in the source the result begins: seconds, or "HH:MM:SS.mmm".
        frames: compare so many at most.
        on_progress: called with each frame, and while the critic of a new style is trained.

    Raises:
        UsageError: an option that cannot be right.
        InputError: files that cannot be read or compared.
    """
    stretch = checked_stretch(start, frames)
    source, stylized = Path(source), Path(stylized)
    for path in (source, stylized):  # before minutes are spent on a critic
        probe(path)
    began = time.monotonic()
    prepared = prepare(wanted(style, photos, features, timing), on_progress)
    passed = judge(source, [stylized], prepared, stretch, on_progress)
    return evaluation(source, stylized, passed, passed.results[0], prepared, time.monotonic() - began)


def wanted(
    style: str | Path | Sequence[str | Path],
    photos: str | Path | None,
    features: str | Path | None,
    timing: str | Path | None,
) -> Wanted:
    """What was named, as paths."""
    styles = [style] if isinstance(style, str | Path) else style
    return Wanted(
        tuple(Path(path) for path in styles),
        *(Path(path) if path is not None else None for path in (photos, features, timing)),
    )


def checked_stretch(start: str | float | None, frames: int | None) -> Stretch:
    """The stretch of the source, checked."""
    if frames is not None and frames < 1:
        raise UsageError(f"frames is {frames}: compare one frame at least.")
    return Stretch(parse_seconds(start, "start"), frames)


def evaluation(
    source: Path, stylized: Path, passed: Pass, judged: Judged, prepared: Prepared, elapsed: float
) -> Evaluation:
    """One result's part of a pass as facts."""
    return Evaluation(
        source=str(source),
        stylized=str(stylized),
        frames=passed.frames,
        width=judged.size[0],
        height=judged.size[1],
        frame_rate=passed.frame_rate,
        findings=judged.findings,
        figures=judged.figures,
        left_out=judged.left_out,
        curves=judged.curves,
        worst=judged.worst,
        moments=pictured(judged.moments),
        notices=(*prepared.notices, *passed.notices),
        elapsed_seconds=round(elapsed, 3),
    )
