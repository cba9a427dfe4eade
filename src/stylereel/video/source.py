"""Opens a video and learns everything about it that its header and first frame tell."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.container import InputContainer
from av.sidedata.sidedata import SideData
from av.sidedata.sidedata import Type as SideDataType
from av.stream import Disposition
from av.video.stream import VideoStream

from stylereel.core.color import LUMA_WEIGHTS, SDR_VIDEO, ColorTags
from stylereel.core.errors import VideoOpenError
from stylereel.video import convert
from stylereel.video.decode import Decoder, alpha_decoder
from stylereel.video.info import SourceInfo
from stylereel.video.orientation import UPRIGHT, Orientation, orientation_of
from stylereel.video.safety import IMAGE_DEMUXERS, VIDEO_DEMUXERS, open_media
from stylereel.video.sizes import AMPLE, PICTURE_BYTES, VIDEO_BYTES, Room
from stylereel.video.truncation import is_shorter_than_declared

_NOT_A_VIDEO = Disposition.attached_pic | Disposition.timed_thumbnails
_USUAL_RATE = Fraction(25)


class VideoSource:
    """An open video: its container, chosen stream, decoder and description.

    Args:
        path: an existing file.
        threads: decoder threads; None lets FFmpeg choose.
        as_image: accept the demuxers of single pictures.
        opener: opens what can be read once only, such as a pipe; `path` is its name then.
        on_packet: called for every packet that is read.
        room: what decoding may take.

    Attributes:
        can_rewind: reading can begin again.

    Raises:
        MissingInputError, RefusedError, VideoOpenError: see `safety.open_media`; also VideoOpenError where
            there is no video stream, no decoder for it, no frame in it, or its frames are too large.
        MemoryShortError: its frames are larger than `room`.
    """

    def __init__(
        self,
        path: Path,
        *,
        threads: int | None = None,
        as_image: bool = False,
        opener: Callable[[], InputContainer] | None = None,
        on_packet: Callable[[], object] | None = None,
        room: Room = AMPLE,
    ) -> None:
        self.path = path
        self._opener = opener
        self._on_packet = on_packet
        self._room, self._bytes_per_px = room, PICTURE_BYTES if as_image else VIDEO_BYTES
        self.can_rewind = opener is None
        self._threads = threads
        self._as_image = as_image
        self._demuxers = IMAGE_DEMUXERS if as_image else VIDEO_DEMUXERS
        self._strict = True
        self._open()
        first = self._first_frame()
        if first is None:
            self.close()
            most = room.most_pixels(self._bytes_per_px)
            raise VideoOpenError(
                f"{path} has a {self.stream.codec_context.name} video stream but not one frame in it can be "
                f"decoded. It is empty, too damaged, or of more than {most / 1e6:.0f} million pixels, the "
                "most that memory allows here; record or download it again, or shrink it"
            )
        self.first: av.VideoFrame = first
        self.orientation = _orientation(first)
        self.info = self._describe(first)

    def _first_frame(self) -> av.VideoFrame | None:
        """The first good frame; decoding becomes forgiving where strictness alone would lose the beginning.

        Some encoders break rules that every player overlooks: such files are sloppy, not damaged.
        """
        first = self.decoder.first_frame()
        if not self.can_rewind or (first is not None and not self.decoder.errors):
            return first
        strict_pts = self.decoder.first_pts
        self.forgive()
        first = self.decoder.first_frame()
        if self.decoder.first_pts >= strict_pts < math.inf:
            self._strict = True
            self.reopen()
            first = self.decoder.first_frame()
        return first

    def _open(self) -> None:
        most_pixels = self._room.most_pixels(self._bytes_per_px)
        if self._opener is not None:
            self.container = self._opener()
        else:
            self.container = open_media(
                self.path,
                demuxers=self._demuxers,
                options={"max_pixels": str(most_pixels)},
                from_memory=self._as_image,
            )
        try:
            self.stream = self._choose_stream()
            context = self.stream.codec_context
            self._room.check(self.path, context.width, context.height, self._bytes_per_px)
        except Exception:
            self.container.close()
            raise
        self.stream.thread_type = "AUTO"
        if self._threads:
            self.stream.codec_context.thread_count = self._threads
        self.decoder = Decoder(
            self.container,
            self.stream,
            strict=self._strict,
            file_is_short=self.can_rewind and is_shorter_than_declared(self.path),
            context=alpha_decoder(self.stream),
            on_packet=self._on_packet,
            most_pixels=most_pixels,
        )

    def _choose_stream(self) -> VideoStream:
        candidates = [s for s in self.container.streams.video if not s.disposition & _NOT_A_VIDEO]
        if not candidates:
            covers = len(self.container.streams.video)
            found = f"only {covers} cover picture(s)" if covers else "no picture at all"
            sound = len(self.container.streams.audio)
            raise VideoOpenError(
                f"{self.path} has no video stream: it holds {found} and {sound} audio stream(s). "
                "Expected a video"
            )
        self._left_out = len(candidates) - 1
        chosen = next((s for s in candidates if s.disposition & Disposition.default), candidates[0])
        if chosen.codec_context is None:
            raise VideoOpenError(
                f"{self.path}: this FFmpeg has no decoder for its video stream. Convert it to H.264 first"
            )
        return chosen

    @property
    def stream_duration(self) -> Fraction | None:
        """Seconds, as declared for the video stream itself."""
        if self.stream.duration and self.stream.time_base:
            return self.stream.duration * self.stream.time_base
        return _matroska_duration(self.stream)

    @property
    def begins_seconds(self) -> Fraction:
        """When its first frame is shown, on the player's clock."""
        return (self.first.pts or 0) * self.info.time_base - self.info.origin_seconds

    @property
    def _container_duration(self) -> Fraction | None:
        duration = self.container.duration
        return Fraction(duration, av.time_base) if duration else None

    def forgive(self) -> bool:
        """Begin again with a decoder that shows what is damaged as players do; False if it already does."""
        if not self._strict or not self.can_rewind:
            return False
        self._strict = False
        self.reopen()
        return True

    def reopen(self) -> None:
        """Begin again from the file's start, for containers that cannot seek."""
        self.close()
        self._open()

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self.container.close()

    def _describe(self, first: av.VideoFrame) -> SourceInfo:
        stream, container = self.stream, self.container
        turned = self.orientation.swaps_sides
        width, height = (first.height, first.width) if turned else (first.width, first.height)
        color = convert.tags_of(first, stream.codec_context.name)
        resolved = color.resolved(first.width, first.height)
        aspect = stream.sample_aspect_ratio or Fraction(1)
        aspect = aspect if aspect > 0 else Fraction(1)
        duration = self.stream_duration or self._container_duration
        origin = Fraction(container.start_time or 0, av.time_base)
        return SourceInfo(
            path=self.path,
            kind="video",
            width=width,
            height=height,
            sample_aspect_ratio=1 / aspect if turned else aspect,
            frame_rate=average_rate(stream),
            time_base=stream.time_base or Fraction(1, 90000),
            frame_count_estimate=stream.frames
            or (round(duration * average_rate(stream)) if duration else None),
            duration_seconds=float(duration) if duration else None,
            is_variable_rate=_is_variable_rate(stream) if self.can_rewind else False,
            color=color,
            frame_color=SDR_VIDEO if resolved.is_hdr else resolved,
            bit_depth=convert.bit_depth_of(first),
            has_alpha=_keeps_alpha(first, stream.codec_context.name),
            codec=stream.codec_context.codec.canonical_name,
            container=container.format.name,
            rotation=self.orientation.degrees,
            audio_streams=len(container.streams.audio),
            subtitle_streams=len(container.streams.subtitles),
            notices=self._notices(color, resolved),
            stream_index=stream.index,
            origin_seconds=origin,
            pixel_format=first.format.name,
            has_exact_rate=not self.can_rewind,
        )

    def _notices(self, color: ColorTags, resolved: ColorTags) -> tuple[str, ...]:
        notices = []
        if resolved.is_hdr:
            system = "PQ" if resolved.transfer == "smpte2084" else "HLG"
            notices.append(f"HDR ({system}) is tone-mapped to SDR BT.709; 203 cd/m2 becomes near white")
        if self._left_out:
            notices.append(
                f"{self._left_out + 1} video streams: number {self.stream.index} is used, the rest left out"
            )
        if color.matrix == "unspecified":
            notices.append(f"the colour matrix is not stated; {resolved.matrix} is assumed from the size")
        elif resolved.matrix not in LUMA_WEIGHTS and resolved.matrix != "rgb":
            notices.append(
                f"the colour matrix {resolved.matrix} is not supported; read as the nearest that is"
            )
        return tuple(notices)


