"""Fréchet distance of features between a result's crops and the style's pictures (Heusel et al. 2017).

    FID = |m_o - m_s|^2 + Tr(C_o + C_s - 2 (C_o C_s)^(1/2))

over 192-px crops of twelve frames at short side 360 and of the style's pictures at their stored scale, with
the mean m and covariance C of the features of a network that the user names. The last trace is the sum of the
singular values of X_o X_s^T / sqrt((n_o - 1)(n_s - 1)) with centred features X, which is the same number and
stays exact where there are fewer crops than features. Figures depend on that network and on the number of
crops, which is far below the customary 10,000: compare them with each other and with `fid_source` alone;
`kid` has no such bias. Optimum: 0.
"""

from __future__ import annotations

import numpy as np

from stylereel.metrics._facts import Facts
from stylereel.metrics._features import Collected, FeatureNetwork

FACTS = Facts(
    key="fid_ratio",
    title="FID",
    question="How far are deep features from the style's? The source itself is at 1.",
    optimum=0.0,
    good=0.6,
    fair=0.85,
    unit="x",
    sampled=True,
    needs=("features", "style_features"),
)


class Metric:
    """Collects features of a dozen frames."""

    name = "fid"
    optimum = FACTS.optimum

    def __init__(self, features: FeatureNetwork, style_features: np.ndarray) -> None:
        self._collected, self._style = Collected(features), style_features

    def update(self, source: np.ndarray, stylized: np.ndarray) -> None:
        """Add a frame and its stylised counterpart, (H, W, 3) uint8 RGB."""
        self._collected.update(source, stylized)

    def result(self) -> dict[str, float]:
        """`fid`, `fid_source` and their ratio; NaN without frames."""
        output, source = self._collected.of("output"), self._collected.of("source")
        if output is None or source is None or min(len(output), len(self._style)) < 2:
            return dict.fromkeys(("fid", "fid_source", "fid_ratio"), float("nan"))
        found, own = frechet(output, self._style), frechet(source, self._style)
        return {"fid": found, "fid_source": own, "fid_ratio": found / max(own, 1e-9)}


def frechet(first: np.ndarray, second: np.ndarray) -> float:
    """Fréchet distance of two sets of features (N, D) and (M, D), each taken as a normal distribution."""
    centred = [features - features.mean(axis=0) for features in (first, second)]
    freedom = [len(features) - 1 for features in (first, second)]
    variances = sum(float((part**2).sum()) / n for part, n in zip(centred, freedom, strict=True))
    shared = np.linalg.svd(centred[0] @ centred[1].T, compute_uv=False).sum() / np.sqrt(
        freedom[0] * freedom[1]
    )
    means = float(((first.mean(axis=0) - second.mean(axis=0)) ** 2).sum())
    return max(0.0, means + variances - 2 * float(shared))
