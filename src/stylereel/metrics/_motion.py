"""Flow and reduced frames, worked out once for all metrics that look at the same pair."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import cv2
import numpy as np

from stylereel.metrics import _bands
from stylereel.temporal.flow import SourceFlow

SHORT_SIDE_PX = 360
REMEMBERED = 6
"""Answers of one moment: two reduced frames and two flows, and some room."""


class Motion:
    """Remembers the last few answers by the very arrays that were asked about; results are read-only."""

    def __init__(self, results: int = 1) -> None:
        """`results` are judged side by side, each with frames of its own."""
        self._room = REMEMBERED * results
        self._flow = SourceFlow()
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self._known: OrderedDict[tuple[Any, ...], tuple[Any, Any]] = OrderedDict()

    def reduced(self, frame: np.ndarray) -> np.ndarray:
        """The frame at short side 360, where the protocols that fix a size look."""
        return self._once("reduced", (frame,), lambda: _bands.short_side_to(frame, SHORT_SIDE_PX))

    def between(self, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Flow and trust mask, as `temporal.flow.SourceFlow` gives them."""
        return self._once("between", (first, second), lambda: self._flow.between(first, second))

    def forward(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Flow alone, (H, W, 2) float32 px, without the way back."""
        grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (first, second)]
        return self._dis.calc(grey[0], grey[1], None)  # type: ignore[call-overload]

    def _once(self, what: str, frames: tuple[np.ndarray, ...], work) -> Any:
        key = (what, *map(id, frames))
        if key not in self._known:
            self._known[key] = (frames, work())  # the frames are kept so that their ids stay theirs
            if len(self._known) > self._room:
                self._known.popitem(last=False)
        return self._known[key][1]
