"""How much a result boils: what is left between frames after the source's own motion is taken out.

    E(O) = mean over pairs (t, t + gap) of  sum_p M(p) |O_{t+gap}(p + f(p)) - O_t(p)|^2 / (3 sum_p M(p))

with O in [0, 1], the flow f from the SOURCE (DIS medium) and the mask M of Lai et al. 2018 (forward-backward
and motion boundary). The source's own value is the floor, because flow is never perfect; `warping_ratio` is
E(output) over E(source), `warping_n_ratio` the same with each side divided by its mean per-frame variance, so
that a look of strong contrast is not punished for it, nor a grey one rewarded. Optimum: the source's own, a
ratio of 1.
"""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np

from stylereel.temporal.flow import SourceFlow, warped


class Metric:
    """Frame by frame, in order; keeps `gap` + 1 frames."""

    name = "warping_error"
    optimum = 1.0

    def __init__(self, gap: int = 1) -> None:
        self.gap = gap
        self._flow = SourceFlow()
        self._kept: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=gap + 1)
        self._errors: list[tuple[float, float]] = []
        self._variances: list[tuple[float, float]] = []

    @property
    def pairs(self) -> np.ndarray:
        """(pairs, 2) error of the source and of the output, for a curve."""
        return np.array(self._errors).reshape(-1, 2)

    def update(self, source: np.ndarray, stylized: np.ndarray) -> None:
        """Add a frame and its stylised counterpart, (H, W, 3) uint8 RGB; sizes may differ."""
        if source.shape != stylized.shape:
            source = cv2.resize(source, stylized.shape[1::-1], interpolation=cv2.INTER_AREA)
        self._kept.append((source, stylized))
        self._variances.append((_contrast(source), _contrast(stylized)))
        if len(self._kept) <= self.gap:
            return
        (first, first_out), (second, second_out) = self._kept[0], self._kept[-1]
        flow, mask = self._flow.between(first, second)
        if mask.any():
            self._errors.append(
                (_residual(first, second, flow, mask), _residual(first_out, second_out, flow, mask))
            )

    def result(self) -> dict[str, float]:
        """Errors, ratio, contrast-normalised ratio; names carry a gap other than 1; NaN without a pair."""
        tail = "" if self.gap == 1 else f"_gap{self.gap}"
        nothing = (float("nan"), float("nan"))
        source, output = np.mean(self._errors, axis=0) if self._errors else nothing
        source_contrast, contrast = np.mean(self._variances, axis=0) if self._variances else nothing
        floor = max(float(source), 1e-9)
        return {
            f"warping_error{tail}": float(output),
            f"warping_error_source{tail}": float(source),
            f"warping_ratio{tail}": float(output) / floor,
            f"warping_n_ratio{tail}": float(output)
            / max(float(contrast), 1e-6)
            / floor
            * float(source_contrast),
        }


def _contrast(frame: np.ndarray) -> float:
    """Mean over the channels of a frame's variance, [0, 1] range."""
    return float(np.var(frame.reshape(-1, 3).astype(np.float32) / 255.0, axis=0).mean())


def _residual(first: np.ndarray, second: np.ndarray, flow: np.ndarray, mask: np.ndarray) -> float:
    difference = warped(second.astype(np.float32), flow) - first.astype(np.float32)
    return float(np.mean(difference[mask] ** 2)) / 255.0**2
