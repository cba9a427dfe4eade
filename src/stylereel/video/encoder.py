"""Turns RGB frames into encoded packets: colour, size, aspect and clock as they should be on file."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import av.error
import av.filter
import numpy as np

from stylereel.core.color import SDR_VIDEO, ColorTags
from stylereel.core.errors import EnvironmentMissingError, SizeChangedError
from stylereel.core.frames import Frame
from stylereel.core.pixels import DEEP_PEAK, from_deep, rgb_to_yuv_planes, to_deep
from stylereel.video.codecs import EncoderSettings, VideoCodec, quiet_encoders
from stylereel.video.containers import Container

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet

    from stylereel.video.info import SourceInfo

# ISO BMFF sample durations are 32 bits: with a finer clock than this a frame of some minutes overflows.
_FINEST_TICKS_PER_SECOND = 10_000_000
# So few frames cannot be out of order.
_X265_DELAY_FRAMES = 2


def output_tick(container: Container, info: SourceInfo) -> Fraction:
    """Seconds per tick of the output's clock: the source's own wherever the container can have it."""
    if not container.holds_variable_rate:
        return 1 / info.frame_rate
    if container.tick is not None:
        return container.tick
    ticks = info.time_base.denominator
    return Fraction(1, ticks if ticks <= _FINEST_TICKS_PER_SECOND else 1_000_000)


def output_color(info: SourceInfo, codec: VideoCodec, container: Container) -> ColorTags:
    """What to convert to and tag with.

    An SDR source keeps its matrix, range, primaries and transfer; a tone-mapped one becomes BT.709. ProRes
    has no full range. Where neither stream nor container stores tags, the file is written as what players
    take an untagged file of its size for.
    """
    tags = SDR_VIDEO if info.color.is_hdr else info.frame_color.for_encoding(info.width, info.height)
    if not codec.tags_in_stream and not container.carries_color:
        return ColorTags().resolved(info.width, info.height)
    if codec.name == "prores":
        tags = replace(tags, range="limited")
    return tags


class Ticker:
    """Rounds exact times to a clock, each from its own time, so that nothing accumulates."""

    def __init__(self, tick: Fraction) -> None:
        self.tick = tick
        self.collisions = 0
        self._last: int | None = None

    def go_on(self, last: int, collisions: int) -> None:
        """Count on after the tick `last`, as an earlier one did."""
        self._last, self.collisions = last, collisions

    def peek(self, seconds: Fraction) -> int:
        """The tick that the next frame will get, if it is at that time."""
        ticks = math.floor(seconds / self.tick + Fraction(1, 2))
        return ticks if self._last is None else max(ticks, self._last + 1)

    @property
    def last(self) -> int:
        """The last tick given, 0 before the first."""
        return self._last or 0

    def __call__(self, seconds: Fraction) -> int:
        """The nearest tick, halves up; one later than the last where two frames would share a tick."""
        ticks = self.peek(seconds)
        if ticks > math.floor(seconds / self.tick + Fraction(1, 2)):
            self.collisions += 1
        self._last = ticks
        return ticks


@dataclass
class _Pending:
    frame: Frame
    pts: int
    declared_ticks: int


class VideoEncoder:
    """One video stream of an output container.

    Frames are held back by one, so that each gets the duration until the next.

    Attributes:
        stream: of the container.
        tick: seconds per tick of its times.
        end: tick at which the last frame ends; known after `flush`.
        sums_durations: the container takes a track to be as long as its packets' durations together.
    """

    def __init__(
        self,
        output: OutputContainer,
        codec: VideoCodec,
        settings: EncoderSettings,
        tags: ColorTags,
        *,
        size: tuple[int, int],
        tick: Fraction,
        info: SourceInfo,
        threads: int = 0,
        opens: bool = True,
    ) -> None:
        """Add the stream and open its encoder.

        Args:
            output: the container to add the stream to.
            codec: what to encode with.
            settings: from `encoder_settings`.
            tags: from `output_color`.
            size: `(width, height)` of the frames to come, pixels.
            tick: seconds per tick of the pts to come.
            info: of the source, for frame rate and sample aspect ratio.
            threads: of the encoder; 0 lets it choose.
            opens: False leaves opening to `open`.

        Raises:
            EnvironmentMissingError: this FFmpeg build has no such encoder, or it does not open.
        """
        quiet_encoders()
        self._settings, self._tags, self._size, self.tick = settings, tags, size, tick
        self._pending: _Pending | None = None
        self._durations: dict[int, int] = {}
        self._frames = 0
        self._first_dts: int | None = None
        self._first_pts = self.end = 0
        self._last_ticks = max(1, round(1 / info.frame_rate / tick)) if info.frame_rate else 1
        self._palette = PaletteFilter(size, tick, settings.colors) if codec.name == "gif" else None
        try:
            stream: Any = output.add_stream(
                codec.encoder, rate=info.frame_rate or 25, options=dict(settings.options)
            )
        except ValueError as error:
            raise EnvironmentMissingError(
                f"this PyAV build cannot encode {codec.name} ({codec.encoder}): {error}. "
                "Install PyAV from its own wheel: pip install --force-reinstall av"
            ) from error
        self.stream = stream
        context = stream.codec_context
        context.width, context.height = size
        context.pix_fmt = settings.pixel_format
        stream.time_base = context.time_base = tick
        if info.sample_aspect_ratio and codec.name != "gif":
            context.sample_aspect_ratio = info.sample_aspect_ratio
        if not settings.is_rgb:
            context.colorspace, context.color_range = tags.matrix_code, tags.range_code
            context.color_primaries, context.color_trc = tags.primaries_code, tags.transfer_code
        if threads:
            context.thread_count = threads
        self.sums_durations = output.format.name in ("mp4", "mov")
        if codec.name == "hevc" and self.sums_durations:
            context.codec_tag = "hvc1"  # what Apple's players want
        self._name = codec.encoder
        if opens:
            self.open()

    def open(self) -> None:
        """Open the encoder.

        Raises:
            EnvironmentMissingError: it does not open.
        """
        context = self.stream.codec_context
        try:
            context.open()
        except Exception as error:
            raise EnvironmentMissingError(
                f"the encoder {self._name} does not open for {self._size[0]}x{self._size[1]} "
                f"{self._settings.pixel_format}: {error}. Try another --codec or size"
            ) from error

    def encode(self, frame: Frame, pts: int, declared_ticks: int) -> Iterator[Packet]:
        """Take a frame; yield the packets that are ready.

        Args:
            frame: of the size given; kept, not copied, until the next call.
            pts: ticks, greater than that of the frame before.
            declared_ticks: how long the frame says it stays, 0 if it does not; used for the last one.
        """
        previous, self._pending = self._pending, _Pending(frame, pts, declared_ticks)
        if previous is not None:
            self._last_ticks = pts - previous.pts
            yield from self._encode(previous, self._last_ticks)

    def encode_now(self, frame: Frame, pts: int) -> Iterator[Packet]:
        """Take a frame that stays for one tick, and hold nothing back; not to be mixed with `encode`."""
        yield from self._encode(_Pending(frame, pts, 1), 1)

    def flush(self, longest_ticks: int | None = None) -> Iterator[Packet]:
        """Encode the last frame, no longer than `longest_ticks`, and yield what remains."""
        rest = list(self._flush(longest_ticks))
        if self._name == "libx265" and self._frames <= _X265_DELAY_FRAMES:
            # It never gets to know how far to shift its decoding times, and shifts them by whatever it finds.
            for packet in rest:
                packet.dts = packet.pts
            self._first_dts = self._first_pts
        if self.sums_durations and rest and rest[-1].dts is not None and self._first_dts is not None:
            # An ISO track is as long as its samples' durations together, in order of decoding.
            rest[-1].duration = self.end - self._first_pts - (rest[-1].dts - self._first_dts)
        yield from rest

    def flush_until(self, pts: int) -> Iterator[Packet]:
        """The same, where another encoder goes on with a frame at `pts`, until which the last one stays."""
        if self._pending is not None:
            self._pending.declared_ticks = pts - self._pending.pts
        yield from self.flush()

    def _flush(self, longest_ticks: int | None) -> Iterator[Packet]:
        if self._pending is not None:
            ticks = self._pending.declared_ticks or self._last_ticks
            ticks = max(1, ticks if longest_ticks is None else min(ticks, longest_ticks))
            self._last_ticks = ticks
            self.end = self._pending.pts + ticks
            yield from self._encode(self._pending, ticks)
            self._pending = None
        if self._palette is not None:
            for frame in self._palette.flush():
                yield from self._timed(self.stream.encode(frame))
        yield from self._timed(self.stream.encode(None))

    @property
    def last_ticks(self) -> int:
        """Duration of the last frame; known after `flush`."""
        return self._last_ticks

    def _encode(self, pending: _Pending, ticks: int) -> Iterator[Packet]:
        self._frames += 1
        self._durations[pending.pts] = ticks
        frame = self._as_frame(pending.frame)
        frame.pts, frame.time_base = pending.pts, self.tick
        with contextlib.suppress(AttributeError):
            frame.duration = ticks
        frames = [frame] if self._palette is None else self._palette.push(frame)
        for ready in frames:
            yield from self._timed(self.stream.encode(ready))

    def _timed(self, packets: list[Packet]) -> Iterator[Packet]:
        for packet in packets:
            if self._first_dts is None:
                self._first_dts, self._first_pts = packet.dts, packet.pts or 0
            if packet.pts in self._durations:
                packet.duration = self._durations.pop(packet.pts)
            yield packet

    def _as_frame(self, picture: Frame) -> av.VideoFrame:
        width, height = self._size
        settings = self._settings
        pixels = picture.pixels if picture.deep is None or settings.bit_depth == 8 else picture.deep
        if pixels.shape[:2] != (height, width):
            got = f"{pixels.shape[1]}x{pixels.shape[0]}"
            raise SizeChangedError(
                f"A picture of {got} cannot stand in a video of {width}x{height}: bring the pictures to one "
                "size first, or write a folder of pictures (OUTPUT without an ending)."
            )
        if settings.is_rgb:
            return av.VideoFrame.from_ndarray(*packed_rgb(pixels, picture.alpha, settings))
        frame = av.VideoFrame(width, height, settings.pixel_format)
        planes = [*rgb_to_yuv_planes(pixels, self._tags, settings.chroma, settings.bit_depth)]
        if settings.alpha:
            planes.append(opacity_of(picture.alpha, (height, width), settings.bit_depth))
        targets: Any = frame.planes
        for target, plane in zip(targets, planes, strict=True):
            rows = np.frombuffer(target, plane.dtype).reshape(target.height, -1)
            rows[:, : plane.shape[1]] = plane
        frame.colorspace, frame.color_range = self._tags.matrix_code, self._tags.range_code
        frame.color_primaries, frame.color_trc = self._tags.primaries_code, self._tags.transfer_code
        return frame


def opacity_of(alpha: np.ndarray | None, shape: tuple[int, int], bits: int) -> np.ndarray:
    """An opacity plane of `bits`, full range; opaque where a frame has none."""
    plane = np.full(shape, DEEP_PEAK, np.uint16) if alpha is None else alpha
    return from_deep(plane, bits)


def packed_rgb(
    pixels: np.ndarray, alpha: np.ndarray | None, settings: EncoderSettings
) -> tuple[np.ndarray, str]:
    """RGB or RGBA of 8 or 16 bits with its FFmpeg name, from 8-bit or deep RGB."""
    bits = settings.bit_depth
    if bits > 8:
        pixels = from_deep(to_deep(pixels, 8) if pixels.dtype == np.uint8 else pixels, bits)
    if settings.alpha:
        pixels = np.dstack([pixels, opacity_of(alpha, pixels.shape[:2], bits)])
    return np.ascontiguousarray(pixels), settings.pixel_format if settings.colors == 0 else "rgb24"


class PaletteFilter:
    """RGB to the 256 colours of a GIF: a palette of its own for every picture, with ordered dither.

    Ordered dither ("bayer") stands still from picture to picture, error diffusion would crawl.
    """

    def __init__(self, size: tuple[int, int], tick: Fraction, colors: int) -> None:
        graph = av.filter.Graph()
        source = graph.add_buffer(
            width=size[0], height=size[1], format=av.VideoFormat("rgb24"), time_base=tick
        )
        split = graph.add("split")
        generate = graph.add("palettegen", f"max_colors={colors}:stats_mode=single:reserve_transparent=0")
        use = graph.add("paletteuse", "new=1:dither=bayer:bayer_scale=4")
        sink = graph.add("buffersink")
        source.link_to(split)
        split.link_to(use, 0, 0)
        split.link_to(generate, 1, 0)
        generate.link_to(use, 0, 1)
        use.link_to(sink)
        graph.configure()
        self._graph = graph

    def push(self, frame: av.VideoFrame) -> list[av.VideoFrame]:
        """Give a picture, get those that are ready."""
        self._graph.push(frame)
        return self._pull()

    def flush(self) -> list[av.VideoFrame]:
        """Get what remains."""
        self._graph.push(None)
        return self._pull()

    def _pull(self) -> list[av.VideoFrame]:
        ready = []
        while True:
            try:
                ready.append(self._graph.pull())
            except (av.error.BlockingIOError, av.error.EOFError):
                return ready
