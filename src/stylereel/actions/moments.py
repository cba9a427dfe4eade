"""A few frames that stand for a whole video: spread over it, different from each other, not black."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from stylereel.core.errors import InputError, UsageError
from stylereel.core.pixels import resize
from stylereel.core.timecode import parse_seconds
from stylereel.video.info import SourceInfo
from stylereel.video.pipe_input import is_pipe
from stylereel.video.probe import probe
from stylereel.video.reader import FrameReader

SHORT_SIDE_PX, LONG_SIDE_PX = 360, 1280
"""Frames are brought to this size before a network sees them."""
MOST_MOMENTS = 12
FAINTEST = 6.0
"""Standard deviation of the luma, levels of 255, below which a frame shows nothing: black, white, fog."""
NEAREST = 4.0
"""Mean difference of two thumbnails, levels of 255, below which they show the same."""
_MOST_READ = 2000
_PLACES = (0.5, 0.25, 0.75)


@dataclass(frozen=True)
class Moment:
    """One frame of a source.

    Attributes:
        seconds: when it is shown, on the player's clock; 0 for a picture.
        pixels: `(h, w, 3)` uint8 RGB with square pixels, short side at most `SHORT_SIDE_PX`.
    """

    seconds: float
    pixels: np.ndarray


@dataclass(frozen=True)
class Moments:
    """What was chosen of a source.

    Attributes:
        info: of the source.
        chosen: at least one, in order of time, all of one size.
        notices: sentences for the user.
    """

    info: SourceInfo
    chosen: tuple[Moment, ...]
    notices: tuple[str, ...] = ()

    @property
    def frames(self) -> list[np.ndarray]:
        """Their pixels."""
        return [moment.pixels for moment in self.chosen]

    @property
    def is_picture(self) -> bool:
        """True where the source is one picture."""
        return self.info.kind == "image"


def choose_moments(
    source: str | Path, *, count: int = 3, at: Sequence[str | float] | str | float = ()
) -> Moments:
    """Frames that stand for a video; of a picture, itself.

    Args:
        source: a video, a picture, or a folder of pictures.
        count: how many, unless `at` chooses them; fewer come of a video that has not as many.
        at: times, seconds or HH:MM:SS.mmm, instead.

    Raises:
        UsageError: a count out of range, something that is no time, or times in a picture.
        InputError: the source cannot be read, or a time lies past its end.
    """
    times = _checked_times(at)
    if isinstance(count, bool) or not 1 <= count <= MOST_MOMENTS:
        raise UsageError(f"frames is {count}: from 1 to {MOST_MOMENTS}.")
    if is_pipe(source):
        raise UsageError("A pipe can be read once only: name a file, of which single frames can be read.")
    info = probe(source)
    if times and info.kind == "image":
        raise UsageError(f"at chooses times of a video: {info.path} is one picture.")
    if info.kind == "image":
        found = [_first(info)]
    elif times:
        found = [_shown_at(info, seconds) for seconds in times]
    else:
        found = _spread(info, count)
    alike = [Moment(m.seconds, resize(m.pixels, *found[0].pixels.shape[1::-1])) for m in found]
    return Moments(info, tuple(alike), info.notices)


def _checked_times(at: Sequence[str | float] | str | float) -> list[float]:
    listed = [at] if isinstance(at, str | int | float) else list(at)
    if len(listed) > MOST_MOMENTS:
        raise UsageError(f"at names {len(listed)} times: at most {MOST_MOMENTS}.")
    seconds = (parse_seconds(time, "at") for time in listed)
    return sorted({time for time in seconds if time is not None})


def _spread(info: SourceInfo, count: int) -> list[Moment]:
    """One frame from each of `count` stretches: where its middle shows nothing new, from beside it."""
    if info.duration_seconds is None:
        return _thinned(info, count)
    length = info.duration_seconds / count
    chosen: list[Moment] = []
    for part in range(count):
        best, best_worth = None, -1
        for place in _PLACES:
            with contextlib.suppress(InputError):  # a file may end before its header says
                found = _first(info, (part + place) * length)
                worth = _worth(found, chosen)
                best, best_worth = (found, worth) if worth > best_worth else (best, best_worth)
            if best_worth == 2:
                break
        if best is not None and all(best.seconds != other.seconds for other in chosen):
            chosen.append(best)
    shown = [moment for moment in chosen if _shows_something(moment)]
    return sorted(shown or chosen or [_first(info)], key=lambda moment: moment.seconds)


def _worth(moment: Moment, chosen: Sequence[Moment]) -> int:
    """2 for a frame that shows something new, 1 for something that was seen, 0 for nothing."""
    if not _shows_something(moment):
        return 0
    own = _thumbnail(moment)
    near = (np.abs(own - _thumbnail(other)).mean() < NEAREST for other in chosen)
    return 1 if any(near) else 2


def _shows_something(moment: Moment) -> bool:
    return float(_thumbnail(moment).std()) >= FAINTEST


def _thumbnail(moment: Moment) -> np.ndarray:
    return cv2.resize(
        cv2.cvtColor(moment.pixels, cv2.COLOR_RGB2GRAY), (32, 32), interpolation=cv2.INTER_AREA
    ).astype(np.float32)


def _thinned(info: SourceInfo, count: int) -> list[Moment]:
    """Of a video that does not say how long it is: read on, keeping ever fewer frames of those behind."""
    kept: list[Moment] = []
    step = 1
    with FrameReader(info.path) as reader:
        for index, frame in enumerate(reader):
            if index % step == 0:
                kept.append(Moment(frame.seconds, _reduced(frame.pixels, info.sample_aspect_ratio)))
            if len(kept) > 8 * count:
                kept, step = kept[::2], 2 * step
            if index + 1 >= _MOST_READ:
                break
    shown = [moment for moment in kept if _shows_something(moment)] or kept
    places = ((2 * part + 1) * len(shown) // (2 * count) for part in range(count))
    return [shown[place] for place in sorted(set(places))]


def _first(info: SourceInfo, seconds: float | None = None) -> Moment:
    """The first frame from that time on."""
    with FrameReader(info.path, start_seconds=seconds) as reader:
        frame = next(iter(reader))
        # Without a cut, frames keep the container's timestamps; with one, they count from it.
        since = seconds if seconds is not None else -float(info.origin_seconds)
        return Moment(max(0.0, since + frame.seconds), _reduced(frame.pixels, info.sample_aspect_ratio))


def _shown_at(info: SourceInfo, seconds: float) -> Moment:
    """The frame from that time on or, after the last one began, that one."""
    length = info.duration_seconds
    if length is None or seconds < length:
        with contextlib.suppress(InputError):
            return _first(info, seconds)
        last = _last_within(info, max(0.0, seconds - 1), seconds)
        if last is not None:
            return last
    told = f", which is {length:.3f} s long" if length is not None else ""
    raise InputError(f"at is {seconds:g} s, past the end of {info.path}{told}. Choose an earlier time")


def _last_within(info: SourceInfo, start: float, end: float) -> Moment | None:
    last = None
    with contextlib.suppress(InputError), FrameReader(info.path, start_seconds=start) as reader:
        for frame in reader:
            if start + frame.seconds > end:
                break
            last = frame
    if last is None:
        return None
    return Moment(start + last.seconds, _reduced(last.pixels, info.sample_aspect_ratio))


def _reduced(pixels: np.ndarray, aspect: Fraction) -> np.ndarray:
    """With square pixels, at most `SHORT_SIDE_PX` and `LONG_SIDE_PX` to its sides; never larger."""
    height, width = float(pixels.shape[0]), float(pixels.shape[1])
    width, height = (width * float(aspect), height) if aspect >= 1 else (width, height / float(aspect))
    factor = min(1.0, SHORT_SIDE_PX / min(width, height), LONG_SIDE_PX / max(width, height))
    return resize(pixels, max(1, round(width * factor)), max(1, round(height * factor)))
