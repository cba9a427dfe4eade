"""Writes stylized frames, each at its own time, together with everything else that the source held."""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import av

from stylereel.core.errors import OutputError
from stylereel.core.frames import Frame
from stylereel.core.pixels import Chroma
from stylereel.video.codecs import encoder_settings
from stylereel.video.delivery import Delivery
from stylereel.video.encoder import Ticker, VideoEncoder, output_color, output_tick
from stylereel.video.gif_file import finish_gif
from stylereel.video.image_writer import ImageFileOutput, ImageFolderOutput
from stylereel.video.info import SourceInfo
from stylereel.video.matroska_file import reserve_room, set_aspect
from stylereel.video.parted_encoder import PartedEncoder
from stylereel.video.parts import Parts
from stylereel.video.pipe_output import PipeFormat, PipeOutput, chroma_of_layout
from stylereel.video.plan import OutputPlan, check_frame_time, plan_output
from stylereel.video.staging import StagedFile, writing
from stylereel.video.streams import COMMON_KEYS, StreamCopier

# Sound is muxed a little ahead of the pictures, so that players never wait for it.
_SOUND_AHEAD = Fraction(1, 2)

_MOST_MOVIE_TICKS = 2**31 - 1
_CLOCK_STARTS_ANYWHERE = ("mpegts", "mpeg", "wtv", "asf", "nsv")


@dataclass(frozen=True)
class WriteSummary:
    """What was written.

    Attributes:
        frames: how many.
        duration_seconds: from the first frame's start to the last one's end.
        codec: a name in `CODECS`, or the picture's ending.
        container: FFmpeg's muxer name, "image" or "images".
        bytes: size of the file, or of all pictures of a folder.
        notices: sentences for the user: what was re-encoded or left out, and what else changed.
    """

    frames: int
    duration_seconds: float
    codec: str
    container: str
    bytes: int
    notices: tuple[str, ...]


class _Output(Protocol):
    notices: list[str]

    def write(self, frame: Frame) -> None: ...
    def finish(self, *, overwrite: bool) -> int: ...
    def abort(self) -> None: ...


