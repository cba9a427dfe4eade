"""Whether the source's edges survive and no others are invented: the boundary F-measure.

    precision = share of the output's edge pixels that lie within 2 px of an edge of the source
    recall    = share of the source's edge pixels that lie within 2 px of an edge of the output
    edge_agreement = 2 precision recall / (precision + recall), mean over frames

(van Rijsbergen 1979, as Martin, Fowlkes and Malik 2004 use it for boundaries, with a distance in place of
their one-to-one matching). Edges are Canny's (1986) on the luma at short side 360, blurred by a Gaussian of
sigma 2 px and brought to a standard deviation of 0.2, so that neither contrast nor fine brushwork decides;
thresholds 0.15 and 0.3 of the Sobel gradient. `edge_precision` falls where a look draws lines of its own,
`edge_recall` where it paints over the source's. A frame without any edge on either side counts as 1.
Optimum: 1.
"""

from __future__ import annotations

import cv2
import numpy as np

from stylereel.metrics import _bands
from stylereel.metrics._facts import Facts
from stylereel.metrics._motion import Motion
from stylereel.metrics._series import Series

BLUR_PX = 2.0
NEAR_PX = 2
CONTRAST = 0.2
THRESHOLDS = (0.15, 0.30)
FACTS = Facts(
    key="edge_agreement",
    title="edges kept",
    question="Do the source's edges survive, and are no others invented?",
    optimum=1.0,
    good=0.7,
    fair=0.5,
    uses=("motion",),
)


class Metric:
    """Frame by frame."""

    name = "edge_agreement"
    optimum = FACTS.optimum

    def __init__(self, *, motion: Motion | None = None) -> None:
        self._motion = motion or Motion()
        self._values = Series(3)
        self._frames = 0

    @property
    def curve(self) -> np.ndarray:
        """(points, 4): frame, precision, recall, agreement."""
        return self._values.curve

    def update(self, source: np.ndarray, stylized: np.ndarray) -> None:
        """Add a frame and its stylised counterpart, (H, W, 3) uint8 RGB; sizes may differ."""
        wanted = _edges(self._motion.reduced(source))
        found = _edges(self._motion.reduced(stylized))
        if found.shape != wanted.shape:
            found = cv2.resize(found, wanted.shape[::-1], interpolation=cv2.INTER_NEAREST)
        precision, recall = _share_near(found, wanted), _share_near(wanted, found)
        both = precision + recall
        self._values.add(self._frames, precision, recall, 2 * precision * recall / both if both else 0.0)
        self._frames += 1

    def result(self) -> dict[str, float]:
        """Means over the frames."""
        precision, recall, agreement = (float(value) for value in self._values.mean)
        return {"edge_agreement": agreement, "edge_precision": precision, "edge_recall": recall}


def _edges(frame: np.ndarray) -> np.ndarray:
    """(H, W) uint8, 1 on an edge."""
    soft = cv2.GaussianBlur(_bands.grey(frame), (0, 0), BLUR_PX)
    soft *= CONTRAST / max(float(soft.std()), 0.02)
    steps = [
        np.rint(cv2.Sobel(soft, cv2.CV_32F, *axes) * 1000).clip(-32000, 32000).astype(np.int16)
        for axes in ((1, 0), (0, 1))
    ]
    low, high = (1000 * threshold for threshold in THRESHOLDS)
    return (cv2.Canny(steps[0], steps[1], low, high, L2gradient=True) > 0).astype(np.uint8)


def _share_near(edges: np.ndarray, others: np.ndarray) -> float:
    """Share of the pixels of `edges` within `NEAR_PX` of one of `others`; 1 where there is none to ask."""
    if not edges.any():
        return 1.0
    if not others.any():
        return 0.0
    distance = cv2.distanceTransform(1 - others, cv2.DIST_L2, cv2.DIST_MASK_5)
    return float((distance[edges > 0] <= NEAR_PX).mean())
