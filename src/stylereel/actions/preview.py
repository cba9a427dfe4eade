"""A contact sheet of one's own video in every look, to choose from."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from stylereel.actions.compare_views import check_sheet, write_sheet
from stylereel.actions.moments import choose_moments
from stylereel.actions.preview_sheet import looks_sheet
from stylereel.actions.several_looks import ALL, Laying, find_looks, lay_over
from stylereel.actions.stylizer import checked_strength
from stylereel.core.errors import PackError
from stylereel.core.progress import OnProgress


@dataclass(frozen=True)
class PreviewSheet:
    """What `preview_styles` made.

    Attributes:
        source: what was previewed.
        sheet: where the picture lies.
        width: of the sheet, px.
        height: of the sheet, px.
        styles: the looks on it, in order, as `--style` takes them.
        times: of the frames on it, seconds; one 0 for a picture.
        seen_width: of the frames as the networks saw them, px.
        seen_height: of the frames as the networks saw them, px.
        is_picture: the source is one picture.
        elapsed_seconds: how long it took.
        notices: sentences for the user.
    """

    source: str
    sheet: str
    width: int
    height: int
    styles: tuple[str, ...]
    times: tuple[float, ...]
    seen_width: int
    seen_height: int
    is_picture: bool
    elapsed_seconds: float
    notices: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "elapsed_seconds": round(self.elapsed_seconds, 3)}


def preview_styles(
    source: str | Path,
    styles: str | Path | Sequence[str | Path] = ALL,
    *,
    output: str | Path | None = None,
    at: Sequence[str | float] | str | float = (),
    frames: int = 3,
    strength: float = 1.0,
    keep_colors: bool = False,
    runner: str = "auto",
    device: str = "auto",
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
) -> PreviewSheet:
    """Set a few frames of a video, reduced, beside what every look makes of them.

    The networks see frames of short side 360 at most, so a stroke is larger against the picture than at full
    size: twice as large for a video of 720 lines.

    Args:
        source: a video, a picture, or a folder of pictures.
        styles: "all", or names as `stylize` takes them: a list, or one text with commas between them. A
            pack of many looks gives each of them.
        output: the sheet, .png or .jpg; None is `NAME-looks.jpg` in the current folder.
        at: times of the frames, seconds or HH:MM:SS.mmm; else they are spread over the video.
        frames: how many, 1 to 12, unless `at` chooses them.
        strength: 0 (the source) to 1 (the look).
        keep_colors: take the look's light and texture, and the source's colours.
        runner: "auto", "openvino", "onnxruntime" or "torch".
        device: "auto", "cpu", "cuda" or "mps".
        overwrite: replace a sheet that exists.
        on_progress: called after each look.

    Raises:
        UsageError: an unknown style or an option that cannot be right.
        InputError: the source cannot be read, a time lies past its end, or the sheet cannot be written.
        PackError: a style that was named is refused; of "all", it is left out with a notice.
    """
    began = time.monotonic()
    path = Path(output) if output is not None else Path(f"{Path(source).stem}-looks.jpg")
    check_sheet(path, (Path(source),), overwrite=overwrite)
    laying = Laying(checked_strength(strength), keep_colors, runner, device)
    looks, notices = find_looks(styles)
    moments = choose_moments(source, count=frames, at=at)
    laid = list(lay_over(moments.frames, looks, laying, on_progress))
    notices += [f"the style '{look.name}' is left out: {look.problem}" for look in laid if look.problem]
    shown = [look for look in laid if look.problem is None]
    if not shown:
        raise PackError(f"No look could be shown. {' '.join(notices)}")
    times = ["" if moments.is_picture else clock(moment.seconds) for moment in moments.chosen]
    sheet = looks_sheet(moments.frames, times, shown)
    write_sheet(path, sheet, overwrite=overwrite)
    height, width = moments.frames[0].shape[:2]
    return PreviewSheet(
        source=str(source),
        sheet=str(path),
        width=sheet.shape[1],
        height=sheet.shape[0],
        styles=tuple(look.name for look in shown),
        times=tuple(round(moment.seconds, 3) for moment in moments.chosen),
        seen_width=width,
        seen_height=height,
        is_picture=moments.is_picture,
        elapsed_seconds=time.monotonic() - began,
        notices=(*moments.notices, *notices),
    )


def clock(seconds: float) -> str:
    """A time as `--at` takes it: `1:05.25`, `1:02:03`."""
    whole, part = divmod(round(seconds * 100), 100)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    front = f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
    return front + (f".{part:02}" if part else "")
