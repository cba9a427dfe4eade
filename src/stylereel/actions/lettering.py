"""Names written onto pictures: sheets and split views."""

from __future__ import annotations

import cv2
import numpy as np

LABEL_PX = 22
SIZE = 0.45
"""Of the letters, as OpenCV counts: capitals of 10 px."""
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def label(picture: np.ndarray, text: str, left: int, width: int) -> None:
    """A name in the lower left corner, white on darkened paint; in place.

    Args:
        picture: `(H, W, 3)` uint8.
        text: nothing is written where the picture is too small for any.
        left: of the stretch that the name belongs to, px.
        width: of that stretch, px.
    """
    height = picture.shape[0]
    if height < 4 * LABEL_PX or width < 40:
        return
    reach = min(width, text_width(text) + 16)
    strip = picture[height - LABEL_PX :, left : left + reach]
    strip[:] = (strip * 0.35).astype(np.uint8)
    write(picture, text, (left + 8, height - 7), width - 16, (255, 255, 255))


def write(
    picture: np.ndarray,
    text: str,
    at: tuple[int, int],
    width: int,
    color: tuple[int, int, int],
    *,
    size: float = SIZE,
    keeps_end: bool = False,
) -> None:
    """A line of text; in place.

    Args:
        picture: `(H, W, 3)` uint8.
        text: what OpenCV's letters lack becomes a question mark.
        at: left end of the baseline, `(x, y)`.
        width: px; what is longer is cut.
        color: of the letters.
        size: of the letters.
        keeps_end: cut at the front, where the end is what tells names apart.
    """
    plain = text.encode("ascii", "replace").decode()
    while len(plain) > 4 and text_width(plain, size) > width:
        plain = ".." + plain.lstrip(".")[1:] if keeps_end else plain.rstrip(".")[:-1] + ".."
    cv2.putText(picture, plain, at, _FONT, size, color, 1, cv2.LINE_AA)


def text_width(text: str, size: float = SIZE) -> int:
    """Of a line, px."""
    return cv2.getTextSize(text.encode("ascii", "replace").decode(), _FONT, size, 1)[0][0]