def average_rate(stream: VideoStream) -> Fraction:
    """Frames per second: measured, else declared, else 25."""
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate and 0 < rate <= 1000:
            return Fraction(rate)
    return _USUAL_RATE


def _keeps_alpha(first: av.VideoFrame, codec_name: str) -> bool:
    """Every GIF has a transparent colour to use; only one that uses it in its first picture counts."""
    if not convert.has_alpha(first):
        return False
    return codec_name != "gif" or convert.shows_clear_areas(first)


def _orientation(first: av.VideoFrame) -> Orientation:
    try:
        side_data = cast("Iterable[SideData]", first.side_data)  # PyAV iterates values, its stubs say keys
    except ValueError:  # PyAV gives none where one is of a kind that it has no name for, such as EXIF
        return Orientation(round(first.rotation / 90) % 4)
    for data in side_data:
        if data.type == SideDataType.DISPLAYMATRIX:
            return orientation_of(bytes(memoryview(data)))
    return UPRIGHT


def _matroska_duration(stream: VideoStream) -> Fraction | None:
    """From the per-stream tag that FFmpeg and mkvmerge write: HH:MM:SS.nnnnnnnnn."""
    parts = stream.metadata.get("DURATION", "").split(":")
    try:
        hours, minutes, seconds = (Fraction(part) for part in parts)
    except ValueError:
        return None
    return 3600 * hours + 60 * minutes + seconds


def _is_variable_rate(stream: VideoStream) -> bool | None:
    """From the container's index, where that holds every frame; None where only reading would tell."""
    if not stream.frames or len(stream.index_entries) != stream.frames or stream.frames < 3:
        return None
    times = sorted(entry.timestamp for entry in stream.index_entries)
    steps = [later - earlier for earlier, later in itertools.pairwise(times)]
    return max(steps) - min(steps) > 1