class FrameWriter:
    """Writes frames under a temporary name beside `output`, which appears only when all is well.

    Use as a context manager: leaving it with an exception removes what was written, leaving it without one
    finishes the file. Not thread-safe: one thread writes.
    """

    def __init__(
        self,
        output: str | Path,
        *,
        info: SourceInfo,
        source_path: Path | None,
        size: tuple[int, int],
        codec: str | None = None,
        quality: int | None = None,
        start_seconds: float | Fraction | None = None,
        end_seconds: float | Fraction | None = None,
        overwrite: bool = False,
        metadata: Mapping[str, str] | None = None,
        copy_streams: bool = True,
        threads: int = 0,
        parts: Parts | None = None,
        bit_depth: int | None = None,
        keep_alpha: bool = False,
        pipe: PipeFormat | None = None,
        delivery: Delivery | None = None,
    ) -> None:
        """Check everything that can be checked, and open the output.

        Args:
            output: file or folder; see `plan_output` for what its name means.
            info: of the source.
            source_path: the file to copy sound, subtitles, chapters and metadata from; None for none.
            size: `(width, height)` of the frames to come, pixels.
            codec: a name in `CODECS`, or None for the container's default.
            quality: 0..100, or None for the default.
            start_seconds: where the reader starts; sound, subtitles and chapters are cut with it.
            end_seconds: where the reader ends, exclusive.
            overwrite: an existing output is replaced.
            metadata: added to that of the source; a comment is appended to the source's.
            copy_streams: False writes pictures alone.
            threads: of the encoder; 0 lets it choose.
            parts: where a video or a folder of pictures is kept part by part, so that it can be gone on with:
                frames are then those after the finished ones, and left by an exception it keeps what is
                finished. No single picture has any.
            bit_depth: 8, 10 or 16; more than 8 is taken from the frames' `deep`. None for 8.
            keep_alpha: the frames' `alpha` is written, where `plan.alpha` says that it can be.
            pipe: what goes through stdout where `output` is "-".
            delivery: what a platform asks of the file.

        Raises:
            UsageError: options that cannot be; see `plan_output`.
            OutputError: the output must not or cannot be written.
            EnvironmentMissingError: the encoder is not there.
        """
        plan = plan_output(
            output, info, codec=codec, quality=quality, overwrite=overwrite, bit_depth=bit_depth, pipe=pipe
        )
        self._plan = replace(plan, alpha=plan.alpha and keep_alpha)
        self._overwrite = overwrite
        self._frames = 0
        self._first: Fraction | None = None
        self._end_of_last = Fraction(0)
        self._concealed = 0
        self._parts = parts
        if parts is not None and parts.records:
            record = parts.records[-1]
            self._frames, self._concealed = record.frames, record.concealed
            self._first, self._end_of_last = Fraction(record.first), Fraction(record.end)
        self._summary: WriteSummary | None = None
        self._closed = False
        self._size = size
        self._info = info
        self.notices: list[str] = list(self._plan.notices)
        extra = dict(metadata or {})
        bits = self._plan.bit_depth
        if self._plan.pipe is not None:
            self._output: _Output = PipeOutput(self._plan.pipe, info, size, self._plan.frame_rate, bits)
        elif self._plan.kind == "image":
            self._output = ImageFileOutput(self._plan.path, self._plan.quality, extra, bits)
        elif self._plan.kind == "images":
            ending = ".png" if self._plan.codec is not None or info.kind != "images" else None
            stems = info.image_paths if info.kind != "video" else ()
            self._output = ImageFolderOutput(
                self._plan.path, self._plan.quality, extra, stems, ending, parts=parts, bits=bits
            )
        else:
            source = source_path if copy_streams and info.kind == "video" else None
            cut = _Cut.of(start_seconds, end_seconds, info.origin_seconds)
            self._output = _VideoOutput(
                self._plan, info, source, size, cut, extra, threads, parts=parts, delivery=delivery
            )

    @property
    def plan(self) -> OutputPlan:
        """What is being written."""
        return self._plan

    def write(self, frame: Frame) -> None:
        """Write the next frame.

        Raises:
            OutputError: the disk is full, or the frame's time cannot be held; the output is gone then.
        """
        if self._closed:
            raise ValueError("this FrameWriter is finished or aborted; make a new one")
        try:
            if self._parts is not None and self._parts.end_before(self._frames):
                self._end_part(self._parts, frame)
            self._output.write(frame)
        except BaseException:
            self.abort()
            raise
        self._frames += 1
        self._concealed += frame.concealed
        seconds = frame.pts * frame.time_base
        if self._first is None:
            self._first = seconds
        declared = frame.duration * frame.time_base or (
            1 / self._info.frame_rate if self._info.frame_rate else 0
        )
        self._end_of_last = seconds + declared

    def finish(self) -> WriteSummary:
        """Write what is left and give the output its name; the same summary when called again.

        Raises:
            OutputError: no frame was written, or writing failed; nothing is left then.
        """
        if self._summary is not None:
            return self._summary
        if self._closed:
            raise ValueError("this FrameWriter was aborted; there is nothing to finish")
        try:
            if not self._frames:
                raise OutputError(
                    f"no frames came, so {self._plan.path} was not written. Check --start and --end"
                )
            if self._parts is not None and not self._parts.is_whole:
                self._end_part(self._parts, None)
            size = self._output.finish(overwrite=self._overwrite)
        except BaseException:
            self.abort()
            raise
        self._closed = True
        if self._parts is not None:
            self._parts.discard()
        codec = self._plan.codec.name if self._plan.codec else self._plan.path.suffix.lstrip(".") or "source"
        codec = self._plan.pipe.format if self._plan.pipe else codec
        container = self._plan.container.muxer if self._plan.container else self._plan.kind
        self._summary = WriteSummary(
            self._frames,
            float(self._end_of_last - (self._first or 0)),
            codec,
            container,
            size,
            (*self.notices, *self._output.notices),
        )
        return self._summary

    def abort(self) -> None:
        """Stop and remove the temporary file; OUTPUT stays as it was, finished parts stay too.

        Safe at any time, more than once.
        """
        if self._closed:
            return
        self._closed = True
        self._output.abort()
        if self._parts is not None:
            self._parts.release()

    def _end_part(self, parts: Parts, coming: Frame | None) -> None:
        """Make what was written since the last part's end a part, before `coming` or at the end."""
        assert isinstance(self._output, ImageFolderOutput | _VideoOutput)
        with writing(self._plan.path):
            parts.commit(
                is_last=coming is None,
                frames=self._frames,
                concealed=self._concealed,
                first=str(self._first or 0),
                end=str(self._end_of_last),
                **self._output.end_part(coming),
            )

    def __enter__(self) -> FrameWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.abort()
        elif not self._closed:
            self.finish()


