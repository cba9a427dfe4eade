"""What is bluer stays bluer: the broad hues of the output must go with those of the input.

Tone keeps the order of light and dark and leaves hue free, so a clear sky may come out mustard. This asks the
same of two opponent axes, red to green and yellow to blue, by correlation: in order and proportion, not in
value, so the look keeps its own palette.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_FAINT = 0.01


def hue(output: Tensor, content: Tensor, *, cell_px: int = 8) -> Tensor:
    """1 - the correlation of the two opponent colours, over cells of all pictures of the batch.

    The axes are R - G and (R + G) / 2 - B. Across the batch alone: within a picture of one colour there is no
    order of hues to keep, and a grey one asks for nothing.

    Args:
        output, content: `(N, 3, H, W)` in [-1, 1]; the gradient flows to `output`.
        cell_px: side of the cells; strokes smaller than a cell may have any colour.

    Returns:
        Scalar float32 in [0, 2]; 0 for hues in the same order and proportion.
    """
    first, second = (_opponent(F.avg_pool2d(x.float(), cell_px)) for x in (output, content))
    first = first - first.mean(dim=1, keepdim=True)
    second = second - second.mean(dim=1, keepdim=True)
    products = (first * second).mean(1)
    correlation = products / (first.square().mean(1) * second.square().mean(1) + _FAINT**2).sqrt()
    return 1 - correlation.mean()


def _opponent(pictures: Tensor) -> Tensor:
    """`(2, N * h * w)`: red against green, yellow against blue."""
    red, green, blue = pictures.unbind(1)
    return torch.stack([red - green, 0.5 * (red + green) - blue]).flatten(1)
