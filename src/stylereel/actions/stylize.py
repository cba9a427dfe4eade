"""Turn a video, a picture or a folder of pictures into a look."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from stylereel.actions.long_job import LongJob
from stylereel.actions.run_memory import OwnMemory, checked_limit, prepare_memory
from stylereel.core.errors import UsageError, VideoOpenError
from stylereel.core.frames import Frame, Stage
from stylereel.core.progress import Meter, OnProgress, Progress
from stylereel.core.timecode import parse_seconds
from stylereel.inference.engine import run_engine
from stylereel.inference.memory_plan import ANCHORS, PAINTING, STABILIZER, Beside, plan_memory
from stylereel.inference.network_stage import network_stage, picture_stage
from stylereel.inference.painter import Look, Painter, PainterState
from stylereel.inference.runner import open_runner
from stylereel.inference.tiled_runner import TiledRunner, memory_told
from stylereel.packs.card import UNKNOWN_LICENSE, Card
from stylereel.packs.find import find_pack
from stylereel.temporal.stabilizer import Stabilizer
from stylereel.video.info import SourceInfo
from stylereel.video.output_lock import output_lock
from stylereel.video.plan import plan_output
from stylereel.video.reader import FrameReader
from stylereel.video.writer import FrameWriter, WriteSummary

SMALLEST_SIDE, LARGEST_SIDE = 16, 16384
NOTHING_TO_STABILIZE = (
    "stabilize does nothing here: single pictures have no frame before them. For pictures that are the "
    "frames of a film, say at which pace: --fps 24."
)


@dataclass(frozen=True)
class StylizeSummary:
    """What `stylize` did.

    Attributes:
        input: what was read.
        output: what was written.
        style: name of the pack.
        license: licence of the pictures that the look was learned from, "unknown" where not stated.
        frames: frames written.
        width: of the frames, pixels.
        height: of the frames, pixels.
        duration_seconds: of the output.
        codec: written with.
        container: written into.
        size_bytes: of the output.
        runner: that executed the network.
        device: that it ran on.
        precision: that it computed with.
        stabilize: how much the look leant on the frame before, 0 to 1; 0 for pictures.
        tile: `(width, height)` in px of the tiles that frames were cut into for the network; None where
            they went through it whole.
        concealed_frames: damaged frames that repeat the last good one.
        is_truncated: the input ended before its time; what was there was stylised.
        resumed_frames: of `frames`, those that an interrupted run had finished.
        elapsed_seconds: from this run's first frame to the finished file.
        frames_per_second: frames of this run by elapsed time.
        notices: sentences for the user.
    """

    input: str
    output: str
    style: str
    license: str
    frames: int
    width: int
    height: int
    duration_seconds: float
    codec: str
    container: str
    size_bytes: int
    runner: str
    device: str
    precision: str
    stabilize: float = 0.0
    tile: tuple[int, int] | None = None
    concealed_frames: int = 0
    is_truncated: bool = False
    resumed_frames: int = 0
    elapsed_seconds: float = 0.0
    frames_per_second: float = 0.0
    notices: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


class Stylizer:
    """One look, ready to be laid over frames: `Stylizer.load("ukiyoe")(frame)`.

    Attributes:
        card: the pack's facts.
        runner: the network as it runs; its `name`, `device` and `precision` say how, its `notices` what is to
            be told of memory.
        look: strength and colours.
    """

    def __init__(self, card: Card, runner: TiledRunner, look: Look) -> None:
        self.card, self.runner, self.look = card, runner, look

    @classmethod
    def load(
        cls,
        style: str | Path,
        *,
        device: str = "auto",
        runner: str = "auto",
        strength: float = 1.0,
        keep_colors: bool = False,
        threads: int | None = None,
        memory_limit: str | int | None = None,
    ) -> Stylizer:
        """Find a style pack and make it ready.

        Args:
            style: name of a pack, or the folder of one.
            device: "auto", "cpu", "cuda" or "mps".
            runner: "auto", "openvino", "onnxruntime" or "torch".
            strength: 0 (the source) to 1 (the look).
            keep_colors: take the look's light and texture, and the source's colours.
            threads: CPU threads for the network; None leaves it to the runner.
            memory_limit: most that this process may hold: "4GB", "1.5GiB" or bytes; None takes what the
                machine has available. Frames that need more are stylised in tiles, without a seam.

        Raises:
            UsageError: an unknown style, runner or device, or a value out of range.
            PackError: the pack is refused.
            EnvironmentMissingError: the runner or device is absent here.
        """
        look = Look(_checked_strength(strength), keep_colors)
        limit_bytes = checked_limit(memory_limit)
        pack = find_pack(style)
        inner = open_runner(pack, runner, device, threads=threads)
        return cls(pack.card, TiledRunner(inner, pack, plan_memory(limit_bytes)), look)

    def __call__(self, frame: np.ndarray) -> np.ndarray:
        """One `(H, W, 3)` uint8 RGB picture in the look, by itself: the same shape and type.

        Raises:
            UsageError: it is no such array.
        """
        return Painter(self.runner, self.look).still(_checked_frame(frame))

    def clip(self, frames: Iterable[np.ndarray], *, stabilize: float = 0.0) -> Iterator[np.ndarray]:
        """Contiguous frames of a video in the look, one at a time: strokes travel with what they lie on.

        Args:
            frames: `(H, W, 3)` uint8 RGB each, in the video's order; never more than one is held.
            stabilize: how much the look leans on the frame before, 0 to 1; see `stylize`.

        Raises:
            UsageError: a frame is no such array, or `stabilize` out of range.
        """
        _check_stabilize(stabilize)
        stabilizer = Stabilizer(stabilize) if stabilize else None
        self.runner.hold_beside(Beside(painting_bytes=PAINTING + ANCHORS + STABILIZER * bool(stabilize)))
        return _painted(Painter(self.runner, self.look, stabilizer), frames)

    @property
    def at_work(self) -> str:
        """What executes the network, for people: "openvino on cpu, bf16"."""
        return f"{self.runner.name} on {self.runner.device}, {self.runner.precision}"


def stylize(
    input: str | Path,
    output: str | Path,
    *,
    style: str | Path,
    strength: float = 1.0,
    keep_colors: bool = False,
    stabilize: float = 0.0,
    max_side: int | None = None,
    codec: str | None = None,
    quality: int | None = None,
    start: str | float | None = None,
    end: str | float | None = None,
    fps: str | float | Fraction | None = None,
    runner: str = "auto",
    device: str = "auto",
    threads: int | None = None,
    memory_limit: str | int | None = None,
    overwrite: bool = False,
    resume: bool = False,
    on_progress: OnProgress | None = None,
) -> StylizeSummary:
    """Lay a look over a video, with its sound, its times and its colour tags kept.

    Args:
        input: a video, a GIF, a picture, or a folder or pattern of pictures.
        output: its ending chooses the container; a folder takes pictures.
        style: name of a pack, or the folder of one.
        strength: 0 is the source exactly, 1 the look; monotone between.
        keep_colors: take the look's light and texture, and the source's colours.
        stabilize: how much the look leans on the frame before, along the source's motion, so that it flickers
            less: 0 not at all and at no cost, 1 as much as leaves no ghosts.
        max_side: shrink so that the longer side is at most this, in pixels.
        codec: "h264", "hevc", "av1", "vp9", "prores", "ffv1", "gif" or "png"; None takes the container's own.
        quality: 0 (smallest) to 100 (best); None takes a good one.
        start: where to begin: seconds, or "HH:MM:SS.mmm".
        end: where to stop, in the same way.
        fps: frames per second of a folder or pattern of pictures.
        runner: "auto", "openvino", "onnxruntime" or "torch".
        device: "auto", "cpu", "cuda" or "mps".
        threads: CPU threads for the network; None leaves it to the runner.
        memory_limit: most that this process may hold: "4GB", "1.5GiB" or bytes; None takes what the machine
            has available. Frames that need more are stylised in tiles, without a seam.
        overwrite: replace an output that exists, and what an interrupted run left of it.
        resume: go on where an interrupted run of the same job stopped; begin where there was none.
        on_progress: called after each frame.

    Returns:
        What was done, with every notice.

    Raises:
        UsageError: an option that cannot be right.
        InputError: the input or output cannot be used; nothing is left under the output's name.
        ResumeError: what an interrupted run left is of another job, or damaged.
        RunnerFailedError: the network broke off; what was finished of a long job is kept.
        EnvironmentMissingError: a runner, device or codec is absent.
        MemoryShortError: memory ran out, also with the smallest tiles.
        RefusedError: a pack or an input is refused.
    """
    options = dict(locals())
    start_seconds, end_seconds = _checked_times(start, end)
    rate = _checked_rate(fps)
    _check_size(max_side)
    _checked_strength(strength)
    _check_stabilize(stabilize)
    limit_bytes, own = checked_limit(memory_limit), OwnMemory()
    with (
        output_lock(output),
        FrameReader(
            input, start_seconds=start_seconds, end_seconds=end_seconds, max_side=max_side, fps=rate
        ) as reader,
    ):
        if rate is not None and reader.info.kind != "images":
            raise UsageError(f"fps is for a folder or pattern of pictures; {input} keeps its own times.")
        job = LongJob(output, options, resume=resume, overwrite=overwrite)
        overwrite = overwrite or job.is_published
        plan = plan_output(output, reader.info, codec=codec, quality=quality, overwrite=overwrite)
        job.check_wanted()
        with own.grows():
            stylizer = Stylizer.load(
                style,
                device=device,
                runner=runner,
                strength=strength,
                keep_colors=keep_colors,
                threads=threads,
            )
        notices = list(_pack_notices(stylizer.card))
        alone = is_unconnected(reader.info, rate)
        if stabilize and alone:
            notices.append(NOTHING_TO_STABILIZE)
            stabilize = 0.0
        job.compare(reader.info, plan, stylizer.card, stylizer.at_work)
        reader.skip(job.frames_done, concealed=job.concealed_done)
        total = _expected_frames(reader.info, start_seconds, end_seconds)
        if job.frames_done and on_progress is not None:
            on_progress(Progress(job.frames_done, total, note="finding the place in the source"))
        frames = iter(reader)
        first = next(frames, None)
        if first is None and not job.is_whole:
            raise VideoOpenError(
                f"{input} has no frame in the stretch that was asked for: check --start and --end."
            )
        began = time.monotonic()
        width, height = _size_of(first, reader)
        network = stylizer.runner
        memory = prepare_memory(
            network,
            reader.info,
            plan,
            (height, width),
            stabilize=stabilize > 0,
            limit_bytes=limit_bytes,
            own=own,
        )
        width, height = job.begin(plan, (width, height), total)
        with (
            job.explaining(),
            memory_told(height, width),
            FrameWriter(
                output,
                info=reader.info,
                source_path=reader.info.path if reader.info.kind == "video" else None,
                size=(width, height),
                codec=codec,
                quality=quality,
                start_seconds=start_seconds,
                end_seconds=end_seconds,
                overwrite=overwrite,
                metadata=_provenance(stylizer.card),
                parts=job.parts,
            ) as writer,
        ):
            painter = Painter(stylizer.runner, stylizer.look, Stabilizer(stabilize) if stabilize else None)
            _run(
                itertools.chain([] if first is None else [first], frames),
                picture_stage(painter)
                if alone
                else network_stage(painter, start=job.state(), before_each=job.keep),
                writer,
                Meter(total, note=stylizer.at_work, done=job.frames_done),
                on_progress,
                queue_frames=memory.queue_frames,
            )
            written = writer.finish()
        elapsed = time.monotonic() - began
        notices += [*job.notices, *reader.notices, *network.notices, *written.notices]
        summary = _summary(input, output, stylizer, reader, written, (width, height), elapsed, notices)
        pace = round((written.frames - job.frames_done) / elapsed, 2) if elapsed > 0 else 0.0
        return replace(
            summary,
            stabilize=float(stabilize),
            tile=network.tile_of(height, width),
            resumed_frames=job.frames_done,
            frames_per_second=pace,
        )


def _run(
    frames: Iterator[Frame],
    stage: Stage,
    writer: FrameWriter,
    meter: Meter,
    on_progress: OnProgress | None,
    *,
    queue_frames: int,
) -> None:
    def tell(_: Frame) -> None:
        progress: Progress = meter.advance()
        if on_progress is not None:
            on_progress(progress)

    run_engine(frames, [stage], writer.write, on_frame=tell, queue_frames=queue_frames)


def _size_of(first: Frame | None, reader: FrameReader) -> tuple[int, int]:
    """Of the first frame that comes, `(width, height)`."""
    return reader.size if first is None else (first.pixels.shape[1], first.pixels.shape[0])


def _painted(painter: Painter, frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    state = PainterState()
    for frame in frames:
        result, state = painter.next(_checked_frame(frame), state)
        yield result


def _summary(
    input: str | Path,
    output: str | Path,
    stylizer: Stylizer,
    reader: FrameReader,
    written: WriteSummary,
    size: tuple[int, int],
    elapsed: float,
    notices: list[str],
) -> StylizeSummary:
    return StylizeSummary(
        input=str(input),
        output=str(output),
        style=stylizer.card.name,
        license=stylizer.card.license,
        frames=written.frames,
        width=size[0],
        height=size[1],
        duration_seconds=float(written.duration_seconds),
        codec=written.codec,
        container=written.container,
        size_bytes=written.bytes,
        runner=stylizer.runner.name,
        device=stylizer.runner.device,
        precision=stylizer.runner.precision,
        concealed_frames=reader.concealed_count,
        is_truncated=reader.truncated,
        elapsed_seconds=round(elapsed, 3),
        notices=tuple(dict.fromkeys(notices)),
    )


def _pack_notices(card: Card) -> Iterator[str]:
    if card.license_is_unknown:
        yield (
            f"The licence of the pictures behind the style '{card.name}' is unknown: find out before you "
            "publish what it makes."
        )


def _provenance(card: Card) -> dict[str, str]:
    """What the output's metadata says of how it was made."""
    by = f", by {card.author}" if card.author else ""
    credit = f" Credit: {card.credit}." if card.credit else ""
    license = UNKNOWN_LICENSE if card.license_is_unknown else card.license
    return {
        "comment": f"Stylised with Stylereel, style '{card.name}' version {card.version}{by}; licence of the "
        f"style pictures: {license}.{credit}"
    }


