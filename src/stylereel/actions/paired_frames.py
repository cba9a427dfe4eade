"""A source and its results, decoded together and matched frame by frame, in order."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from stylereel.core.errors import InputError
from stylereel.core.frames import Frame
from stylereel.video.reader import FrameReader

MOST_ASPECT_DIFFERENCE = 0.03
RATE_NOTICE, RATE_ERROR = 0.01, 0.1


@dataclass(frozen=True)
class Stretch:
    """What of the source a result shows: from when on, and how many frames at most."""

    start_seconds: float | None = None
    most_frames: int | None = None


class PairedFrames:
    """The source and all results, open together."""

    def __init__(self, source: Path, results: Sequence[Path], stretch: Stretch) -> None:
        self._stack = contextlib.ExitStack()
        self._stretch = stretch
        self._longer: list[FrameReader] = []
        try:
            self.source = self._stack.enter_context(FrameReader(source, start_seconds=stretch.start_seconds))
            self.results = [self._stack.enter_context(FrameReader(path)) for path in results]
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self) -> PairedFrames:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def is_video(self) -> bool:
        return self.source.info.kind != "image"

    @property
    def planned(self) -> int | None:
        """How many frames all have, as the headers say; None where one is silent."""
        counts = [reader.info.frame_count_estimate for reader in (self.source, *self.results)]
        start = self._stretch.start_seconds
        if start and counts[0]:
            counts[0] = max(1, counts[0] - round(start * float(self.source.info.frame_rate)))
        if any(count is None for count in counts):
            return None
        return min(filter(None, [*counts, self._stretch.most_frames]), default=None)

    def end_seconds(self, frames: int) -> float | None:
        """Where so many frames end in the source, for cutting its sound; None is its own end."""
        info = self.source.info
        if info.kind != "video" or info.frame_count_estimate in (None, frames):
            return None
        return (self._stretch.start_seconds or 0.0) + frames / float(info.frame_rate)

    def together(self) -> Iterator[tuple[Frame, list[np.ndarray]]]:
        """The source's frames with those of the results, until the first of all ends."""
        every = (self.source, *self.results)
        for index in itertools.count():
            if index == self._stretch.most_frames:
                return
            row = [next(reader, None) for reader in every]
            frames = [frame for frame in row if frame is not None]
            if len(frames) < len(row):
                self._longer = [reader for reader, frame in zip(every, row, strict=True) if frame is not None]
                return
            yield frames[0], [frame.pixels for frame in frames[1:]]

    def check(self) -> None:
        """Refuse what cannot be compared."""
        own = self.source.info
        for reader in self.results:
            info = reader.info
            if (info.kind == "image") != (own.kind == "image"):
                names = {True: "a single picture", False: "a video"}
                raise InputError(
                    f"{own.path} is {names[own.kind == 'image']} and {info.path} is "
                    f"{names[info.kind == 'image']}: compare video with video, or picture with picture"
                )
            shapes = [i.width * float(i.sample_aspect_ratio) / i.height for i in (own, info)]
            if abs(shapes[1] / shapes[0] - 1) > MOST_ASPECT_DIFFERENCE:
                raise InputError(
                    f"{info.path} is {info.width}x{info.height} and its source {own.path} "
                    f"{own.width}x{own.height}: one is not the other in another size. Name the source that "
                    "it was made from"
                )
            if self._rate_off(reader) > RATE_ERROR:
                raise InputError(
                    f"{info.path} runs at {_rate(info.frame_rate)} frames per second and its source "
                    f"{own.path} at {_rate(own.frame_rate)}: their frames do not show the same moments. "
                    "Compare a result that has every frame of its source"
                )

    def notices(self, count: int) -> tuple[str, ...]:
        """What was not compared, after `count` frames of each."""
        found: list[str] = []
        for reader in (self.source, *self.results):
            found += [f"{reader.info.path.name}: {text}" for text in reader.notices]
        if self._longer:
            facts = ", ".join(_length(reader) for reader in self._longer)
            found.append(f"the first {count} frames of each are compared, in order; longer: {facts}")
        for reader in self.results:
            if self._rate_off(reader) > RATE_NOTICE:
                rates = [_rate(either.info.frame_rate) for either in (reader, self.source)]
                found.append(
                    f"{reader.info.path.name} runs at {rates[0]} frames per second, its source at "
                    f"{rates[1]}: frames are compared in order, not by time"
                )
        return tuple(dict.fromkeys(found))

    def _rate_off(self, reader: FrameReader) -> float:
        """By which part the rates differ; where as many frames are there, never more than a notice."""
        own, other = self.source.info, reader.info
        if not own.kind == other.kind == "video":
            return 0.0
        same_count = own.frame_count_estimate is not None and (
            own.frame_count_estimate == other.frame_count_estimate
        )
        off = abs(float(other.frame_rate) / float(own.frame_rate) - 1)
        return min(off, RATE_ERROR) if same_count else off


def sized(source: np.ndarray, outputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The source at each result's size; results of one size share one array, and its flow."""
    by_shape: dict[tuple[int, ...], np.ndarray] = {source.shape: source}
    for output in outputs:
        if output.shape not in by_shape:
            shrinks = output.shape[0] < source.shape[0]
            by_shape[output.shape] = cv2.resize(
                source, output.shape[1::-1], interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
            )
    return [by_shape[output.shape] for output in outputs]


def seconds_of(frame: Frame) -> float:
    """A frame's time."""
    return float(frame.pts * frame.time_base)


def _rate(rate: Fraction) -> str:
    return f"{float(rate):.3f}".rstrip("0").rstrip(".")


def _length(reader: FrameReader) -> str:
    count = reader.info.frame_count_estimate
    return reader.info.path.name + (f" ({count} frames)" if count else "")
