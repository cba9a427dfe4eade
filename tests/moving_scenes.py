"""Scenes of exactly known motion, and the faults that metrics exist for."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

SIZE = (256, 192)
STEP_PX = 2


def scene(seed: int = 0, width: int = 320, height: int = 240) -> np.ndarray:
    """Soft noise with strong round edges, (H, W, 3) uint8."""
    rng = np.random.default_rng(seed)
    soft = cv2.GaussianBlur(rng.normal(0, 1, (height, width, 3)).astype(np.float32), (0, 0), 4) * 200 + 110
    for _ in range(10):
        center, value = (int(rng.integers(width)), int(rng.integers(height))), float(rng.choice([40, 200]))
        cv2.circle(soft, center, int(rng.integers(15, 40)), (value,) * 3, -1, cv2.LINE_AA)
    return np.clip(cv2.GaussianBlur(soft, (0, 0), 1), 0, 255).astype(np.uint8)


def panned(frames: int = 6, step_px: int = STEP_PX, still_part: float = 0.4) -> list[np.ndarray]:
    """A camera moves right by `step_px` a frame behind a frame that stands still below: exact flow."""
    whole, frame = scene(), scene(5)
    edge = round(SIZE[1] * (1 - still_part))
    shown = []
    for index in range(frames):
        picture = frame[: SIZE[1], : SIZE[0]].copy()
        picture[:edge] = whole[:edge, index * step_px :][:, : SIZE[0]]
        shown.append(picture)
    return shown


def carried(frames: int = 6, step_px: int = STEP_PX, strokes: int = 600) -> list[np.ndarray]:
    """The truth warped by the flow: a texture that lies on the moving world of `panned` and never changes."""
    whole, frame = textured(scene(), strokes), textured(scene(5), strokes)
    edge = round(SIZE[1] * 0.6)
    shown = []
    for index in range(frames):
        picture = frame[: SIZE[1], : SIZE[0]].copy()
        picture[:edge] = whole[:edge, index * step_px :][:, : SIZE[0]]
        shown.append(picture)
    return shown


def filmed(frames: Sequence[np.ndarray], noise: float = 4.0) -> list[np.ndarray]:
    """With a sensor's noise, which no flow explains: what gives a real source its own warping error."""
    rng = np.random.default_rng(4)
    return [np.clip(f + rng.normal(0, noise, f.shape), 0, 255).astype(np.uint8) for f in frames]


def textured(picture: np.ndarray, strokes: int = 600) -> np.ndarray:
    """Vertical strokes of the picture's own tones, in colours of their own."""
    rng = np.random.default_rng(3)
    drawn = np.clip(picture.astype(np.float32) * (0.6, 0.8, 1.1) + (40, 20, -10), 0, 255).astype(np.uint8)
    height, width = picture.shape[:2]
    for _ in range(strokes * height * width // (320 * 240)):
        x, y = int(rng.integers(width)), int(rng.integers(height))
        tone = np.clip(drawn[y, x].astype(int) + int(rng.normal(0, 45)), 0, 255).tolist()
        cv2.line(drawn, (x, y), (x, y + 14), tone, 2, cv2.LINE_AA)
    return drawn


def flickering(frames: Sequence[np.ndarray], amount: float = 0.08) -> list[np.ndarray]:
    """Every other frame brighter, with some noise."""
    rng = np.random.default_rng(1)
    return [
        np.clip(f.astype(np.float32) * (1 + amount * (i % 2)) + rng.normal(0, 10, f.shape), 0, 255).astype(
            np.uint8
        )
        for i, f in enumerate(frames)
    ]


def lit(frames: Sequence[np.ndarray], amount: float = 0.06) -> list[np.ndarray]:
    """Every other frame brighter, and nothing else."""
    return [np.clip(f * (1 + amount * (i % 2)), 0, 255).astype(np.uint8) for i, f in enumerate(frames)]


def shifted(frame: np.ndarray, by_px: int) -> np.ndarray:
    """Moved to the right and down, the border repeated."""
    move = np.array([[1, 0, by_px], [0, 1, by_px]], np.float32)
    return cv2.warpAffine(frame, move, frame.shape[1::-1], borderMode=cv2.BORDER_REFLECT)


def printed(frame: np.ndarray, period: int) -> np.ndarray:
    """Every `period`-th column a little brighter."""
    pattern = np.zeros((*frame.shape[:2], 1), np.float32)
    pattern[:, ::period] = 4 * period
    return np.clip(frame + pattern, 0, 255).astype(np.uint8)


def sharpened(frame: np.ndarray, amount: float = 3.0) -> np.ndarray:
    """Unsharp masking, much of it."""
    soft = cv2.GaussianBlur(frame, (0, 0), 2).astype(np.float32)
    return np.clip(frame + amount * (frame - soft), 0, 255).astype(np.uint8)


def faded(frames: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Almost grey, under noise."""
    rng = np.random.default_rng(2)
    return [np.clip(f * 0.2 + 100 + rng.normal(0, 25, f.shape), 0, 255).astype(np.uint8) for f in frames]


def tinted(frames: Sequence[np.ndarray], by: tuple[int, int, int] = (50, 0, -50)) -> list[np.ndarray]:
    """Colours drift away."""
    return [np.clip(f.astype(int) + by, 0, 255).astype(np.uint8) for f in frames]