def _expected_frames(info: SourceInfo, start: float | None, end: float | None) -> int | None:
    total = info.frame_count_estimate
    if (start is None and end is None) or info.duration_seconds is None:
        return total
    last = info.duration_seconds if end is None else min(end, info.duration_seconds)
    stretch = max(1, round((last - (start or 0)) * float(info.frame_rate)))
    return stretch if total is None else min(total, stretch)


def _checked_frame(frame: np.ndarray) -> np.ndarray:
    is_array = isinstance(frame, np.ndarray)
    if not is_array or frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
        got = f"{frame.dtype} {frame.shape}" if is_array else type(frame).__name__
        raise UsageError(f"A frame is a numpy array of uint8 and shape (H, W, 3), RGB; got {got}.")
    if not frame.size:
        raise UsageError(f"A frame needs pixels; got shape {frame.shape}.")
    return frame


def _checked_strength(strength: float) -> float:
    if isinstance(strength, bool) or not (math.isfinite(strength) and 0 <= strength <= 1):
        raise UsageError(f"strength is {strength}: it goes from 0 (the source) to 1 (the look).")
    return float(strength)


def _check_stabilize(stabilize: float) -> None:
    if isinstance(stabilize, bool) or not (math.isfinite(stabilize) and 0 <= stabilize <= 1):
        raise UsageError(
            f"stabilize is {stabilize}: it goes from 0 (off) to 1 (as much as leaves no ghosts); try 0.7."
        )


def is_unconnected(info: SourceInfo, rate: Fraction | None) -> bool:
    """True for a picture, and for pictures that nobody said are the frames of a film."""
    return info.kind == "image" or (info.kind == "images" and rate is None)


def _checked_times(start: str | float | None, end: str | float | None) -> tuple[float | None, float | None]:
    start_seconds, end_seconds = parse_seconds(start, "start"), parse_seconds(end, "end")
    if end_seconds is not None and (start_seconds or 0) >= end_seconds:
        raise UsageError(f"start ({start or 0}) is at or after end ({end}): nothing would be left.")
    return start_seconds, end_seconds


def _checked_rate(fps: str | float | Fraction | None) -> Fraction | None:
    if fps is None:
        return None
    try:
        rate = Fraction(str(fps)).limit_denominator(1_000_000)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 0 < rate <= 1000:
        raise UsageError(
            f"fps is {fps}: write frames per second from above 0 to 1000, such as 25 or 30000/1001."
        )
    return rate


def _check_size(max_side: int | None) -> None:
    if max_side is not None and not SMALLEST_SIDE <= max_side <= LARGEST_SIDE:
        raise UsageError(f"max-side is {max_side}: pixels from {SMALLEST_SIDE} to {LARGEST_SIDE}.")
