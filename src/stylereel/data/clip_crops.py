"""Cuts the same window out of several frames of a clip, with the flow between them.

Everything random is a function of (seed, batch number), as for pictures.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import cv2
import numpy as np

from stylereel.data.clips import Clip, ClipPool, FlowBook
from stylereel.data.crops import exposed
from stylereel.data.settings import DataSettings

CONTENT_CLIPS, STYLE_CLIPS = 3, 4
"""Streams of random numbers."""


@dataclass(frozen=True)
class ClipWish:
    """What a recipe wants of clips, in each batch.

    Attributes:
        count: windows; None for as many as there are crops of pictures.
        frames: of each window.
        strides: distances between its frames, in frames of the video; one is drawn per batch.
        flows: whether the flow between frames is wanted.
        style: whether as many windows of the style are wanted too.
        alone: whether it learns from clips alone: pictures are left out, and no video is an error.
    """

    count: int | None
    frames: int
    strides: tuple[int, ...] = (1,)
    flows: bool = True
    style: bool = False
    alone: bool = False


@dataclass(frozen=True)
class ClipCrop:
    """A window of a clip.

    Attributes:
        frames: `(T, h, w, 3)` uint8 RGB.
        flow: `(T-1, h, w, 2)` float32, in px of the crop: from each frame back to the one before.
        trusted: `(T-1, h, w)` bool, where that flow can be followed.
    """

    frames: np.ndarray
    flow: np.ndarray
    trusted: np.ndarray


@dataclass(frozen=True)
class ClipSampler:
    """Cuts windows of `frames` frames, `stride` apart, out of the pool's clips.

    Attributes:
        pool: what is drawn from.
        book: where flows are computed and kept.
        settings: size of a crop, mirroring.
        seed: the run's seed.
        wish: what a batch has.
        stream: tells apart samplers that share a seed.
    """

    pool: ClipPool
    book: FlowBook
    settings: DataSettings
    seed: int
    wish: ClipWish
    stream: int = CONTENT_CLIPS

    def crops(self, batch: int) -> list[ClipCrop]:
        """The windows of a batch, all with the same distance between frames."""
        random = np.random.default_rng([self.seed, self.stream, batch])
        stride = int(random.choice(self.wish.strides))
        return [
            self.crop(batch, number, frames=self.wish.frames, stride=stride, flows=self.wish.flows)
            for number in range(self.wish.count or self.settings.batch_size)
        ]

    def crop(self, batch: int, number: int, *, frames: int, stride: int, flows: bool = True) -> ClipCrop:
        """Crop `number` of a batch.

        Args:
            batch, number: with the seed they decide everything.
            frames: how many.
            stride: distance of one to the next, in frames of the clip.
            flows: False leaves them out (empty arrays), for those who need none.
        """
        random = np.random.default_rng([self.seed, self.stream, batch, number])
        clip = self.pool.draw(random)
        last_start = len(clip.frames) - 1 - (frames - 1) * stride
        if last_start < 0:
            raise ValueError(f"{frames} frames, {stride} apart, do not fit into {len(clip.frames)}")
        start = int(random.integers(last_start + 1))
        chosen = [start + at * stride for at in range(frames)]
        if random.random() < 0.5:
            chosen.reverse()  # time may run backwards: what was covered is uncovered
        window = _Window.drawn(clip, self.settings, random)
        stops = random.uniform(-1, 1) * self.settings.content_exposure_stops
        if self.stream != CONTENT_CLIPS:
            stops = 0.0
        pictures = np.stack([exposed(window.picture(clip.frames[at]), stops) for at in chosen])
        side = self.settings.crop_px
        flow = np.zeros((0, side, side, 2), np.float32)
        trusted = np.zeros((0, side, side), bool)
        if flows:
            pairs = [self.book.between(clip, b, a) for a, b in itertools.pairwise(chosen)]
            flow = np.stack([window.flow(values) for values, _ in pairs])
            trusted = np.stack([window.mask(values) for _, values in pairs])
        return ClipCrop(pictures, flow, trusted)


@dataclass(frozen=True)
class _Window:
    """A square region of a clip's frames, `region_px` wide, that becomes `side_px`."""

    left: int
    top: int
    region_px: int
    side_px: int
    mirrored: bool

    @classmethod
    def drawn(cls, clip: Clip, settings: DataSettings, random: np.random.Generator) -> _Window:
        height, width = clip.frames.shape[1:3]
        low, high = settings.content_short_side_px
        short = min(height, width)
        frame_short = random.uniform(min(low, short), min(high, short))
        region = int(min(round(settings.crop_px * short / frame_short), short))
        region -= region % 2
        left = 2 * int(random.integers((width - region) // 2 + 1))  # even, so that the flow's half size fits
        top = 2 * int(random.integers((height - region) // 2 + 1))
        return cls(left, top, region, settings.crop_px, bool(random.random() < 0.5 and settings.flip))

    def picture(self, frame: np.ndarray) -> np.ndarray:
        region = frame[self.top : self.top + self.region_px, self.left : self.left + self.region_px]
        way = cv2.INTER_AREA if self.region_px >= self.side_px else cv2.INTER_CUBIC
        return self._turned(cv2.resize(region, (self.side_px, self.side_px), interpolation=way))

    def flow(self, half: np.ndarray) -> np.ndarray:
        """The flow at half size, cut out, enlarged and in px of the crop."""
        flow = self._of_half(half.astype(np.float32), cv2.INTER_LINEAR) * (2 * self.side_px / self.region_px)
        return flow * np.array([-1, 1], np.float32) if self.mirrored else flow

    def mask(self, half: np.ndarray) -> np.ndarray:
        """The mask at half size, cut out and enlarged; in doubt, no."""
        return self._of_half(half.astype(np.float32), cv2.INTER_LINEAR) > 0.99

    def _of_half(self, values: np.ndarray, way: int) -> np.ndarray:
        top, left, side = self.top // 2, self.left // 2, self.region_px // 2
        region = values[top : top + side, left : left + side]
        return self._turned(cv2.resize(region, (self.side_px, self.side_px), interpolation=way))

    def _turned(self, values: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(values[:, ::-1]) if self.mirrored else values
