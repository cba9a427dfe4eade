"""Draws a contact sheet of many looks: bands of columns, each band beginning with the source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stylereel.actions.compare_views import GAP_PX, INK, PAPER
from stylereel.actions.lettering import label, text_width, write
from stylereel.actions.several_looks import Laid
from stylereel.core.pixels import resize

SHEET_WIDTH_PX = 2200
CELL_SHORT_SIDE_PX, CELL_LONG_SIDE_PX = 240, 640
WIDEST_LABEL_PX = 440
HEADER_PX, LETTERS = 44, 0.7
SOURCE = "source"


@dataclass(frozen=True)
class Grid:
    """Where everything lies on a sheet, px.

    Attributes:
        cell: width and height of a picture.
        column_px: width of a column: a picture, or its label where that is wider.
        looks_in_band: columns of looks in a band, beside that of the source.
        bands: how many bands lie below each other.
        rows: pictures below each other in a band.
    """

    cell: tuple[int, int]
    column_px: int
    looks_in_band: int
    bands: int
    rows: int

    @classmethod
    def planned(cls, frame: tuple[int, int], rows: int, names: Sequence[str]) -> Grid:
        """For frames of `(width, height)`: within `SHEET_WIDTH_PX`, the looks spread over even bands."""
        cell = _cell_size(*frame)
        widest = max(text_width(name, LETTERS) for name in (SOURCE, *names))
        column_px = max(cell[0], min(widest + 4, WIDEST_LABEL_PX))
        most = max(1, (SHEET_WIDTH_PX - GAP_PX) // (column_px + GAP_PX) - 1)
        bands = -(-len(names) // most)
        return cls(cell, column_px, -(-len(names) // bands), bands, rows)

    @property
    def band_px(self) -> int:
        """Height of a band."""
        return HEADER_PX + self.rows * (self.cell[1] + GAP_PX) + GAP_PX

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the sheet."""
        columns = self.looks_in_band + 1
        return GAP_PX + columns * (self.column_px + GAP_PX), self.bands * self.band_px

    def corner(self, look: int | None, row: int, band: int = 0) -> tuple[int, int]:
        """Left and top of a picture: of the look of that index, or of the source in that band."""
        column = 0
        if look is not None:
            band, column = look // self.looks_in_band, look % self.looks_in_band + 1
        left = GAP_PX + column * (self.column_px + GAP_PX)
        return left, band * self.band_px + HEADER_PX + row * (self.cell[1] + GAP_PX)


def looks_sheet(frames: Sequence[np.ndarray], times: Sequence[str], looks: Sequence[Laid]) -> np.ndarray:
    """A row for each frame, a column for each look under its name; `(H, W, 3)` uint8 RGB.

    What does not fit beside each other goes into a band below, which begins with the source again.

    Args:
        frames: `(h, w, 3)` uint8 RGB of the source, all of one size.
        times: written onto the source's pictures, one for each frame; "" writes none.
        looks: with as many frames each.
    """
    height, width = frames[0].shape[:2]
    grid = Grid.planned((width, height), len(frames), [look.name for look in looks])
    sheet = np.full((grid.size[1], grid.size[0], 3), PAPER, np.uint8)
    for band in range(grid.bands):
        _column(
            sheet, grid, SOURCE, frames, [grid.corner(None, row, band) for row in range(grid.rows)], times
        )
    for index, look in enumerate(looks):
        _column(sheet, grid, look.name, look.frames, [grid.corner(index, row) for row in range(grid.rows)])
    return sheet


def _column(
    sheet: np.ndarray,
    grid: Grid,
    name: str,
    frames: Sequence[np.ndarray],
    corners: Sequence[tuple[int, int]],
    times: Sequence[str] = (),
) -> None:
    left, top = corners[0]
    write(sheet, name, (left, top - 12), grid.column_px, INK, size=LETTERS, keeps_end=True)
    width, height = grid.cell
    for row, (frame, (x, y)) in enumerate(zip(frames, corners, strict=True)):
        picture = resize(frame, width, height)
        if times and times[row]:
            picture = picture.copy()
            label(picture, times[row], 0, width)
        sheet[y : y + height, x : x + width] = picture


def _cell_size(width: int, height: int) -> tuple[int, int]:
    factor = min(CELL_SHORT_SIDE_PX / min(width, height), CELL_LONG_SIDE_PX / max(width, height))
    return max(1, round(width * factor)), max(1, round(height * factor))
