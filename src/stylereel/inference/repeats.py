"""Frames that show the same picture again are stylised once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace

from stylereel.core.frames import Frame, FrameBatch, Stage


def once_each(stage: Stage, begins_anew: Callable[[Frame], bool] = lambda frame: False) -> Stage:
    """A stage that lets only the first of consecutive frames with the same arrays through `stage`.

    The others get its result, each at its own time. One result is held back, until it is known how often it
    is shown.

    Args:
        stage: gives one frame for each that it takes, in order.
        begins_anew: says that a frame goes through `stage` whatever came before it.
    """

    def spared(batches: Iterator[FrameBatch]) -> Iterator[FrameBatch]:
        showings: deque[list[Frame]] = deque()

        def different() -> Iterator[FrameBatch]:
            for batch in batches:
                for frame in batch:
                    last = showings[-1][-1] if showings else None
                    is_again = last is not None and last.pixels is frame.pixels and last.mask is frame.mask
                    if is_again and not begins_anew(frame):
                        showings[-1].append(frame)
                    else:
                        showings.append([frame])
                        yield [frame]

        held: Frame | None = None
        for batch in stage(different()):
            for result in batch:
                if held is not None:
                    yield _shown(held, showings.popleft())
                held = result
        if held is not None:
            yield _shown(held, showings.popleft())

    return spared


def _shown(result: Frame, frames: list[Frame]) -> FrameBatch:
    return [
        replace(
            result,
            pts=frame.pts,
            time_base=frame.time_base,
            duration=frame.duration,
            concealed=frame.concealed,
        )
        for frame in frames
    ]
