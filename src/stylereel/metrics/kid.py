"""Kernel distance of features between a result's crops and the style's pictures (Binkowski et al. 2018).

    KID = MMD^2 without bias, kernel k(x, y) = (x.y / D + 1)^3

over the crops that `fid` takes, with a feature network that the user names. Its expectation does not depend
on the number of crops, so it suits small style sets; it may fall a little below 0. Optimum: 0.
"""

from __future__ import annotations

import numpy as np

from stylereel.metrics._facts import Facts
from stylereel.metrics._features import Collected, FeatureNetwork

FACTS = Facts(
    key="kid_ratio",
    title="KID",
    question="How far are deep features from the style's, without FID's bias? The source itself is at 1.",
    optimum=0.0,
    good=0.5,
    fair=0.8,
    unit="x",
    sampled=True,
    needs=("features", "style_features"),
)


class Metric:
    """Collects features of a dozen frames."""

    name = "kid"
    optimum = FACTS.optimum

    def __init__(self, features: FeatureNetwork, style_features: np.ndarray) -> None:
        self._collected, self._style = Collected(features), style_features

    def update(self, source: np.ndarray, stylized: np.ndarray) -> None:
        """Add a frame and its stylised counterpart, (H, W, 3) uint8 RGB."""
        self._collected.update(source, stylized)

    def result(self) -> dict[str, float]:
        """`kid`, `kid_source` and their ratio; NaN without frames."""
        output, source = self._collected.of("output"), self._collected.of("source")
        if output is None or source is None or min(len(output), len(self._style)) < 2:
            return dict.fromkeys(("kid", "kid_source", "kid_ratio"), float("nan"))
        found, own = mmd(output, self._style), mmd(source, self._style)
        return {"kid": found, "kid_source": own, "kid_ratio": found / own if own > 0 else float("nan")}


def mmd(first: np.ndarray, second: np.ndarray) -> float:
    """Squared maximum mean discrepancy without bias of (N, D) and (M, D), cubic kernel."""
    width = first.shape[1]

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (a @ b.T / width + 1) ** 3

    def own(features: np.ndarray) -> float:
        values, count = kernel(features, features), len(features)
        return float(values.sum() - np.trace(values)) / (count * (count - 1))

    return own(first) + own(second) - 2 * float(kernel(first, second).mean())
