"""The stage that lays a look over frames: network, stabiliser, colours, strength."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stylereel.core.frames import Frame, FrameBatch, Stage
from stylereel.inference.compositing import blend, keep_source_colors
from stylereel.inference.runner import Runner, State
from stylereel.temporal.stabilizer import Stabilizer, StabilizerState


@dataclass(frozen=True)
class Look:
    """How the network's result is laid over the source.

    Attributes:
        strength: 0 (the source, bit for bit, and the network is never run) to 1.
        keep_colors: take the look's light and texture, and the source's colours.
    """

    strength: float = 1.0
    keep_colors: bool = False

    @property
    def leaves_source(self) -> bool:
        """True where the result is the source, whatever the network says."""
        return self.strength <= 0


@dataclass(frozen=True)
class StageState:
    """All that the stage carries from one frame to the next.

    Attributes:
        runner: the runner's state.
        stabilizer: the stabiliser's, None before the first frame and where nothing stabilises.
    """

    runner: State = None
    stabilizer: StabilizerState | None = None


def stylize_pixels(
    runner: Runner,
    look: Look,
    pixels: np.ndarray,
    state: StageState,
    stabilizer: Stabilizer | None = None,
) -> tuple[np.ndarray, StageState]:
    """One `(H, W, 3)` uint8 RGB picture in the look, and the state for the next one.

    The network's result is stabilised before it is laid over the source, so that the source itself, which
    `strength` and `keep_colors` let through, is never smeared.
    """
    if look.leaves_source:
        return pixels, state
    batch, runner_state = runner.run(pixels[None], None, state.runner)
    stylized, stabilizer_state = batch[0], state.stabilizer
    if stabilizer is not None:
        stylized, stabilizer_state = stabilizer.step(pixels, stylized, stabilizer_state)
    if look.keep_colors:
        stylized = keep_source_colors(pixels, stylized)
    return blend(pixels, stylized, look.strength), StageState(runner_state, stabilizer_state)


def network_stage(runner: Runner, look: Look, stabilizer: Stabilizer | None = None) -> Stage:
    """A stage that stylises every frame; order, count and times out are those that came in."""

    def stage(batches: Iterator[FrameBatch]) -> Iterator[FrameBatch]:
        state = StageState()
        for batch in batches:
            stylized: list[Frame] = []
            for frame in batch:
                pixels, state = stylize_pixels(runner, look, frame.pixels, state, stabilizer)
                stylized.append(frame.with_pixels(pixels))
            yield stylized

    return stage
