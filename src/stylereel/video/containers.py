"""The containers that can be written: which codecs they hold, how their clock ticks, what they copy."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from stylereel.core.errors import UsageError
from stylereel.video.codecs import CODECS, VideoCodec

PCM_IN_MP4 = frozenset(
    {"pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be", "pcm_f32le"}
)


@dataclass(frozen=True)
class Container:
    """One kind of output file.

    Attributes:
        name: for people.
        endings: of file names, the usual one first.
        muxer: FFmpeg's name.
        codecs: names in `CODECS`, the default first.
        tick: seconds per tick of its clock, or None where the clock can be that of the source.
        holds_variable_rate: frames may lie at any tick.
        audio_copied: audio codecs copied as they are; None means whatever the muxer accepts.
        audio_encoder: used for the others; None where there is no sound.
        subtitles_copied: subtitle codecs copied as they are.
        subtitle_encoder: used for other text subtitles; None where there are none.
        has_chapters: chapters can be written.
        has_attachments: fonts and other files can be attached.
        carries_color: colour tags are stored by the container.
    """

    name: str
    endings: tuple[str, ...]
    muxer: str
    codecs: tuple[str, ...]
    tick: Fraction | None
    holds_variable_rate: bool = True
    audio_copied: frozenset[str] | None = frozenset()
    audio_encoder: str | None = None
    subtitles_copied: frozenset[str] = frozenset()
    subtitle_encoder: str | None = None
    has_chapters: bool = False
    has_attachments: bool = False
    carries_color: bool = True


CONTAINERS: tuple[Container, ...] = (
    Container(
        "MP4",
        (".mp4", ".m4v"),
        "mp4",
        ("h264", "hevc", "av1", "vp9"),
        None,
        audio_copied=PCM_IN_MP4
        | {"aac", "mp3", "mp2", "ac3", "eac3", "dts", "truehd", "alac", "flac", "opus"},
        audio_encoder="aac",
        subtitles_copied=frozenset({"mov_text", "dvd_subtitle"}),
        subtitle_encoder="mov_text",
        has_chapters=True,
    ),
    Container(
        "QuickTime",
        (".mov",),
        "mov",
        ("h264", "hevc", "prores", "png"),
        None,
        audio_copied=None,
        audio_encoder="aac",
        subtitles_copied=frozenset({"mov_text"}),
        subtitle_encoder="mov_text",
        has_chapters=True,
    ),
    Container(
        "Matroska",
        (".mkv",),
        "matroska",
        ("h264", "hevc", "av1", "vp9", "prores", "ffv1"),
        Fraction(1, 1000),
        audio_copied=None,
        audio_encoder="flac",
        subtitles_copied=frozenset(
            {"subrip", "ass", "ssa", "webvtt", "text", "dvd_subtitle", "dvb_subtitle", "hdmv_pgs_subtitle"}
        ),
        subtitle_encoder="srt",
        has_chapters=True,
        has_attachments=True,
    ),
    Container(
        "WebM",
        (".webm",),
        "webm",
        ("vp9", "av1"),
        Fraction(1, 1000),
        audio_copied=frozenset({"opus", "vorbis"}),
        audio_encoder="libopus",
        subtitles_copied=frozenset({"webvtt"}),
        subtitle_encoder="webvtt",
        has_chapters=True,
    ),
    Container("GIF", (".gif",), "gif", ("gif",), Fraction(1, 100), carries_color=False),
    Container(
        "AVI",
        (".avi",),
        "avi",
        ("h264", "ffv1", "png"),
        None,
        holds_variable_rate=False,
        audio_copied=frozenset(
            {"mp3", "mp2", "ac3", "pcm_s16le", "pcm_s24le", "pcm_u8", "pcm_mulaw", "pcm_alaw"}
        ),
        audio_encoder="libmp3lame",
        carries_color=False,
    ),
)

IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".exr")


def container_of(path: Path) -> Container:
    """The container that a file name's ending asks for; `UsageError` listing all of them otherwise."""
    ending = path.suffix.lower()
    for container in CONTAINERS:
        if ending in container.endings:
            return container
    known = [ending for container in CONTAINERS for ending in container.endings]
    close = difflib.get_close_matches(ending, known, 1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    raise UsageError(
        f"output {path.name}: the ending {ending or '(none)'} is no container that can be written{hint}; "
        f"expected one of {', '.join(known)}, or {', '.join(IMAGE_ENDINGS)} for a picture"
    )


def codec_for(container: Container, name: str | None) -> VideoCodec:
    """The codec to use: the container's default, or the one asked for if the container can hold it.

    Raises:
        UsageError: no such codec, or the container cannot hold it; names the containers that can.
    """
    if name is None:
        return CODECS[container.codecs[0]]
    if name not in CODECS:
        close = difflib.get_close_matches(name, CODECS, 1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise UsageError(f"codec {name!r} is not known; expected one of {', '.join(CODECS)}.{hint}")
    if name not in container.codecs:
        raise UsageError(
            f"{container.name} ({container.endings[0]}) cannot hold the codec {name}; it holds "
            f"{', '.join(container.codecs)}. For {name}, let the output end in {homes_of(name)}"
        )
    return CODECS[name]


def homes_of(codec_name: str) -> str:
    """Endings of the containers that hold a codec, as a phrase."""
    endings = [container.endings[0] for container in CONTAINERS if codec_name in container.codecs]
    if codec_name == "png":
        endings += [".png", "/ (a folder of pictures)"]
    return " or ".join(endings)
