"""Whether a result moves as its source does: the difference of their optical flows.

    tof = mean over pairs (t, t + 1) and pixels of |F(O_t, O_{t+1}) - F(I_t, I_{t+1})|, in px

the end-point difference of the flow F (DIS medium) of the output O and of the source I, both at short side
360; it is tOF of TecoGAN (Chu et al. 2020), with the Euclidean length where they sum the two axes. It does
not reward a still: one scores `tof_motion`, the mean length of the source's own flow. `tof_ratio` is tof over
tof_motion, which counts as 0.1 px at least, since below that flow is noise. Flow on plain surfaces is a
guess, for the source and for the output, so a look of much texture has some by nature. Optimum: 0.
"""

from __future__ import annotations

import numpy as np

from stylereel.metrics._facts import Facts
from stylereel.metrics._motion import Motion
from stylereel.metrics._series import Series

LEAST_MOTION_PX = 0.1
FACTS = Facts(
    key="tof_ratio",
    title="motion kept",
    question="Does everything move as in the source? A still picture is at 1.",
    optimum=0.0,
    good=0.5,
    fair=0.8,
    unit="x",
    least_frames=2,
    uses=("motion",),
)


class Metric:
    """Frame by frame, in order; keeps one frame."""

    name = "tof"
    optimum = FACTS.optimum

    def __init__(self, *, motion: Motion | None = None) -> None:
        self._motion = motion or Motion()
        self._before: tuple[np.ndarray, np.ndarray] | None = None
        self._values = Series(2)
        self._frames = 0

    @property
    def curve(self) -> np.ndarray:
        """(points, 3): first frame of the pair, motion of the source, tOF; px."""
        return self._values.curve

    def update(self, source: np.ndarray, stylized: np.ndarray) -> None:
        """Add a frame and its stylised counterpart, (H, W, 3) uint8 RGB; sizes may differ."""
        source, stylized = self._motion.reduced(source), self._motion.reduced(stylized)
        if self._before is not None:
            flow, _ = self._motion.between(self._before[0], source)
            same = self._before[0] is self._before[1] and source is stylized
            output = flow if same else _fitted(self._motion.forward(self._before[1], stylized), flow)
            motion = float(np.linalg.norm(flow, axis=2).mean())
            self._values.add(self._frames - 1, motion, float(np.linalg.norm(output - flow, axis=2).mean()))
        self._before = (source, stylized)
        self._frames += 1

    def result(self) -> dict[str, float]:
        """`tof` and `tof_motion`, px at short side 360, and `tof_ratio`; NaN without a pair."""
        motion, value = (float(part) for part in self._values.mean)
        return {"tof": value, "tof_motion": motion, "tof_ratio": value / max(motion, LEAST_MOTION_PX)}


def _fitted(flow: np.ndarray, like: np.ndarray) -> np.ndarray:
    """A flow at the size of another, where aspect ratios differ by a pixel."""
    return flow if flow.shape == like.shape else flow[: like.shape[0], : like.shape[1]]
