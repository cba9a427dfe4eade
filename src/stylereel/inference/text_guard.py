"""Keeps text legible under any look: where there is text, the source's luma is let through.

Text is told by what it is made of: thin strokes of strong local contrast, many of them close together and
in more than one direction, with ground between them that is quite flat. Leaves and gravel have the strokes
and not the ground, walls and faces the ground and not the strokes, rims and road marks one direction alone.
No letter is read, no network is run: the cost is that of a few box filters and does not depend on what is
seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from stylereel.core.frames import Frame
from stylereel.temporal.cuts import CutState, Join, look_for_cut

STROKE_OF_HEIGHT = 1 / 60
_LEAST_STROKE_PX, _MOST_STROKE_PX = 5, 25
_CONTRAST_LEVELS = 40
_FLAT_LEVELS, _RIPPLES = 4, 0.08
_GROUND_X, _GROUND_Y = 8, 5
_LEAST_EDGES, _LEAST_FLAT, _MOST_COHERENCE = 0.07, 0.35, 0.8
_APPEARS, _LEAVES = 0.5, 0.15


@dataclass(frozen=True)
class TextState:
    """What goes from one frame to the next.

    Attributes:
        mask: `(H, W)` float32, where text is and was lately, 0 to 1.
        scene: what the cut detector knows.
    """

    mask: np.ndarray
    scene: CutState


def find_text(luma: np.ndarray) -> np.ndarray:
    """Where text is.

    Args:
        luma: `(H, W)` uint8.

    Returns:
        `(H, W)` uint8, 255 where there is text or the ground right around it, else 0.
    """
    height = luma.shape[0]
    stroke = int(np.clip(round(height * STROKE_OF_HEIGHT), _LEAST_STROKE_PX, _MOST_STROKE_PX)) | 1
    kernel = np.ones((stroke, stroke), np.uint8)
    # What is thinner than the kernel and darker, or lighter, than its ground on both sides.
    dark = cv2.morphologyEx(luma, cv2.MORPH_BLACKHAT, kernel)
    light = cv2.morphologyEx(luma, cv2.MORPH_TOPHAT, kernel)
    strokes = cv2.threshold(cv2.max(dark, light), _CONTRAST_LEVELS, 1, cv2.THRESH_BINARY)[1]
    span = cv2.morphologyEx(luma, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    edges = cv2.threshold(span, _CONTRAST_LEVELS, 1, cv2.THRESH_BINARY)[1]
    # Compression leaves ripples around letters, the larger the more the letters stand out.
    ripples = cv2.addWeighted(cv2.dilate(span, kernel), _RIPPLES, span, 0, _FLAT_LEVELS)
    flat = cv2.compare(span, ripples, cv2.CMP_LE)
    around = (4 * stroke + 1, 2 * stroke + 1)
    dense = cv2.blur(cv2.min(strokes, edges) * np.uint8(255), around) >= 255 * _LEAST_EDGES
    wide = (_GROUND_X * stroke + 1, _GROUND_Y * stroke + 1)
    ground = cv2.blur(flat, wide) >= 255 * _LEAST_FLAT
    near = cv2.dilate(strokes, kernel) > 0
    found = (dense & ground & near & _turns(luma, around)).astype(np.uint8) * 255
    # Letters join into lines and lone specks vanish; then the line gets a rim of its own ground.
    found = cv2.morphologyEx(found, cv2.MORPH_CLOSE, np.ones((stroke, 2 * stroke + 1), np.uint8))
    found = cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((stroke, 2 * stroke + 1), np.uint8))
    return cv2.dilate(found, kernel)


def _turns(luma: np.ndarray, window: tuple[int, int]) -> np.ndarray:
    """`(H, W)` bool: the gradients in the window do not all lie along one line (by the structure tensor).

    Looked at in half the size, where single pixels of a slanted line count less.
    """
    size = (max(1, luma.shape[1] // 2), max(1, luma.shape[0] // 2))
    small = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
    across, down = (cv2.Sobel(small, cv2.CV_32F, *order, scale=1 / 8) for order in ((1, 0), (0, 1)))
    half = (window[0] // 2 | 1, window[1] // 2 | 1)
    along, over, both = (cv2.blur(part, half) for part in (across * across, down * down, across * down))
    coherence = cv2.magnitude(along - over, 2 * both) - _MOST_COHERENCE * (along + over)
    return cv2.resize(coherence, luma.shape[::-1], interpolation=cv2.INTER_LINEAR) < 0


def with_luma(rgb: np.ndarray, luma: np.ndarray) -> np.ndarray:
    """The same colours at another luma; where a colour cannot be that light or dark, less of it.

    Args:
        rgb: `(H, W, 3)` uint8.
        luma: `(H, W)` float32, 0 to 255.

    Returns:
        `(H, W, 3)` uint8 whose luma (BT.601 weights, as OpenCV's grey) is `luma`, within rounding.
    """
    tint = rgb.astype(np.float32) - cv2.cvtColor(rgb.astype(np.float32), cv2.COLOR_RGB2GRAY)[..., None]
    most, least = tint.max(2), tint.min(2)
    room = np.minimum((255 - luma) / np.maximum(most, 1e-3), luma / np.maximum(-least, 1e-3))
    return np.rint(luma[..., None] + tint * np.minimum(room, 1)[..., None]).clip(0, 255).astype(np.uint8)


@dataclass(frozen=True)
class TextGuard:
    """Lets the source's luma through where there is text; a finisher.

    Text is taken up within two frames and let go slowly, so that what is found here and there along a
    stroke does not flicker; a cut begins anew.

    Attributes:
        alone: pictures have nothing to do with the ones before.
    """

    alone: bool = False

    def step(self, source: Frame, stylized: Frame, state: TextState | None) -> tuple[Frame, TextState]:
        """The frame with its text legible."""
        luma = cv2.cvtColor(source.pixels, cv2.COLOR_RGB2GRAY)
        join, scene = look_for_cut(luma, None if state is None else state.scene)
        found = find_text(luma).astype(np.float32) / 255
        mask = found
        if state is not None and not self.alone and join is not Join.CUT and state.mask.shape == luma.shape:
            pace = np.where(found > state.mask, np.float32(_APPEARS), np.float32(_LEAVES))
            mask = state.mask + pace * (found - state.mask)
        rim = max(3, round(luma.shape[0] / 80)) | 1
        feathered = cv2.GaussianBlur(mask, (2 * rim + 1, 2 * rim + 1), 0)
        after = TextState(mask, scene)
        x, y, width, height = cv2.boundingRect((feathered > 1 / 255).view(np.uint8))
        if not width or stylized.pixels is source.pixels:
            return stylized, after
        part = (slice(y, y + height), slice(x, x + width))
        look = stylized.pixels[part]
        shown = cv2.cvtColor(look, cv2.COLOR_RGB2GRAY).astype(np.float32)
        weight = np.minimum(feathered[part], 1)
        guarded = with_luma(look, shown + weight * (luma[part] - shown))
        pixels = stylized.pixels.copy()
        pixels[part] = np.where(weight[..., None] > 1 / 255, guarded, look)
        return stylized.with_pixels(pixels), after
