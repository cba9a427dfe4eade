"""Calms a stylised video: each result leans on the one before it, carried along by the source's own motion.

    out_t = new_t + w d        d(p) = out_{t-1}(p + flow(p)) - new_t(p)

with the flow of the SOURCE (never of the strokes) and a weight w per place. w is high where the source
agrees with itself along that flow, within what its noise and its edges excuse, and low where it does not:
what came into view, what the flow did not follow, what changed its light; and where the flow stretches or
tears. The less trust there is, the more closely the carried result is held to the colours that the new one
has around that place, as temporal anti-aliasing does (Karis 2014), so that nothing trails behind a moving
edge. The recursion is causal and keeps one result.

The result is carried by bicubic samples, not at all where nothing moves, and every place takes in some of
the new one: strokes stay sharp for as long as the video runs. What averaging takes from the finest detail
is partly given back to the frame that leaves, never to the one that is kept, so that it cannot build up.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from stylereel.temporal.follower import Step
from stylereel.temporal.quick_flow import Followed, grid

Planes = tuple[np.ndarray, np.ndarray, np.ndarray]

_MOST_WEIGHT = 0.97
_EXCUSED_SHIFT_PX = 0.3
_LEAST_NOISE, _MOST_NOISE = 1.5, 4.0
_TOLERATED = 25.0
_LIGHT_LEVELS = 1.0
_STRETCH = 0.25
_STRETCH_OF_MOTION = 0.07
_DISTRUSTED_SHARE = 0.5
_SURROUNDINGS_PX = 5
_SLACK = 128.0
_STILL_PX = 0.05
_MOST_DETAIL = 0.3
_DETAIL_INERTIA = 0.9
_BAND_ROWS = 64


@dataclass(frozen=True)
class StabilizerState:
    """All that the next frame needs to know of the ones before it; its size does not grow.

    Attributes:
        result: three `(H, W)` float32 planes of the stabilised result, RGB, 0 to 255.
        detail: how much of the finest detail is given back to the frame that leaves.
    """

    result: Planes
    detail: float = 0.0


class Stabilizer:
    """Leans each stylised frame on the one before; remembers nothing itself.

    Attributes:
        strength: above 0, up to 1, the strongest that leaves no ghosts.
    """

    def __init__(self, strength: float) -> None:
        if not 0 < strength <= 1:
            raise ValueError(f"a stabiliser's strength is above 0 and at most 1, got {strength}")
        self.strength = strength
        self._weight = 1 - (1 - _MOST_WEIGHT) ** strength

    def step(
        self, stylized: np.ndarray, step: Step, state: StabilizerState | None
    ) -> tuple[np.ndarray, StabilizerState]:
        """Stabilise one frame.

        Args:
            stylized: `(H, W, 3)` uint8 RGB, what the network made of the source.
            step: how the source goes on from the frame before (`Follower`).
            state: what the call before returned, None at first.

        Returns:
            `(H, W, 3)` uint8 RGB, and the state for the next frame. At the first frame, at a cut, in a
            flash and where the size changes it is `stylized` itself.
        """
        if state is None or step.is_new_scene:
            return stylized, StabilizerState(_planes(stylized))
        if step.followed is None:
            return stylized, state
        planes = _leaning(stylized, state.result, step.followed, self._weight, step.scale)
        result = cv2.merge([cv2.convertScaleAbs(plane) for plane in planes])
        detail = _missing_detail(stylized, result, state.detail)
        return _with_detail(result, detail), StabilizerState(planes, detail)


def trust(followed: Followed) -> np.ndarray:
    """How far the flow explains the view by the one before: `(h, w)` float32, 0 to 1.

    What noise, and a flow that is a fraction of a px wrong at an edge, leave over is excused. A flow that
    stretches or tears is not trusted: it does so where something hides or uncovers something else, and
    where a plain surface gives it nothing to hold on to. This is the stand-in for a second flow, in the
    other direction. While the light of the whole picture changes nothing is trusted: it would lag behind.
    """
    residual = followed.residual
    sample = residual[::4, ::4]
    light = float(np.median(sample))
    noise = float(np.clip(1.5 * np.median(np.abs(sample - light)), _LEAST_NOISE, _MOST_NOISE))
    excused = _EXCUSED_SHIFT_PX**2 * followed.gradient_sq
    excused += noise**2
    unexplained = cv2.blur(residual * residual, (3, 3)) / excused
    found = 1 / (1 + (unexplained * (1 / _TOLERATED)) ** 2)
    motion_sq = _sum_of_squares(followed.flow)
    found /= 1 + (_stretch_sq(followed.flow) / (_STRETCH**2 + _STRETCH_OF_MOTION**2 * motion_sq)) ** 2
    found *= followed.is_inside * np.float32(1 / (1 + (light / _LIGHT_LEVELS) ** 2))
    return cv2.blur(found, (3, 3))


def _stretch_sq(flow: np.ndarray) -> np.ndarray:
    """|grad u|^2 + |grad v|^2 of a flow (u, v), per place of its grid; 0 for any pan."""
    across, down = (
        cv2.Sobel(flow, cv2.CV_32F, *order, ksize=3, scale=1 / 8, borderType=cv2.BORDER_REPLICATE)
        for order in ((1, 0), (0, 1))
    )
    return _sum_of_squares(across) + _sum_of_squares(down)


def _sum_of_squares(pairs: np.ndarray) -> np.ndarray:
    return cv2.transform(pairs * pairs, np.ones((1, 2), np.float32))


def _planes(picture: np.ndarray) -> Planes:
    red, green, blue = (plane.astype(np.float32) for plane in cv2.split(picture))
    return red, green, blue


def _leaning(new: np.ndarray, before: Planes, followed: Followed, most_weight: float, scale: float) -> Planes:
    """`new` leaning on the result before."""
    size = new.shape[1::-1]
    found = trust(followed)
    places, fractions = _places(followed.flow * scale, size)
    share = _DISTRUSTED_SHARE + (1 - _DISTRUSTED_SHARE) * found
    weight = cv2.resize(share * most_weight, size)
    highest, lowest = _surroundings(new, found, size)
    planes, bound = [], np.empty((_BAND_ROWS, new.shape[1]), np.float32)
    for kept, plane, above, below in zip(before, cv2.split(new), highest, lowest, strict=True):
        lean = cv2.remap(kept, places, fractions, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        for top in range(0, len(lean), _BAND_ROWS):  # a band stays in the cache from step to step
            rows = slice(top, top + _BAND_ROWS)
            _blend(lean[rows], plane[rows], above[rows], below[rows], weight[rows], bound)
        planes.append(lean)
    red, green, blue = planes
    return red, green, blue


def _blend(
    lean: np.ndarray,
    new: np.ndarray,
    above: np.ndarray,
    below: np.ndarray,
    weight: np.ndarray,
    bound: np.ndarray,
) -> None:
    """`lean`, float32, held between its bounds and laid over `new` by weight, in place."""
    bound = bound[: len(lean)]
    np.copyto(bound, above)
    cv2.min(lean, bound, dst=lean)
    np.copyto(bound, below)
    cv2.max(lean, bound, dst=lean)
    np.copyto(bound, new)
    cv2.subtract(lean, bound, dst=lean)
    cv2.multiply(lean, weight, dst=lean)
    cv2.add(lean, bound, dst=lean)


def _places(flow: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Where to take each pixel from, as fixed-point maps. What hardly moves stays: it must not blur."""
    moves = np.abs(flow) >= _STILL_PX
    flow = flow * (moves[..., :1] | moves[..., 1:])
    places = cv2.resize(flow, size)
    places += grid(size[1], size[0])
    return cv2.convertMaps(places, None, cv2.CV_16SC2)  # type: ignore[call-overload]


