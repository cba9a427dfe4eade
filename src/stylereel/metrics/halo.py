"""Rims of light or dark along the strong edges of the source: the mark of sharpening and of hasty training.

Across every strong edge of the source (Canny on the blurred luma, and a step of at least 0.15 between 7 and
10 px on both sides) the output's luma is read along the edge's normal, from the dark side to the bright, and
all those profiles are averaged: strokes and texture cancel, what every edge has in common stays. On that mean
profile

    halo      = (largest within 1..5 px on the bright side - plateau at 7..10 px) / step
    halo_dark = (plateau at -10..-7 px - smallest within 1..5 px on the dark side) / step

never below 0, where `step` is the source's mean step. A look drawn in ink has `halo_dark` by intention.
Optimum: the source's own, near 0.
"""

from __future__ import annotations

import cv2
import numpy as np

from stylereel.metrics import _bands
from stylereel.metrics._facts import Facts

REACH_PX = 10
PLATEAU_PX = 7
NEAR_PX = 5
LEAST_STEP = 0.15

FACTS = Facts(
    key="halo",
    title="halo",
    question="Are there rims of light along the source's edges?",
    optimum=0.0,
    good=0.1,
    fair=0.25,
    source_key="halo_source",
    sampled=True,
)


class Metric:
    """Frame by frame; sums the profiles of all edges."""

    name = "halo"
    optimum = FACTS.optimum

    def __init__(self) -> None:
        self._profiles = {"source": np.zeros(2 * REACH_PX + 1), "output": np.zeros(2 * REACH_PX + 1)}
        self._edges = 0

    def update(self, source: np.ndarray, stylized: np.ndarray) -> None:
        """Add a frame and its stylised counterpart, (H, W, 3) uint8 RGB; sizes may differ."""
        if source.shape != stylized.shape:
            source = cv2.resize(source, stylized.shape[1::-1], interpolation=cv2.INTER_AREA)
        grey = _bands.grey(source)
        rows, columns, normals = _edge_points(grey)
        profiles = _profiles(grey, rows, columns, normals)
        strong = profiles[:, -4:].mean(1) - profiles[:, :4].mean(1) >= LEAST_STEP
        output = _profiles(_bands.grey(stylized), rows[strong], columns[strong], normals[strong])
        self._profiles["source"] += profiles[strong].sum(0)
        self._profiles["output"] += output.sum(0)
        self._edges += int(strong.sum())

    def result(self) -> dict[str, float]:
        """`halo` and `halo_dark` of the output and of the source; NaN where the source had no strong edge."""
        if not self._edges:
            return {name: float("nan") for name in ("halo", "halo_dark", "halo_source", "halo_dark_source")}
        source, output = (self._profiles[role] / self._edges for role in ("source", "output"))
        step = source[-4:].mean() - source[:4].mean()
        (bright, dark), (bright_source, dark_source) = _overshoot(output, step), _overshoot(source, step)
        return {
            "halo": bright,
            "halo_dark": dark,
            "halo_source": bright_source,
            "halo_dark_source": dark_source,
        }


def _edge_points(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Edge pixels away from the border, and (N, 2) unit normals (x, y) towards the bright side."""
    soft = cv2.GaussianBlur(grey, (0, 0), 1.5)
    along_x, along_y = cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)
    edges = cv2.Canny((soft * 255).astype(np.uint8), 40, 100) > 0
    margin = REACH_PX + 1
    edges[:margin] = edges[-margin:] = edges[:, :margin] = edges[:, -margin:] = False
    rows, columns = np.nonzero(edges)
    normals = np.stack([along_x[rows, columns], along_y[rows, columns]], axis=1)
    return rows, columns, normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)


def _profiles(grey: np.ndarray, rows: np.ndarray, columns: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """(N, 21) luma from 10 px on the dark side to 10 px on the bright."""
    offsets = np.arange(-REACH_PX, REACH_PX + 1, dtype=np.float32)
    if len(rows) == 0:
        return np.zeros((0, len(offsets)), np.float32)
    x = (columns[:, None] + normals[:, :1] * offsets).astype(np.float32)
    y = (rows[:, None] + normals[:, 1:] * offsets).astype(np.float32)
    bilinear = cv2.INTER_LINEAR
    # cv2.remap wants no side above 32767
    return np.concatenate(
        [cv2.remap(grey, x[at : at + 30000], y[at : at + 30000], bilinear) for at in range(0, len(x), 30000)]
    )


def _overshoot(profile: np.ndarray, step: float) -> tuple[float, float]:
    bright = profile[REACH_PX + 1 : REACH_PX + NEAR_PX + 1].max() - profile[REACH_PX + PLATEAU_PX :].mean()
    dark = profile[: REACH_PX - PLATEAU_PX + 1].mean() - profile[REACH_PX - NEAR_PX : REACH_PX].min()
    return max(0.0, float(bright / step)), max(0.0, float(dark / step))
