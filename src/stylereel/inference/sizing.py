"""Makes any frame size fit a network: its size rule, and a margin where its zero padding may speak unheard.

Zero padding tells a network where the picture ends, and it answers with lines along the border. So frames
are mirrored outwards by `EDGE_PX` on every side before the network and cut back after it.
"""

from __future__ import annotations

import cv2
import numpy as np

from stylereel.core.anchors import CELL_PX, anchors_at, still_places

EDGE_PX = 16
"""Mirrored margin on every side; a multiple of every generator's size rule so far."""


def shape_with_margin(shape: tuple[int, ...], multiple: int) -> tuple[int, ...]:
    """Of what `with_margin` makes of frames of that shape, `(N, H, W, 3)`."""
    count, height, width, channels = shape
    before = _before(multiple)
    rows, columns = (side + 2 * before + (-side % multiple) for side in (height, width))
    return count, rows, columns, channels


def with_margin(
    frames: np.ndarray, multiple: int, target: np.ndarray | None = None
) -> tuple[np.ndarray, tuple[slice, slice]]:
    """Extend frames by `EDGE_PX` on all sides, and further right and below to multiples of `multiple`.

    The margin mirrors the picture; where the picture is narrower than its margin, the rest repeats the edge.

    Args:
        frames: `(N, H, W, 3)` uint8.
        multiple: the network's size rule, in pixels.
        target: of `shape_with_margin`, uint8, contiguous, to be filled and returned; None makes a new array.

    Returns:
        `(N, H', W', 3)` uint8, contiguous, and the rows and columns where the frames lie in it.
    """
    height, width = frames.shape[1:3]
    before = _before(multiple)
    below, right = before + (-height % multiple), before + (-width % multiple)
    if target is None:
        target = np.empty(shape_with_margin(frames.shape, multiple), np.uint8)
    for frame, extended in zip(frames, target, strict=True):
        _extend(frame, before, below, before, right, extended)
    return target, place_in_margin(frames.shape, multiple)


def place_in_margin(shape: tuple[int, ...], multiple: int) -> tuple[slice, slice]:
    """The rows and columns where `with_margin` lays frames of that shape, `(N, H, W, 3)`."""
    before = _before(multiple)
    return slice(before, before + shape[1]), slice(before, before + shape[2])


def _before(multiple: int) -> int:
    return EDGE_PX + (-EDGE_PX % multiple)


def anchors_with_margin(
    anchors: np.ndarray | None,
    frames: np.ndarray,
    padded: np.ndarray,
    where: tuple[slice, slice],
    channels: int,
    target: np.ndarray | None = None,
) -> np.ndarray:
    """Anchors for frames that `with_margin` has extended, extended likewise.

    Args:
        anchors: `(N, h, w, channels)` float32, one for each cell of 4x4 px that a frame begins; None for a
            picture that stands still.
        frames: `(N, H, W, 3)`, as they came.
        padded, where: `(N, H', W', 3)` and the place of the frames in it, as `with_margin` gave them.
        channels: that the network takes.
        target: of the result's shape, to be filled and returned; None makes a new array.

    Returns:
        `(N, channels, H'/4, W'/4)` float32, contiguous.
    """
    wanted_rows, wanted_columns = (side // CELL_PX for side in padded.shape[1:3])
    if anchors is None:
        anchors = _still_anchors(frames.shape, channels)
    above, below, left, right = _cells_around(anchors.shape, where, (wanted_rows, wanted_columns))
    if target is None:
        target = np.empty((len(frames), channels, wanted_rows, wanted_columns), np.float32)
    for one, planes in zip(anchors, target, strict=True):
        for channel, plane in zip(cv2.split(np.ascontiguousarray(one)), planes, strict=True):
            _extend(channel, above, below, left, right, plane)
    return target


def anchor_cells_with_margin(
    anchors: np.ndarray | None, shape: tuple[int, ...], where: tuple[slice, slice], target: np.ndarray
) -> None:
    """As `anchors_with_margin`, with the channels last, where a frame's own are.

    Args:
        anchors: `(N, h, w, C)` float32, or None, as there.
        shape: of the frames, as they came.
        where: they lie in the extended ones.
        target: `(N, H'/4, W'/4, C)` float32, contiguous, to be filled.
    """
    if anchors is None:
        anchors = _still_anchors(shape, target.shape[3])
    around = _cells_around(anchors.shape, where, target.shape[1:3])
    for one, extended in zip(anchors, target, strict=True):
        _extend(np.ascontiguousarray(one), *around, extended)


def _still_anchors(shape: tuple[int, ...], channels: int) -> np.ndarray:
    rows, columns = (-(-side // CELL_PX) * CELL_PX for side in shape[1:3])
    still = anchors_at(still_places(rows, columns), channels)
    return np.broadcast_to(still, (shape[0], *still.shape))


def _cells_around(
    shape: tuple[int, ...], where: tuple[slice, slice], wanted: tuple[int, ...]
) -> tuple[int, int, int, int]:
    """Above, below, left and right of anchors of that shape, to make as many rows and columns."""
    above, left = (part.start // CELL_PX for part in where)
    return above, wanted[0] - shape[1] - above, left, wanted[1] - shape[2] - left


def _extend(frame: np.ndarray, above: int, below: int, left: int, right: int, target: np.ndarray) -> None:
    room_y, room_x = frame.shape[0] - 1, frame.shape[1] - 1
    top, bottom = min(above, room_y), min(below, room_y)
    west, east = min(left, room_x), min(right, room_x)
    rest = (above - top, below - bottom, left - west, right - east)
    if not any(rest):
        cv2.copyMakeBorder(frame, top, bottom, west, east, cv2.BORDER_REFLECT_101, target)
        return
    frame = cv2.copyMakeBorder(frame, top, bottom, west, east, cv2.BORDER_REFLECT_101)
    cv2.copyMakeBorder(frame, rest[0], rest[1], rest[2], rest[3], cv2.BORDER_REPLICATE, target)
