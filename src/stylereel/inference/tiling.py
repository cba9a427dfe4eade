"""Cuts frames into tiles that overlap, so that a network sees in each what it would see in the whole frame.

A look uses no statistic of the frame: a pixel of the result depends on what lies within the network's
receptive field around it, and on nothing else. So each tile is cut with that much around it, and only its
inner part is kept. Tiles begin at multiples of the network's size rule, where strides fall as they do in the
whole frame; at the frame's own borders they end where it ends, and get the same mirrored margin as the frame.
All tiles have one shape, the last ones moved back into the frame, so that a runner compiles it once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stylereel.core.anchors import CELL_PX
from stylereel.inference.sizing import EDGE_PX

SMALLEST_INNER_PX = 64
"""No tile keeps less than this to a side: beyond it nearly everything would be computed for nothing."""


@dataclass(frozen=True)
class Span:
    """One tile along one side, in px of the frame.

    Attributes:
        seen: what the network is shown.
        kept: what is kept of its result.
    """

    seen: slice
    kept: slice

    @property
    def inner(self) -> slice:
        """What is kept, in px of the tile."""
        return slice(self.kept.start - self.seen.start, self.kept.stop - self.seen.start)


@dataclass(frozen=True)
class Tiles:
    """How a frame is cut.

    Attributes:
        rows: spans from above to below.
        columns: spans from left to right.
    """

    rows: tuple[Span, ...]
    columns: tuple[Span, ...]

    @property
    def is_whole(self) -> bool:
        """True where one tile is the whole frame."""
        return len(self.rows) == len(self.columns) == 1

    @property
    def size(self) -> tuple[int, int]:
        """`(height, width)` of a tile in px, as the network is shown it."""
        height, width = (part[0].seen.stop - part[0].seen.start for part in (self.rows, self.columns))
        return height, width

    @property
    def area_px(self) -> int:
        """Of one tile, with the margin that runners mirror around it."""
        height, width = self.size
        return (height + 2 * EDGE_PX) * (width + 2 * EDGE_PX)


@dataclass(frozen=True)
class Cutter:
    """How far tiles must overlap and where they may begin.

    Attributes:
        reach_px: how far to each side an output pixel can see (the card's `receptive_field_px`).
        multiple: the network's size rule, px.
    """

    reach_px: int
    multiple: int

    @property
    def step_px(self) -> int:
        """Tiles begin at multiples of this: of the size rule, and of the anchors' cells."""
        return math.lcm(self.multiple, CELL_PX)

    @property
    def margin_px(self) -> int:
        """What tiles show around what is kept of them."""
        return _up(self.reach_px, self.step_px)

    def spans(self, length: int, parts: int) -> tuple[Span, ...]:
        """One side of `length` px in at most `parts` tiles of one length."""
        inner = _up(-(-length // parts), self.step_px)
        whole = _up(length, self.step_px)
        outer = min(inner + 2 * self.margin_px, whole)
        if outer == whole:
            inner = whole
        found = []
        for first in range(0, length, inner):
            start = min(max(0, first - self.margin_px), whole - outer)
            seen = slice(start, min(start + outer, length))
            found.append(Span(seen, slice(first, min(first + inner, length))))
        return tuple(found)

    def tiles(self, height: int, width: int, most_px: float) -> Tiles:
        """The cheapest way to cut a frame into tiles of at most `most_px` each.

        Where not even the smallest tile is that small, the smallest is taken.
        """
        rows, columns = (self._choices(side) for side in (height, width))
        found = [Tiles(a, b) for a in rows for b in columns]
        fitting = [tiles for tiles in found if tiles.area_px <= most_px]
        if fitting:
            return min(fitting, key=lambda tiles: tiles.area_px * len(tiles.rows) * len(tiles.columns))
        return min(found, key=lambda tiles: tiles.area_px)

    def _choices(self, length: int) -> list[tuple[Span, ...]]:
        """One side in one tile, in two, and so on to the smallest; each once."""
        most = max(1, length // _up(SMALLEST_INNER_PX, self.step_px))
        found = (self.spans(length, parts) for parts in range(1, most + 1))
        return list({len(spans): spans for spans in found}.values())


def in_tiles(
    frames: np.ndarray,
    anchors: np.ndarray | None,
    tiles: Tiles,
    apply: Callable[[np.ndarray, np.ndarray | None], np.ndarray],
) -> np.ndarray:
    """Apply a network tile by tile.

    Args:
        frames: `(N, H, W, 3)`.
        anchors: `(N, ceil(H/4), ceil(W/4), C)` of the whole frame, or None for a network without.
        tiles: how frames of that size are cut.
        apply: `(N, h, w, 3)` and its anchors to the result of the same height and width, of any type.

    Returns:
        `(N, H, W, 3)` of the type that `apply` gives.
    """
    result: np.ndarray | None = None
    for row in tiles.rows:
        for column in tiles.columns:
            cells = None
            if anchors is not None:
                cells = np.ascontiguousarray(anchors[:, _cells(row.seen), _cells(column.seen)])
            tile = apply(np.ascontiguousarray(frames[:, row.seen, column.seen]), cells)
            if result is None:
                result = np.empty((*frames.shape[:3], tile.shape[-1]), tile.dtype)
            result[:, row.kept, column.kept] = tile[:, row.inner, column.inner]
    assert result is not None
    return result


def _cells(part: slice) -> slice:
    return slice(part.start // CELL_PX, -(-part.stop // CELL_PX))


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
