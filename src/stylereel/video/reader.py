"""Frames of any source: upright, RGB, each at its exact time."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av

from stylereel.core import pixels
from stylereel.core.errors import InputError, MissingInputError, ResumeError, UsageError, VideoOpenError
from stylereel.core.frames import Frame
from stylereel.video.convert import FrameConverter
from stylereel.video.embedded import left_aside
from stylereel.video.images import read_picture_whole
from stylereel.video.picture import PLAIN, Picture, Wanted
from stylereel.video.pipe_input import PipeInput
from stylereel.video.probe import open_source
from stylereel.video.sizes import AMPLE, Room
from stylereel.video.source import VideoSource
from stylereel.video.timeline import Cut, Slot, Timeline


class FrameReader:
    """Iterates over the frames of a video, GIF, picture, folder or pattern of pictures; once.

    Frames are upright, RGB uint8 full range; HDR is tone-mapped. Where a stretch is damaged, the last good
    frame is repeated at the times that were lost.

    Args:
        path: what to read.
        start_seconds: frames from this time on (inclusive), on the player's clock; their pts then count from
            the cut. Without it frames keep the container's timestamps.
        end_seconds: frames before this time (exclusive).
        max_side: scale down, by area averaging, until the longer side is at most this.
        fps: rate of folders and patterns of pictures, 25 when None.
        threads: decoder threads; None lets FFmpeg choose.
        pipe: what comes through stdin, to be read instead of a file.
        on_packet: called for every packet of a video that is read, also where no frame comes of it.
        room: what decoding a picture or frame may take.

    Attributes:
        wanted: what frames carry beside 8-bit RGB; to be set before the first one is read.
        info: the source's description, from before any cut or scaling.
        notices: sentences for the user; those on damage come when the end is reached.
        concealed_count: frames that were repeated for lost ones, so far.
        truncated: True, at the end, where the file stopped before it should have.

    Raises:
        MissingInputError, VideoOpenError, RefusedError: see `probe.probe`.
        MemoryShortError: the source's pictures are larger than `room`.
        UsageError: start at or after end, negative times, `max_side` or `fps` not above 0.
        InputError: start lies past the end of the video (while iterating, where the header does not say).
    """

    def __init__(
        self,
        path: str | Path,
        *,
        start_seconds: float | None = None,
        end_seconds: float | None = None,
        max_side: int | None = None,
        fps: Fraction | float | None = None,
        threads: int | None = None,
        pipe: PipeInput | None = None,
        on_packet: Callable[[], object] | None = None,
        room: Room = AMPLE,
    ) -> None:
        if max_side is not None and max_side < 1:
            raise UsageError(f"max_side must be at least 1 pixel, got {max_side}")
        cut = Cut.checked(start_seconds, end_seconds)
        self.info, self._source = open_source(
            path, fps=fps, threads=threads, pipe=pipe, on_packet=on_packet, room=room
        )
        self.notices: list[str] = list(self.info.notices)
        self.concealed_count = 0
        self.truncated = False
        self.wanted: Wanted = PLAIN
        self._max_side = max_side
        self._room = room
        self._resized = 0
        self._skipped: float = 0
        self._cut = cut
        self._timeline = Timeline(self.info, cut)
        self._frames: Iterator[Frame] = iter(())
        try:
            self._check_start()
        except InputError:
            self.close()
            raise
        self._frames = self._video_frames(self._source) if self._source else self._picture_frames()

    def __enter__(self) -> FrameReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Frame]:
        return self._frames

    def __next__(self) -> Frame:
        return next(self._frames)

    @property
    def size(self) -> tuple[int, int]:
        """`(width, height)` of the frames that come out, after `max_side`."""
        return pixels.fitted_size(self.info.width, self.info.height, self._max_side)

    @property
    def begins_seconds(self) -> Fraction:
        """When the whole source's first frame is shown, on the player's clock."""
        return Fraction(0) if self._source is None else self._source.begins_seconds

    def since_first(self, frame: Frame) -> Fraction:
        """Exact seconds from the whole source's first frame to one of this reader's, also after a cut."""
        return self._timeline.clock(frame.pts) - self.begins_seconds

    def skip(self, frames: int | None, *, concealed: int = 0) -> None:
        """Leave out the first `frames` frames, of which `concealed` repeat another; call it before iterating.

        None leaves out all of a video, however many there are.

        What comes after them is bit for bit what comes without skipping: a video is decoded from its start,
        which is all that is sure to give that, but nothing is converted; pictures are not even opened.
        """
        self._skipped = math.inf if frames is None else frames
        if self._source is None:
            self.concealed_count = concealed

    def close(self) -> None:
        """Close the source; safe to call twice.

        One that stalled while another thread waits for its next frame is left to that thread.
        """
        if self._source is not None and not getattr(self._frames, "gi_running", False):
            self._source.close()

    def _check_start(self) -> None:
        duration = self.info.duration_seconds
        if self._source is not None and duration is not None:
            stream = self._source.stream
            first = (stream.start_time or 0) * self.info.time_base - self.info.origin_seconds
            duration += max(float(first), 0.0)
        if self._cut.start is not None and duration is not None and self._cut.start >= duration:
            raise self._starts_past_the_end(duration)

    def _starts_past_the_end(self, duration: float) -> InputError:
        return InputError(
            f"start lies past the video: {self.info.path} is {duration:.3f} s long, "
            f"start is {float(self._cut.start or 0):.3f} s. Choose an earlier start"
        )

    def _video_frames(self, source: VideoSource) -> Iterator[Frame]:
        resolved = self.info.color.resolved(source.first.width, source.first.height)
        convert = FrameConverter(resolved, source.orientation, self._max_side, self.wanted)
        held: av.VideoFrame | None = None  # the last good frame, converted only where it is shown
        held_picture: Picture | None = None
        yielded = 0
        waiting: list[Slot] = []  # lost before the first good frame: shown by that one
        for moment, slots in self._timeline.placed(source):
            if held is None:
                held = moment.frame
                waiting, slots = ([], waiting + slots) if held is not None else (waiting + slots, [])
            for slot in slots:
                if not slot.is_lost and moment.frame is not None:
                    held, held_picture = moment.frame, None
                self.concealed_count += slot.is_lost
                yielded += 1
                if yielded <= self._skipped:
                    continue
                if held_picture is None:
                    assert held is not None
                    held_picture = self._sized(convert.picture(held))
                yield self._frame(held_picture, slot.pts, slot.duration, slot.is_lost)
            if moment.frame is not None and moment.frame is not held:
                held, held_picture = moment.frame, None
        self.truncated = self._timeline.reached_end and source.decoder.cut_short
        self._tell(source, convert)
        self._check_some(yielded)

    def _frame(self, picture: Picture, pts: int, duration: int, is_lost: bool) -> Frame:
        return Frame(picture.pixels, pts, self.info.time_base, duration, is_lost, picture.deep, picture.alpha)

    def _sized(self, picture: Picture) -> Picture:
        """Bring a picture of another size, after a change within the stream, to that of the first."""
        if picture.pixels.shape[1::-1] == self.size:
            return picture
        self._resized += 1
        return picture.resized(*self.size)

    def _picture_frames(self) -> Iterator[Frame]:
        held: Picture | None = None
        waiting: list[int] = []
        yielded = 0
        skipped: list[Path] = []
        sizes = set()
        embedded = []
        for index, path in enumerate(self.info.image_paths):
            if not self._cut.holds(index * self.info.time_base):
                continue
            if len(skipped) < self._skipped:
                skipped.append(path)
                yielded += 1
                continue
            if held is None and skipped:
                held = self._last_readable(skipped)
            pts = self._timeline.output_pts(index)
            try:
                picture, found = read_picture_whole(path, self._max_side, self.wanted, self._room)
            except (VideoOpenError, MissingInputError) as error:
                self.notices.append(f"unreadable picture, its neighbour is shown instead: {error}")
                if held is None:
                    waiting.append(pts)
                    continue
                picture, lost = held, True
            else:
                lost = False
                embedded.append(found)
            for earlier in waiting:
                self.concealed_count += 1
                yielded += 1
                yield self._frame(picture, earlier, 1, True)
            waiting = []
            self.concealed_count += lost
            yielded += 1
            sizes.add(picture.pixels.shape)
            yield self._frame(picture, pts, 1, lost)
            held = picture
        if len(sizes) > 1:
            self.notices.append(f"the pictures have {len(sizes)} different sizes")
        self.notices += left_aside(embedded)
        self._check_some(yielded)

    def _last_readable(self, paths: list[Path]) -> Picture | None:
        for path in reversed(paths):
            with contextlib.suppress(VideoOpenError, MissingInputError):
                return read_picture_whole(path, self._max_side, self.wanted, self._room)[0]
        return None

    def _check_some(self, yielded: int) -> None:
        if yielded < self._skipped < math.inf:
            raise ResumeError(
                f"{self.info.path} has {yielded} frames by now, but {self._skipped} were finished: it is no "
                "longer what it was. Bring it back, or begin anew with --overwrite instead of --resume."
            )
        if yielded:
            return
        if self._cut.start is not None and self._timeline.reached_end:
            raise self._starts_past_the_end(self._timeline.end_seconds)
        raise VideoOpenError(
            f"no frame of {self.info.path} can be read"
            + (f" between {self._cut}" if self._cut.is_cut else "")
            + ". Check the file, start and end"
        )

    def _tell(self, source: VideoSource, convert: FrameConverter) -> None:
        if self.concealed_count:
            self.notices.append(
                f"damaged: {self.concealed_count} lost frame(s) are bridged by repeating the last good one"
            )
        if self.truncated:
            expected = self.info.duration_seconds
            of = f" of {expected:.3f} s" if expected else ""
            self.notices.append(
                f"{self.info.path.name} is truncated: it ends at {self._timeline.end_seconds:.3f} s{of}; "
                "read as far as it goes"
            )
        repaired = self._timeline.repaired + source.decoder.clock_jumps
        if repaired:
            self.notices.append(f"{repaired} timestamp(s) missing or out of order were repaired")
        if self._resized:
            self.notices.append(
                f"the picture size changes on the way; {self._resized} frame(s) are scaled to {self.size}"
            )
        if convert.saw_transparency:
            self.notices.append("transparent areas are laid over white")
