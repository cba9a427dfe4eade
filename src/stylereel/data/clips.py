"""Short runs of consecutive frames, and how they move: the material of every training that looks at time.

Nothing to prepare by hand: the runs are read from the content's own videos when training begins, and the flow
between two of their frames is computed in the loader the first time it is asked for (DIS, medium, at half the
kept size), with the mask of what can be followed, then kept within a stated budget.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from stylereel.core.errors import InputError, VideoOpenError
from stylereel.data.media import with_short_side
from stylereel.temporal.cuts import Scenes
from stylereel.temporal.flow import SourceFlow

CLIP_FRAMES = 6
"""Consecutive frames of a clip: gaps of one to five can be learned from."""
CLIP_SHORT_SIDE_PX = 384
MOST_CLIPS_PER_VIDEO = 12
SAME_FRAME = 0.7
"""Mean absolute difference of small grey frames, in levels of 255, below which two frames are one."""


@dataclass(frozen=True)
class Clip:
    """Consecutive frames of one scene.

    Attributes:
        frames: `(T, H, W, 3)` uint8 RGB.
        path: the video.
        index: its place in the pool.
    """

    frames: np.ndarray
    path: Path
    index: int


@dataclass
class FlowBook:
    """Flows between frames of clips, kept least recently used first out.

    Args:
        budget_bytes: kept at most; a flow that was dropped is computed again, and is the same.
    """

    budget_bytes: int
    _kept: OrderedDict[tuple[int, int, int], tuple[np.ndarray, np.ndarray]] = field(
        default_factory=OrderedDict
    )
    _bytes: int = 0
    _flow: SourceFlow = field(default_factory=SourceFlow)

    def between(self, clip: Clip, first: int, second: int) -> tuple[np.ndarray, np.ndarray]:
        """Flow from frame `first` to frame `second` of a clip, at half its size.

        Returns:
            `(H/2, W/2, 2)` float16 flow in px of the half size, `(H/2, W/2)` bool: True where it can be
            trusted.
        """
        key = (clip.index, first, second)
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        halves = [cv2.resize(clip.frames[at], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
                  for at in (first, second)]  # fmt: skip
        flow, trusted = self._flow.between(*halves)
        entry = flow.astype(np.float16), trusted
        self._kept[key] = entry
        self._bytes += _bytes_of(entry)
        while self._bytes > self.budget_bytes and len(self._kept) > 1:
            self._bytes -= _bytes_of(self._kept.popitem(last=False)[1])
        return entry

    @property
    def kept_bytes(self) -> int:
        """Bytes of all flows that are kept now."""
        return self._bytes


@dataclass(frozen=True)
class ClipPool:
    """Clips to draw from: every video is as likely as any other, however many clips it gave."""

    clips: Sequence[Clip]

    def __len__(self) -> int:
        return len(self.clips)

    def draw(self, random: np.random.Generator) -> Clip:
        """A clip at random."""
        videos = sorted({clip.path for clip in self.clips})
        chosen = videos[int(random.integers(len(videos)))]
        own = [clip for clip in self.clips if clip.path == chosen]
        return own[int(random.integers(len(own)))]


def gather_clips(
    videos: Sequence[Path],
    *,
    budget_bytes: int,
    frames: int = CLIP_FRAMES,
    short_side_px: int = CLIP_SHORT_SIDE_PX,
) -> ClipPool:
    """Read short runs of consecutive frames, spread over each video, without cuts or flashes inside.

    Args:
        videos: any that `video.reader` opens; what cannot be read is left out.
        budget_bytes: of decoded frames, shared evenly by the videos.
        frames: of a run.
        short_side_px: larger frames are reduced to this.
    """
    clips: list[Clip] = []
    for path in videos:
        try:
            runs = _runs(path, frames, short_side_px, budget_bytes // len(videos))
        except VideoOpenError:
            runs = []
        clips += [Clip(run, path, len(clips) + at) for at, run in enumerate(runs)]
    return ClipPool(clips)


def _runs(path: Path, frames: int, short_side_px: int, budget_bytes: int) -> list[np.ndarray]:
    from stylereel.video.probe import probe

    info = probe(path)
    seconds = info.duration_seconds or 0.0
    run_seconds = frames / float(info.frame_rate or 25)
    count = int(np.clip(seconds / run_seconds, 1, MOST_CLIPS_PER_VIDEO))  # runs do not overlap
    runs: list[np.ndarray] = []
    for start in np.linspace(0.0, max(0.0, seconds * 0.97 - run_seconds), count):
        run = _run_from(path, float(start), frames, short_side_px)
        if run is not None and not _breaks_off(run):
            runs.append(run)
            if (len(runs) + 1) * run.nbytes > budget_bytes:
                break
    return runs


def _run_from(path: Path, start_seconds: float, frames: int, short_side_px: int) -> np.ndarray | None:
    """`frames` consecutive frames from a moment on, `(T, H, W, 3)`; None where the video ends before."""
    from stylereel.video.reader import FrameReader

    held: list[np.ndarray] = []
    try:
        with FrameReader(path, start_seconds=start_seconds or None) as reader:
            for frame in itertools.islice(reader, frames):
                held.append(with_short_side(frame.pixels, short_side_px))
    except VideoOpenError:
        raise
    except InputError:  # the stated duration is longer than what can be shown
        return None
    return np.stack(held) if len(held) == frames else None


def without(pool: ClipPool, frames: Sequence[np.ndarray]) -> ClipPool:
    """The pool without the runs that hold one of these `frames`, or one next to it that looks the same."""
    kept = [_thumbnail(frame) for frame in frames]
    clips = [clip for clip in pool.clips if not _shows(clip, kept)]
    return ClipPool(clips)


def _shows(clip: Clip, thumbnails: Sequence[np.ndarray]) -> bool:
    own = [_thumbnail(frame) for frame in clip.frames]
    return any(float(np.abs(a - b).mean()) < SAME_FRAME for a in own for b in thumbnails)


def _thumbnail(frame: np.ndarray) -> np.ndarray:
    return cv2.resize(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), (32, 18), interpolation=cv2.INTER_AREA).astype(
        np.float32
    )


def _breaks_off(frames: np.ndarray) -> bool:
    scenes = Scenes()
    for frame in frames:
        scenes.look(frame)
    return scenes.cuts + scenes.flashes > 0


def _bytes_of(entry: tuple[np.ndarray, np.ndarray]) -> int:
    return entry[0].nbytes + entry[1].nbytes
