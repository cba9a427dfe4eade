"""What becomes of a source's times and sizes on the way to an output."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from stylereel.actions.presets import Preset
from stylereel.core.errors import UsageError
from stylereel.core.frames import Frame, FrameBatch, Stage
from stylereel.inference.repeats import once_each
from stylereel.video.framing import FITS, Crop, Fit, Framing
from stylereel.video.info import SourceInfo
from stylereel.video.pipe_input import PipeInput, is_pipe
from stylereel.video.plan import OutputPlan, measured_rate
from stylereel.video.retime import Place, at_rate, info_at_rate


@dataclass(frozen=True)
class Shaping:
    """Times and sizes of the frames that are stylised and written.

    Attributes:
        source: the description of what is read.
        info: the same as its frames are written.
        framing: crop, scale and padding; None where pictures stay as they are read.
        rate: frames per second that they are brought to; None where they keep their times.
        notices: sentences for the user.
    """

    source: SourceInfo
    info: SourceInfo
    framing: Framing | None
    rate: Fraction | None
    notices: tuple[str, ...] = ()

    @classmethod
    def planned(
        cls,
        info: SourceInfo,
        preset: Preset,
        *,
        crop: Crop | None,
        fit: str | None,
        max_side: int | None,
        rate: Fraction | None,
        to_pipe: bool,
    ) -> Shaping:
        """What the options make of a source.

        Args:
            info: of the source.
            preset: its size, fit and rates.
            crop: the part that is kept.
            fit: instead of the preset's.
            max_side: for a crop; None where the reader has seen to it.
            rate: frames per second that the user asked a video to be brought to.
            to_pipe: the output has no times, only a rate.

        Raises:
            UsageError: options that do not go together, or a crop that does not lie in the picture.
        """
        notices = []
        framing = None
        if preset.size is not None and max_side is not None:
            raise UsageError(
                f"max-side and the preset {preset.name} both say the size: leave one of them out."
            )
        if crop is not None or preset.size is not None:
            framing = Framing.planned(
                info, crop=crop, size=preset.size, fit=checked_fit(fit, preset), max_side=max_side
            )
        elif fit is not None:
            checked_fit(fit, preset)
        rate = rate or rate_of_preset(preset, info)
        if rate is None and to_pipe and info.kind == "video" and not info.has_exact_rate:
            rate = info.frame_rate
            if info.is_variable_rate is not False:
                notices.append(
                    f"a pipe has one frame rate: frames are brought to {float(rate):g} per second, the "
                    "source's average; --fps chooses another"
                )
        longest = preset.longest_seconds
        if longest is not None and (info.duration_seconds or 0) > longest:
            notices.append(
                f"{preset.name} takes up to {longest} seconds, and {info.path.name} has "
                f"{info.duration_seconds:.0f}: cut it with --start and --end"
            )
        shaped = info if framing is None else framing.info(info)
        shaped = shaped if rate is None else info_at_rate(shaped, rate)
        return cls(info, shaped, framing, rate if info.kind == "video" else None, tuple(notices))

    def frames(
        self,
        frames: Iterator[Frame],
        *,
        start: Place | None = None,
        tell: Callable[[Place], object] | None = None,
    ) -> Iterator[Frame]:
        """The frames that are stylised; `start` and `tell` as in `at_rate`, for where they are retimed."""
        if self.rate is not None:
            frames = at_rate(frames, self.rate, self.source.frame_rate, start=start, tell=tell)
        return frames if self.framing is None else self.framing.before(frames)

    def around(self, stage: Stage, begins_part: Callable[[Frame], bool]) -> Stage:
        """The stage with what comes after it, and spared what is shown again, but for where a part begins."""
        framing = self.framing
        if framing is None or not framing.pads:
            return stage if self.rate is None else once_each(stage, begins_part)

        def padded(batches: Iterator[FrameBatch]) -> Iterator[FrameBatch]:
            return framing.after(stage(batches))

        return padded if self.rate is None else once_each(padded, begins_part)

    def size(self, first: Frame) -> tuple[int, int]:
        """`(width, height)` of the output, whose first frame is `first` before it is stylised."""
        if self.framing is not None:
            return self.framing.canvas
        return first.pixels.shape[1], first.pixels.shape[0]


def check_preset_output(preset: Preset, output: str | Path) -> None:
    """`UsageError` where the preset makes other files."""
    if preset.endings and (is_pipe(output) or Path(output).suffix.lower() not in preset.endings):
        raise UsageError(
            f"preset {preset.name} makes {' or '.join(preset.endings)}: let the output end so, got {output}."
        )


def rate_of_preset(preset: Preset, info: SourceInfo) -> Fraction | None:
    """The constant rate that frames are brought to; None where they keep their times."""
    if preset.rates is None or info.kind != "video":
        return None
    rate: Fraction | None = info.frame_rate
    if not info.has_exact_rate:
        rate = None if info.is_variable_rate else measured_rate(info)
    is_taken = rate is not None and preset.rates[0] <= rate <= preset.rates[1]
    return rate if is_taken else preset.usual_rate


def checked_fit(fit: str | None, preset: Preset) -> Fit:
    """The way to fit; `UsageError` where there is none of that name, or nothing to fit into."""
    if fit is None:
        return preset.fit
    for known in FITS:
        if fit == known:
            if preset.size is None:
                raise UsageError("fit is for presets that have a size, such as --preset vertical.")
            return known
    raise UsageError(f"fit is {fit!r}: expected one of {', '.join(FITS)}.")


def rate_to_bring_to(info: SourceInfo, rate: Fraction | None, pipe: PipeInput | None) -> Fraction | None:
    """What the user's rate means for this source: pictures and raw frames have it as their own."""
    if rate is not None and info.kind == "image":
        raise UsageError(f"fps is for videos and for rows of pictures: {info.path} is one picture.")
    if info.kind == "images" or (pipe is not None and pipe.format == "raw"):
        return None
    return rate


def expected_frames(info: SourceInfo, start: float | None, end: float | None) -> int | None:
    """Frames between two times in seconds, as far as the header tells; None where it does not."""
    total = info.frame_count_estimate
    if (start is None and end is None) or info.duration_seconds is None:
        return total
    last = info.duration_seconds if end is None else min(end, info.duration_seconds)
    stretch = max(1, round((last - (start or 0)) * float(info.frame_rate)))
    return stretch if total is None else min(total, stretch)


def caption_notices(preset: Preset, plan: OutputPlan, info: SourceInfo) -> Iterator[str]:
    """For a preset that keeps captions: refuse a container that cannot, say it of what has no container."""
    if not (preset.keeps_captions and info.subtitle_streams):
        return
    if plan.container is None:
        yield f"{info.path.name} has captions, which only a video file can keep"
    elif plan.container.subtitle_encoder is None:
        raise UsageError(
            f"preset {preset.name} keeps captions, and {plan.container.name} cannot hold them: let the "
            "output end in .mp4, .mkv or .webm."
        )
