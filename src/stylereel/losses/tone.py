"""Dark stays darker than light: the broad tones of the output must go with those of the input.

PatchNCE alone is content with any re-mapping that keeps places apart, so dark trousers may come out as bare
paper and a face may vanish into the wall. Pearson's correlation asks for order, not for equal values, so the
look keeps its own palette and contrast.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from stylereel.core.color import LUMA_OF_RGB


def tone(output: Tensor, content: Tensor, *, cell_px: int = 8) -> Tensor:
    """1 - the correlation of the two lumas, over cells: half within pictures, half across the batch.

    Args:
        output, content: `(N, 3, H, W)` in [-1, 1]; the gradient flows to `output`.
        cell_px: side of the cells; strokes smaller than a cell are free.

    Returns:
        Scalar float32 in [0, 2]; 0 for tones in the same order and proportion.
    """
    weights = torch.tensor(LUMA_OF_RGB, device=output.device)[None, :, None, None]
    lumas = [
        F.avg_pool2d((x.float() * weights).sum(1, keepdim=True), cell_px).flatten(1)
        for x in (output, content)
    ]
    within = _correlation(*(luma - luma.mean(1, keepdim=True) for luma in lumas))
    across = _correlation(*((luma - luma.mean()).flatten() for luma in lumas))
    return 1 - 0.5 * (within + across)


def _correlation(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum() / (a.square().sum() * b.square().sum() + 1e-4).sqrt()
