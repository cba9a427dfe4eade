"""Cuts the crops of a batch: everything random is a function of (seed, batch number)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from stylereel.data.pool import Picture, Pool
from stylereel.data.settings import DataSettings

CONTENT_STREAM, STYLE_STREAM, LABEL_STREAM = 1, 2, 5


@dataclass(frozen=True)
class StylePool:
    """The pictures of one of several styles.

    Attributes:
        pictures: of that style.
        scales: its own `style_scales`; None for those of the run.
        weight: how many times as often as a style of weight 1 it is cut from.
    """

    pictures: Pool
    scales: tuple[float, float] | None = None
    weight: int = 1


@dataclass(frozen=True)
class CropSampler:
    """Cuts crops of content and style.

    Attributes:
        content: pictures whose scenes are kept.
        style: pictures whose look is learned.
        settings: sizes, scales and augmentation.
        seed: the run's seed.
        styles: where several styles are learned, the pictures of each; crops are then drawn from these, as
            many of a small set as of a large one.
    """

    content: Pool
    style: Pool
    settings: DataSettings
    seed: int
    styles: Sequence[StylePool] = ()

    def content_crops(self, batch: int) -> np.ndarray:
        """Crops that look like parts of a frame, `(N, h, w, 3)` uint8 RGB."""
        random = np.random.default_rng([self.seed, CONTENT_STREAM, batch])
        low, high = self.settings.content_short_side_px
        crops = []
        for _ in range(self.settings.batch_size):
            picture = self.content.draw(batch, random.random())
            short = min(picture.pixels.shape[:2])
            frame_short = random.uniform(min(low, short), min(high, short))
            crop = self._cut(picture, self.settings.crop_px * short / frame_short, random)
            crops.append(self._exposed(crop, random))
        return np.stack(crops)

    def style_crops(self, batch: int) -> np.ndarray:
        """Crops at several scales, `(N, h, w, 3)` uint8 RGB."""
        random = np.random.default_rng([self.seed, STYLE_STREAM, batch])
        crops = []
        for number in self.labels(batch) if self.styles else [None] * self.settings.batch_size:
            pool = StylePool(self.style) if number is None else self.styles[number]
            low, high = pool.scales or self.settings.style_scales
            picture = pool.pictures.draw(batch, random.random())
            # Even in the size that strokes come out at, which is one over the scale.
            scale = 1.0 / (random.uniform(1.0 / high, 1.0 / low) * self.settings.brush_size)
            crops.append(self._cut(picture, self.settings.crop_px * scale, random))
        return np.stack(crops)

    def labels(self, batch: int) -> list[int]:
        """Which of `styles` each style crop of a batch shows: every style as often as its weight says."""
        turns = [number for number, pool in enumerate(self.styles) for _ in range(pool.weight)]
        count, size = len(turns), self.settings.batch_size
        # Rounds through all turns, each round in an order of its own.
        numbers = range(batch * size, (batch + 1) * size)
        orders = {
            at: np.random.default_rng([self.seed, LABEL_STREAM, at]).permutation(count)
            for at in {number // count for number in numbers}
        }
        return [turns[orders[number // count][number % count]] for number in numbers]

    def _cut(self, picture: Picture, region_px: float, random: np.random.Generator) -> np.ndarray:
        """Cut a nearly square region of about `region_px`, resized to the crop's side."""
        height, width = picture.pixels.shape[:2]
        region_px = min(region_px, height, width)
        stretch = np.exp(random.uniform(-1, 1) * self.settings.stretch / 2)
        region_width = int(np.clip(round(region_px * stretch), 8, width))
        region_height = int(np.clip(round(region_px / stretch), 8, height))
        left = int(random.integers(0, width - region_width + 1))
        top = int(random.integers(0, height - region_height + 1))
        region = picture.pixels[top : top + region_height, left : left + region_width]
        side = self.settings.crop_px
        shrinks = region_width >= side and region_height >= side
        crop = cv2.resize(region, (side, side), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
        mirrored = random.random() < 0.5 and self.settings.flip
        return crop[:, ::-1] if mirrored else crop

    def _exposed(self, crop: np.ndarray, random: np.random.Generator) -> np.ndarray:
        return exposed(crop, random.uniform(-1, 1) * self.settings.content_exposure_stops)


def exposed(crop: np.ndarray, stops: float) -> np.ndarray:
    """Darken or brighten uint8 pixels by a number of stops (of linear light), clipped as a camera clips."""
    if stops == 0.0:
        return crop
    levels = (np.arange(256) / 255.0) ** 2.2 * 2.0**stops
    table = (np.clip(levels, 0, 1) ** (1 / 2.2) * 255.0).round().astype(np.uint8)
    return cv2.LUT(crop, table)
