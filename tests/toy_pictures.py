"""Pictures that tests paint themselves: scenes as content, strokes in two colours as style."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np


def scene(seed: int, height: int = 96, width: int = 128) -> np.ndarray:
    """A photograph's stand-in: a sky, a ground, things on it, light noise; `(H, W, 3)` uint8 RGB."""
    random = np.random.default_rng([seed, 7])
    top, bottom = random.uniform(60, 230, 3), random.uniform(20, 200, 3)
    ramp = np.linspace(0, 1, height)[:, None, None]
    picture = np.ascontiguousarray(np.broadcast_to(top * (1 - ramp) + bottom * ramp, (height, width, 3)))
    for _ in range(6):
        color = tuple(float(value) for value in random.uniform(0, 255, 3))
        x, y = int(random.integers(0, width)), int(random.integers(0, height))
        if random.random() < 0.5:
            cv2.circle(picture, (x, y), int(random.integers(3, max(4, height // 4))), color, -1, cv2.LINE_AA)
        else:
            right, low = (
                x + int(random.integers(4, max(5, width // 3))),
                y + int(random.integers(4, max(5, height // 3))),
            )
            cv2.rectangle(picture, (x, y), (right, low), color, -1)
    return np.clip(picture + random.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)


PALETTE = np.array([[30, 60, 150], [70, 110, 190], [215, 165, 50], [235, 210, 130], [20, 30, 70]], float)


def painting(seed: int, height: int = 96, width: int = 128, stroke_px: int = 4) -> np.ndarray:
    """Short strokes of blues and ochres along a slowly turning direction; `(H, W, 3)` uint8 RGB."""
    random = np.random.default_rng([seed, 11])
    coarse = (height // 16 + 2, width // 16 + 2)
    tone = cv2.resize(random.uniform(0, 1, coarse), (width, height), interpolation=cv2.INTER_CUBIC)
    turn = cv2.resize(random.uniform(-1, 1, coarse), (width, height), interpolation=cv2.INTER_CUBIC)
    picture = np.zeros((height, width, 3))
    for _ in range(3 * height * width // (stroke_px * stroke_px)):
        x, y = int(random.integers(0, width)), int(random.integers(0, height))
        index = int(np.clip(tone[y, x] * 5 + random.normal(0, 0.7), 0, 4))
        angle, reach = 0.6 + turn[y, x], stroke_px * 2.5
        end = (int(x + reach * np.cos(angle)), int(y + reach * np.sin(angle)))
        color = tuple(float(value) for value in PALETTE[index] + random.normal(0, 8, 3))
        cv2.line(picture, (x, y), end, color, max(1, stroke_px // 2), cv2.LINE_AA)
    return np.clip(picture, 0, 255).astype(np.uint8)


def write(path: Path, pixels: np.ndarray) -> Path:
    """Save RGB pixels; the ending chooses the format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    return path


def content_folder(folder: Path, count: int = 8, height: int = 96, width: int = 128) -> Path:
    """A folder of scenes."""
    for seed in range(count):
        write(folder / f"scene{seed:02d}.png", scene(seed, height, width))
    return folder


def style_folder(folder: Path, count: int = 8, height: int = 96, width: int = 128) -> Path:
    """A folder of paintings."""
    for seed in range(count):
        write(folder / f"painting{seed:02d}.png", painting(seed, height, width))
    return folder
