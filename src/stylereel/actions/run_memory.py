"""What a run from file to file holds in memory beside the network, and the plan that follows from it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

from stylereel.core.memory import parse_bytes, resident_bytes
from stylereel.inference.enlarging import reduced_size
from stylereel.inference.memory_plan import (
    ANCHORS,
    CLEARING,
    DEEP_PICTURE,
    DEEP_RGB,
    DEEP_WRITING,
    DEEPENING,
    ENLARGING,
    FULL_CHROMA,
    MASK,
    MASKING,
    OPACITY,
    OPACITY_WRITING,
    PAINTING,
    READING,
    RGB,
    STABILIZER,
    WRITING,
    WRITING_ELSE,
    Beside,
    MemoryPlan,
    plan_memory,
)
from stylereel.inference.tiled_runner import TiledRunner
from stylereel.video.info import SourceInfo
from stylereel.video.plan import OutputPlan
from stylereel.video.sizes import Room


class OwnMemory:
    """What the process held before its source was opened, and what its network has added since.

    The rest of what it holds when memory is planned are frames of the source, which the plan counts itself.
    """

    def __init__(self) -> None:
        self._bytes = resident_bytes() or 0

    @contextlib.contextmanager
    def grows(self) -> Iterator[None]:
        """What comes to be held within is the process's own."""
        before = resident_bytes() or 0
        yield
        self._bytes += max(0, (resident_bytes() or 0) - before)

    @property
    def besides_bytes(self) -> int:
        """What is held beside it now."""
        return max(0, (resident_bytes() or 0) - self._bytes)


def checked_limit(memory_limit: str | int | None) -> int | None:
    """Bytes, or None where nobody states a limit.

    Raises:
        UsageError: it is no size of memory.
    """
    return None if memory_limit is None else parse_bytes(memory_limit, "memory-limit")


def reading_room(limit_bytes: int | None) -> Room:
    """What decoding a source may take, before anything is known of it."""
    return Room(plan_memory(limit_bytes).room_bytes)


def prepare_memory(
    runner: TiledRunner,
    info: SourceInfo,
    target: OutputPlan,
    size: tuple[int, int],
    *,
    scale: float,
    stabilize: bool,
    limit_bytes: int | None,
    own: OwnMemory,
    many_at_once: bool = False,
    mask: SourceInfo | None = None,
    outside: TiledRunner | None = None,
) -> MemoryPlan:
    """Plan for a run and hold the runner to it; call it when source and network are open, the output is not.

    Args:
        runner: the network.
        info: of the source.
        target: what will be written.
        size: `(height, width)` of the frames, px.
        scale: of the frame that the network sees.
        stabilize: results lean on the ones before.
        limit_bytes: most that this process may hold; None takes what the machine has.
        own: what is held that has nothing to do with frames.
        many_at_once: several frames may be at work, where that pays.
        mask: of what says where the look is laid.
        outside: the network of a look outside of it.

    Raises:
        UsageError: the limit is too low for frames of that size.
    """
    read = _read(info)
    codec = target.codec.name if target.codec is not None else ""
    writing = WRITING.get(codec, WRITING_ELSE)
    if codec in ("h264", "hevc") and (size[0] % 2 or size[1] % 2):
        writing *= FULL_CHROMA
    moving = info.kind != "image"
    seen = reduced_size(*size, scale)
    frame_px = size[0] * size[1] / (seen[0] * seen[1])
    painting = 0.0
    for network in [runner] if outside is None else [runner, outside]:
        following = ANCHORS * (moving and network.anchor_channels > 0) + STABILIZER * stabilize
        painting += PAINTING + ENLARGING * (frame_px > 1) + following / frame_px
    reading, frame_bytes, is_deep = READING[read], RGB, target.bit_depth > 8
    if mask is not None:
        reading += READING[_read(mask)] * mask.width * mask.height / (size[0] * size[1])
        frame_bytes += MASK
        painting += MASKING
    if info.has_alpha:
        reading += CLEARING * moving
    if target.alpha:
        frame_bytes += OPACITY
        writing += OPACITY_WRITING
    if is_deep:
        frame_bytes += DEEP_RGB
        reading += DEEP_PICTURE * (read == "images")
        painting += DEEPENING
        writing *= DEEP_WRITING
    beside = Beside(reading, painting, writing, moving, frame_px, frame_bytes)
    already = min(own.besides_bytes, int(beside.reading_bytes * size[0] * size[1]))
    plan = plan_memory(limit_bytes, beside, already)
    if outside is not None:
        plan = replace(plan, networks=2)
        plan = outside.prepare(*seen, plan)
    return runner.prepare(*seen, plan, many_at_once=many_at_once)


def _read(info: SourceInfo) -> str:
    """How a source is read, as `READING` has it."""
    if info.kind != "video":
        return info.kind
    return "hdr" if info.color.is_hdr else "deep" if info.bit_depth > 8 else "video"
