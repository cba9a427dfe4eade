"""How well a look suits given frames: three parts from 0 to 1, measured on frames before and after.

With A the source's frames and B the same in the look, at short side 360 or less, in CIELAB:

    palette  = max(0, 1 - d / 40), d = pi/2 * mean over 16 directions of the 1-Wasserstein distance of the
               colours a*, b* of all cells of A and B projected there. A pure shift by v gives d = |v|.
    texture  = (edges + fine) / 2. edges: the boundary F-measure of `edge_agreement`. fine: what the two
               finest Laplacian bands have in common, max(0, 2 sum(a b) / (sum(a a) + sum(b b))), their mean.
    contrast = order * (span + small + lit) / 3. order: correlation of the lightness of cells, 0 where it is
               negative. span = min(1, (P95 - P5 of L* of B) / 60). small = min(1, sB / sA), s the mean local
               standard deviation of L*. lit = min(1, mean L* of B / 35).

    suit     = (palette * texture * contrast) ** (1 / 3)

A cell is 8 px, so that single strokes have no say in colour and order; frames are averaged, colours pooled.
The distance of colours is Rabin et al.'s (2011) sliced one, with fixed directions, so that it repeats. A look
that changes nothing has 1, 1 and what its source has in contrast: this says what suits, not what is strong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from stylereel.metrics import _bands
from stylereel.metrics.content_ssim import ssim
from stylereel.metrics.edge_agreement import Metric as EdgeAgreement

CELL_PX = 8
FAR = 40.0
"""Distance of colours, in units of CIELAB, at which nothing of the palette is left."""
WHOLE_SPAN, BRIGHT_ENOUGH = 60.0, 35.0
GREY_CHROMA = 10.0
LEAST_SHARE = 0.12
"""Of the cells, from which a hue is named."""
_DIRECTIONS = 16
_FAINT_BAND, _FAINT_LIGHT = 0.002, 1.0
_HUES = (
    *((20.0, "pinks"), (50.0, "reds"), (80.0, "ochres"), (110.0, "yellows"), (170.0, "greens")),
    *((220.0, "teals"), (310.0, "blues"), (340.0, "violets"), (360.0, "pinks")),
)
"""Upper ends of the hue angles in CIELAB, degrees."""


@dataclass(frozen=True)
class Palette:
    """Colours before and after.

    Attributes:
        score: 0 to 1.
        distance: of the two sets of colours, units of CIELAB.
        source_colors: names of the source's hues, the most frequent first; greys where it has none.
        look_colors: the same after.
        source_chroma: mean, units of CIELAB.
        look_chroma: the same after.
    """

    score: float
    distance: float
    source_colors: tuple[str, ...]
    look_colors: tuple[str, ...]
    source_chroma: float
    look_chroma: float


@dataclass(frozen=True)
class Texture:
    """What is left of shapes and of fine texture.

    Attributes:
        score: 0 to 1.
        edges: boundary F-measure, 0 to 1.
        fine: 0 to 1, the share of fine texture that both have in common.
    """

    score: float
    edges: float
    fine: float


@dataclass(frozen=True)
class Contrast:
    """Light and shade before and after; lightness is L*, 0 to 100.

    Attributes:
        score: 0 to 1.
        order: correlation of broad lightness, -1 to 1; 1 is light where it was light.
        small: local contrast after over before, at most 1.
        source_span: P95 - P5 of the lightness.
        look_span: the same after.
        source_lightness: mean.
        look_lightness: the same after.
    """

    score: float
    order: float
    small: float
    source_span: float
    look_span: float
    source_lightness: float
    look_lightness: float


@dataclass(frozen=True)
class Suit:
    """The three parts, and what they come to.

    Attributes:
        score: geometric mean of the parts, 0 to 1: what fails in one is not saved by the others.
        change: 1 - SSIM of the luma: how much of the picture the look changes; not part of the score.
    """

    score: float
    palette: Palette
    texture: Texture
    contrast: Contrast
    change: float


def suit(sources: Sequence[np.ndarray], stylized: Sequence[np.ndarray]) -> Suit:
    """How well a look suits these frames.

    Args:
        sources: `(H, W, 3)` uint8 RGB each, at least one.
        stylized: the same frames in the look, of the same sizes.
    """
    palette = palette_kept(sources, stylized)
    texture = texture_kept(sources, stylized)
    contrast = contrast_kept(sources, stylized)
    whole = float(np.cbrt(palette.score * texture.score * contrast.score))
    kept = [ssim(_bands.grey(a), _bands.grey(b)) for a, b in zip(sources, stylized, strict=True)]
    return Suit(whole, palette, texture, contrast, 1.0 - float(np.mean(kept)))


def palette_kept(sources: Sequence[np.ndarray], stylized: Sequence[np.ndarray]) -> Palette:
    """How near the colours after are to those before; arguments as of `suit`."""
    before, after = (
        np.concatenate([_cells(_lab(frame)).reshape(-1, 3)[:, 1:] for frame in frames])
        for frames in (sources, stylized)
    )
    angles = np.arange(_DIRECTIONS) * np.pi / _DIRECTIONS
    axes = np.stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    apart = np.abs(np.sort(before @ axes, axis=0) - np.sort(after @ axes, axis=0)).mean()
    distance = float(np.pi / 2 * apart)
    chroma = [float(np.hypot(*colors.T).mean()) for colors in (before, after)]
    return Palette(max(0.0, 1 - distance / FAR), distance, _hues(before), _hues(after), *chroma)


def texture_kept(sources: Sequence[np.ndarray], stylized: Sequence[np.ndarray]) -> Texture:
    """How much of the edges and of the fine texture is left; arguments as of `suit`."""
    judge = EdgeAgreement()
    fine = []
    for before, after in zip(sources, stylized, strict=True):
        judge.update(before, after)
        pairs = zip(_fine_bands(before), _fine_bands(after), strict=True)
        fine.append(np.mean([_in_common(a, b) for a, b in pairs]))
    edges, kept = judge.result()["edge_agreement"], float(np.mean(fine))
    return Texture((edges + kept) / 2, edges, kept)


def contrast_kept(sources: Sequence[np.ndarray], stylized: Sequence[np.ndarray]) -> Contrast:
    """Whether light and shade are legible; arguments as of `suit`."""
    facts = []
    for pair in zip(sources, stylized, strict=True):
        before, after = (_lab(frame)[..., 0] for frame in pair)
        order = _correlation(_cells(before), _cells(after))
        small = min(1.0, (_local(after) + 0.1) / (_local(before) + 0.1))
        facts.append((order, small, _span(before), _span(after), before.mean(), after.mean()))
    order, small, *light = (float(value) for value in np.mean(facts, axis=0))
    span, lit = min(1.0, light[1] / WHOLE_SPAN), min(1.0, light[3] / BRIGHT_ENOUGH)
    return Contrast(max(0.0, order) * (span + small + lit) / 3, order, small, *light)


def _lab(frame: np.ndarray) -> np.ndarray:
    """(H, W, 3) float32: L* 0 to 100, a*, b*."""
    return cv2.cvtColor(frame.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB)


def _cells(picture: np.ndarray) -> np.ndarray:
    """Means over cells."""
    size = tuple(max(1, round(side / CELL_PX)) for side in picture.shape[1::-1])
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def _fine_bands(frame: np.ndarray) -> list[np.ndarray]:
    return _bands.split(_bands.grey(frame), 2)[:2]


def _in_common(first: np.ndarray, second: np.ndarray) -> float:
    """Of two bands, 0 to 1; strokes of one's own, blur and a turn of light and dark all take from it."""
    both = 2 * float((first * second).mean()) + _FAINT_BAND**2
    return max(0.0, both / (float((first**2).mean() + (second**2).mean()) + _FAINT_BAND**2))


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Of two pictures, -1 to 1; towards 1 where both are plain."""
    first, second = (values.astype(np.float64) - values.mean() for values in (first, second))
    norms = np.sqrt((first**2).mean() * (second**2).mean())
    return float(((first * second).mean() + _FAINT_LIGHT**2) / (norms + _FAINT_LIGHT**2))


def _local(lightness: np.ndarray) -> float:
    """Mean local standard deviation, in windows of a fifteenth of the short side."""
    side = max(3, min(lightness.shape) // 15)
    mean = cv2.blur(lightness, (side, side))
    return float(np.sqrt(np.maximum(cv2.blur(lightness**2, (side, side)) - mean**2, 0)).mean())


def _span(lightness: np.ndarray) -> float:
    low, high = np.percentile(lightness, (5, 95))
    return float(high - low)


def _hues(colors: np.ndarray) -> tuple[str, ...]:
    """The two most frequent hues of `(N, 2)` a*, b* that are more than a trace."""
    colored = colors[np.hypot(*colors.T) >= GREY_CHROMA]
    angles = np.degrees(np.arctan2(colored[:, 1], colored[:, 0])) % 360
    ends = np.array([end for end, _ in _HUES])
    counts: dict[str, int] = {}
    for (_, name), count in zip(
        _HUES, np.bincount(np.searchsorted(ends, angles), minlength=len(ends)), strict=False
    ):
        counts[name] = counts.get(name, 0) + int(count)
    named = sorted(
        (name for name in counts if counts[name] >= LEAST_SHARE * len(colors)), key=lambda n: -counts[n]
    )
    return tuple(named[:2]) or ("greys",)
