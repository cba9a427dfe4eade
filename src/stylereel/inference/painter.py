"""Lays a look over one frame after the other: anchors, network, stabiliser, colours, strength."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from stylereel.core.errors import UsageError
from stylereel.core.frames import Frame
from stylereel.inference.compositing import blend, keep_source_colors
from stylereel.inference.enlarging import enlarged, reduced
from stylereel.inference.runner import Runner, State, run_network
from stylereel.temporal.anchor_track import AnchorTrack, anchors_of, follow, still_track
from stylereel.temporal.follower import Follower, FollowState, Step
from stylereel.temporal.stabilizer import Stabilizer, StabilizerState

LONGEST_SIDE_PX = 32766
"""OpenCV looks up no place beyond it, and so neither motion nor the source's colours."""


@dataclass(frozen=True)
class Look:
    """How the network's result is laid over the source.

    Attributes:
        strength: 0 (the source, bit for bit, and the network is never run) to 1.
        keep_colors: how much of the source's colours is taken with the look's light and texture, 0 to 1.
        scale: of the frame that the network sees, 0.25 to 1: at a half, a quarter of the work and strokes of
            twice the size; the result comes back to the frame's own size.
        code: `(E,)` float32, what a network that takes a look with each frame is given; None for others.
    """

    strength: float = 1.0
    keep_colors: float = False
    scale: float = 1.0
    code: np.ndarray | None = field(default=None, compare=False, repr=False)

    @property
    def leaves_source(self) -> bool:
        """True where the result is the source, whatever the network says."""
        return self.strength <= 0

    def is_same(self, other: Look | None) -> bool:
        """The same frame comes out the same under both."""
        if self is other:
            return True
        return self == other and other is not None and _equal(self.code, other.code)


def _equal(code: np.ndarray | None, other: np.ndarray | None) -> bool:
    return code is other or (code is not None and other is not None and np.array_equal(code, other))


@dataclass(frozen=True)
class PainterState:
    """All that goes from one frame to the next; its size does not grow.

    Attributes:
        runner: the runner's.
        motion: what the next frame is compared with; None where nobody asks for motion.
        anchors: where the anchors lie; None where the network takes none.
        stabilizer: the stabiliser's; None where nothing stabilises.
    """

    runner: State = None
    motion: FollowState | None = None
    anchors: AnchorTrack | None = None
    stabilizer: StabilizerState | None = None


@dataclass(frozen=True)
class Sight:
    """What the source alone tells of a frame, before the network sees it.

    Attributes:
        seen: `(h, w, 3)` uint8, what the network will see.
        step: how it goes on from the one before; None where nobody asks for motion.
        motion: what the next frame is compared with.
        track: where the anchors lie.
        anchors: `(1, h', w', C)` float32, the anchors themselves; None where the network takes none.
        look: that the frame gets; None for the painter's own.
    """

    seen: np.ndarray
    step: Step | None
    motion: FollowState | None
    track: AnchorTrack | None
    anchors: np.ndarray | None = None
    look: Look | None = None


