"""PatchNCE: a patch of the output must be recognisable as the same patch of the input (Park et al. 2020)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def patch_nce(queries: Tensor, keys: Tensor, *, temperature: float = 0.07) -> Tensor:
    """Cross-entropy of picking each query's own key among the keys of the same picture.

    Args:
        queries: `(N, P, C)` unit vectors from the output.
        keys: `(N, P, C)` unit vectors from the input at the same places; detached here.
        temperature: sharpness of the softmax.

    Returns:
        Scalar float32.
    """
    logits = torch.bmm(queries.float(), keys.detach().float().transpose(1, 2)) / temperature  # (N, P, P)
    n, patches, _ = logits.shape
    target = torch.arange(patches, device=logits.device).repeat(n)
    return F.cross_entropy(logits.reshape(n * patches, patches), target)
