"""What `--preset` stands for: sizes, codecs and options for places that people make videos for.

A preset is a row of `PRESETS`. Options that are given beside it win, apart from its size.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from stylereel.core.errors import UsageError
from stylereel.core.registry import unknown_name


@dataclass(frozen=True)
class Preset:
    """A purpose, and the options that serve it.

    Attributes:
        name: the value of `--preset`.
        purpose: for people.
        size: `(width, height)` of the output, pixels; None keeps the source's.
        fit: how another aspect comes to `size`.
        endings: of the files that it makes; empty for any.
        codec: for these files; None takes the container's own.
        quality: 0..100, None for the default.
        rates: the slowest and fastest constant frame rate that is kept; None keeps the source's times.
        usual_rate: what other and variable rates become.
        for_upload: closed groups of pictures, a keyframe at least every two seconds, sound as AAC.
        longest_seconds: what the platform takes at most; longer ones are told of, not cut.
        stabilize: see `stylize`.
        protect_text: see `stylize`.
        keeps_captions: an output that cannot hold the source's subtitles is refused.
    """

    name: str
    purpose: str
    size: tuple[int, int] | None = None
    fit: Literal["crop", "pad"] = "crop"
    endings: tuple[str, ...] = ()
    codec: str | None = None
    quality: int | None = None
    rates: tuple[int, int] | None = None
    usual_rate: Fraction = Fraction(30)
    for_upload: bool = False
    longest_seconds: int | None = None
    stabilize: float = 0.0
    protect_text: bool = False
    keeps_captions: bool = False

    @property
    def line(self) -> str:
        """What it does, in one line for `--help`."""
        parts = [self.purpose]
        if self.size is not None:
            shown = "cut to fill" if self.fit == "crop" else "all of the picture, between bars"
            parts.append(f"{self.size[0]}x{self.size[1]}, {shown}")
        if self.codec is not None:
            parts.append(f"{self.codec} and AAC in {' or '.join(self.endings)}")
        if self.rates is not None:
            parts.append(f"{self.rates[0]} to {self.rates[1]} fps, else {self.usual_rate}")
        if self.protect_text:
            parts.append("text legible")
        if self.keeps_captions:
            parts.append("captions kept")
        if self.stabilize:
            parts.append(f"stabilize {self.stabilize:g}")
        if self.quality is not None:
            parts.append(f"quality {self.quality}")
        return "; ".join(parts)


def _clip(
    name: str, purpose: str, size: tuple[int, int], fit: Literal["crop", "pad"], longest: int | None = None
) -> Preset:
    return Preset(
        name,
        purpose,
        size,
        fit,
        endings=(".mp4", ".mov"),
        codec="h264",
        rates=(23, 60),
        for_upload=True,
        longest_seconds=longest,
    )


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        _clip("vertical", "short clips held upright", (1080, 1920), "crop"),
        _clip("square", "square clips in a feed", (1080, 1080), "crop"),
        _clip("story", "stories of up to 60 seconds", (1080, 1920), "pad", 60),
        Preset(
            "lecture",
            "slides and screen recordings",
            quality=85,
            stabilize=0.5,
            protect_text=True,
            keeps_captions=True,
        ),
    )
}

NO_PRESET = Preset("", "")


def preset_of(name: str | None) -> Preset:
    """The preset of a name; one that changes nothing for None; `UsageError` for an unknown one."""
    if name is None:
        return NO_PRESET
    if name not in PRESETS:
        raise UsageError(unknown_name("preset", name, tuple(PRESETS)))
    return PRESETS[name]
