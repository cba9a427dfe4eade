"""Turn a video, a picture or a folder of pictures into a look."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from stylereel.actions.chosen_style import chosen_style, license_notices, told_in_metadata
from stylereel.actions.content_frames import Content
from stylereel.actions.loaded_style import LoadedStyle
from stylereel.actions.long_job import LongJob
from stylereel.actions.masking import Masking
from stylereel.actions.option_checks import check_size, checked_rate, checked_times
from stylereel.actions.pipes import pipe_in, pipe_out
from stylereel.actions.presets import preset_of
from stylereel.actions.run_memory import OwnMemory, checked_limit, prepare_memory, reading_room
from stylereel.actions.runner_choice import choose_runner
from stylereel.actions.shaping import (
    Shaping,
    caption_notices,
    check_preset_output,
    expected_frames,
    rate_to_bring_to,
)
from stylereel.actions.stylizer import Stylizer, check_stabilize, checked_scale, checked_strength
from stylereel.actions.timeline import Stretch, keyed_style, style_named
from stylereel.actions.timeline_file import read_timeline
from stylereel.core.errors import VideoOpenError
from stylereel.core.frames import Frame, Stage
from stylereel.core.patience import STALL_SECONDS, Patience
from stylereel.core.progress import Meter, OnProgress, Progress
from stylereel.inference.engine import run_engine
from stylereel.inference.enlarging import reduced_size
from stylereel.inference.network_stage import network_stage, picture_stage
from stylereel.inference.painter import Painter
from stylereel.inference.tiled_runner import memory_told
from stylereel.packs.store import Pack
from stylereel.temporal.stabilizer import Stabilizer
from stylereel.video.delivery import Delivery
from stylereel.video.framing import Crop
from stylereel.video.info import SourceInfo
from stylereel.video.output_lock import output_lock
from stylereel.video.picture import Wanted
from stylereel.video.pipe_input import is_pipe
from stylereel.video.plan import plan_output
from stylereel.video.reader import FrameReader
from stylereel.video.writer import FrameWriter, WriteSummary

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
        style: what the look is called: the pack's name, of a pack of many looks `atelier:vangogh`.
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
        bit_depth: of what was written.
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
    bit_depth: int = 8
    is_truncated: bool = False
    resumed_frames: int = 0
    elapsed_seconds: float = 0.0
    frames_per_second: float = 0.0
    notices: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def stylize(
    input: str | Path,
    output: str | Path,
    *,
    style: str | Path | Pack | LoadedStyle | None = None,
    reference: str | Path | Sequence[str | Path] | None = None,
    variation: int | None = None,
    adapt_seconds: float | None = None,
    timeline: str | Path | Mapping[str, Any] | None = None,
    strength: float = 1.0,
    keep_colors: bool = False,
    scale: float = 1.0,
    stabilize: float | None = None,
    protect_text: bool | None = None,
    mask: str | Path | None = None,
    mask_invert: bool = False,
    mask_feather_px: float | None = None,
    outside: str | Path | None = None,
    preset: str | None = None,
    fit: str | None = None,
    crop: str | None = None,
    max_side: int | None = None,
    codec: str | None = None,
    quality: int | None = None,
    bit_depth: int | None = None,
    start: str | float | None = None,
    end: str | float | None = None,
    fps: str | float | Fraction | None = None,
    input_format: str | None = None,
    size: str | tuple[int, int] | None = None,
    pixel_format: str | None = None,
    output_format: str | None = None,
    output_pixel_format: str | None = None,
    runner: str = "auto",
    device: str = "auto",
    threads: int | None = None,
    precision: str = "auto",
    memory_limit: str | int | None = None,
    overwrite: bool = False,
    resume: bool = False,
    on_progress: OnProgress | None = None,
) -> StylizeSummary:
    """Lay a look over a video, with its sound, its times and its colour tags kept.

    Args:
        input: a video, a GIF, a picture, a folder or pattern of pictures, or "-" for stdin.
        output: its ending chooses the container; a folder takes pictures; "-" is stdout.
        style: name of a pack, the folder of one, or one that is loaded, whose runner, device and threads
            it keeps. None for the one that the timeline names, and with a reference for the shipped pack of
            many looks.
        reference: a picture, a video or a folder whose look is taken, or several, averaged; `style` is then
            a pack of many looks.
        variation: seed of a variation of the look, for packs of many looks.
        adapt_seconds: fit the look to the reference first, on frames of the input, for so long; needs torch.
        timeline: how the look changes over time: a TOML file, or what it would hold (docs/stylize.md).
        strength: 0 is the source exactly, 1 the look; monotone between.
        keep_colors: take the look's light and texture, and the source's colours.
        scale: of the frame that the network sees, 0.25 to 1; at 0.5 it does a quarter of the work, and
            strokes are twice as large. Fine edges come from the source; the output keeps its size.
        stabilize: how much the look leans on the frame before, along the source's motion, so that it flickers
            less: 0 not at all and at no cost, 1 as much as leaves no ghosts. None for 0, or the preset's.
        protect_text: let the source's luma through where there is text. None for no, or the preset's.
        mask: a video, a picture, or a folder or pattern of pictures: white is where the look is laid, the
            source shows elsewhere. It is stretched over the source; see `video.mask.Mask` for times.
        mask_invert: black is where the look is laid.
        mask_feather_px: how far the mask's edges are softened to each side, in the output's pixels; None
            takes 1 % of the shorter side.
        outside: another style in place of the source where the mask is black.
        preset: a name in `actions.presets.PRESETS`; what is said beside it wins.
        fit: how a picture of another aspect comes to the preset's size: "crop" or "pad".
        crop: the part that is kept: "640x480" (centred), "640x480+X+Y" or an aspect such as "9:16".
        max_side: shrink so that the longer side is at most this, in pixels.
        codec: "h264", "hevc", "av1", "vp9", "prores", "ffv1", "gif" or "png"; None takes the container's own.
        quality: 0 (smallest) to 100 (best); None takes a good one.
        bit_depth: of the output, and of the colours on the way to it: 8, 10 or 16; None for 8.
        start: where to begin: seconds, or "HH:MM:SS.mmm".
        end: where to stop, in the same way.
        fps: frames per second: the pace of pictures and of raw frames; a video is brought to it.
        input_format: of stdin: "y4m" or "raw"; None for y4m, or raw where a size is given.
        size: "WIDTHxHEIGHT" of raw frames on stdin.
        pixel_format: of raw frames on stdin, as FFmpeg names it.
        output_format: of stdout, likewise.
        output_pixel_format: of raw frames on stdout; None for "rgb24".
        runner: "auto", "openvino", "onnxruntime" or "torch".
        device: "auto", "cpu", "cuda" or "mps".
        threads: CPU threads for the network; None leaves it to the runner.
        precision: "auto", "fp32", "bf16" or "int8": how exactly the network computes.
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
    written = read_timeline(timeline)
    style = style if written is None and reference is not None else style_named(style, written)
    options = dict(locals()) | {"timeline": written}
    del options["written"]
    start_seconds, end_seconds = checked_times(start, end)
    rate = checked_rate(fps)
    check_size(max_side)
    checked_strength(strength)
    checked_scale(scale)
    chosen = preset_of(preset)
    check_preset_output(chosen, output)
    stabilize = chosen.stabilize if stabilize is None else stabilize
    codec = chosen.codec if codec is None else codec
    quality = chosen.quality if quality is None and not is_pipe(output) else quality
    check_stabilize(stabilize)
    limit_bytes, own = checked_limit(memory_limit), OwnMemory()
    part = Crop.parsed(crop)
    reshapes = part is not None or chosen.size is not None
    guards_text = chosen.protect_text if protect_text is None else protect_text
    masking = Masking(mask, invert=mask_invert, feather_px=mask_feather_px, outside=outside, output=output)
    incoming = pipe_in(input, input_format, size, pixel_format, rate)
    outgoing = pipe_out(output, output_format, output_pixel_format)
    stall_seconds = None if incoming is not None else STALL_SECONDS  # whoever feeds a pipe may take its time
    patience = Patience(stall_seconds)
    with (
        contextlib.nullcontext() if outgoing is not None else output_lock(output),
        patience.wait_for(
            lambda: FrameReader(
                input,
                start_seconds=start_seconds,
                end_seconds=end_seconds,
                max_side=None if reshapes else max_side,
                fps=rate,
                pipe=incoming,
                on_packet=patience.sign_of_life,
                room=reading_room(limit_bytes),
            )
        ) as reader,
        masking.opened(reader, start_seconds, reading_room(limit_bytes)),
    ):
        shaping = Shaping.planned(
            reader.info,
            chosen,
            crop=part,
            fit=fit,
            max_side=max_side if reshapes else None,
            rate=rate_to_bring_to(reader.info, rate, incoming),
            to_pipe=outgoing is not None,
        )
        info = shaping.info
        piped = incoming is not None or outgoing is not None
        job = LongJob(output, options, resume=resume, overwrite=overwrite, keeps=not piped)
        overwrite = overwrite or job.is_published
        plan = plan_output(
            output,
            info,
            codec=codec,
            quality=quality,
            overwrite=overwrite,
            bit_depth=bit_depth,
            pipe=outgoing,
        )
        job.check_wanted()
        reader.wanted = Wanted(deep=plan.bit_depth > 8, alpha=plan.alpha)
        total = expected_frames(info, start_seconds, end_seconds)
        alone = is_unconnected(reader.info, rate)
        stretch = Stretch(reader.info, start_seconds, shaping.rate, rate, alone, incoming is None)
        keyed = keyed_style(style, written, stretch, strength=strength, keep_colors=keep_colors, scale=scale)
        with own.grows():
            inside = strength if written is None else 1.0  # a timeline's keys say their own
            pack = chosen_style(
                keyed.style,
                reference=reference,
                variation=variation,
                adapt_seconds=adapt_seconds,
                strength=inside,
                content=Content.of(options),
                begun_with=job.fitted_with,
                on_progress=on_progress,
            )
            choice = choose_runner(
                pack,
                runner,
                device,
                precision,
                threads,
                begun_with=job.begun_with,
                px_to_come=_pixels(info, total, scale),
            )
            stylizer = Stylizer.load(
                pack,
                device=choice.device,
                runner=choice.runner,
                strength=inside,
                keep_colors=keep_colors,
                scale=scale,
                threads=threads,
                precision=choice.precision,
            )
            masking.load_outside(stylizer, precision, threads)
        notices = [
            *choice.notices,
            *keyed.notices,
            *license_notices(stylizer.card, *masking.cards),
            *shaping.notices,
            *caption_notices(chosen, plan, info),
        ]
        if stabilize and alone:
            if chosen.stabilize != stabilize:
                notices.append(NOTHING_TO_STABILIZE)
            stabilize = 0.0
        job.compare(reader.info, plan, stylizer.card, stylizer.at_work, masking.identity, pack)
        before = job.state()
        to_skip = job.frames_to_skip(before, retimes=shaping.rate is not None)
        reader.skip(to_skip, concealed=job.concealed_done)
        if job.frames_done and on_progress is not None:
            on_progress(Progress(job.frames_done, total, note="finding the place in the source"))
        frames = shaping.frames(masking.over(reader, to_skip), start=before.place, tell=job.at_place)
        frames = masking.softened(frames)
        first = patience.wait_for(lambda: next(frames, None))
        if first is None and not job.is_whole:
            raise VideoOpenError(
                f"{input} has no frame in the stretch that was asked for: check --start and --end."
            )
        began = time.monotonic()
        width, height = reader.size if first is None else shaping.size(first)
        network = stylizer.runner
        memory = prepare_memory(
            network,
            reader.info,
            plan,
            (height, width),
            scale=scale,
            stabilize=stabilize > 0,
            limit_bytes=limit_bytes,
            own=own,
            many_at_once=not alone and incoming is None,
            mask=masking.info,
            outside=masking.runner,
        )
        width, height = job.begin(plan, (width, height), total)
        with (
            job.explaining(),
            memory_told(height, width),
            FrameWriter(
                output,
                info=info,
                source_path=reader.info.path if reader.info.kind == "video" and incoming is None else None,
                size=(width, height),
                codec=codec,
                quality=quality,
                start_seconds=start_seconds,
                end_seconds=end_seconds,
                overwrite=overwrite,
                metadata=told_in_metadata(stylizer.card, *masking.cards, name=stylizer.name),
                parts=job.parts,
                bit_depth=bit_depth,
                keep_alpha=plan.alpha,
                pipe=outgoing,
                delivery=Delivery() if chosen.for_upload else None,
            ) as writer,
        ):
            calm = Stabilizer(stabilize) if stabilize else None
            painter = Painter(stylizer.runner, stylizer.look, calm, keyed.look_of)
            stage = (
                picture_stage(painter)
                if alone
                else network_stage(
                    painter, start=before.painter, before_each=job.before_painting, lanes=network.lanes
                )
            )
            stage = masking.finished(
                stage,
                before,
                job.before_finishing,
                alone=alone,
                stabilize=stabilize,
                guards_text=guards_text,
                is_deep=plan.bit_depth > 8,
            )
            _run(
                job.marked(itertools.chain([] if first is None else [first], frames)),
                shaping.around(stage, keyed.begins_anew(job.begins_part)),
                writer,
                Meter(total, note=stylizer.at_work, done=job.frames_done),
                on_progress,
                queue_frames=memory.queue_frames,
                stall_seconds=stall_seconds,
            )
            written = writer.finish()
        elapsed = time.monotonic() - began
        notices += [*job.notices, *reader.notices, *masking.notices, *network.notices, *written.notices]
        summary = _summary(input, output, stylizer, reader, written, (width, height), elapsed, notices)
        pace = round((written.frames - job.frames_done) / elapsed, 2) if elapsed > 0 else 0.0
        return replace(
            summary,
            stabilize=float(stabilize),
            bit_depth=plan.bit_depth,
            tile=network.tile_of(*reduced_size(height, width, scale)),
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
    stall_seconds: float | None,
) -> None:
    def tell(_: Frame) -> None:
        progress: Progress = meter.advance()
        if on_progress is not None:
            on_progress(progress)

    run_engine(
        frames,
        [stage],
        writer.write,
        on_frame=tell,
        queue_frames=queue_frames,
        stall_seconds=stall_seconds,
    )


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
        style=stylizer.name,
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


def _pixels(info: SourceInfo, frames: int | None, scale: float) -> float | None:
    """That the network will see, or None where nobody knows how many."""
    return None if frames is None else frames * info.width * info.height * scale**2


def is_unconnected(info: SourceInfo, rate: Fraction | None) -> bool:
    """True for a picture, and for pictures that nobody said are the frames of a film."""
    return info.kind == "image" or (info.kind == "images" and rate is None)