@dataclass(frozen=True)
class _Cut:
    """The wanted part in seconds of the source's own clock, exact, with None for an open side."""

    start: Fraction | None
    end: Fraction | None

    @classmethod
    def of(cls, start: float | Fraction | None, end: float | Fraction | None, origin: Fraction) -> _Cut:
        """From times on the player's clock, which counts from `origin`; see `Timeline` for the frames."""
        return cls(
            Fraction(start).limit_denominator(1_000_000) + origin if start is not None else None,
            Fraction(end).limit_denominator(1_000_000) + origin if end is not None else None,
        )


class _VideoOutput:
    """A video file: one encoder, one copier, one muxer."""

    def __init__(
        self,
        plan: OutputPlan,
        info: SourceInfo,
        source: Path | None,
        size: tuple[int, int],
        cut: _Cut,
        metadata: dict[str, str],
        threads: int,
        *,
        parts: Parts | None = None,
        delivery: Delivery | None = None,
    ) -> None:
        assert plan.container is not None and plan.codec is not None
        self.notices: list[str] = []
        self._plan, self._container, self._codec, self._cut = plan, plan.container, plan.codec, cut
        self._delivery = delivery
        if delivery is not None:
            self._container = delivery.container(plan.container)
        self._metadata, self._size = metadata, size
        self._info = replace(info, frame_rate=plan.frame_rate)
        self._sets_aspect = plan.container.muxer in ("matroska", "webm") and info.sample_aspect_ratio != 1
        self._title = ""
        self._ticker = Ticker(output_tick(plan.container, self._info))
        self._shift: Fraction | None = None
        self._copier: StreamCopier | None = None
        self._muxer: Any = None
        self._encoder: Any = None  # a VideoEncoder, or a PartedEncoder that does as one
        self._file = StagedFile(plan.path)
        try:
            with writing(plan.path):
                self._open(source, size, threads, parts)
                if parts is not None and parts.records:
                    self._go_on(parts.records[-1].clock)
        except BaseException:
            self.abort()
            raise

    def _open(self, source: Path | None, size: tuple[int, int], threads: int, parts: Parts | None) -> None:
        tags = output_color(self._info, self._codec, self._container)
        chroma = _chroma_of(self._info) if self._codec.name == "ffv1" else "420"
        settings = encoder_settings(
            self._codec,
            self._plan.quality,
            size,
            source_chroma=chroma,
            threads=threads,
            b_frames=self._container.tick is not None
            or (self._container.holds_variable_rate and self._info.is_variable_rate is False),
            bit_depth=self._plan.bit_depth,
            alpha=self._plan.alpha,
        )
        if self._delivery is not None:
            settings = self._delivery.settings(settings, self._codec, self._info.frame_rate)
        if settings.chroma == "444" and self._codec.even_sizes_at_420:
            self.notices.append(
                f"{size[0]}x{size[1]} is odd, which {self._codec.name} holds at full colour resolution "
                "(4:4:4) alone: the size is kept, but browsers and televisions may not play it. "
                "An even --max-side, vp9 or av1 avoids that"
            )
        self._muxer = av.open(str(self._file.path), "w", format=self._container.muxer)
        make = functools.partial(
            VideoEncoder,
            codec=self._codec,
            settings=settings,
            tags=tags,
            size=size,
            tick=self._ticker.tick,
            info=self._info,
            threads=threads,
        )
        self._encoder = PartedEncoder(parts, make, self._muxer) if parts else make(self._muxer)
        inherited: dict[str, str] = {}
        if source is not None:
            self._copier = StreamCopier(
                source, self._muxer, self._container, start=self._cut.start, end=self._cut.end
            )
            inherited = self._copier.metadata
            stream = self._encoder.stream
            stream.metadata.update(self._copier.video_metadata(self._info.stream_index))
        self._title = self._encoder.stream.metadata.get("title", "")
        if self._sets_aspect:
            self._encoder.stream.metadata["title"] = reserve_room(self._title)
        self._muxer.metadata.update(_joined(inherited, self._metadata))
        self._muxer.container_options.update(self._muxer_options())

    def _muxer_options(self) -> dict[str, str]:
        if self._container.muxer in ("matroska", "webm", "avi"):
            # Otherwise sound that starts a moment before zero (encoder delay) would push every frame later.
            return {"avoid_negative_ts": "disabled"}
        if self._container.muxer not in ("mp4", "mov"):
            return {}
        ticks = self._ticker.tick.denominator
        rates = self._copier.audio_rates if self._copier else []
        together = math.lcm(ticks, *(rate for rate in rates if rate))
        flags = "+faststart"
        if set(self._muxer.metadata) - COMMON_KEYS:
            flags += "+use_metadata_tags"
        return {
            "movflags": flags,
            "video_track_timescale": str(ticks),
            # Edit lists (a stream that starts late) count in this clock: exact for every stream.
            "movie_timescale": str(together if together <= _MOST_MOVIE_TICKS else ticks),
        }

    def write(self, frame: Frame) -> None:
        seconds = frame.pts * frame.time_base
        with writing(self._plan.path):
            if self._shift is None:
                self._begin(seconds)
            assert self._shift is not None
            ticks = self._ticker(seconds + self._shift)
            check_frame_time(seconds + self._shift, ticks, self._ticker.tick, self._container)
            declared = round(frame.duration * frame.time_base / self._ticker.tick)
            for packet in self._encoder.encode(frame, ticks, declared):
                self._mux(packet)

    def _begin(self, first: Fraction) -> None:
        """Fix the one offset of everything.

        A GIF or AVI starts at zero, so does what was a broadcast (its clock starts anywhere), and nothing
        starts before zero, where players show nothing.
        """
        if self._container.muxer in ("gif", "avi"):
            shift = -first
        elif self._cut.start is None and self._info.container.startswith(_CLOCK_STARTS_ANYWHERE):
            shift = max(-self._info.origin_seconds, -first)
        else:
            shift = max(Fraction(0), -first)
        self._start(shift)

    def _start(self, shift: Fraction) -> None:
        self._shift = shift
        if self._copier is not None:
            self._copier.start(shift - (self._cut.start or 0))

    def _go_on(self, clock: Mapping[str, int | str]) -> None:
        """Stand where the finished parts end."""
        self._start(Fraction(clock["shift"]))
        self._ticker.go_on(int(clock["last"]), int(clock["collisions"]))

    def end_part(self, coming: Frame | None) -> dict[str, Any]:
        """Finish the part at work; facts for its record."""
        assert self._shift is not None
        upcoming = None
        if coming is not None:
            upcoming = self._ticker.peek(coming.pts * coming.time_base + self._shift)
        facts = self._encoder.end_part(upcoming, self._longest())
        facts["clock"] |= {
            "shift": str(self._shift),
            "last": self._ticker.last,
            "collisions": self._ticker.collisions,
        }
        return facts

    def _longest(self) -> int | None:
        """How many ticks the last frame may stay: until the cut's end."""
        if self._cut.end is None or self._shift is None:
            return None
        end = self._cut.end - (self._cut.start or 0) + self._shift
        return max(1, math.ceil(end / self._ticker.tick) - self._ticker.last)

    def _mux(self, packet: Any) -> None:
        if self._copier is not None and packet.dts is not None:
            self._copier.pump(packet.dts * packet.time_base + _SOUND_AHEAD)
        self._muxer.mux(packet)

    def finish(self, *, overwrite: bool) -> int:
        with writing(self._plan.path):
            for packet in self._encoder.flush(self._longest()):
                self._mux(packet)
            if self._copier is not None:
                self._copier.finish()
                self.notices += self._copier.notices
                self._copier.close()
            self._muxer.close()
            if self._container.muxer == "gif":
                comment = "\n".join(f"{key}: {value}" for key, value in self._metadata.items())
                finish_gif(self._file.path, self._encoder.last_ticks, comment)
            if self._sets_aspect:
                set_aspect(self._file.path, self._info.sample_aspect_ratio, self._size, self._title)
        if self._ticker.collisions:
            self.notices.append(
                f"{self._ticker.collisions} frames came within one tick of {self._container.name}'s clock "
                f"({float(self._ticker.tick * 1000):g} ms) and were set one tick apart"
            )
        return self._file.publish(overwrite=overwrite)

    def abort(self) -> None:
        self._file.discard()  # first, so that closing has no index to rewrite
        with contextlib.suppress(Exception):
            if self._copier is not None:
                self._copier.close()
        with contextlib.suppress(Exception):
            if self._muxer is not None:
                self._muxer.close()
        with contextlib.suppress(Exception):
            if isinstance(self._encoder, PartedEncoder):
                self._encoder.abort()
        self._file.discard()


def _joined(inherited: dict[str, str], added: Mapping[str, str]) -> dict[str, str]:
    """Both, the added ones winning, except that comments stand one after the other."""
    joined = {**inherited, **added}
    if inherited.get("comment") and added.get("comment"):
        joined["comment"] = f"{inherited['comment']}\n{added['comment']}"
    return joined


def _chroma_of(info: SourceInfo) -> Chroma:
    """Chroma sampling of the source's pictures, rounded up to what can be written; 4:4:4 when unknown."""
    if info.kind != "video" or not info.pixel_format:
        return "444"
    return chroma_of_layout(info.pixel_format)
