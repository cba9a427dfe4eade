"""Decoded pictures in memory; of a set larger than memory, a window that slides over all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stylereel.data.media import read_picture, with_short_side

BATCHES_PER_EXCHANGE = 4
"""One picture of a set larger than memory is exchanged every so many batches."""


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    Attributes:
        pixels: `(H, W, 3)` uint8 RGB.
        group: what is held out together: a picture and its tiles, a stretch of a video.
        weight: how often it is drawn, relative to others.
        path: the file it can be read from again; None for a video's frame.
    """

    pixels: np.ndarray
    group: str
    weight: float = 1.0
    path: Path | None = None


@dataclass(frozen=True)
class PoolOverflow:
    """A picture that did not fit into memory; read again when its turn comes."""

    path: Path
    group: str
    short_side_px: int


class Pool:
    """Pictures to draw crops from.

    `window(batch)` is a function of the batch number alone, so a resumed run draws from what the
    uninterrupted one would have drawn from.
    """

    def __init__(self, pictures: Sequence[Picture], waiting: Sequence[PoolOverflow] = ()) -> None:
        self._kept = list(pictures)
        self._waiting = list(waiting)
        self._read: dict[int, tuple[int, Picture]] = {}
        weights = np.array([picture.weight for picture in self._kept], dtype=np.float64)
        self._cumulative = np.cumsum(weights / weights.sum()) if len(weights) else weights

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def pictures(self) -> list[Picture]:
        """What is in memory before anything is exchanged."""
        return list(self._kept)

    def draw(self, batch: int, random: float) -> Picture:
        """The picture that falls to `random` in [0, 1) while batch number `batch` is cut."""
        slot = min(int(np.searchsorted(self._cumulative, random, side="right")), len(self._kept) - 1)
        if not self._waiting:
            return self._kept[slot]
        exchanged = batch // BATCHES_PER_EXCHANGE
        # Slot s holds the newest of the sequence kept + waiting (cyclic) whose turn in s has come.
        turns = (exchanged - slot + len(self._kept) - 1) // len(self._kept)
        if turns <= 0:
            return self._kept[slot]
        position = (slot + turns * len(self._kept)) % (len(self._kept) + len(self._waiting))
        if position < len(self._kept):
            return self._kept[position]
        return self._from_disk(slot, position - len(self._kept))

    def _from_disk(self, slot: int, index: int) -> Picture:
        held = self._read.get(slot)
        if held is not None and held[0] == index:
            return held[1]
        item = self._waiting[index]
        pixels = read_picture(item.path)
        if pixels is None:
            return self._kept[slot]
        picture = Picture(with_short_side(pixels, item.short_side_px), item.group, path=item.path)
        self._read[slot] = (index, picture)
        return picture
