"""Works on a look with its source beside it: what the network's stage has no eye for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from stylereel.core.frames import Frame, FrameBatch, Stage


class Finisher(Protocol):
    """Changes a stylized frame with its source at hand."""

    def step(self, source: Frame, stylized: Frame, state: Any) -> tuple[Frame, Any]:
        """The finished frame, and the state for the one after; `state` is None at first."""
        ...


Keeper = Callable[[Sequence[Any]], object]
"""Takes what the finishers need to know of the frames before."""


def beside_source(
    stage: Stage,
    finishers: Sequence[Finisher],
    *,
    start: Sequence[Any] | None = None,
    before_each: Callable[[Frame], Keeper | None] | None = None,
) -> Stage:
    """A stage that keeps each source until its result comes, and lets the finishers at both, in order.

    Args:
        stage: gives one frame for each that it takes, in order. As many sources are kept as it holds back.
        finishers: each gets what the one before it made.
        start: what each finisher needs to know of the frames before the first; None where there are none.
        before_each: asked before each frame; gives what takes the finishers' states.
    """
    if not finishers:
        return stage

    def finished(batches: Iterator[FrameBatch]) -> Iterator[FrameBatch]:
        sources: deque[Frame] = deque()
        states: list[Any] = [None] * len(finishers) if start is None else list(start)

        def remembered() -> Iterator[FrameBatch]:
            for batch in batches:
                sources.extend(batch)
                yield batch

        for batch in stage(remembered()):
            done: FrameBatch = []
            for frame in batch:
                source = sources.popleft()
                keeper = before_each(frame) if before_each is not None else None
                if keeper is not None:
                    keeper(tuple(states))
                for index, finisher in enumerate(finishers):
                    frame, states[index] = finisher.step(source, frame, states[index])
                done.append(frame)
            yield done

    return finished
