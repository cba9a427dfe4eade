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
from dataclasses import dataclass

import cv2
import numpy as np

from stylereel.metrics._facts import Facts
from stylereel.metrics._motion import Motion
from stylereel.metrics._series import Series
from stylereel.temporal.flow import warped

FACTS = Facts(
    key="warping_n_ratio",
    title="boiling",
    question="Does the paint stay where it is from one frame to the next?",
    optimum=1.0,
    good=3.0,
    fair=7.0,
    unit="x",
    least_frames=2,
    uses=("motion",),
)


@dataclass(frozen=True)
class Pair:
    """The last pair that was measured: (H, W, 3) uint8 frames, flow, mask and the two errors."""

    first: np.ndarray
    second: np.ndarray
    first_output: np.ndarray
    second_output: np.ndarray
    flow: np.ndarray
    mask: np.ndarray
    error_source: float
    error: float


class Metric:
    """Frame by frame, in order; keeps `gap` + 1 frames."""

    name = "warping_error"
    optimum = FACTS.optimum

    def __init__(self, gap: int = 1, *, motion: Motion | None = None) -> None:
        self.gap = gap
        self.last: Pair | None = None
        self._motion = motion or Motion()
        self._kept: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=gap + 1)
        self._errors = Series(2)
        self._variances = Series(2)
        self._frames = 0

    @property
    def pairs(self) -> np.ndarray:
        """(pairs, 2) error of the source and of the output; neighbours are averaged in very long clips."""
        return self._errors.curve[:, 1:]

    @property
    def curve(self) -> np.ndarray:
        """(points, 3): first frame of the pair, error of the source, error of the output."""
        return self._errors.curve

    def update(self, source: np.ndarray, stylized: np.ndarray) -> None:
        """Add a frame and its stylised counterpart, (H, W, 3) uint8 RGB; sizes may differ."""
        if source.shape != stylized.shape:
            source = cv2.resize(source, stylized.shape[1::-1], interpolation=cv2.INTER_AREA)
        self._kept.append((source, stylized))
        self._variances.add(self._frames, _contrast(source), _contrast(stylized))
        self._frames += 1
        self.last = None
        if len(self._kept) <= self.gap:
            return
        (first, first_out), (second, second_out) = self._kept[0], self._kept[-1]
        flow, mask = self._motion.between(first, second)
        if mask.any():
            errors = (_residual(first, second, flow, mask), _residual(first_out, second_out, flow, mask))
            self._errors.add(self._frames - 1 - self.gap, *errors)
            self.last = Pair(first, second, first_out, second_out, flow, mask, *errors)

    def result(self) -> dict[str, float]:
        """Errors, ratio, contrast-normalised ratio; names carry a gap other than 1; NaN without a pair."""
        tail = "" if self.gap == 1 else f"_gap{self.gap}"
        source, output = (float(value) for value in self._errors.mean)
        source_contrast, contrast = (float(value) for value in self._variances.mean)
        floor = max(source, 1e-9)
        return {
            f"warping_error{tail}": output,
            f"warping_error_source{tail}": source,
            f"warping_ratio{tail}": output / floor,
            f"warping_n_ratio{tail}": output / max(contrast, 1e-6) / floor * source_contrast,
        }


def difference(pair: Pair) -> np.ndarray:
    """(H, W) float32 in [0, 1]: mean over the channels of |warped - first| of the output, 0 off the mask."""
    moved = warped(pair.second_output.astype(np.float32), pair.flow)
    return np.abs(moved - pair.first_output).mean(axis=2) / 255.0 * pair.mask


def _contrast(frame: np.ndarray) -> float:
    """Mean over the channels of a frame's variance, [0, 1] range."""
    return float(np.var(frame.reshape(-1, 3).astype(np.float32) / 255.0, axis=0).mean())


def _residual(first: np.ndarray, second: np.ndarray, flow: np.ndarray, mask: np.ndarray) -> float:
    difference = warped(second.astype(np.float32), flow) - first.astype(np.float32)
    return float(np.mean(difference[mask] ** 2)) / 255.0**2
