"""Distance between the small textures of a result and of its style, without regard to palette or composition.

Sliced Wasserstein distance (Rabin et al. 2011; over pyramids as in Karras et al. 2018) of 7x7 RGB patches on
the three band-pass levels of a Laplacian pyramid: 6,000 patches a level, 256 unit projections, the mean L1
between quantiles, in steps of 1/255. Output frames at short side 360, style files at their stored scale.
`texture_distance` is the sum over the levels and, divided by the source's own, `texture_ratio`; `color_ratio`
is the same on the low-pass level.

Scaling the source's bands to the style's energy alone halves this distance, so never read it without the row
of the energy-matched control (`texture_ratio_control`); `style_likeness` is the stricter judge. Optimum: 0,
in practice what two halves of the style score.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from stylereel.core.errors import DatasetError
from stylereel.metrics import _bands

PATCH_PX = 7
PATCHES = 6000
PROJECTIONS = 256
QUANTILES = 256
SHORT_SIDE_PX = 360


def style_patches(paths: Sequence[Path], seed: int = 0) -> list[np.ndarray]:
    """Patches of all style pictures: for each level, finest first and low-pass last, (6000, 147) float32."""
    pictures = []
    for path in sorted(paths):
        picture = cv2.imread(str(path))
        if picture is None:
            raise DatasetError(f"cannot read {path} as a picture")
        pictures.append(picture[..., ::-1])
    return gather(pictures, seed)


def gather(pictures: Sequence[np.ndarray], seed: int = 0) -> list[np.ndarray]:
    """Patches spread evenly over pictures, (H, W, 3) uint8 RGB, as `style_patches` gives them."""
    rng = np.random.default_rng(seed)
    each = -(-PATCHES // len(pictures))
    per_level: list[list[np.ndarray]] = [[] for _ in range(_bands.LEVELS + 1)]
    for picture in pictures:
        for level, band in enumerate(_bands.split(picture.astype(np.float32))):
            per_level[level].append(_patches(band, each, rng))
    return [_thinned(np.concatenate(found), rng) for found in per_level]


def distance(first: np.ndarray, second: np.ndarray, seed: int = 0) -> float:
    """Sliced Wasserstein-1 distance of two sets (N, D) and (M, D) of patches."""
    directions = np.random.default_rng(seed).normal(size=(first.shape[1], PROJECTIONS)).astype(np.float32)
    directions /= np.linalg.norm(directions, axis=0)
    at = (np.arange(QUANTILES) + 0.5) / QUANTILES
    quantiles = [_quantiles(patches @ directions, at) for patches in (first, second)]
    return float(np.abs(quantiles[0] - quantiles[1]).mean())


class Metric:
    """Gathers up to a dozen frames (`style_likeness.chosen_frames`), to compare with the style at the end."""

    name = "texture_distance"
    optimum = 0.0

    def __init__(self, style: Sequence[np.ndarray], energies: np.ndarray | None = None) -> None:
        """`style` from `style_patches`; `energies` (3,) the style's mean band energies, for the control."""
        self._style = style
        self._energies = energies
        self._frames: dict[str, list[np.ndarray]] = {"output": [], "source": [], "control": []}

    def update(self, source: np.ndarray, stylized: np.ndarray) -> None:
        """Add a frame and its stylised counterpart, (H, W, 3) uint8 RGB."""
        source = _bands.short_side_to(source, SHORT_SIDE_PX)
        self._frames["source"].append(source)
        self._frames["output"].append(_bands.short_side_to(stylized, SHORT_SIDE_PX))
        if self._energies is not None:
            self._frames["control"].append(_matched(source, self._energies))

    def result(self) -> dict[str, float]:
        """Distances of the output, and its ratios to the source's own."""
        levels = {
            role: [distance(a, b) for a, b in zip(gather(frames), self._style, strict=True)]
            for role, frames in self._frames.items()
            if frames
        }
        texture = {role: sum(values[:-1]) for role, values in levels.items()}
        found = {
            "texture_distance": texture["output"],
            "texture_distance_source": texture["source"],
            "texture_ratio": texture["output"] / max(texture["source"], 1e-6),
            "color_ratio": levels["output"][-1] / max(levels["source"][-1], 1e-6),
        }
        if "control" in texture:
            found["texture_ratio_control"] = texture["control"] / max(texture["source"], 1e-6)
        return found


def _matched(frame: np.ndarray, energies: np.ndarray) -> np.ndarray:
    """A colour frame whose bands are scaled by the gains that match its luma to the style."""
    gains = _bands.matching_gains(_bands.grey(frame), energies)
    return (_bands.scaled(frame.astype(np.float32) / 255.0, gains) * 255).round().astype(np.uint8)


def _patches(band: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(band, (PATCH_PX, PATCH_PX), axis=(0, 1))  # type: ignore[call-overload]
    rows, columns = rng.integers(windows.shape[0], size=count), rng.integers(windows.shape[1], size=count)
    return windows[rows, columns].reshape(count, -1)


def _thinned(patches: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return patches[rng.permutation(len(patches))[:PATCHES]]


def _quantiles(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Quantiles of each column; sorting once is far quicker than np.quantile."""
    ordered = np.sort(values, axis=0)
    return ordered[np.minimum((at * len(ordered)).astype(int), len(ordered) - 1)]
