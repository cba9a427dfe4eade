"""The frame that a source shows at any time, again and again, as whoever drags a slider along it asks."""

from __future__ import annotations

import bisect
import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import av
import numpy as np

from stylereel.core.errors import UsageError, VideoOpenError
from stylereel.video.convert import FrameConverter
from stylereel.video.images import read_picture_whole
from stylereel.video.probe import open_source
from stylereel.video.sizes import AMPLE, Room
from stylereel.video.source import VideoSource
from stylereel.video.timeline import Cut, Timeline

KEPT_BYTES = 48 * 10**6
"""Of decoded frames that stay at hand, as they were decoded: 34 of 1280x720, 15 of 1920x1080."""
LEAST_KEPT = 3
_NEAR_SECONDS = 0.0005
"""Times are as near as this to be the same: players and pages write milliseconds."""
_WALK_SECONDS = 2.0
"""Further ahead than this a file without an index is searched rather than read on."""
_FURTHER_BACK_SECONDS = 3.0


@dataclass(frozen=True)
class ShownFrame:
    """What is seen at a time.

    Attributes:
        seconds: when it began to be shown, on the player's clock; 0 for a picture.
        pixels: `(H, W, 3)` uint8 RGB, upright, full range; not to be written to.
    """

    seconds: float
    pixels: np.ndarray


