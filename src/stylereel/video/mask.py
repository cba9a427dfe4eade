"""Masks: where the look is laid, from a video, a picture or a row of pictures, at each time of a source."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import av
import cv2
import numpy as np

from stylereel.core.color import LUMA_OF_RGB
from stylereel.core.errors import MissingInputError, VideoOpenError
from stylereel.core.frames import Frame
from stylereel.core.pixels import DEEP_PEAK, to_deep
from stylereel.video.convert import FrameConverter
from stylereel.video.images import read_picture_whole
from stylereel.video.info import SourceInfo
from stylereel.video.picture import Picture, Wanted
from stylereel.video.probe import open_source
from stylereel.video.reader import FrameReader
from stylereel.video.sizes import AMPLE, Room
from stylereel.video.source import VideoSource
from stylereel.video.timeline import Cut, Timeline

BLACK_LEVELS, WHITE_LEVELS = 4, 251
"""Of 255: what is darker counts as black and what is lighter as white, for compressed video leaves specks."""
_ASPECTS_DIFFER = 0.01
_SECOND_LOOK = Fraction(1, 4)


class _Row(Protocol):
    """Mask pictures, in order of time."""

    ended_seconds: Fraction | None
    is_damaged: bool

    def at(self, seconds: Fraction, number: int, early: Fraction) -> Picture | None:
        """What is shown at a time, or with that frame of the source; None where it is what was before."""
        ...

    def close(self) -> None: ...


class Mask:
    """A mask as it lies over a source.

    A video is sampled by time: each frame of the source takes the mask frame that is shown at its own exact
    time. Both time lines begin with their first frame. Of a row of pictures the k-th belongs to the source's
    k-th frame. A single picture holds throughout. The last frame stays where the source goes on. Any size is
    stretched to the source's frames. What counts is the opacity, where that varies or is nothing throughout
    in the first picture, else the luma.

    Attributes:
        info: of the mask.
        notices: sentences for the user; that on its end comes when it is met.
    """

    def __init__(
        self,
        path: str | Path,
        reader: FrameReader,
        *,
        start_seconds: float | None = None,
        invert: bool = False,
        room: Room = AMPLE,
    ) -> None:
        """Open a mask.

        Args:
            path: a video, a GIF, a picture, or a folder or pattern of pictures.
            reader: of what it lies over.
            start_seconds: where the source begins to be read.
            invert: black is where the look is laid.
            room: what decoding it may take.

        Raises:
            MissingInputError, VideoOpenError, RefusedError, MemoryShortError: as `FrameReader`.
        """
        self.info, opened = open_source(path, room=room)
        self._reader, self._invert = reader, invert
        source = reader.info
        self._wanted = Wanted(deep=self.info.bit_depth > 8, alpha=self.info.has_alpha)
        self._first_number = _first_number(source, start_seconds)
        self._shown: Picture | None = None
        self._made: np.ndarray | None = None
        self._early = _tolerated(source, self.info)
        self._row: _Row
        if opened is not None:
            since_first = Fraction(start_seconds or 0) - reader.begins_seconds
            self._row = _Film(opened, since_first, self._wanted)
        else:
            self._row = _Pictures(self.info, self._wanted, room)
        self._by_opacity: bool | None = None if self.info.has_alpha else False
        self.notices: list[str] = list(_aspect_notices(self.info, source))

    def frames(self, done: int = 0) -> Iterator[Frame]:
        """The reader's frames, each with its mask at its size; the same mask again is the same array again.

        Args:
            done: frames of the reader's that are skipped.
        """
        for number, frame in enumerate(self._reader, done + self._first_number):
            height, width = frame.pixels.shape[:2]
            yield replace(frame, mask=self._at(self._reader.since_first(frame), number, width, height))

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._row.close()

    def _at(self, seconds: Fraction, number: int, width: int, height: int) -> np.ndarray:
        picture = self._row.at(seconds, number, self._early)
        if picture is not None:
            self._shown = picture
        assert self._shown is not None
        if picture is not None or self._made is None or self._made.shape != (height, width):
            self._made = _fitted(self._levels(self._shown), width, height)
        self._tell()
        return self._made

    def _levels(self, picture: Picture) -> np.ndarray:
        """`(H, W)` uint16 with peak `DEEP_PEAK`."""
        if self._by_opacity is None:
            self._by_opacity = _is_drawn_by_opacity(picture.alpha)
            what = (
                "its opacity" if self._by_opacity else "its brightness, for its opacity is the same all over"
            )
            self.notices.append(f"the mask {self.info.path.name} has transparency: what counts is {what}")
        plane = picture.alpha if self._by_opacity else _luma(picture)
        assert plane is not None
        levels = (plane.astype(np.float32) - 256 * BLACK_LEVELS) * np.float32(
            DEEP_PEAK / (256 * (WHITE_LEVELS - BLACK_LEVELS))
        )
        levels = np.rint(np.clip(levels, 0, DEEP_PEAK)).astype(np.uint16)
        return DEEP_PEAK - levels if self._invert else levels

    def _tell(self) -> None:
        told = []
        if (ends := self._row.ended_seconds) is not None:
            where = f"at {float(ends):.3f} s"
            if self.info.kind == "images":
                where = f"after {len(self.info.image_paths)} pictures"
            told.append(
                f"the mask {self.info.path.name} ends {where}, before the source: its last picture stays"
            )
        if self._row.is_damaged:
            told.append(f"the mask {self.info.path.name} is damaged: for what is lost its neighbour stays")
        self.notices += [text for text in told if text not in self.notices]


class _Film:
    """Of a video."""

    def __init__(self, source: VideoSource, since_first: Fraction, wanted: Wanted) -> None:
        """`since_first`: of the source's first frame that will be asked for, seconds."""
        info, self._origin = source.info, source.begins_seconds
        start = since_first + self._origin
        self._source = source
        self._timeline = Timeline(info, Cut(start if since_first > 0 and start > 0 else None))
        resolved = info.color.resolved(source.first.width, source.first.height)
        self._convert = FrameConverter(resolved, source.orientation, None, wanted)
        self._moments = self._shown_from()
        self._shown: av.VideoFrame | None = None
        self._next = next(self._moments, None)
        self._ends = Fraction(0)
        self.ended_seconds: Fraction | None = None
        self.is_damaged = False

    def at(self, seconds: Fraction, number: int, early: Fraction) -> Picture | None:
        before = self._shown
        while (coming := self._next) is not None and (
            self._shown is None or coming.begins is None or coming.begins <= seconds + early
        ):
            self._shown, self._ends = coming.frame, coming.ends
            self._next = next(self._moments, None)
        if self._shown is None:
            raise VideoOpenError(f"no frame of the mask {self._source.path} can be read. Check the file")
        if self._next is None and seconds >= self._ends + early:
            self.ended_seconds = self._ends
        return None if self._shown is before else self._convert.picture(self._shown)

    def close(self) -> None:
        self._source.close()

    def _shown_from(self) -> Iterator[_Moment]:
        """Every good frame; those before the cut, of which the last is still shown there, begin at None."""
        usual = 1 / self._source.info.frame_rate
        base = self._source.info.time_base
        for moment, slots in self._timeline.placed(self._source):
            if moment.frame is None:
                self.is_damaged = True
                continue
            begins = self._timeline.clock(slots[-1].pts) - self._origin if slots else None
            lasts = moment.duration * base or usual
            ends = Fraction(0) if begins is None else begins + lasts
            if begins is None:
                ends = Fraction(self._timeline.end_seconds).limit_denominator(10**6) - self._origin
            yield _Moment(moment.frame, begins, ends)


