"""Which looks suit a video or a picture, ranked, with the reason in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stylereel.actions.moments import choose_moments
from stylereel.actions.several_looks import ALL, Laying, find_looks, lay_over
from stylereel.core.errors import PackError, UsageError
from stylereel.core.progress import OnProgress
from stylereel.metrics._suit import Contrast, Palette, Suit, Texture, suit

DARK, FLAT = 30.0, 40.0
"""Mean lightness and span of lightness, of 100, below which the source is called dark and low in contrast."""


@dataclass(frozen=True)
class Part:
    """One part of a suggestion.

    Attributes:
        score: 0 to 1.
        reason: a sentence made of what was measured.
        measured: the figures behind it; what they are stands in `metrics/_suit.py`.
    """

    score: float
    reason: str
    measured: dict[str, Any]


@dataclass(frozen=True)
class StyleSuggestion:
    """One look, and how well it suits.

    Attributes:
        rank: from 1.
        style: as `--style` takes it.
        score: 0 to 1, the geometric mean of the parts.
        palette: whether the source's colours stay near what they are.
        texture: whether its shapes and fine texture survive.
        contrast: whether light and shade stay legible.
        change: 0 to 1, how much of the picture the look changes; not part of the score.
    """

    rank: int
    style: str
    score: float
    palette: Part
    texture: Part
    contrast: Part
    change: float

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        parts = {name: vars(getattr(self, name)) for name in ("palette", "texture", "contrast")}
        return {"rank": self.rank, "style": self.style, "score": self.score, "change": self.change, **parts}


@dataclass(frozen=True)
class StyleSuggestions:
    """What `suggest_styles` found.

    Attributes:
        source: what was looked at.
        times: of the frames that were looked at, seconds.
        looked_at: how many looks were tried.
        suggestions: the best first.
        notices: sentences for the user.
    """

    source: str
    times: tuple[float, ...]
    looked_at: int
    suggestions: tuple[StyleSuggestion, ...]
    notices: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "source": self.source,
            "times": list(self.times),
            "looked_at": self.looked_at,
            "suggestions": [each.as_dict() for each in self.suggestions],
            "notices": list(self.notices),
        }


def suggest_styles(
    source: str | Path,
    styles: str | Path | Sequence[str | Path] = ALL,
    *,
    count: int = 3,
    at: Sequence[str | float] | str | float = (),
    frames: int = 3,
    runner: str = "auto",
    device: str = "auto",
    on_progress: OnProgress | None = None,
) -> StyleSuggestions:
    """Lay every look over a few reduced frames, measure how well it suits them, and rank.

    Args:
        source: a video, a picture, or a folder of pictures.
        styles: which looks are tried; as `preview_styles` takes them.
        count: how many are suggested, the best first.
        at: times of the frames, seconds or HH:MM:SS.mmm; else they are spread over the video.
        frames: how many, 1 to 12, unless `at` chooses them.
        runner: "auto", "openvino", "onnxruntime" or "torch".
        device: "auto", "cpu", "cuda" or "mps".
        on_progress: called after each look.

    Raises:
        UsageError: an unknown style or an option that cannot be right.
        InputError: the source cannot be read, or a time lies past its end.
        PackError: a style that was named is refused; of "all", it is left out with a notice.
    """
    if isinstance(count, bool) or count < 1:
        raise UsageError(f"count is {count}: at least 1.")
    looks, notices = find_looks(styles)
    moments = choose_moments(source, count=frames, at=at)
    found: dict[str, Suit] = {}
    for laid in lay_over(moments.frames, looks, Laying(runner=runner, device=device), on_progress):
        if laid.problem is None:
            found[laid.name] = suit(moments.frames, laid.frames)
        else:
            notices.append(f"the style '{laid.name}' is left out: {laid.problem}")
    if not found:
        raise PackError(f"No look could be tried. {' '.join(notices)}")
    what = "picture" if moments.is_picture else "clip"
    # Rounded before they are ranked, so that the order cannot depend on what no one is shown.
    ranked = sorted(found, key=lambda name: (-round(found[name].score, 3), name))
    return StyleSuggestions(
        str(source),
        tuple(round(moment.seconds, 3) for moment in moments.chosen),
        len(found),
        tuple(_suggestion(k + 1, name, found[name], what) for k, name in enumerate(ranked[:count])),
        (*moments.notices, *notices),
    )


def _suggestion(rank: int, name: str, found: Suit, what: str) -> StyleSuggestion:
    return StyleSuggestion(
        rank,
        name,
        round(found.score, 3),
        _part(found.palette, palette_reason(found.palette, what)),
        _part(found.texture, texture_reason(found.texture, what)),
        _part(found.contrast, contrast_reason(found.contrast, what)),
        round(found.change, 3),
    )


def _part(found: Palette | Texture | Contrast, reason: str) -> Part:
    figures = {
        name: round(value, 3) if isinstance(value, float) else value for name, value in vars(found).items()
    }
    return Part(figures.pop("score"), reason, figures)


def palette_reason(found: Palette, what: str) -> str:
    """What happens to the colours, in a sentence; `what` is "clip" or "picture"."""
    own, new = " and ".join(found.source_colors), " and ".join(found.look_colors)
    others = " and ".join(name for name in found.look_colors if name not in found.source_colors)
    apart = f"{found.distance:.0f} apart in CIELAB"
    if found.distance < 8:
        return f"its {new} are near the {what}'s own colours ({apart})"
    if not others:
        way = "paler" if found.look_chroma < found.source_chroma else "stronger"
        return f"the {what}'s {own} stay what they are and become {way} ({apart})"
    if found.distance < 18:
        return f"it moves the {what}'s {own} towards {others} ({apart})"
    return f"it turns the {what}'s {own} into {new} ({apart})"


def texture_reason(found: Texture, what: str) -> str:
    """What is left of shapes and fine texture, in a sentence."""
    if found.edges >= 0.7:
        shapes = f"the {what}'s shapes survive ({found.edges:.2f})"
    elif found.edges >= 0.5:
        shapes = f"most of the {what}'s shapes survive ({found.edges:.2f})"
    else:
        shapes = f"many of the {what}'s shapes are lost among its own lines ({found.edges:.2f})"
    if found.fine >= 0.7:
        return f"{shapes}, and fine texture stays where it was ({found.fine:.2f})"
    if found.fine >= 0.4:
        return f"{shapes}, and its strokes take the place of some fine texture ({found.fine:.2f} is left)"
    return f"{shapes}, and its strokes cover the fine texture ({found.fine:.2f} is left)"


def contrast_reason(found: Contrast, what: str) -> str:
    """What happens to light and shade, in a sentence: what matters most for this source."""
    if found.order < 0.6:
        return f"what is light and what is dark changes (they agree by {found.order:.2f})"
    light = f"lightness {found.source_lightness:.0f} becomes {found.look_lightness:.0f} of 100"
    span = f"a range of lightness of {found.source_span:.0f} becomes {found.look_span:.0f}"
    if found.source_lightness < DARK:
        lifts = found.look_lightness > found.source_lightness + 3
        return f"the {what} is dark: this look {'lifts it' if lifts else 'leaves it dark'} ({light})"
    if found.source_span < FLAT:
        opens = found.look_span > found.source_span + 3
        return f"the {what} is low in contrast: this look {'opens it' if opens else 'leaves it so'} ({span})"
    if found.small < 0.6:
        return f"small things such as faces keep only {found.small:.0%} of their contrast"
    if found.look_span < 0.7 * found.source_span:
        return f"it flattens light and shade ({span})"
    reach = "their reach" if found.look_span >= 0.9 * found.source_span else "most of their reach"
    return f"light and shade keep their order ({found.order:.2f}) and {reach} ({span})"