class Scrubber:
    """A source that stays open, and gives the frame that is seen at a time.

    A frame is the one that a player shows then: the last that began at that time or before. Its pixels are
    those of `FrameReader`. Times that lie near each other are quick: frames that were decoded on the way stay
    at hand, later ones are read on to, and only for others the nearest keyframe before is searched. The file
    is opened once, and again only where its container cannot be searched. For one thread at a time.

    Args:
        path: a video, GIF, picture, or folder of pictures.
        threads: decoder threads; None lets FFmpeg choose.
        kept_bytes: most of what stays at hand, beside what the decoder itself holds.
        room: what decoding a picture or frame may take.

    Attributes:
        info: the source's description.

    Raises:
        MissingInputError, VideoOpenError, RefusedError: see `probe.probe`.
        MemoryShortError: the source's pictures are larger than `room`.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        threads: int | None = None,
        kept_bytes: int = KEPT_BYTES,
        room: Room = AMPLE,
    ) -> None:
        self.info, self._source = open_source(path, threads=threads, room=room)
        self._room = room
        self._kept_bytes = kept_bytes
        self._kept: deque[tuple[float, av.VideoFrame]] = deque()
        self._bytes = 0
        self._walk: Iterator[tuple[float, av.VideoFrame]] | None = None
        self._is_fresh = self._from_start = True
        self._has_ended = False
        self._convert: FrameConverter | None = None
        if self._source is not None:
            first = self._source.first
            tags = self.info.color.resolved(first.width, first.height)
            self._convert = FrameConverter(tags, self._source.orientation)
            self._keyframes = _keyframes(self._source)

    def __enter__(self) -> Scrubber:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the source and let go of its frames; safe to call twice."""
        self._forget()
        if self._source is not None:
            self._source.close()

    def at(self, seconds: float) -> ShownFrame:
        """The frame that is seen at a time; before the first frame that one, after the end the last.

        Raises:
            UsageError: the time is below 0 or no number.
            VideoOpenError: nothing can be read there.
        """
        if isinstance(seconds, bool) or not (math.isfinite(seconds) and seconds >= 0):
            raise UsageError(f"t is {seconds}: a time in seconds, 0 or later.")
        if self._source is None:
            return self._picture_at(seconds)
        found = self._at_hand(seconds)
        if found is None:
            if not self._is_near_ahead(seconds):
                self._search(seconds)
            found = self._read_to(seconds)
        began, frame = found
        assert self._convert is not None
        picture = self._convert.picture(frame).resized(self.info.width, self.info.height)
        return ShownFrame(max(0.0, began), picture.pixels)

    def _picture_at(self, seconds: float) -> ShownFrame:
        paths = self.info.image_paths
        rate = self.info.frame_rate
        last = 0 if self.info.kind == "image" else len(paths) - 1
        index = min(last, math.floor((seconds + _NEAR_SECONDS) * rate))
        picture, _ = read_picture_whole(paths[index], room=self._room)
        return ShownFrame(float(index / rate), picture.resized(self.info.width, self.info.height).pixels)

    def _at_hand(self, seconds: float) -> tuple[float, av.VideoFrame] | None:
        """The frame for a time among those that are kept; None where it may be another one."""
        before = None
        for entry in self._kept:
            if entry[0] > seconds + _NEAR_SECONDS:
                return before or (entry if self._from_start else None)
            before = entry
        return before if self._has_ended else None

    def _is_near_ahead(self, seconds: float) -> bool:
        """Reading on gets there no later than searching would."""
        if self._walk is None or not self._kept or self._has_ended:
            return False
        position = self._kept[-1][0]
        if seconds + _NEAR_SECONDS < position:
            return False
        if not self._keyframes:
            return seconds - position < _WALK_SECONDS
        following = bisect.bisect_right(self._keyframes, seconds) - 1
        return following < 0 or self._keyframes[following] <= position

    def _read_to(self, seconds: float) -> tuple[float, av.VideoFrame]:
        assert self._walk is not None
        for entry in self._walk:
            self._keep(entry)
            if entry[0] > seconds + _NEAR_SECONDS:
                break
        else:
            self._has_ended = True
        found = self._at_hand(seconds) or (self._kept[0] if self._kept else None)
        if found is None:
            raise VideoOpenError(f"no frame of {self.info.path} can be read at {seconds:.3f} s")
        return found

    def _keep(self, entry: tuple[float, av.VideoFrame]) -> None:
        self._kept.append(entry)
        self._bytes += _bytes_of(entry[1])
        while self._bytes > self._kept_bytes and len(self._kept) > LEAST_KEPT:
            self._bytes -= _bytes_of(self._kept.popleft()[1])
            self._from_start = False

    def _forget(self) -> None:
        self._kept.clear()
        self._bytes, self._walk, self._has_ended = 0, None, False

    def _search(self, seconds: float) -> None:
        """Begin at a keyframe before a time; where the container finds none, at the start."""
        source = self._source
        assert source is not None
        self._forget()
        lead = float(1.5 / self.info.frame_rate)
        for back in (lead, _FURTHER_BACK_SECONDS):
            target = seconds - back
            if target <= 0:
                break
            tick = math.floor((float(self.info.origin_seconds) + target) / float(self.info.time_base))
            self._is_fresh = False
            if tick <= (source.stream.start_time or 0) or not source.decoder.seek(tick):
                break
            self._walk = self._frames(source)
            first = next(self._walk, None)
            if first is not None and first[0] <= seconds + _NEAR_SECONDS:
                self._from_start = False
                self._keep(first)
                return
        if not self._is_fresh:
            source.reopen()
        self._is_fresh, self._from_start = False, True
        self._walk = self._frames(source)

    def _frames(self, source: VideoSource) -> Iterator[tuple[float, av.VideoFrame]]:
        """Every frame from here on, and when it is shown; for a lost one the good one before it."""
        timeline = Timeline(self.info, Cut())
        held: av.VideoFrame | None = None
        for moment, slots in timeline.placed(source):
            for slot in slots:
                if not slot.is_lost and moment.frame is not None:
                    held = moment.frame
                if held is not None:
                    yield float(timeline.clock(slot.pts)), held
            held = moment.frame if moment.frame is not None else held


def _bytes_of(frame: av.VideoFrame) -> int:
    return sum(plane.buffer_size for plane in frame.planes)


def _keyframes(source: VideoSource) -> list[float]:
    """Times of the keyframes that the container's index tells of, in order, on the player's clock."""
    base, origin = float(source.info.time_base), float(source.info.origin_seconds)
    return sorted(
        entry.timestamp * base - origin for entry in source.stream.index_entries if entry.is_keyframe
    )
