"""Whether the brightness of what stands still stays the same.

    flicker = mean over pairs (t, t + 1) of  mean over p in S_t of |G * Y_{t+1}(p) - G * Y_t(p)|,
    S_t     = pixels whose source flow can be trusted and is shorter than 0.25 px

Y is luma in steps of 1/255 at short side 360, G a Gaussian of sigma 4 px, so that brushwork that crawls
(which `warping_error` measures) hardly counts and brightness does: the static-region luminance difference
that is customary for deflickering (compare Bonneel et al. 2015 and Lei et al. 2023, who look at the whole
frame). Pairs where less than 2 % of the frame is still are left out. `flicker_added` is the output's less the
source's own. Optimum: 0 added.
"""

from __future__ import annotations

import cv2
import numpy as np

from stylereel.metrics import _bands
from stylereel.metrics._facts import Facts
from stylereel.metrics._motion import Motion
from stylereel.metrics._series import Series

SIGMA_PX = 4
STILL_PX = 0.25
LEAST_STILL = 0.02
FACTS = Facts(
    key="flicker_added",
    title="flicker",
    question="Does the brightness of what stands still stay the same?",
    optimum=0.0,
    good=0.3,
    fair=1.0,
    unit="/255",
    least_frames=2,
    uses=("motion",),
)


class Metric:
    """Frame by frame, in order; keeps one frame."""

    name = "flicker"
    optimum = FACTS.optimum

    def __init__(self, *, motion: Motion | None = None) -> None:
        self._motion = motion or Motion()
        self._before: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
        self._values = Series(2)
        self._frames = 0

    @property
    def curve(self) -> np.ndarray:
        """(points, 3): first frame of the pair, flicker of the source, of the output; steps of 1/255."""
        return self._values.curve

    def update(self, source: np.ndarray, stylized: np.ndarray) -> None:
        """Add a frame and its stylised counterpart, (H, W, 3) uint8 RGB; sizes may differ."""
        frame = self._motion.reduced(source)
        soft = _soft(frame)
        soft_output = cv2.resize(_soft(self._motion.reduced(stylized)), soft.shape[::-1])
        if self._before is not None:
            before, soft_before, soft_output_before = self._before
            flow, mask = self._motion.between(before, frame)
            still = mask & ((flow**2).sum(-1) < STILL_PX**2)
            if still.mean() >= LEAST_STILL:
                self._values.add(
                    self._frames - 1,
                    float(np.abs(soft - soft_before)[still].mean()),
                    float(np.abs(soft_output - soft_output_before)[still].mean()),
                )
        self._before = (frame, soft, soft_output)
        self._frames += 1

    def result(self) -> dict[str, float]:
        """Of the output, of the source, and what was added; NaN where nothing ever stood still."""
        source, output = (float(value) for value in self._values.mean)
        return {"flicker": output, "flicker_source": source, "flicker_added": output - source}


def _soft(frame: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(_bands.grey(frame) * 255, (0, 0), SIGMA_PX)
