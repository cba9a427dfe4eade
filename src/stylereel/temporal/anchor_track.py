"""Anchors in a video: where on the texture each cell of the frame lies, carried along by the source's motion.

A place is read where the cell's content was a frame ago, and beyond the border it goes on as at the border:
a pan uncovers fresh texture, nothing is mirrored or repeated. Only places are carried, so the texture never
blurs. Where a zoom or a turning head has distorted it beyond use it is renewed, there and nowhere else: a
second, fresh layer fades in over about a second while both travel, mixed so that their strength stays the
same (as Bousseau et al. 2007 do for a whole frame).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import cv2
import numpy as np

from stylereel.core.anchors import CELL_PX, TEXEL_PX, TEXTURE_SIDE, anchors_at, still_places

_RELAXED = 0.03
"""Part of the way, each frame, towards what the neighbours do: unsteady flow must not crumple the texture."""
_CRUMPLED_PX = 2.0
"""Further aside than this is a seam between two things, which must not grow together; and what stands still
stays as it is."""
_STILL_PX = 0.04
"""Less motion than this is none: a camera on its stand must not let the strokes creep."""
_LEAST_AREA, _MOST_AREA = 0.4, 2.5
_TORN_PX = 5 * CELL_PX
"""Neighbours further apart on the texture than this do not belong together: a seam, no distortion."""
_AROUND = 5
_MOST_AROUND = 0.6
"""Where things pass before others the texture tears along a line; only a whole area is worn out."""
_FADE_FRAMES = 24
_FRESH_OFFSET = np.float32(0.618034 * TEXTURE_SIDE * TEXEL_PX)


@dataclass(frozen=True)
class AnchorTrack:
    """Where the anchors lie now; its size does not grow.

    Attributes:
        places: `(h, w, 2)` float32 for each cell of 4x4 px, (x, y) in px of the texture.
        fresh: the same for the layer that fades in; it matters only where `faded` is above 0.
        faded: `(h, w)` float32, how far the fresh layer has come; 0 where nothing is renewed.
    """

    places: np.ndarray
    fresh: np.ndarray
    faded: np.ndarray


def still_track(height: int, width: int) -> AnchorTrack:
    """Anchors of a picture, or of a scene's first frame, of that size in px."""
    places = _still(height, width)
    return AnchorTrack(places, places + _FRESH_OFFSET, np.zeros(places.shape[:2], np.float32))


def follow(track: AnchorTrack, flow: np.ndarray, scale: float) -> AnchorTrack:
    """The anchors a frame later.

    Args:
        track: of the frame before.
        flow: `(a, b, 2)` float32 over the whole frame, at any resolution: from each place back to where
            it was.
        scale: px of the frame to one unit of the flow.
    """
    rows, columns = track.places.shape[:2]
    moved = cv2.resize(flow, (columns, rows), interpolation=cv2.INTER_AREA) * np.float32(scale)
    moved *= (_longest(moved) >= _STILL_PX)[..., None]
    places, faded = _carried(track.places, moved), track.faded
    fading = faded > 0
    if fading.any():
        faded = _read(faded, _source(moved), cv2.INTER_NEAREST)
        fading = faded > 0
        faded = faded + fading.astype(np.float32) / _FADE_FRAMES
    starting = worn_out(places) & ~fading
    if not starting.any() and not fading.any():
        return AnchorTrack(places, track.fresh, faded)
    lattice = _cells(rows, columns) + _FRESH_OFFSET
    fresh = np.where(fading[..., None], _carried(track.fresh, moved), lattice)
    faded = np.where(starting, np.float32(0.5 / _FADE_FRAMES), faded)
    done = faded >= 1
    return AnchorTrack(np.where(done[..., None], fresh, places), fresh, np.where(done, np.float32(0), faded))


def anchors_of(track: AnchorTrack, channels: int) -> np.ndarray:
    """What lies there: `(h, w, channels)` float32 of unit deviation, also while it is renewed."""
    anchors = anchors_at(track.places, channels)
    if not track.faded.any():
        return anchors
    angle = (track.faded * np.float32(np.pi / 2))[..., None]
    return np.cos(angle) * anchors + np.sin(angle) * anchors_at(track.fresh, channels)


def worn_out(places: np.ndarray) -> np.ndarray:
    """`(h, w)` bool: cells of areas whose texture is shrunk or stretched beyond use, and those around."""
    rows, columns = places.shape[:2]
    if min(rows, columns) < _AROUND:
        return np.zeros((rows, columns), bool)
    # Plane by plane: numpy is slow along a last axis of two.
    (x_across, x_down), (y_across, y_down) = (_steps(plane) for plane in cv2.split(places))
    area = (x_across * y_down - y_across * x_down) / np.float32(CELL_PX**2)
    apart = [np.abs(step) for step in (x_across, y_across, x_down, y_down)]
    torn = np.maximum.reduce(apart) > _TORN_PX
    distorted = ((area < _LEAST_AREA) | (area > _MOST_AREA)) & ~torn
    whole = cv2.copyMakeBorder(distorted.astype(np.float32), 0, 1, 0, 1, cv2.BORDER_REPLICATE)
    areas = (cv2.blur(whole, (_AROUND, _AROUND)) > _MOST_AROUND).astype(np.uint8)
    return cv2.dilate(areas, np.ones((_AROUND, _AROUND), np.uint8)).astype(bool)


def _steps(plane: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """To the next on the right and to the next below, where there are both."""
    here = plane[:-1, :-1]
    return plane[:-1, 1:] - here, plane[1:, :-1] - here


def _longest(vectors: np.ndarray) -> np.ndarray:
    """The larger of the two sides of each vector."""
    return np.maximum(np.abs(vectors[..., 0]), np.abs(vectors[..., 1]))


def _still(height: int, width: int) -> np.ndarray:
    return _cells(-(-height // CELL_PX), -(-width // CELL_PX))


@functools.lru_cache(maxsize=4)
def _cells(rows: int, columns: int) -> np.ndarray:
    places = still_places(rows * CELL_PX, columns * CELL_PX)
    places.setflags(write=False)
    return places


def _source(moved: np.ndarray) -> np.ndarray:
    """Where each cell's content was, in cells."""
    rows, columns = moved.shape[:2]
    source = _cells(rows, columns) + moved
    source -= np.float32((CELL_PX - 1) / 2)
    source *= np.float32(1 / CELL_PX)
    return source


def _read(values: np.ndarray, source: np.ndarray, way: int) -> np.ndarray:
    return cv2.remap(values, source, None, way, borderMode=cv2.BORDER_REPLICATE).reshape(values.shape)  # type: ignore[call-overload]


def _carried(places: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """Places read at each cell's own position plus `moved` (px), and gone on with beyond the border."""
    rows, columns = places.shape[:2]
    still = _cells(rows, columns)
    read = _read(places - still, _source(moved), cv2.INTER_LINEAR)
    aside = cv2.blur(read, (5, 5)).reshape(read.shape) - read
    crumpled = (_longest(moved) > 0) & (_longest(aside) < _CRUMPLED_PX)
    aside *= (crumpled * np.float32(_RELAXED))[..., None]
    aside += read
    aside += moved
    aside += still
    return aside
