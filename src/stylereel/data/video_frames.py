"""Frames of a video as training pictures: spread over the whole of it, near-duplicates left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from stylereel.core.errors import InputError, VideoOpenError
from stylereel.core.frames import Frame
from stylereel.data.media import with_short_side

SEEK_FROM_SECONDS = 90.0
"""Longer videos are sampled by seeking, shorter ones are decoded through."""
NEAR_DUPLICATE = 1.0
"""Mean absolute difference of two 24x24 grey thumbnails, in levels of 255, below which frames count as
one."""


def sample_frames(path: Path, count: int, short_side_px: int) -> list[np.ndarray]:
    """At most `count` upright frames, `(H, W, 3)` uint8 RGB, in the video's order.

    Args:
        path: any video or GIF that `video.reader` opens.
        count: frames wanted; fewer come from short or still videos.
        short_side_px: frames are reduced to this short side.

    Raises:
        VideoOpenError: it is no video that can be read.
    """
    kept: list[np.ndarray] = []
    thumbnails: list[np.ndarray] = []
    for frame in _candidates(path, 2 * count):
        thumbnail = _thumbnail(frame.pixels)
        if thumbnails and _difference(thumbnail, thumbnails[-1]) < NEAR_DUPLICATE:
            continue
        kept.append(with_short_side(frame.pixels, short_side_px))
        thumbnails.append(thumbnail)
    if len(kept) <= count:
        return kept
    return [kept[index] for index in np.linspace(0, len(kept) - 1, count).round().astype(int)]


def _candidates(path: Path, wanted: int) -> Iterator[Frame]:
    from stylereel.video.probe import probe
    from stylereel.video.reader import FrameReader

    info = probe(path)
    seconds = info.duration_seconds or 0.0
    if seconds > SEEK_FROM_SECONDS:
        for start in np.linspace(0.0, seconds * 0.995, wanted):
            try:
                with FrameReader(path, start_seconds=float(start)) as reader:
                    frame = next(iter(reader), None)
            except VideoOpenError:
                raise
            except InputError:  # the stated duration is longer than what can be shown
                continue
            if frame is not None:
                yield frame
        return
    estimate = info.frame_count_estimate or round(seconds * float(info.frame_rate))
    stride = max(1, estimate // wanted)
    with FrameReader(path) as reader:
        for index, frame in enumerate(reader):
            if index % stride == 0 and not frame.concealed:
                yield frame


def _thumbnail(pixels: np.ndarray) -> np.ndarray:
    small = cv2.resize(pixels, (24, 24), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)


def _difference(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.abs(first - second).mean())
