"""Clocks that are set back in the middle of a file, as where recordings were joined end to end."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

# Decoding times of an orderly file never run back. By less than this, `timeline` repairs them one by one.
_SET_BACK_SECONDS = Fraction(1, 4)
# Lines of text may be stored out of order.
SET_BACK_SECONDS_OF_TEXT = Fraction(5)


class SteadyClock:
    """One stream's clock, which goes on where it was when the file sets it back.

    Attributes:
        jumps: how often it was set back.
    """

    def __init__(self, time_base: Fraction | None, least_seconds: Fraction = _SET_BACK_SECONDS) -> None:
        """`time_base`: seconds per tick; `least_seconds`: running back by more is being set back."""
        self._most = math.ceil(least_seconds / (time_base or Fraction(1, 90_000)))
        self._shift = 0
        self._newest: int | None = None
        self._end = 0
        self.jumps = 0

    def correct(self, packet: Any) -> None:
        """Change the times of the stream's next packet, in file order, where they need it."""
        stated = packet.pts if packet.dts is None else packet.dts
        if stated is None:
            return
        ticks = stated + self._shift
        if self._newest is not None and ticks < self._newest - self._most:
            self.jumps += 1
            self._shift += self._end - ticks
            ticks = self._end
        if self._shift:
            packet.pts = None if packet.pts is None else packet.pts + self._shift
            packet.dts = None if packet.dts is None else packet.dts + self._shift
        if self._newest is None or ticks > self._newest:
            step = 1 if self._newest is None else ticks - self._newest
            self._newest, self._end = ticks, ticks + (packet.duration or step)
