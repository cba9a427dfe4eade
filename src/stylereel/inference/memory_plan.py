"""Plans memory from the size of the frames, before the first one: what is held beside the network, and what
that leaves the network, which decides how large a tile may be.

Bytes per pixel of the frame, each the largest that was measured, rounded up. What a network takes is its
runner's to say (`Runner.footprint`), per value that the network keeps alive.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from stylereel.core.memory import available_bytes, resident_bytes
from stylereel.inference.engine import QUEUE_FRAMES

KEPT_FREE = 0.15
"""Part of the available memory that is left to others where nobody stated a limit."""
OWN_BYTES = 400 * 10**6
"""What a process with its libraries holds, where the system does not say."""

RGB = 3.0
OPACITY, DEEP_RGB = 2.0, 6.0
"""What a frame has beside it, where transparency or more than 8 bits are kept."""
CODECS_BYTES = 60 * 10**6
"""Of decoder and encoder, however small the frames."""
READING = {"video": 32.0, "deep": 60.0, "hdr": 130.0, "images": 16.0, "image": 3.0}
"""Decoded frames that the decoder refers to, their planes, their RGB; a single picture is read by then."""
DEEP_PICTURE = 8.0
"""More for a picture that is read at its depth."""
CLEARING = 46.0
"""Colours spread into what is clear, or laid over white, in floating point."""
WRITING = {"h264": 80.0, "hevc": 155.0, "av1": 200.0, "vp9": 150.0, "prores": 40.0, "ffv1": 50.0}
"""Frames that an encoder looks ahead at, with what it keeps of each; of 4:2:0."""
WRITING_ELSE = 30.0
"""GIF, PNG as video, and pictures."""
FULL_CHROMA = 2.0
"""4:4:4 in place of 4:2:0, for a size that is odd."""
DEEP_WRITING = 2.0
"""Planes of 16 bits in place of 8."""
OPACITY_WRITING = 8.0
PAINTING = 12.0
"""The result, and the look laid over the source."""
ANCHORS, STABILIZER = 12.0, 66.0
DEEPENING = 84.0
"""A look of 8 bits brought to its source's depth: planes of change, fit and levels in floating point."""
ENLARGING = 20.0
"""A look that was laid over a smaller frame brought to its size: planes of luma, gain and detail."""
MASK, MASKING = 2.0, 40.0
"""What a frame has beside it where a look is masked, and what softening and laying over hold."""
_HELD_BY_HAND = 9
"""Frames that are in nobody's queue: one in each of the four threads, one behind each lane's door, one that
was looked at and waits for the network, and the last one with its result, should it be shown again."""


@dataclass(frozen=True)
class Beside:
    """What is held beside the network.

    Attributes:
        reading_bytes: per pixel, of decoding.
        painting_bytes: per pixel, of anchors, stabiliser and compositing.
        writing_bytes: per pixel, of encoding.
        has_queues: frames wait between threads.
        frame_bytes: per pixel, of a frame that waits.
        frame_px: of the frame, for each pixel that the network sees of it.
    """

    reading_bytes: float = RGB
    painting_bytes: float = PAINTING
    writing_bytes: float = 0.0
    has_queues: bool = False
    frame_px: float = 1.0
    frame_bytes: float = RGB

    def bytes_per_px(self, queue_frames: int) -> float:
        """Together, with so many frames waiting on each side, for each pixel that the network sees."""
        waiting = self.frame_bytes * (2 * queue_frames + _HELD_BY_HAND) if self.has_queues else 0.0
        return self.frame_px * (self.reading_bytes + self.painting_bytes + self.writing_bytes + waiting)


@dataclass(frozen=True)
class MemoryPlan:
    """What may be held.

    Attributes:
        room_bytes: for everything together, from now on; None where nothing limits it.
        beside: what is held beside the network.
        queue_frames: how many frames may wait on each side.
        is_stated: the limit was asked for, rather than found.
        networks: how many share what is left to them.
    """

    room_bytes: int | None
    beside: Beside = Beside()
    queue_frames: int = QUEUE_FRAMES
    is_stated: bool = False
    networks: int = 1

    def with_short_queues(self, height: int, width: int, needed_bytes: float) -> MemoryPlan:
        """With as many frames waiting as leave the network `needed_bytes`, at least one on each side."""
        for queue_frames in range(self.queue_frames, 0, -1):
            plan = replace(self, queue_frames=queue_frames)
            left = plan.network_bytes(height, width)
            if left is None or left >= needed_bytes:
                return plan
        return replace(self, queue_frames=1)

    def beside_bytes(self, height: int, width: int) -> float:
        """What is held beside the network with frames of that size."""
        fixed = CODECS_BYTES if self.beside.has_queues else 0
        return fixed + self.beside.bytes_per_px(self.queue_frames) * height * width

    def network_bytes(self, height: int, width: int) -> float | None:
        """What that leaves each network; None where nothing limits it, and never below 0."""
        if self.room_bytes is None:
            return None
        return max(0.0, self.room_bytes - self.beside_bytes(height, width)) / self.networks


def plan_memory(limit_bytes: int | None, beside: Beside = Beside(), already_bytes: int = 0) -> MemoryPlan:
    """The room that there is now.

    Args:
        limit_bytes: most that this process may hold; None takes what the machine and its control groups have
            available, less `KEPT_FREE`.
        beside: what will be held beside the network.
        already_bytes: of that, what is held by now.
    """
    if limit_bytes is not None:
        room = limit_bytes - (resident_bytes() or OWN_BYTES)
        return MemoryPlan(max(0, room + already_bytes), beside, is_stated=True)
    available = available_bytes()
    room = None if available is None else int(available * (1 - KEPT_FREE)) + already_bytes
    return MemoryPlan(room, beside)
