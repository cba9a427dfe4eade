"""How a frame goes on from the one before: cut or not, and the motion; found once, for all who ask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stylereel.temporal.cuts import CutState, Join, look_for_cut
from stylereel.temporal.quick_flow import Followed, QuickFlow, view_of


@dataclass(frozen=True)
class FollowState:
    """What the next frame is compared with.

    Attributes:
        view: `(h, w)` uint8 grey of the last frame that was no flash.
        size: `(height, width)` of the frames, in px.
        scene: what the cut detector knows.
    """

    view: np.ndarray
    size: tuple[int, int]
    scene: CutState


@dataclass(frozen=True)
class Step:
    """How a frame goes on from the one before.

    Attributes:
        is_new_scene: the first frame, a cut, or a change of size: nothing of before belongs here.
        followed: its motion; None in a new scene, and in a flash, which leaves all as it was.
        scale: px of the frame to one px of the view.
    """

    is_new_scene: bool
    followed: Followed | None
    scale: float


class Follower:
    """Follows a video frame by frame; remembers nothing itself."""

    def __init__(self) -> None:
        self._flow = QuickFlow()

    def step(self, source: np.ndarray, state: FollowState | None) -> tuple[Step, FollowState]:
        """Look at the next frame.

        Args:
            source: `(H, W, 3)` uint8 RGB.
            state: what the call before returned, None at first.
        """
        height, width = source.shape[:2]
        view = view_of(source)
        scale = width / view.shape[1]
        if state is None or state.size != (height, width):
            _, scene = look_for_cut(view, None)
            return Step(True, None, scale), FollowState(view, (height, width), scene)
        join, scene = look_for_cut(view, state.scene)
        if join is Join.FLASH:
            return Step(False, None, scale), FollowState(state.view, state.size, scene)
        now = FollowState(view, state.size, scene)
        if join is Join.CUT:
            return Step(True, None, scale), now
        return Step(False, self._flow.back(view, state.view), scale), now
