"""Lays a look over one frame after the other: anchors, network, stabiliser, colours, strength."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stylereel.core.errors import UsageError
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
        keep_colors: take the look's light and texture, and the source's colours.
        scale: of the frame that the network sees, 0.25 to 1: at a half, a quarter of the work and strokes of
            twice the size; the result comes back to the frame's own size.
    """

    strength: float = 1.0
    keep_colors: bool = False
    scale: float = 1.0

    @property
    def leaves_source(self) -> bool:
        """True where the result is the source, whatever the network says."""
        return self.strength <= 0


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
    """

    seen: np.ndarray
    step: Step | None
    motion: FollowState | None
    track: AnchorTrack | None
    anchors: np.ndarray | None = None


class Painter:
    """A runner, a look and perhaps a stabiliser at work; remembers nothing itself.

    Attributes:
        runner: the network as it runs.
        look: strength and colours.
        stabilizer: None where nothing stabilises, and then it costs nothing.
    """

    def __init__(self, runner: Runner, look: Look, stabilizer: Stabilizer | None = None) -> None:
        self.runner, self.look, self.stabilizer = runner, look, stabilizer
        self._follower = Follower() if stabilizer is not None or runner.anchor_channels else None

    def still(self, pixels: np.ndarray) -> np.ndarray:
        """One `(H, W, 3)` uint8 RGB picture in the look, on its own.

        Raises:
            UsageError: a side is longer than the look or the stabiliser can take.
        """
        if self.look.leaves_source:
            return pixels
        self._check_size(pixels)
        seen = reduced(pixels, self.look.scale)
        batch, _ = run_network(self.runner, seen[None], None, None)
        return self._laid_over(pixels, enlarged(pixels, seen, batch[0]))

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
        return not self.look.leaves_source and (self._follower is not None or self.look.scale < 1)

    def look_at(self, pixels: np.ndarray, motion: FollowState | None, track: AnchorTrack | None) -> Sight:
        """What the source tells of the next frame; the first of the three parts of `next`.

        Args:
            pixels: `(H, W, 3)` uint8 RGB.
            motion, track: of the sight of the frame before; None at first.

        Raises:
            UsageError: as `still`.
        """
        if self.look.leaves_source:
            return Sight(pixels, None, motion, track)
        self._check_size(pixels)
        seen = reduced(pixels, self.look.scale)
        if self._follower is None:
            return Sight(seen, None, None, None)
        step, motion = self._follower.step(seen, motion)
        if not self.runner.anchor_channels:
            return Sight(seen, step, motion, None)
        track = _anchors_after(step, seen.shape[:2], track)
        return Sight(seen, step, motion, track, anchors_of(track, self.runner.anchor_channels)[None])

    def stylized(self, sight: Sight, state: State) -> tuple[np.ndarray, State]:
        """What the network makes of it, and the runner's state for the next; the second part."""
        if self.look.leaves_source:
            return sight.seen, state
        batch, state = run_network(self.runner, sight.seen[None], None, state, sight.anchors)
        return batch[0], state

    def finished(
        self, pixels: np.ndarray, sight: Sight, stylized: np.ndarray, state: StabilizerState | None
    ) -> tuple[np.ndarray, StabilizerState | None]:
        """The look laid over the frame, and the stabiliser's state for the next; the last part."""
        if self.look.leaves_source:
            return pixels, state
        if sight.step is not None and self.stabilizer is not None:
            stylized, state = self.stabilizer.step(stylized, sight.step, state)
        return self._laid_over(pixels, enlarged(pixels, sight.seen, stylized)), state

    def _check_size(self, pixels: np.ndarray) -> None:
        height, width = pixels.shape[:2]
        if max(height, width) <= LONGEST_SIDE_PX:
            return
        if self.stabilizer is not None or self.look.keep_colors or self.look.scale < 1:
            raise UsageError(
                f"Frames of {width}x{height} are too long for stabilize, keep-colors and scale, which take "
                f"at most {LONGEST_SIDE_PX} px to a side: leave them out, or make the frames smaller with "
                "--max-side."
            )

    def _laid_over(self, pixels: np.ndarray, stylized: np.ndarray) -> np.ndarray:
        if self.look.keep_colors:
            stylized = keep_source_colors(pixels, stylized)
        return blend(pixels, stylized, self.look.strength)


def _anchors_after(step: Step, size: tuple[int, int], before: AnchorTrack | None) -> AnchorTrack:
    if before is None or step.is_new_scene:
        return still_track(*size)
    return before if step.followed is None else follow(before, step.followed.flow, step.scale)
