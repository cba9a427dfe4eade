"""Whether a network draws the same when the picture moves by a few pixels: boiling is decided here.

    shift_error = mean over shifts s = 1..7 px, along x, y and both,
                  of mean |G(T_s x) - T_s G(x)|^2 / var(G(x))

inside the part that both share, less a margin that the borders reach. Optimum: 0. It judges a network, not a
video.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

SHIFTS_PX = tuple(range(1, 8))


def measure(
    apply: Callable[[np.ndarray], np.ndarray], frame: np.ndarray, *, margin_px: int = 32
) -> dict[str, float]:
    """Run `apply` on a frame and on moved views of it.

    Args:
        apply: (H, W, 3) uint8 RGB to the same shape.
        frame: a picture, larger than twice the margin by 64 px or more.
        margin_px: border that is not compared; the receptive field's radius, or what of it matters.

    Returns:
        `shift_error`, and `shift_error_<s>` for each shift.
    """
    reach = max(SHIFTS_PX)
    height, width = (length - reach for length in frame.shape[:2])
    still = apply(np.ascontiguousarray(frame[:height, :width])).astype(np.float64)
    contrast = max(float(still.var(axis=(0, 1)).mean()), 1e-6)
    per_shift = {}
    for shift in SHIFTS_PX:
        errors = []
        for down, right in ((0, shift), (shift, 0), (shift, shift)):
            moved = apply(np.ascontiguousarray(frame[down : down + height, right : right + width]))
            shared = still[down + margin_px : height - margin_px, right + margin_px : width - margin_px]
            other = moved[margin_px : height - margin_px - down, margin_px : width - margin_px - right]
            errors.append(float(np.mean((other.astype(np.float64) - shared) ** 2)) / contrast)
        per_shift[f"shift_error_{shift}"] = float(np.mean(errors))
    return {"shift_error": float(np.mean(list(per_shift.values()))), **per_shift}
