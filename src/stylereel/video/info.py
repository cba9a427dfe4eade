"""What is known about a source before its frames are read."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from stylereel.core.color import ColorTags

SourceKind = Literal["video", "image", "images"]


@dataclass(frozen=True)
class SourceInfo:
    """A source as its frames will come out of `FrameReader`.

    Attributes:
        path: what was opened; for kind "images" the folder or the pattern.
        kind: "video" (GIF included), "image" or "images".
        width: of upright frames, pixels, before `max_side`.
        height: of upright frames, pixels, before `max_side`.
        sample_aspect_ratio: of upright frames, width over height of a pixel; 1 where unknown.
        frame_rate: average, frames per second.
        time_base: seconds per tick of the frames' pts.
        frame_count_estimate: from the header, None where it does not say.
        duration_seconds: from the header, None where it does not say.
        is_variable_rate: False for constant, True for variable, None where the header leaves it open.
        color: tags of the source as stored, "unspecified" where it does not say.
        frame_color: what the frames' R'G'B' mean, with everything resolved: primaries and transfer are
            those of the pixels (BT.709 after tone mapping); matrix and range are those of the source,
            to encode back with.
        bit_depth: of the source, 8..16.
        has_alpha: the source has a transparency plane; frames are laid over `BACKDROP` unless the reader is
            told to keep it.
        codec: FFmpeg's name, for instance "h264", "gif", "png".
        container: FFmpeg's demuxer name.
        rotation: degrees counter-clockwise by which stored frames are turned to be upright:
            0, 90, 180 or 270. Already applied in frames, width, height and sample_aspect_ratio.
        audio_streams: how many.
        subtitle_streams: how many.
        notices: sentences for the user: tone mapping, guesses, streams left out.
        image_paths: for kind "images" and "image", the files in order.
        stream_index: the container's index of the video stream that is read.
        origin_seconds: the container's own start time. A cut's `start` and `end` count from here, as a
            player's clock does; frames keep the container's timestamps unless they are cut.
        pixel_format: of a video as stored, FFmpeg's name; "" for pictures.
        has_exact_rate: frames come at `frame_rate` exactly, whatever the file says of itself: a pipe, or
            frames that were brought to a rate.
    """

    path: Path
    kind: SourceKind
    width: int
    height: int
    sample_aspect_ratio: Fraction
    frame_rate: Fraction
    time_base: Fraction
    frame_count_estimate: int | None
    duration_seconds: float | None
    is_variable_rate: bool | None
    color: ColorTags
    frame_color: ColorTags
    bit_depth: int
    has_alpha: bool
    codec: str
    container: str
    rotation: int
    audio_streams: int
    subtitle_streams: int
    notices: tuple[str, ...] = ()
    image_paths: tuple[Path, ...] = ()
    stream_index: int = 0
    origin_seconds: Fraction = Fraction(0)
    pixel_format: str = ""
    has_exact_rate: bool = False