@dataclass(frozen=True)
class _Moment:
    """A mask frame: when it begins (None: before all that is asked for) and ends, since the first frame."""

    frame: av.VideoFrame
    begins: Fraction | None
    ends: Fraction


class _Pictures:
    """Of one picture, or of one for each frame."""

    def __init__(self, info: SourceInfo, wanted: Wanted, room: Room) -> None:
        self._paths, self._wanted, self._room = info.image_paths, wanted, room
        self._holds = info.kind == "image"
        self._shown: int | None = None
        self.ended_seconds: Fraction | None = None
        self.is_damaged = False

    def at(self, seconds: Fraction, number: int, early: Fraction) -> Picture | None:
        last = len(self._paths) - 1
        wanted = 0 if self._holds else min(number, last)
        if number > last and not self._holds:
            self.ended_seconds = seconds
        if self._shown == wanted:
            return None
        # For an unreadable one its neighbour before, else that after: wherever a run begins, the same.
        for index in [*range(wanted, -1, -1), *range(wanted + 1, last + 1)]:
            with contextlib.suppress(VideoOpenError, MissingInputError):
                picture = read_picture_whole(self._paths[index], None, self._wanted, self._room)[0]
                self._shown = wanted
                return picture
            self.is_damaged = True
        raise VideoOpenError(f"none of the {last + 1} pictures of the mask can be read. Check the files")

    def close(self) -> None:
        pass


def _first_number(source: SourceInfo, start_seconds: float | None) -> int:
    """Which frame of the whole source is the first from there on, by its average rate."""
    start = Cut.checked(start_seconds, None).start or Fraction(0)
    return math.ceil(start * source.frame_rate - Fraction(1, 100))


def _tolerated(source: SourceInfo, mask: SourceInfo) -> Fraction:
    """How much too soon a mask frame may be taken: two clocks round the same times, each to its ticks."""
    shortest = min(1 / source.frame_rate, 1 / mask.frame_rate)
    return min(source.time_base + mask.time_base, shortest * _SECOND_LOOK)


def _aspect_notices(mask: SourceInfo, source: SourceInfo) -> Iterator[str]:
    """Where neither the pixels' nor the shown picture's aspect agrees."""

    def aspect(info: SourceInfo, shown: bool) -> float:
        return info.width / info.height * float(info.sample_aspect_ratio if shown else 1)

    if all(abs(aspect(mask, shown) / aspect(source, shown) - 1) > _ASPECTS_DIFFER for shown in (False, True)):
        yield (
            f"the mask {mask.path.name} is {mask.width}x{mask.height} and the source "
            f"{source.width}x{source.height}: it is stretched to the source's shape"
        )


def _is_drawn_by_opacity(opacity: np.ndarray | None) -> bool:
    if opacity is None:
        return False
    lowest, highest = int(opacity.min()), int(opacity.max())
    return lowest != highest or highest == 0


def _luma(picture: Picture) -> np.ndarray:
    """`(H, W)` uint16 with peak `DEEP_PEAK`."""
    rgb = to_deep(picture.pixels, 8) if picture.deep is None else picture.deep
    return np.minimum(cv2.transform(rgb, np.array([LUMA_OF_RGB], np.float32)), DEEP_PEAK)


def _fitted(levels: np.ndarray, width: int, height: int) -> np.ndarray:
    if levels.shape == (height, width):
        return levels
    shrinks = width * height <= levels.size
    return cv2.resize(levels, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
