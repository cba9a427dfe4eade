"""Do as a teacher does: the output goes where another network's went (Hinton et al. 2015).

Of values and of differences between neighbours: the mean of what a teacher might have done has its values
near and its edges gone, so edges are asked for by themselves.
"""

from __future__ import annotations

from torch import Tensor


def distillation(output: Tensor, taught: Tensor) -> Tensor:
    """Mean distance of values, and of their differences to the neighbours one and two pixels on.

    Args:
        output, taught: `(N, 3, H, W)` in [-1, 1]; the gradient flows to `output`.

    Returns:
        Scalar float32, at least 0; 0 for equal pictures.
    """
    apart = output.float() - taught.float()
    term = apart.abs().mean()
    for step in (1, 2):
        term = term + (apart[..., step:] - apart[..., :-step]).abs().mean()
        term = term + (apart[..., step:, :] - apart[..., :-step, :]).abs().mean()
    return term / 3
