"""How near runners must be to each other, and the frames on which that is seen."""

import numpy as np

FP32_TOLERANCE_LEVELS = 2
BF16_LEAST_PSNR_DB = 38.0


def picture(height: int, width: int, count: int = 1) -> np.ndarray:
    """Something like a photograph: smooth ramps, an edge, a little noise."""
    rng = np.random.default_rng(height * width)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    base = np.stack([x / width, y / height, ((x + y) % 17) / 17], axis=-1) * 200
    base[height // 3 :, width // 2 :] += 40
    noisy = base[None] + rng.normal(0, 6, (count, height, width, 3))
    return np.clip(noisy, 0, 255).astype(np.uint8)


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    error = np.mean((a.astype(np.float64) - b) ** 2)
    return float("inf") if error == 0 else 10 * np.log10(255**2 / error)
