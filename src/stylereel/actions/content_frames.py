"""What a look will be laid over: frames of it as its network will see them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from stylereel.actions.option_checks import checked_rate, checked_times
from stylereel.actions.presets import NO_PRESET, Preset, preset_of
from stylereel.actions.shaping import Shaping, expected_frames, rate_to_bring_to
from stylereel.core.errors import VideoOpenError
from stylereel.inference.enlarging import reduced
from stylereel.video.fingerprint import source_fingerprint
from stylereel.video.framing import Crop
from stylereel.video.pipe_input import is_pipe
from stylereel.video.reader import FrameReader

LOOKED_AT_SECONDS = 60.0
"""Of a longer stretch so many seconds are decoded, from its beginning."""
MOST_HEIGHT_PX, MOST_WIDTH_PX = 1080, 1920
"""Of a larger frame a part is cut out, another of each, at the scale that the network sees."""
FRAME_OPTIONS = ("start", "end", "fps", "crop", "preset", "fit", "max_side", "scale")
"""Options of `stylize` that decide which frames a network sees, and how large."""


@dataclass(frozen=True)
class Content:
    """What a look will be laid over, and what is done to its frames before that.

    Attributes:
        source: as `stylize` takes it.
        start_seconds, end_seconds: the stretch; None for all of it.
        fps: as `stylize` takes it.
        crop: the part that is kept.
        preset: its size and rates.
        fit: instead of the preset's.
        max_side: longest side, px.
        scale: of the frame that the network sees.
        to_pipe: the output has no times, only a rate.
    """

    source: str | Path
    start_seconds: float | None = None
    end_seconds: float | None = None
    fps: Fraction | None = None
    crop: Crop | None = None
    preset: Preset = NO_PRESET
    fit: str | None = None
    max_side: int | None = None
    scale: float = 1.0
    to_pipe: bool = False

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Content:
        """From the options of `stylize`, by name; those that are not said are as they are there."""
        said = {name: options.get(name) for name in FRAME_OPTIONS}
        return cls(
            options["input"],
            *checked_times(said["start"], said["end"]),
            checked_rate(said["fps"]),
            Crop.parsed(said["crop"]),
            preset_of(said["preset"]),
            said["fit"],
            said["max_side"],
            1.0 if said["scale"] is None else float(said["scale"]),
            is_pipe(options.get("output", "")),
        )

    @property
    def is_file(self) -> bool:
        """False for a pipe, which is read once."""
        return not is_pipe(self.source)

    @contextlib.contextmanager
    def opened(self) -> Iterator[OpenContent]:
        """Hold the source open. Errors as those of `FrameReader` and `Shaping.planned`."""
        reshapes = self.crop is not None or self.preset.size is not None
        with FrameReader(
            self.source,
            start_seconds=self.start_seconds,
            end_seconds=self.end_seconds,
            max_side=None if reshapes else self.max_side,
            fps=self.fps,
        ) as reader:
            shaping = Shaping.planned(
                reader.info,
                self.preset,
                crop=self.crop,
                fit=self.fit,
                max_side=self.max_side if reshapes else None,
                rate=rate_to_bring_to(reader.info, self.fps, None),
                to_pipe=self.to_pipe,
            )
            yield OpenContent(self, reader, shaping)


@dataclass(frozen=True)
class OpenContent:
    """A source while it is open: its facts, then its frames, once."""

    content: Content
    reader: FrameReader
    shaping: Shaping

    @property
    def facts(self) -> list[object]:
        """All that the frames follow from, plain values: equal where they are equal."""
        content, framing = self.content, self.shaping.framing
        return [
            source_fingerprint(self.reader.info),
            content.start_seconds,
            content.end_seconds,
            str(content.fps),
            str(self.shaping.rate),
            None if framing is None else astuple(framing),
            content.max_side,
            content.scale,
        ]

    def few(self, count: int) -> list[np.ndarray]:
        """Frames spread over what is looked at, `(H, W, 3)` uint8 RGB.

        Raises:
            VideoOpenError: there is none in the stretch.
        """
        content, info = self.content, self.shaping.info
        most = round(LOOKED_AT_SECONDS * float(info.frame_rate))
        total = expected_frames(info, content.start_seconds, content.end_seconds) or most
        stride = max(1, min(total, most) // (2 * count))
        found: list[np.ndarray] = []
        for index, frame in enumerate(self.shaping.frames(iter(self.reader))):
            if index % stride == 0:
                found.append(_part(reduced(frame.pixels, content.scale), len(found)))
            if len(found) == 2 * count:
                break
        if not found:
            raise VideoOpenError(f"{info.path} has no frame in the stretch that was asked for.")
        chosen = np.linspace(0, len(found) - 1, min(len(found), count)).round().astype(int)
        return [found[index] for index in chosen]


def _part(frame: np.ndarray, number: int) -> np.ndarray:
    """A window into a frame that is too large, at another place for each number."""
    height, width = frame.shape[:2]
    rows, columns = min(height, MOST_HEIGHT_PX), min(width, MOST_WIDTH_PX)
    if (rows, columns) == (height, width):
        return frame
    # Multiples of the golden and the silver ratio spread over the frame.
    top = round((number * 0.618034 % 1) * (height - rows))
    left = round((number * 0.414214 % 1) * (width - columns))
    return frame[top : top + rows, left : left + columns].copy()
