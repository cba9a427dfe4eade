"""A trained critic of one style: what it holds, its network, and how crops reach it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

CROP_PX = 96
SHORT_SIDE_PX = 360

Weights = dict[str, np.ndarray]


@dataclass(frozen=True)
class Critic:
    """What a trained critic knows: one network per fold, and its anchor at 1.

    Attributes:
        energies: (3,) mean band energy of the style, for the control.
        folds: weights of each fold's network.
        held_out_logits: mean logit of each network on the style crops that it never saw.
        recall: for each fold the share of held-out style crops that it takes for style.
    """

    energies: np.ndarray
    folds: tuple[Weights, ...]
    held_out_logits: tuple[float, ...]
    recall: tuple[float, ...]

    def logits(self, crops: np.ndarray) -> np.ndarray:
        """(N, 96, 96) normalised crops to (folds,) mean logits."""
        return np.array([float(forward(weights, crops).mean()) for weights in self.folds])


def normalized(crop: np.ndarray) -> np.ndarray:
    """Zero mean and unit contrast; below a contrast of 3 % the noise is not blown up further."""
    crop = crop.astype(np.float32)
    return (crop - crop.mean()) / max(float(crop.std()), 0.03)


def grid_crops(picture: np.ndarray, size_px: int = CROP_PX) -> list[np.ndarray]:
    """Evenly placed normalised crops that cover a grey picture."""
    rows, columns = (
        np.linspace(0, length - size_px, max(1, round(length / size_px))).round().astype(int)
        for length in picture.shape
    )
    return [
        normalized(picture[top : top + size_px, left : left + size_px]) for top in rows for left in columns
    ]


def network():
    """Four strided convolutions and a mean: it sees texture of about 35 px, not composition."""
    from torch import nn

    widths = (1, 16, 32, 48, 64)
    layers: list[nn.Module] = []
    for index, (before, after) in enumerate(itertools.pairwise(widths)):
        kernel = 5 if index == 0 else 3
        convolution = nn.Conv2d(before, after, kernel, stride=2, padding=kernel // 2, bias=False)
        nn.init.kaiming_normal_(convolution.weight, 0.2)
        layers += [convolution, nn.BatchNorm2d(after), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(widths[-1], 1))


def forward(weights: Weights, crops: np.ndarray) -> np.ndarray:
    """(N, 96, 96) to (N,) logits."""
    import torch

    trained = network()
    trained.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in weights.items()})
    trained.eval()
    with torch.no_grad():
        parts = [
            trained(torch.from_numpy(crops[start : start + 128])[:, None])
            for start in range(0, len(crops), 128)
        ]
    return torch.cat(parts).flatten().numpy()
