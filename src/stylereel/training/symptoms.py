"""What faults look like, as figures of pictures: `(N, 3, H, W)` in [-1, 1], on the CPU."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from stylereel.core.color import LUMA_OF_RGB

GRID_PERIODS_PX = (2, 4, 8)
LEAST_EDGES = 20


def luma(pictures: Tensor) -> Tensor:
    """Rec. 709 luma, `(N, H, W)`."""
    weights = pictures.new_tensor(LUMA_OF_RGB)
    return torch.einsum("nchw,c->nhw", pictures.float(), weights)


def saturation(pictures: Tensor) -> float:
    """Fraction of values within a hundredth of the end of the range, or not finite."""
    return 1.0 - float((pictures.abs() <= 0.98).float().mean())


def variety(outputs: Tensor, content: Tensor) -> float:
    """How different the outputs are from one another, over how different the contents are; 1 is as much.

    Root mean square distance of all pairs of 8x8 thumbnails.
    """
    return _spread(outputs) / max(_spread(content), 1e-6)


def _spread(pictures: Tensor) -> float:
    small = F.adaptive_avg_pool2d(pictures.float(), 8).flatten(1)
    return float((small - small.mean(dim=0)).square().mean().sqrt())


def luma_correlation(outputs: Tensor, content: Tensor) -> float:
    """Mean correlation of output and content luma at an eighth of the size; flat pictures do not count."""
    values = []
    side = max(2, content.shape[-1] // 8)
    for first, second in zip(
        F.adaptive_avg_pool2d(luma(outputs), side), F.adaptive_avg_pool2d(luma(content), side), strict=True
    ):
        first, second = first.flatten() - first.mean(), second.flatten() - second.mean()
        norms = float(first.norm() * second.norm())
        if float(second.std()) > 0.05 and norms > 1e-6:
            values.append(float(first @ second) / norms)
    return float(np.mean(values)) if values else 0.0


def grid_peak(pictures: Tensor) -> float:
    """Highest peak of the power spectrum at a period of 2, 4 or 8 px over its neighbourhood, rows and
    columns.

    A clean picture has about 1.
    """
    grey = luma(pictures)
    return max(_peak(grey), _peak(grey.transpose(1, 2)))


def _peak(grey: Tensor) -> float:
    length = grey.shape[-1] // 8 * 8
    lines = grey[..., :length]
    lines = lines - lines.mean(dim=-1, keepdim=True)
    window = torch.hann_window(length, periodic=False)
    power = torch.fft.rfft(lines * window, dim=-1).abs().square().mean(dim=(0, 1)).numpy()
    highest = 0.0
    for period in GRID_PERIODS_PX:
        at = length // period
        # A Hann window smears a line over its two neighbours, so the neighbourhood begins one further out.
        around = [index for shift in (-5, -4, -3, 3, 4, 5) if 1 <= (index := at + shift) < len(power)]
        # A spectrum falls steeply: the geometric mean of both sides is what lies between them.
        expected = float(np.exp(np.mean(np.log(power[around] + 1e-12))))
        highest = max(highest, float(power[at]) / (expected + 1e-9))
    return highest


def halo(outputs: Tensor, content: Tensor) -> float:
    """Overshoot beside strong edges, as a fraction of the edge's step: 0 for a plain edge, positive for a
    rim.

    Edges are sought in the content, where both sides are plain for 12 px; there, along the edge's normal,
    the output's level near the edge (3 to 5 px) is compared with its level further away (9 to 12 px) on the
    same side. Noise and strokes average out over many edges, a rim does not. 0 where there are too few edges.
    """
    overshoots = [_overshoots(*pair) for pair in zip(luma(outputs), luma(content), strict=True)]
    every = torch.cat(overshoots)
    return float(every.mean()) if len(every) >= LEAST_EDGES else 0.0


def _overshoots(output: Tensor, content: Tensor) -> Tensor:
    height, width = content.shape
    margin = 13
    if min(height, width) <= 2 * margin:
        return content.new_zeros(0)
    content, output = _smoothed(content), _smoothed(output)
    down = F.pad(content[2:] - content[:-2], (0, 0, 1, 1))
    right = F.pad(content[:, 2:] - content[:, :-2], (1, 1, 0, 0))
    strength = torch.hypot(down, right)
    inner = torch.zeros_like(strength)
    inner[margin : height - margin, margin : width - margin] = 1
    rows, columns = torch.nonzero(strength * inner > 0.1, as_tuple=True)
    if len(rows) == 0:
        return content.new_zeros(0)
    slope = strength[rows, columns]
    normal = down[rows, columns] / slope, right[rows, columns] / slope

    def level(grey: Tensor, distances: tuple[int, ...]) -> Tensor:
        y = torch.stack([rows + normal[0] * distance for distance in distances]).round().long()
        x = torch.stack([columns + normal[1] * distance for distance in distances]).round().long()
        return grey[y.clamp(0, height - 1), x.clamp(0, width - 1)].mean(dim=0)

    def sides(grey: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        near_bright, near_dark = level(grey, (3, 4, 5)), level(grey, (-3, -4, -5))
        far_bright, far_dark = level(grey, (9, 10, 11, 12)), level(grey, (-9, -10, -11, -12))
        return far_bright - far_dark, near_bright - far_bright, far_dark - near_dark

    step, bright, dark = sides(content)
    out_step, out_bright, out_dark = sides(output)
    plain = (step > 0.25) & (bright.abs() < 0.15 * step) & (dark.abs() < 0.15 * step) & (out_step > 0.1)
    over = (out_bright + out_dark) / out_step.clamp_min(0.1) - (bright + dark) / step.clamp_min(0.25)
    return over[plain].clamp(-2, 2)


def _smoothed(grey: Tensor) -> Tensor:
    return F.avg_pool2d(F.pad(grey[None, None], (1, 1, 1, 1), mode="replicate"), 3, 1)[0, 0]
