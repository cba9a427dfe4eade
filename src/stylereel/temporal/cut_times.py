"""Where the cuts of a run of frames lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stylereel.core.frames import Frame
from stylereel.temporal.cuts import CutState, Join, look_for_cut
from stylereel.temporal.quick_flow import view_of


def first_frames(frames: Iterable[Frame]) -> Iterator[Frame]:
    """The frames that begin a new scene; the first of all is not one of them.

    Args:
        frames: contiguous, of any size.
    """
    state: CutState | None = None
    for frame in frames:
        join, state = look_for_cut(view_of(frame.pixels), state)
        if join is Join.CUT:
            yield frame
