"""Slides that tests render themselves, with the boxes that their lines of text lie in."""

from __future__ import annotations

import cv2
import numpy as np

LINES = (
    (1.6, "Gradient descent in one page"),
    (1.0, "Loss falls along the steepest direction"),
    (0.7, "w := w - eta * dL/dw, with eta around 0.01"),
    (0.5, "Footnote: learning rates that decay work better in practice."),
    (0.42, "Smaller still: see chapter 4, page 128; (a) b, c = 12.5%"),
)
Box = tuple[int, int, int, int]


def slide(
    width: int = 640, height: int = 360, *, dark: bool = False, shift: int = 0
) -> tuple[np.ndarray, list[Box]]:
    """A slide of five lines, from a title to a footnote, and a picture.

    Args:
        dark: light text on a dark ground instead of the other way round.
        shift: pixels to the right, for slides that move.

    Returns:
        `(H, W, 3)` uint8 RGB, and `(x, y, width, height)` of each line, pixels.
    """
    ground, ink = ((30, 34, 48), (235, 235, 235)) if dark else ((250, 250, 246), (20, 20, 30))
    page = np.full((height, width, 3), ground, np.uint8)
    coarse = np.random.default_rng(1).uniform(0, 255, (6, 8, 3)).astype(np.uint8)
    top, left = height * 6 // 10, width * 7 // 10
    shape = (width - 20 - left, height - 20 - top)
    page[top : top + shape[1], left : left + shape[0]] = cv2.resize(
        coarse, shape, interpolation=cv2.INTER_CUBIC
    )
    boxes, y = [], height // 10
    for size, line in LINES:
        scale = size * height / 720
        thick = max(1, round(2 * scale)) if size >= 0.7 else 1
        (across, above), below = cv2.getTextSize(line, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
        y += round(above * 2.2)
        x = width // 16 + shift
        cv2.putText(page, line, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, ink, thick, cv2.LINE_AA)
        boxes.append((x, y - above, across, above + below))
    return page, boxes


def kept_edges(source: np.ndarray, result: np.ndarray, box: Box) -> float:
    """How much of the source's luma edges a result has inside a box: 1 for all, whatever it adds of its own.

    The result's gradients, projected on the source's: sum(g_r . g_s) / sum(g_s . g_s).
    """
    x, y, width, height = box
    both = []
    for rgb in (source, result):
        luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
        gradients = [cv2.Sobel(luma, -1, *order)[y : y + height, x : x + width] for order in ((1, 0), (0, 1))]
        both.append(np.stack(gradients))
    return float((both[0] * both[1]).sum() / (both[0] ** 2).sum())


def lesson(index: int, width: int, height: int) -> np.ndarray:
    """Frame `index` of a film: slides with text, each shown for a while, then a stretch that moves."""
    page = slide(width, height, dark=index // 12 % 2 == 1)[0]
    if index % 12 < 7:
        return page
    return np.roll(cv2.GaussianBlur(page, (0, 0), 1), 3 * (index % 12), 1)
