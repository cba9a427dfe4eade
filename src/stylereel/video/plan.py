"""Decides what an output will be, and refuses what cannot be, before any work is done."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from stylereel.core.errors import OutputError, UsageError
from stylereel.video.codecs import CODECS, VideoCodec, check_bit_depth, check_quality
from stylereel.video.containers import IMAGE_ENDINGS, Container, codec_for, container_of
from stylereel.video.exr import ENDING as EXR_ENDING
from stylereel.video.image_writer import ALPHA_ENDINGS, DEEP_ENDINGS
from stylereel.video.info import SourceInfo
from stylereel.video.pipe_input import is_pipe
from stylereel.video.pipe_output import PipeFormat
from stylereel.video.safety import open_media
from stylereel.video.staging import check_output

OutputKind = Literal["video", "image", "images", "pipe"]

# The fastest that GIF players show: two ticks; a delay of one is shown as ten by most.
_FASTEST_GIF = 50

BIT_DEPTHS = (8, 10, 16)
PIPE_BIT_DEPTHS = (8, 10, 12, 16)


@dataclass(frozen=True)
class OutputPlan:
    """What will be written.

    Attributes:
        path: of the file or folder.
        kind: "video", "image", "images" (a folder) or "pipe".
        codec: what the frames are encoded with; None for pictures other than PNG.
        container: None for pictures.
        quality: 0..100.
        frame_rate: frames per second that a container of constant rate counts in.
        notices: sentences for the user.
        bit_depth: of the frames that are written.
        alpha: transparency can be written, and the source has some.
        pipe: what goes into a pipe; None for files.
    """

    path: Path
    kind: OutputKind
    codec: VideoCodec | None
    container: Container | None
    quality: int
    frame_rate: Fraction
    notices: tuple[str, ...] = ()
    bit_depth: int = 8
    alpha: bool = False
    pipe: PipeFormat | None = None


def plan_output(
    output: str | Path,
    info: SourceInfo,
    *,
    codec: str | None = None,
    quality: int | None = None,
    overwrite: bool = False,
    bit_depth: int | None = None,
    pipe: PipeFormat | None = None,
    makes_folder: bool = False,
) -> OutputPlan:
    """Check an output against its source and say what it will be. Nothing is written.

    A folder (a name without an ending, or one that exists) is filled with pictures; the ending of a file
    name chooses between a picture and the containers.

    Args:
        output: file or folder to write.
        info: of the source, from `probe`.
        codec: a name in `CODECS`, or None for the container's default.
        quality: 0..100, or None for the default.
        overwrite: an existing output may be replaced.
        bit_depth: 8, 10 or 16; None for 8, or what a raw layout in `pipe` says.
        pipe: what goes through stdout where `output` is "-"; None for y4m.
        makes_folder: the folder that the output goes into will be made where it is missing.

    Raises:
        UsageError: ending, codec, quality or combination that cannot be.
        OutputError: the output must not or cannot be written there.
    """
    path = Path(output)
    if is_pipe(output):
        return _plan_pipe(path, info, codec, quality, bit_depth, pipe or PipeFormat())
    bits = (16 if _is_exr(path, info) else 8) if bit_depth is None else bit_depth
    if bits not in BIT_DEPTHS:
        raise UsageError(f"bit-depth is {bits}: expected one of {', '.join(map(str, BIT_DEPTHS))}")
    own_quality = check_quality(quality)
    if codec is not None and codec not in CODECS:
        codec_for(container_of(Path("any.mkv")), codec)
    kind = _kind_of(path, info, str(output).endswith(("/", "\\")))
    _refuse_own_pictures(path, kind, info)
    source = None if is_pipe(info.path) else info.path
    check_output(path, source, overwrite=overwrite, is_folder=kind == "images", makes_folder=makes_folder)
    if kind != "video":
        return _plan_pictures(path, kind, info, codec, own_quality, bits)
    container = container_of(path)
    chosen = codec_for(container, codec)
    check_bit_depth(chosen, bits)
    alpha = info.has_alpha and container.muxer in chosen.alpha_muxers
    notices = []
    if quality is not None and not chosen.uses_quality:
        notices.append(f"--quality changes nothing here: {chosen.name} is lossless")
    rate = info.frame_rate
    if not container.holds_variable_rate:
        rate = _constant_rate(path, container, info)
    if container.muxer == "gif":
        notices += _gif_notices(info)
    return OutputPlan(path, "video", chosen, container, own_quality, rate, tuple(notices), bits, alpha)


def _is_exr(path: Path, info: SourceInfo) -> bool:
    """EXR pictures are made of more than 8 bits, so nobody has to ask for them."""
    into_folder = not path.suffix or path.is_dir()
    return path.suffix.lower() == EXR_ENDING or (into_folder and info.codec == EXR_ENDING.lstrip("."))


def _plan_pipe(
    path: Path,
    info: SourceInfo,
    codec: str | None,
    quality: int | None,
    bit_depth: int | None,
    pipe: PipeFormat,
) -> OutputPlan:
    if codec is not None or quality is not None:
        raise UsageError("codec and quality are for files: pictures go through a pipe as they are")
    if info.kind == "image":
        raise UsageError(f"{info.path.name} is a single picture: give a file name such as painted.png")
    bits = pipe.needs_bits if bit_depth is None else bit_depth
    bits = 8 if bits is None else bits
    if pipe.needs_bits not in (None, bits):
        raise UsageError(
            f"bit-depth is {bits}, and {pipe.layout} has {pipe.needs_bits}: leave one of them out"
        )
    if bits not in PIPE_BIT_DEPTHS:
        raise UsageError(f"bit-depth is {bits}: expected one of {', '.join(map(str, PIPE_BIT_DEPTHS))}")
    alpha = info.has_alpha and pipe.holds_alpha
    return OutputPlan(path, "pipe", None, None, 100, info.frame_rate, (), bits, alpha, pipe)


def _refuse_own_pictures(path: Path, kind: OutputKind, info: SourceInfo) -> None:
    """Raise where writing `path` would replace the pictures that are read, even when asked to overwrite."""
    target = path.resolve()
    for picture in info.image_paths:
        place = picture.resolve().parent if kind == "images" else picture.resolve()
        if place == target:
            raise OutputError(
                f"the output {path} holds the input pictures ({picture.name}), which would be lost. "
                "Choose another folder or name"
            )


def _kind_of(path: Path, info: SourceInfo, ends_in_separator: bool) -> OutputKind:
    if path.is_dir() or ends_in_separator or not path.suffix:
        if info.kind == "image" and not path.is_dir() and not ends_in_separator:
            raise UsageError(
                f"output {path}: a picture needs a file name that ends in one of {', '.join(IMAGE_ENDINGS)}"
            )
        return "images"
    return "image" if path.suffix.lower() in IMAGE_ENDINGS else "video"


def _plan_pictures(
    path: Path, kind: OutputKind, info: SourceInfo, codec: str | None, quality: int, bits: int
) -> OutputPlan:
    if kind == "image" and info.kind != "image":
        raise UsageError(
            f"output {path.name} is a single picture, but {info.path.name} has many frames. "
            f"Give a folder for pictures ({path.stem}/), or a video ending such as .mp4, .mkv or .gif"
        )
    if codec is not None and codec != "png":
        raise UsageError(
            f"pictures cannot hold the codec {codec}: leave --codec out, or choose png. "
            "For a video, let the output end in .mp4, .mkv, .webm, .mov, .avi or .gif"
        )
    if codec == "png" and kind == "image" and path.suffix.lower() != ".png":
        raise UsageError(f"output {path.name}: the codec png needs the ending .png")
    notices = []
    if kind == "images" and info.kind == "video":
        notices.append("pictures in a folder keep no times and no sound")
    chosen = CODECS["png"] if codec == "png" or path.suffix.lower() == ".png" else None
    if bits not in (8, 16) or (bits == 16 and kind == "image" and path.suffix.lower() not in DEEP_ENDINGS):
        raise UsageError(
            f"bit-depth {bits}: pictures hold 8 bits, and {', '.join(DEEP_ENDINGS)} hold 16 as well"
        )
    alpha = info.has_alpha and (kind == "images" or path.suffix.lower() in ALPHA_ENDINGS)
    return OutputPlan(path, kind, chosen, None, quality, info.frame_rate, tuple(notices), bits, alpha)


def _gif_notices(info: SourceInfo) -> list[str]:
    if info.frame_rate > 1 / Fraction(1, 100):
        raise UsageError(
            f"GIF shows at most 100 frames per second, the source has {float(info.frame_rate):g}. "
            "Let the output end in .mp4, .mkv or .webm"
        )
    if info.frame_rate > _FASTEST_GIF:
        return [
            f"GIF players slow down above {_FASTEST_GIF} frames per second, the source has "
            f"{float(info.frame_rate):g}: the file is right, but most will show it too slowly"
        ]
    return []


def _constant_rate(path: Path, container: Container, info: SourceInfo) -> Fraction:
    """Frames per second of a source whose frames are evenly spaced; `UsageError` where they are not."""
    rate: Fraction | None = info.frame_rate
    if info.has_exact_rate:
        return info.frame_rate
    if info.kind == "video" and not info.is_variable_rate and info.path.is_file():
        rate = measured_rate(info)
    if info.is_variable_rate or not rate:
        raise UsageError(
            f"{container.name} cannot hold a variable frame rate, which {info.path.name} has: frames would "
            f"come at wrong times. Let the output end in .mkv or .mp4 (for instance {path.stem}.mkv)"
        )
    return rate


def measured_rate(info: SourceInfo) -> Fraction | None:
    """Frames per second by the times in the file, read packet by packet; None where they are not even.

    Up to one tick of the source's clock either way counts as even (Matroska rounds to milliseconds). The
    usual rates (whole ones and those by 1000/1001) are recognised.
    """
    with open_media(info.path) as media:
        stream = media.streams[info.stream_index]
        tick = stream.time_base or info.time_base
        times = sorted(packet.pts for packet in media.demux(stream) if packet.pts is not None)
    if len(times) < 3:
        return info.frame_rate
    spacing = Fraction(times[-1] - times[0], len(times) - 1)
    if spacing <= 0 or any(
        abs(time - times[0] - index * spacing) > Fraction(3, 2) for index, time in enumerate(times)
    ):
        return None
    exact = 1 / (spacing * tick)
    slack = Fraction(3, 2) / (times[-1] - times[0])
    for usual in (Fraction(round(exact)), Fraction(round(exact * Fraction(1001, 1000)) * 1000, 1001)):
        if usual and abs(usual / exact - 1) <= slack:
            return usual
    return exact.limit_denominator(100_000)


def check_frame_time(seconds: Fraction, ticks: int, tick: Fraction, container: Container) -> None:
    """Refuse a frame whose time a constant-rate container cannot hold (the header did not say so)."""
    if not container.holds_variable_rate and abs(seconds - ticks * tick) > tick / 2:
        raise OutputError(
            f"{container.name} cannot hold the frame at {float(seconds):.3f} s: the source has a "
            "variable frame rate. Let the output end in .mkv or .mp4"
        )
