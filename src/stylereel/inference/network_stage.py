"""The stage that lays a look over frames: network, colours, strength."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stylereel.core.frames import Frame, FrameBatch, Stage
from stylereel.inference.compositing import blend, keep_source_colors
from stylereel.inference.runner import Runner, State


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


def stylize_pixels(runner: Runner, look: Look, pixels: np.ndarray, state: State) -> tuple[np.ndarray, State]:
    """One `(H, W, 3)` uint8 RGB picture in the look, and the runner's state for the next one."""
    if look.leaves_source:
        return pixels, state
    stylized, state = runner.run(pixels[None], None, state)
    result = keep_source_colors(pixels, stylized[0]) if look.keep_colors else stylized[0]
    return blend(pixels, result, look.strength), state


def network_stage(runner: Runner, look: Look) -> Stage:
    """A stage that stylises every frame; order, count and times out are those that came in."""

    def stage(batches: Iterator[FrameBatch]) -> Iterator[FrameBatch]:
        state: State = None
        for batch in batches:
            stylized: list[Frame] = []
            for frame in batch:
                pixels, state = stylize_pixels(runner, look, frame.pixels, state)
                stylized.append(frame.with_pixels(pixels))
            yield stylized

    return stage