def _surroundings(
    new: np.ndarray, found: np.ndarray, size: tuple[int, int]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The highest and the lowest that a carried value may be, per channel: wide where there is trust."""
    box = np.ones((_SURROUNDINGS_PX, _SURROUNDINGS_PX), np.uint8)
    slack = cv2.resize((_SLACK * found**4).astype(np.uint8), size)
    slack = cv2.merge([slack, slack, slack])
    return list(cv2.split(cv2.add(cv2.dilate(new, box), slack))), list(
        cv2.split(cv2.subtract(cv2.erode(new, box), slack))
    )


def _missing_detail(new: np.ndarray, result: np.ndarray, before: float) -> float:
    """How much of its finest detail `result` lacks beside `new`, smoothed in time."""
    fine_new, fine = (_fine_detail(picture) for picture in (new, result))
    missing = float(np.clip((fine_new - fine) / max(fine, 0.25), 0, _MOST_DETAIL))
    return _DETAIL_INERTIA * before + (1 - _DETAIL_INERTIA) * missing


def _fine_detail(picture: np.ndarray) -> float:
    """Mean step from pixel to pixel of the green channel, in levels."""
    green = cv2.extractChannel(picture, 1)
    return float(cv2.mean(cv2.absdiff(green[:, 1:], green[:, :-1]))[0])


def _with_detail(result: np.ndarray, detail: float) -> np.ndarray:
    if detail < 0.01:
        return result
    return cv2.addWeighted(result, 1 + detail, cv2.GaussianBlur(result, (3, 3), 0), -detail, 0.0)
