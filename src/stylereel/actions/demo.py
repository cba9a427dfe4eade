"""Show what a look does: a sample clip or one's own video in a style, and a picture of before and after."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from stylereel.actions.stylize import StylizeSummary, stylize
from stylereel.core.errors import EnvironmentMissingError, InputError, OutputError
from stylereel.core.pixels import resize
from stylereel.core.progress import OnProgress
from stylereel.packs.find import find_pack
from stylereel.video.probe import probe
from stylereel.video.reader import FrameReader
from stylereel.video.sample import make_sample

DEFAULT_STYLE = "vangogh"
PHOTOGRAPHS = ("coffee", "chelsea", "astronaut", "rocket")
"""Photographs inside the scikit-image wheel: CC0 (coffee, chelsea, rocket), public domain (astronaut)."""
MOMENTS = 4
TILE_WIDTH_PX = 400
GAP_PX = 6


@dataclass(frozen=True)
class DemoSummary:
    """What the demo made.

    Attributes:
        source: the video before: the sample that was made, or the user's own.
        comparison: picture of before (top row) and after (bottom row).
        stylized: what `stylize` did.
    """

    source: Path
    comparison: Path
    stylized: StylizeSummary


def demo(
    video: str | Path | None = None,
    *,
    style: str | Path = DEFAULT_STYLE,
    folder: str | Path = "demo",
    on_notice: Callable[[str], None] | None = None,
    on_progress: OnProgress | None = None,
) -> DemoSummary:
    """Stylise a video, and set it beside its source in one picture. Replaces what it made before.

    Args:
        video: the user's own video, picture or folder of pictures; None makes the sample clip.
        style: name of a pack, or the folder of one.
        folder: where everything is written; made when absent.
        on_notice: called with a sentence when a step begins.
        on_progress: called after each stylised frame.

    Raises:
        EnvironmentMissingError: the sample was asked for and scikit-image is absent.
        Other errors as in `stylize`.
    """
    tell = on_notice or (lambda text: None)
    folder = Path(folder)
    name = find_pack(style).card.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"The folder {folder} cannot be made: {error.strerror or error}.") from error
    if video is None:
        source = folder / "sample.mp4"
        tell("Filming the sample clip: a camera over photographs that come with scikit-image.")
        make_sample(source, sample_photographs())
    else:
        source = Path(video)
    ending = ".png" if probe(source).kind == "image" else ".mp4"
    stem = source.stem or "video"
    output = folder / f"{stem}-{name}{ending}"
    tell(f"Turning {source} into the style '{name}'.")
    summary = stylize(source, output, style=style, overwrite=True, on_progress=on_progress)
    comparison = folder / "before-after.png"
    _write(comparison, before_and_after(source, output, summary.duration_seconds))
    return DemoSummary(source, comparison, summary)


def sample_photographs() -> list[np.ndarray]:
    """The photographs of the sample, `(H, W, 3)` uint8 RGB; read from scikit-image's own files, offline.

    Raises:
        EnvironmentMissingError: scikit-image is absent.
    """
    try:
        from skimage import data
    except ImportError as error:
        raise EnvironmentMissingError(
            "The sample clip is made from photographs of scikit-image, which is not installed: "
            "pip install 'stylereel[demo]', or name a video of your own."
        ) from error
    return [np.ascontiguousarray(getattr(data, name)()[..., :3]) for name in PHOTOGRAPHS]


def before_and_after(source: Path, output: Path, seconds: float) -> np.ndarray:
    """Moments spread over the whole, the source above and the output below: `(H, W, 3)` uint8 RGB.

    Args:
        source: before.
        output: after, with the same times.
        seconds: of the output; 0 for a single picture.
    """
    moments = [Fraction(seconds) * (2 * k + 1) / (2 * MOMENTS) for k in range(MOMENTS)]
    if not seconds or probe(output).kind == "image":
        moments = [Fraction(0)]
    rows = [[_frame_at(path, moment) for moment in moments] for path in (source, output)]
    height, width = rows[0][0].shape[:2]
    width_px = min(width, TILE_WIDTH_PX if len(moments) > 1 else 2 * TILE_WIDTH_PX)
    height_px = max(1, round(height * width_px / width))
    sheet = np.full((2 * height_px + GAP_PX, len(moments) * (width_px + GAP_PX) - GAP_PX, 3), 255, np.uint8)
    for row, frames in enumerate(rows):
        for column, pixels in enumerate(frames):
            top, left = row * (height_px + GAP_PX), column * (width_px + GAP_PX)
            sheet[top : top + height_px, left : left + width_px] = resize(pixels, width_px, height_px)
    return sheet


def _frame_at(path: Path, seconds: Fraction) -> np.ndarray:
    """The first frame from that time on, or the file's first where none begins so late."""
    if seconds:
        with contextlib.suppress(InputError), FrameReader(path, start_seconds=float(seconds)) as reader:
            return next(iter(reader)).pixels
    with FrameReader(path) as reader:
        return next(iter(reader)).pixels


def _write(path: Path, rgb: np.ndarray) -> None:
    encoded = cv2.imencode(".png", rgb[..., ::-1])[1].tobytes()
    try:
        path.write_bytes(encoded)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from error
