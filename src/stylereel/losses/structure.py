"""What stands out from its surroundings still does: local structure of the output goes with the input's.

`tone` compares a whole picture's light and dark, in which a figure before foliage weighs next to nothing.
Here every neighbourhood counts by itself, as in the structure term of SSIM (Wang et al. 2004): by the
correlation of the two lumas within a small window, whatever the look's own contrast there.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from stylereel.core.color import LUMA_OF_RGB

FAINT = 0.02
"""Standard deviation of the luma, of a range of 2, below which a window of the content has no structure."""


def structure(output: Tensor, content: Tensor, *, cell_px: int = 2, window: int = 7) -> Tensor:
    """1 - the mean correlation of the two lumas within windows; those in which the content is flat are free.

    Args:
        output, content: `(N, 3, H, W)` in [-1, 1], at least `cell_px * window` to a side; the gradient
            flows to `output`.
        cell_px: side of the cells that are compared; finer strokes are free.
        window: side of a window, cells.

    Returns:
        Scalar float32 in [0, 2]; 0 where each window has the content's light and dark in proportion.
    """
    weights = torch.tensor(LUMA_OF_RGB, device=output.device)[None, :, None, None]
    made, wanted = (
        F.avg_pool2d((x.float() * weights).sum(1, keepdim=True), cell_px) for x in (output, content)
    )
    mean_made, mean_wanted = _local_mean(made, window), _local_mean(wanted, window)
    together = _local_mean(made * wanted, window) - mean_made * mean_wanted
    contrast_made = _contrast(made, mean_made, window)
    contrast_wanted = _contrast(wanted, mean_wanted, window)
    counts = (contrast_wanted / (contrast_wanted + FAINT)).detach()
    alike = together / (contrast_made * contrast_wanted).clamp_min(1e-6)
    return 1 - (alike * counts).sum() / counts.sum().clamp_min(1e-6)


def _local_mean(picture: Tensor, window: int) -> Tensor:
    return F.avg_pool2d(picture, window, 1)


def _contrast(picture: Tensor, mean: Tensor, window: int) -> Tensor:
    """Standard deviation within each window, never quite 0."""
    return (_local_mean(picture.square(), window) - mean.square()).clamp_min(0).add(1e-5).sqrt()
