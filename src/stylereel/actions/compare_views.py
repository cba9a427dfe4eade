"""Pictures of a comparison: a contact sheet, and a video of the source and its results side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from stylereel.actions.lettering import label, write
from stylereel.actions.paired_frames import PairedFrames, Stretch
from stylereel.core.errors import InputError, UsageError
from stylereel.core.pixels import resize
from stylereel.core.progress import Meter, OnProgress
from stylereel.video.info import SourceInfo
from stylereel.video.plan import plan_output
from stylereel.video.staging import StagedFile, check_output, writing
from stylereel.video.writer import FrameWriter, WriteSummary

Layout = Literal["columns", "slices"]
LAYOUTS: tuple[Layout, ...] = ("columns", "slices")
SHEET_ENDINGS = (".png", ".jpg", ".jpeg")
GAP_PX = 8
HEADER_PX = 30
PAPER, INK = (250, 250, 248), (40, 44, 50)
COLUMN_HEIGHT_PX = 540
"""Columns of a split view are at most this high."""


def contact_sheet(
    names: Sequence[str], moments: Sequence[Sequence[tuple[float, np.ndarray, np.ndarray]]]
) -> np.ndarray:
    """A row per moment, a column for the source and for each result: (H, W, 3) uint8 RGB.

    Args:
        names: of the results.
        moments: for each result its `(seconds, source, result)`, small pictures, at the same times.
    """
    height, width = moments[0][0][1].shape[:2]
    columns, rows = len(names) + 1, len(moments[0])
    sheet = np.full(
        (HEADER_PX + rows * (height + GAP_PX), GAP_PX + columns * (width + GAP_PX), 3), PAPER, np.uint8
    )
    for column, name in enumerate(("source", *names)):
        left = GAP_PX + column * (width + GAP_PX)
        write(sheet, name, (left, HEADER_PX - 10), width, INK)
        for row in range(rows):
            picture = moments[0][row][1] if column == 0 else moments[column - 1][row][2]
            top = HEADER_PX + row * (height + GAP_PX)
            sheet[top : top + height, left : left + width] = resize(picture, width, height)
    return sheet


def check_sheet(path: Path, named: Sequence[Path], *, overwrite: bool) -> None:
    """Refuse a sheet that must not or cannot be written, before any work.

    Raises:
        InputError: its ending is of no picture.
        OutputError: it exists, or its folder is missing.
    """
    if path.suffix.lower() not in SHEET_ENDINGS:
        raise InputError(f"{path}: the contact sheet is a picture, so let its name end in .png or .jpg")
    for source in named:
        check_output(path, source, overwrite=overwrite, is_folder=False)


def write_sheet(path: Path, sheet: np.ndarray, *, overwrite: bool) -> None:
    """Write the sheet under a temporary name and give it its own when it is whole."""
    staged = StagedFile(path)
    try:
        with writing(path):
            staged.path.write_bytes(cv2.imencode(path.suffix.lower(), sheet[..., ::-1])[1].tobytes())
        staged.publish(overwrite=overwrite)
    except BaseException:
        staged.discard()
        raise


def check_split_view(
    path: Path, info: SourceInfo, named: Sequence[Path], layout: str, *, overwrite: bool
) -> None:
    """Refuse a split view that cannot be, before any work.

    Raises:
        UsageError: an unknown layout.
        InputError: the source is a single picture.
        OutputError: the video exists, or cannot be written.
    """
    if layout not in LAYOUTS:
        raise UsageError(f"layout is '{layout}': {' or '.join(LAYOUTS)}.")
    if info.kind == "image":
        raise InputError(
            f"{info.path} is a single picture: --sheet sets pictures side by side, --video needs a video"
        )
    for source in named:
        check_output(path, source, overwrite=overwrite, is_folder=False)
    plan_output(path, info, overwrite=overwrite)


def write_split_view(
    path: Path,
    source: Path,
    results: Sequence[Path],
    names: Sequence[str],
    stretch: Stretch,
    frames: int,
    layout: Layout,
    overwrite: bool,
    on_progress: OnProgress | None = None,
) -> WriteSummary:
    """Decode all together once more, and write them as one video with the source's sound and times."""
    with PairedFrames(source, results, Stretch(stretch.start_seconds, frames)) as paired:
        info = paired.source.info
        size = _column_size(paired.results[0].size)
        last = paired.end_seconds(frames)
        whole = (size[0] * (len(results) + 1), size[1]) if layout == "columns" else size
        meter = Meter(frames, note=f"writing {path.name}")
        with FrameWriter(
            path,
            info=info,
            source_path=info.path if info.kind == "video" else None,
            size=whole,
            start_seconds=stretch.start_seconds,
            end_seconds=last,
            overwrite=overwrite,
            metadata={"comment": "Source and results side by side, set by Stylereel"},
        ) as writer:
            for frame, outputs in paired.together():
                pictures = [resize(picture, *size) for picture in (frame.pixels, *outputs)]
                join = _columns if layout == "columns" else _slices
                writer.write(frame.with_pixels(join(pictures, ("source", *names))))
                progress = meter.advance()
                if on_progress:
                    on_progress(progress)
            return writer.finish()


def _column_size(size: tuple[int, int]) -> tuple[int, int]:
    """Even sides, at most `COLUMN_HEIGHT_PX` high."""
    scale = min(1.0, COLUMN_HEIGHT_PX / size[1])
    width, height = (max(2, round(side * scale / 2) * 2) for side in size)
    return width, height


def _columns(pictures: Sequence[np.ndarray], names: Sequence[str]) -> np.ndarray:
    for picture, name in zip(pictures, names, strict=True):
        label(picture, name, 0, picture.shape[1])
    return np.concatenate(list(pictures), axis=1)


def _slices(pictures: Sequence[np.ndarray], names: Sequence[str]) -> np.ndarray:
    """One frame, of which each result shows a vertical strip of its own."""
    whole = pictures[0].copy()
    edges = np.linspace(0, whole.shape[1], len(pictures) + 1).round().astype(int)
    for picture, name, left, right in zip(pictures, names, edges, edges[1:], strict=False):
        whole[:, left:right] = picture[:, left:right]
        if left:
            whole[:, left - 1 : left + 1] = 255
        label(whole, name, int(left), int(right - left))
    return whole
