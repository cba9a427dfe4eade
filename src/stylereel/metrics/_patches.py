"""Patches of pyramid levels and the distance between two sets of them: one protocol for texture and colour.

Sliced Wasserstein distance (Rabin et al. 2011; over pyramids as in Karras et al. 2018) of 7x7 RGB patches on
a level of a Laplacian pyramid: 6,000 patches a level, 256 unit projections, the mean L1 between quantiles, in
steps of 1/255. Output frames at short side 360, style files at their stored scale.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from stylereel.core.errors import DatasetError
from stylereel.metrics import _bands

PATCH_PX = 7
PATCHES = 6000
PROJECTIONS = 256
QUANTILES = 256
SHORT_SIDE_PX = 360
LEVELS = tuple(range(_bands.LEVELS + 1))
"""Finest band first, the low-pass rest last."""


def gather(
    pictures: Iterable[np.ndarray], count: int, seed: int = 0, levels: Sequence[int] = LEVELS
) -> list[np.ndarray]:
    """Patches spread evenly over pictures: for each level that is asked for, (6000, 147) float32.

    Args:
        pictures: (H, W, 3) uint8 RGB, looked at one after the other.
        count: how many they are.
        seed: of the places; a level's places do not depend on which levels are asked for.
        levels: which, in order.

    Raises:
        DatasetError: a picture too small to have a patch on the coarsest level.
    """
    rng = np.random.default_rng(seed)
    each = -(-PATCHES // count)
    found: list[list[np.ndarray]] = [[] for _ in LEVELS]
    for picture in pictures:
        least = PATCH_PX * 2**_bands.LEVELS
        if min(picture.shape[:2]) < least:
            raise DatasetError(
                f"a picture is {picture.shape[1]}x{picture.shape[0]}; expected {least} px at least"
            )
        for level, band in enumerate(_bands.split(picture.astype(np.float32))):
            rows, columns = (rng.integers(length - PATCH_PX + 1, size=each) for length in band.shape[:2])
            if level in levels:
                found[level].append(_patches(band, rows, columns))
    orders = [rng.permutation(each * count)[:PATCHES] for _ in LEVELS]
    return [np.concatenate(found[level])[orders[level]] for level in levels]


def distance(first: np.ndarray, second: np.ndarray, seed: int = 0) -> float:
    """Sliced Wasserstein-1 distance of two sets (N, D) and (M, D) of patches."""
    directions = np.random.default_rng(seed).normal(size=(first.shape[1], PROJECTIONS)).astype(np.float32)
    directions /= np.linalg.norm(directions, axis=0)
    at = (np.arange(QUANTILES) + 0.5) / QUANTILES
    quantiles = [_quantiles(patches @ directions, at) for patches in (first, second)]
    return float(np.abs(quantiles[0] - quantiles[1]).mean())


class Distances:
    """Gathers a dozen frames of each role, to compare some levels with the style's at the end."""

    def __init__(
        self,
        levels: Sequence[int],
        style: Sequence[np.ndarray],
        energies: np.ndarray | None,
        floor: Sequence[float] | None,
    ) -> None:
        self._levels, self._style, self._energies, self._floor = levels, style, energies, floor
        self._frames: dict[str, list[np.ndarray]] = {"output": [], "source": [], "control": []}

    def update(self, source: np.ndarray, stylized: np.ndarray) -> None:
        """Add a frame and its stylised counterpart, (H, W, 3) uint8 RGB."""
        source = _bands.short_side_to(source, SHORT_SIDE_PX)
        self._frames["source"].append(source)
        self._frames["output"].append(_bands.short_side_to(stylized, SHORT_SIDE_PX))
        if self._energies is not None:
            self._frames["control"].append(_matched(source, self._energies))

    def result(self, word: str) -> dict[str, float]:
        """`<word>_distance` of output, source, control and floor, `<word>_ratio` of each to the source."""
        found = {
            role: sum(
                distance(a, self._style[level])
                for level, a in zip(
                    self._levels, gather(frames, len(frames), levels=self._levels), strict=True
                )
            )
            for role, frames in self._frames.items()
            if frames
        }
        if not found:
            return {f"{word}_distance": float("nan"), f"{word}_ratio": float("nan")}
        if self._floor is not None:
            found["floor"] = sum(self._floor[level] for level in self._levels)
        tails = {role: "" if role == "output" else f"_{role}" for role in found}
        distances = {f"{word}_distance{tails[role]}": value for role, value in found.items()}
        return {**distances, **_ratios(word, distances)}


def pooled(word: str, results: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Figures of several clips together: mean distances, and ratios of their sums to the sources'."""
    results = list(results)
    names = [name for name in results[0] if name.startswith(f"{word}_distance")] if results else []
    means = {name: float(np.mean([result[name] for result in results])) for name in names}
    return {**means, **_ratios(word, means)} if means else {}


def _ratios(word: str, distances: Mapping[str, float]) -> dict[str, float]:
    source = max(distances[f"{word}_distance_source"], 1e-6)
    return {name.replace("_distance", "_ratio", 1): value / source for name, value in distances.items()}


def _matched(frame: np.ndarray, energies: np.ndarray) -> np.ndarray:
    """A colour frame whose bands are scaled by the gains that match its luma to the style."""
    gains = _bands.matching_gains(_bands.grey(frame), energies)
    return (_bands.scaled(frame.astype(np.float32) / 255.0, gains) * 255).round().astype(np.uint8)


def _patches(band: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(band, (PATCH_PX, PATCH_PX), axis=(0, 1))  # type: ignore[call-overload]
    return windows[rows, columns].reshape(len(rows), -1)


def _quantiles(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Quantiles of each column; sorting once is far quicker than np.quantile."""
    ordered = np.sort(values, axis=0)
    return ordered[np.minimum((at * len(ordered)).astype(int), len(ordered) - 1)]
