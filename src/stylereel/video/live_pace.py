"""One endless run of frames out of a source that may end, fail and come back, each frame when it is due."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

from stylereel.core import pixels
from stylereel.core.errors import VideoOpenError
from stylereel.core.frames import Frame
from stylereel.video.live_source import OpenSource

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 10.0
MOST_LATE_SECONDS = 0.5
"""A source that is later than this by its own times is taken from where it is: nobody catches up live."""


class LiveRun:
    """All frames of a live source, on one clock.

    Attributes:
        reconnects: how often it came back.
        turns: how often a file began again.
        skipped: frames that were left out since `rate` asks for fewer.
    """

    def __init__(
        self,
        first: OpenSource,
        reopen: Callable[[], OpenSource],
        *,
        comes_back: bool,
        is_paced: bool,
        size: tuple[int, int],
        loop: bool = False,
        rate: Fraction | None = None,
        clock: Callable[[], float],
        wait: Callable[[float], bool],
        tell: Callable[[str], object] = lambda text: None,
    ) -> None:
        """Nothing is read before `frames` is iterated.

        Args:
            first: the source, open.
            reopen: opens it again.
            comes_back: what ends or fails is waited for, with ever longer pauses.
            is_paced: each frame is held until its own time; else it goes on as it comes.
            size: `(width, height)` that all frames are brought to, px.
            loop: begin again where it ends.
            rate: at most so many frames per second; None takes all.
            clock: seconds.
            wait: sleeps so many seconds; True where the run is to end meanwhile.
            tell: takes sentences for the user.
        """
        self._source, self._reopen = first, reopen
        self._comes_back, self._is_paced, self._loop = comes_back, is_paced, loop
        self._clock, self._wait, self._tell = clock, wait, tell
        self._gap = None if rate is None else 1 / rate
        self._size = size
        self._next_due: Fraction | None = None
        self._last: tuple[Fraction, Fraction] | None = None  # when the last frame came, and its spacing
        self._is_over = False
        self.reconnects = self.turns = self.skipped = 0

    def frames(self) -> Iterator[Frame]:
        """Frames whose times go on from one turn or connection to the next, all of one size.

        Raises:
            VideoOpenError: a source that does not come back broke off.
        """
        begins = self._clock()
        while True:
            has_failed = False
            try:
                yield from self._turn(begins)
            except VideoOpenError as error:
                has_failed = True
                if not self._comes_back:
                    raise
                self._tell(f"{error} Waiting for it.")
            finally:
                self._source.close()
            if self._is_over:
                return
            if self._comes_back:
                if not has_failed:
                    self._tell("The source has ended. Waiting for it to come back.")
                if not self._await_return():
                    return
                self.reconnects += 1
                self._tell("The source is back.")
            elif self._loop and self._last is not None:
                self._source = self._reopen()
                self.turns += 1
            else:
                return

    def _turn(self, begins: float) -> Iterator[Frame]:
        """The frames of one turn or connection, in time with those before."""
        shift: Fraction | None = None
        due_shift = 0.0
        for frame in self._source.frames():
            own = frame.pts * frame.time_base
            if shift is None:
                shift = self._goes_on_at(begins) - own
                due_shift = max(0.0, self._clock() - begins - float(own + shift))
            seconds = own + shift
            if self._is_paced:
                late = self._clock() - begins - float(seconds) - due_shift
                if late < 0 and self._wait(-late):
                    self._is_over = True
                    return
                due_shift += late if late > MOST_LATE_SECONDS else 0.0
            self._remember(seconds, frame)
            if self._is_too_soon(seconds):
                self.skipped += 1
                continue
            pts = math.floor(seconds / frame.time_base + Fraction(1, 2))
            yield replace(frame, pts=pts, pixels=pixels.resize(frame.pixels, *self._size))

    def _goes_on_at(self, begins: float) -> Fraction:
        """The time of a turn's first frame: 0, one frame after the last, or now where time went by."""
        if self._last is None:
            return Fraction(0)
        last, spacing = self._last
        if not self._comes_back:
            return last + spacing
        now = Fraction(self._clock() - begins).limit_denominator(1_000_000)
        return max(last + spacing, now)

    def _remember(self, seconds: Fraction, frame: Frame) -> None:
        if self._last is not None and seconds > self._last[0]:
            spacing = frame.duration * frame.time_base or seconds - self._last[0]
        else:
            spacing = frame.duration * frame.time_base or 1 / self._source.facts.rate
        self._last = seconds, spacing

    def _is_too_soon(self, seconds: Fraction) -> bool:
        """True for a frame that `rate` has no room for; a twentieth of slack meets frames that jitter."""
        if self._gap is None:
            return False
        if self._next_due is not None and seconds < self._next_due - self._gap / 20:
            return True
        behind = self._next_due is None or seconds > self._next_due + self._gap
        self._next_due = (seconds if behind else self._next_due or seconds) + self._gap
        return False

    def _await_return(self) -> bool:
        """Open the source again, after ever longer pauses; False where the run ends first."""
        pause = FIRST_WAIT_SECONDS
        while not self._wait(pause):
            try:
                self._source = self._reopen()
                return True
            except VideoOpenError:
                pause = min(LONGEST_WAIT_SECONDS, 2 * pause)
        return False
