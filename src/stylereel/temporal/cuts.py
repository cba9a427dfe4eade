"""Whether a frame goes on with the scene before it, and what only looks like a cut: flashes, fades, pans."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np

_WIDTH, _HEIGHT = 48, 32
_LEAST_CONTRAST = 4.0
_PLAINLY_ALIKE, _ALIKE = 0.8, 0.62
_FLASH_LEVELS = 24.0
_LONGEST_FLASH = 3


class Join(Enum):
    """How a frame joins the ones before it."""

    SAME = "same"
    FLASH = "flash"
    CUT = "cut"


@dataclass(frozen=True)
class CutState:
    """What the detector keeps.

    Attributes:
        thumbnail: `(32, 48)` float32 grey of the last frame that showed anything and was no flash.
        light: mean level of the last frame that was no flash.
        flash_frames: how many frames the flash has lasted by now.
    """

    thumbnail: np.ndarray
    light: float
    flash_frames: int = 0


def look_for_cut(view: np.ndarray, state: CutState | None) -> tuple[Join, CutState]:
    """Compare a frame with the scene so far.

    Pictures are compared by correlation, which neither a fade nor a flash changes, and the middle of the
    one with any place of the other, which a pan does not change. A frame without contrast (black, white,
    fog) is no cut: what comes after it decides. A sudden change of light by itself is a flash, for up to
    three frames; after that the light is taken to be the new one.

    Args:
        view: `(h, w)` uint8 grey, any size.
        state: what the call before returned; None at first, which is never a cut.
    """
    step = max(1, min(view.shape[0] // (2 * _HEIGHT), view.shape[1] // (2 * _WIDTH)))
    sample = np.ascontiguousarray(view[::step, ::step])
    thumbnail = cv2.resize(sample, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32)
    light = float(thumbnail.mean())
    if state is None:
        return Join.SAME, CutState(thumbnail, light)
    shows, showed = (float(picture.std()) >= _LEAST_CONTRAST for picture in (thumbnail, state.thumbnail))
    if shows and not showed:  # the first that is seen after black, white or fog
        return Join.CUT, CutState(thumbnail, light)
    if shows and likeness(thumbnail, state.thumbnail) < _ALIKE:
        return Join.CUT, CutState(thumbnail, light)
    if abs(light - state.light) > _FLASH_LEVELS and state.flash_frames < _LONGEST_FLASH:
        return Join.FLASH, CutState(state.thumbnail, state.light, state.flash_frames + 1)
    return Join.SAME, CutState(thumbnail if shows or not showed else state.thumbnail, light)


class Scenes:
    """Counts the cuts and the flashes of a run of frames, fed one by one."""

    def __init__(self) -> None:
        self._state: CutState | None = None
        self.frames = 0
        self.cuts = 0
        self.flashes = 0

    def look(self, frame: np.ndarray) -> None:
        """Take the next frame, `(H, W, 3)` uint8 RGB."""
        join, self._state = look_for_cut(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), self._state)
        self.frames += 1
        self.cuts += join is Join.CUT
        self.flashes += join is Join.FLASH

    @property
    def mostly_cuts(self) -> bool:
        """Whether the frames are pictures of different things rather than a film."""
        return self.cuts > (self.frames - 1) / 2


def likeness(thumbnail: np.ndarray, before: np.ndarray) -> float:
    """-1 to 1: correlation of two pictures, or of the middle of one with the best place of the other."""
    whole = float(cv2.matchTemplate(thumbnail, before, cv2.TM_CCOEFF_NORMED)[0, 0])
    if whole >= _PLAINLY_ALIKE:
        return whole
    found = [whole]
    for one, other in ((thumbnail, before), (before, thumbnail)):
        middle = one[_HEIGHT // 4 : -_HEIGHT // 4, _WIDTH // 4 : -_WIDTH // 4]
        found.append(float(cv2.matchTemplate(other, middle, cv2.TM_CCOEFF_NORMED).max()))
    return max(whole, min(found[1:]))
