"""Anchors in a video: where on the texture each cell of the frame lies, carried along by the source's motion.

A place is read where the cell's content was a frame ago, and beyond the border it goes on as at the border:
a pan uncovers fresh texture, nothing is mirrored or repeated. Only places are carried, so the texture never
blurs. What a zoom or a turning head distorts beyond use is renewed: a second, fresh layer fades in over
about a second while both travel, mixed so that their strength stays the same (as Bousseau et al. 2007 do).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from stylereel.core.anchors import CELL_PX, TEXEL_PX, TEXTURE_SIDE, anchors_at, still_places

_RELAXED = 0.03
"""Part of the way, each frame, towards what the neighbours do: unsteady flow must not crumple the texture."""
_STILL_PX = 0.04
"""Less motion than this is none: a camera on its stand must not let the strokes creep."""
_LEAST_AREA, _MOST_AREA = 0.4, 2.5
_MOST_DISTORTED = 0.12
_FADE_FRAMES = 24


@dataclass(frozen=True)
class AnchorTrack:
    """Where the anchors lie now; its size does not grow.

    Attributes:
        places: `(h, w, 2)` float32 for each cell of 4x4 px, (x, y) in px of the texture.
        fresh: the same for a layer that is fading in, or None.
        faded: how far it has come, 0 to 1.
        layers: layers used so far, which tells where the next one lies.
    """

    places: np.ndarray
    fresh: np.ndarray | None = None
    faded: float = 0.0
    layers: int = 1


def still_track(height: int, width: int) -> AnchorTrack:
    """Anchors of a picture, or of a scene's first frame, of that size in px."""
    return AnchorTrack(_still(height, width))


def follow(track: AnchorTrack, flow: np.ndarray, scale: float) -> AnchorTrack:
    """The anchors a frame later.

    Args:
        track: of the frame before.
        flow: `(a, b, 2)` float32 over the whole frame at any resolution: from each place back to where it was.
        scale: px of the frame to one unit of the flow.
    """
    rows, columns = track.places.shape[:2]
    moved = cv2.resize(flow, (columns, rows), interpolation=cv2.INTER_AREA) * np.float32(scale)
    moved[np.abs(moved).max(axis=-1) < _STILL_PX] = 0
    places = _carried(track.places, moved)
    if track.fresh is not None:
        fresh, faded = _carried(track.fresh, moved), track.faded + 1 / _FADE_FRAMES
        if faded >= 1:
            return AnchorTrack(fresh, layers=track.layers)
        return replace(track, places=places, fresh=fresh, faded=faded)
    if distorted_share(places) <= _MOST_DISTORTED:
        return replace(track, places=places)
    # The golden ratio's multiples spread layers over the texture as far from each other as can be.
    offset = np.float32(track.layers * 0.618034 % 1 * TEXTURE_SIDE * TEXEL_PX)
    fresh = _still(rows * CELL_PX, columns * CELL_PX) + offset
    return AnchorTrack(places, fresh, 0.0, track.layers + 1)


def anchors_of(track: AnchorTrack, channels: int) -> np.ndarray:
    """What lies there: `(h, w, channels)` float32 of unit deviation, also while a layer fades in."""
    anchors = anchors_at(track.places, channels)
    if track.fresh is None:
        return anchors
    angle = track.faded * np.pi / 2
    return np.float32(np.cos(angle)) * anchors + np.float32(np.sin(angle)) * anchors_at(track.fresh, channels)


def distorted_share(places: np.ndarray) -> float:
    """Part of the cells whose texture is shrunk or stretched beyond use."""
    if min(places.shape[:2]) < 3:
        return 0.0
    across, down = np.diff(places, axis=1)[:-1] / CELL_PX, np.diff(places, axis=0)[:, :-1] / CELL_PX
    area = across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0]
    return float(np.mean((area < _LEAST_AREA) | (area > _MOST_AREA)))


def _still(height: int, width: int) -> np.ndarray:
    return still_places(-(-height // CELL_PX) * CELL_PX, -(-width // CELL_PX) * CELL_PX)


def _carried(places: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """Places read at each cell's own position plus `moved` (px), and gone on with beyond the border."""
    rows, columns = places.shape[:2]
    still = still_places(rows * CELL_PX, columns * CELL_PX)
    displaced = places - still
    source = (still + moved - (CELL_PX - 1) / 2) / CELL_PX
    read = cv2.remap(displaced, source, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
    read = read.reshape(displaced.shape)
    read += _RELAXED * (cv2.blur(read, (5, 5)).reshape(read.shape) - read)
    return still + moved + read
