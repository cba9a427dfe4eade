"""What of a network's pictures is judged: not the margin, which saw the padding around the frame."""

from __future__ import annotations

from torch import Tensor

EDGE_PX = 8
"""To each side; what lies further in is what a runner shows."""


def inner(pictures: Tensor) -> Tensor:
    """Without the margin where zero padding speaks: not judged in training, nor shown by a runner.

    Args:
        pictures: `(..., h, w)`, more than `2 * EDGE_PX` px to a side.

    Returns:
        `(..., h - 2 * EDGE_PX, w - 2 * EDGE_PX)`, a view.
    """
    return pictures[..., EDGE_PX:-EDGE_PX, EDGE_PX:-EDGE_PX]