class Painter:
    """A runner, a look and perhaps a stabiliser at work; remembers nothing itself.

    Attributes:
        runner: the network as it runs.
        look: strength and colours.
        stabilizer: None where nothing stabilises, and then it costs nothing.
        look_of: gives the look of each frame where it changes over time, all of one `scale`; from its time
            alone, so that a frame comes out the same wherever a run begins. None where `look` is that of all.
    """

    def __init__(
        self,
        runner: Runner,
        look: Look,
        stabilizer: Stabilizer | None = None,
        look_of: Callable[[Frame], Look] | None = None,
    ) -> None:
        self.runner, self.look, self.stabilizer, self.look_of = runner, look, stabilizer, look_of
        self._follower = Follower() if stabilizer is not None or runner.anchor_channels else None

    def still(self, pixels: np.ndarray) -> np.ndarray:
        """One `(H, W, 3)` uint8 RGB picture in the look, on its own.

        Raises:
            UsageError: a side is longer than the look or the stabiliser can take.
        """
        if self.look.leaves_source:
            return pixels
        self._check_size(pixels, self.look)
        seen = reduced(pixels, self.look.scale)
        batch, _ = run_network(self.runner, seen[None], _code(self.look), None)
        return _laid_over(pixels, enlarged(pixels, seen, batch[0]), self.look)

    def next(self, pixels: np.ndarray, state: PainterState) -> tuple[np.ndarray, PainterState]:
        """The next frame of a video in the look, `(H, W, 3)` uint8 RGB, and the state for the one after.

        The network's result is stabilised before it is laid over the source, so that the source itself,
        which `strength` and `keep_colors` let through, is never smeared.

        Raises:
            UsageError: as `still`.
        """
        sight = self.look_at(pixels, state.motion, state.anchors)
        stylized, runner_state = self.stylized(sight, state.runner)
        result, stabilizer_state = self.finished(pixels, sight, stylized, state.stabilizer)
        return result, PainterState(runner_state, sight.motion, sight.track, stabilizer_state)

    @property
    def follows(self) -> bool:
        """True where `look_at` has work to do."""
        works = self.look_of is not None or not self.look.leaves_source
        return works and (self._follower is not None or self.look.scale < 1)

    def look_for(self, frame: Frame) -> Look:
        """The look that a frame gets."""
        return self.look if self.look_of is None else self.look_of(frame)

    def look_at(
        self,
        pixels: np.ndarray,
        motion: FollowState | None,
        track: AnchorTrack | None,
        look: Look | None = None,
    ) -> Sight:
        """What the source tells of the next frame; the first of the three parts of `next`.

        Args:
            pixels: `(H, W, 3)` uint8 RGB.
            motion, track: of the sight of the frame before; None at first.
            look: that the frame gets; None for the painter's own. Where it leaves the source as it is, what
                comes after begins anew.

        Raises:
            UsageError: as `still`.
        """
        look = look or self.look
        if look.leaves_source:
            return Sight(pixels, None, None, None, look=look)
        self._check_size(pixels, look)
        seen = reduced(pixels, look.scale)
        if self._follower is None:
            return Sight(seen, None, None, None, look=look)
        step, motion = self._follower.step(seen, motion)
        if not self.runner.anchor_channels:
            return Sight(seen, step, motion, None, look=look)
        track = _anchors_after(step, seen.shape[:2], track)
        return Sight(seen, step, motion, track, anchors_of(track, self.runner.anchor_channels)[None], look)

    def stylized(self, sight: Sight, state: State) -> tuple[np.ndarray, State]:
        """What the network makes of it, and the runner's state for the next; the second part."""
        look = sight.look or self.look
        if look.leaves_source:
            return sight.seen, state
        batch, state = run_network(self.runner, sight.seen[None], _code(look), state, sight.anchors)
        return batch[0], state

    def finished(
        self, pixels: np.ndarray, sight: Sight, stylized: np.ndarray, state: StabilizerState | None
    ) -> tuple[np.ndarray, StabilizerState | None]:
        """The look laid over the frame, and the stabiliser's state for the next; the last part."""
        look = sight.look or self.look
        if look.leaves_source:
            return pixels, None
        if sight.step is not None and self.stabilizer is not None:
            stylized, state = self.stabilizer.step(stylized, sight.step, state)
        return _laid_over(pixels, enlarged(pixels, sight.seen, stylized), look), state

    def _check_size(self, pixels: np.ndarray, look: Look) -> None:
        height, width = pixels.shape[:2]
        if max(height, width) <= LONGEST_SIDE_PX:
            return
        if self.stabilizer is not None or look.keep_colors or look.scale < 1:
            raise UsageError(
                f"Frames of {width}x{height} are too long for stabilize, keep-colors and scale, which take "
                f"at most {LONGEST_SIDE_PX} px to a side: leave them out, or make the frames smaller with "
                "--max-side."
            )


def _code(look: Look) -> np.ndarray | None:
    return None if look.code is None else look.code[None]


def _laid_over(pixels: np.ndarray, stylized: np.ndarray, look: Look) -> np.ndarray:
    if look.keep_colors > 0:
        stylized = blend(stylized, keep_source_colors(pixels, stylized), float(look.keep_colors))
    return blend(pixels, stylized, look.strength)


def _anchors_after(step: Step, size: tuple[int, int], before: AnchorTrack | None) -> AnchorTrack:
    if before is None or step.is_new_scene:
        return still_track(*size)
    return before if step.followed is None else follow(before, step.followed.flow, step.scale)
