"""Batches in a fixed order, cut ahead of time in one background thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from stylereel.data.batches import Batch, Moving
from stylereel.data.clip_crops import ClipCrop, ClipSampler
from stylereel.data.crops import CropSampler


def to_tensor(crops: np.ndarray) -> Tensor:
    """`(N, H, W, 3)` uint8 to `(N, 3, H, W)` float32 in [-1, 1]: x * 2 / 255 - 1."""
    frames = torch.from_numpy(np.ascontiguousarray(crops.transpose(0, 3, 1, 2)))
    return frames.float().mul_(2.0 / 255.0).sub_(1.0)


def to_pixels(frames: Tensor) -> np.ndarray:
    """`(N, 3, H, W)` in [-1, 1] to `(N, H, W, 3)` uint8: round(clip((y + 1) * 127.5, 0, 255))."""
    levels = frames.detach().float().cpu().add(1.0).mul(127.5).clamp(0, 255).round()
    return levels.to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()


def to_moving(crops: Sequence[ClipCrop]) -> Moving:
    """Windows of one batch as tensors."""
    frames = torch.stack([to_tensor(crop.frames) for crop in crops])
    flow = torch.stack([torch.from_numpy(crop.flow).permute(0, 3, 1, 2) for crop in crops])
    trusted = torch.stack([torch.from_numpy(crop.trusted)[:, None].float() for crop in crops])
    return Moving(frames, flow.contiguous(), trusted)


@dataclass(frozen=True)
class Cutter:
    """Cuts a whole batch by its number.

    Attributes:
        pictures: crops of content and style; None where clips are all there is: their first frames then stand
            in the batch.
        content_clips, style_clips: windows of clips, where there are any.
    """

    pictures: CropSampler | None
    content_clips: ClipSampler | None = None
    style_clips: ClipSampler | None = None

    def batch(self, number: int) -> Batch:
        """Batch `number`: the same whenever it is asked for."""
        clips, style_clips = (
            None if sampler is None else to_moving(sampler.crops(number))
            for sampler in (self.content_clips, self.style_clips)
        )
        if self.pictures is not None:
            content, style = self.pictures.content_crops(number), self.pictures.style_crops(number)
            labels = torch.tensor(self.pictures.labels(number)) if self.pictures.styles else None
            return Batch(to_tensor(content), to_tensor(style), clips, style_clips, labels)
        if clips is None or style_clips is None:
            raise ValueError("a batch without pictures needs clips of content and of style")
        return Batch(clips.frames[:, 0], style_clips.frames[:, 0], clips, style_clips)


class BatchStream:
    """An endless iterator of batches; its whole state is the number of the next batch."""

    def __init__(self, cutter: Cutter, *, start: int = 0, ahead: int = 4) -> None:
        self.cutter = cutter
        self.next_batch = start
        self._queue: queue.Queue[Batch | BaseException] = queue.Queue(maxsize=ahead)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._cut_ahead, args=(start,), daemon=True, name="crops")
        self._thread.start()

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        item = self._queue.get()
        if isinstance(item, BaseException):
            raise item
        self.next_batch += 1
        return item

    def close(self) -> None:
        """Stop the thread."""
        self._closed.set()
        while self._thread.is_alive():
            try:
                self._queue.get(timeout=0.05)
            except queue.Empty:
                continue

    def _cut_ahead(self, number: int) -> None:
        item: Batch | BaseException
        while not self._closed.is_set():
            try:
                item = self.cutter.batch(number)
            except BaseException as error:  # handed to the loop, which raises it
                item = error
            while not self._closed.is_set():
                try:
                    self._queue.put(item, timeout=0.1)
                    break
                except queue.Full:
                    continue
            if isinstance(item, BaseException):
                return
            number += 1
