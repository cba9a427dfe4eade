"""One look, ready to be laid over frames."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from stylereel.actions.chosen_style import chosen_style
from stylereel.actions.content_frames import Content
from stylereel.actions.loaded_style import LoadedStyle
from stylereel.actions.run_memory import checked_limit
from stylereel.core.errors import UsageError
from stylereel.inference.enlarging import SMALLEST_SCALE
from stylereel.inference.memory_plan import ANCHORS, PAINTING, STABILIZER, Beside, plan_memory
from stylereel.inference.painter import Look, Painter, PainterState
from stylereel.inference.tiled_runner import TiledRunner
from stylereel.packs.card import Card
from stylereel.packs.store import Pack
from stylereel.temporal.stabilizer import Stabilizer


class Stylizer:
    """One look, ready to be laid over frames: `Stylizer.load("ukiyoe")(frame)`.

    Attributes:
        card: the pack's facts.
        runner: the network as it runs; its `name`, `device` and `precision` say how, its `notices` what is to
            be told of memory.
        look: strength and colours.
        name: what the look is called: of a pack of many looks `atelier:vangogh`.
    """

    def __init__(self, card: Card, runner: TiledRunner, look: Look, name: str | None = None) -> None:
        self.card, self.runner, self.look, self.name = card, runner, look, name or card.name

    @classmethod
    def load(
        cls,
        style: str | Path | Pack | LoadedStyle | None = None,
        *,
        reference: str | Path | Sequence[str | Path] | None = None,
        variation: int | None = None,
        adapt_seconds: float | None = None,
        adapt_to: str | Path | None = None,
        device: str = "auto",
        runner: str = "auto",
        strength: float = 1.0,
        keep_colors: bool = False,
        scale: float = 1.0,
        threads: int | None = None,
        precision: str = "auto",
        memory_limit: str | int | None = None,
    ) -> Stylizer:
        """Find a style pack and make it ready.

        Args:
            style: name of a pack, the folder of one, a pack, or one that is loaded, whose runner, device and
                threads it keeps; None with a reference for the shipped pack of many looks.
            reference: a picture, a video or a folder whose look is taken, or several, averaged; `style` is
                then a pack of many looks.
            variation: seed of a variation of the look, for packs of many looks.
            adapt_seconds: fit the look to the reference first, for so long; needs torch.
            adapt_to: the video or picture whose frames it is fitted on.
            device: "auto", "cpu", "cuda" or "mps".
            runner: "auto", "openvino", "onnxruntime" or "torch".
            strength: 0 (the source) to 1 (the look).
            keep_colors: take the look's light and texture, and the source's colours.
            scale: of the frame that the network sees, 0.25 to 1: less work, and larger strokes.
            threads: CPU threads for the network; None leaves it to the runner.
            precision: "auto", "fp32", "bf16" or "int8".
            memory_limit: most that this process may hold: "4GB", "1.5GiB" or bytes; None takes what the
                machine has available. Frames that need more are stylised in tiles, without a seam.

        Raises:
            UsageError: an unknown style, runner or device, or a value out of range.
            PackError: the pack is refused, or has no network of that precision.
            EnvironmentMissingError: the runner or device is absent here, or does not compute so.
        """
        look = Look(checked_strength(strength), keep_colors, checked_scale(scale))
        limit_bytes = checked_limit(memory_limit)
        if adapt_to is not None and adapt_seconds is None:
            raise UsageError("adapt_to names what a look is fitted on: say for how long, adapt_seconds=60.")
        chosen = chosen_style(
            style,
            reference=reference,
            variation=variation,
            adapt_seconds=adapt_seconds,
            strength=strength,
            content=None if adapt_to is None else Content(adapt_to, scale=scale),
        )
        if not isinstance(chosen, LoadedStyle):
            chosen = LoadedStyle.load(
                chosen, device=device, runner=runner, strength=strength, threads=threads, precision=precision
            )
        tiled = TiledRunner(chosen.runner, chosen.pack, plan_memory(limit_bytes))
        return cls(chosen.pack.card, tiled, look, chosen.pack.look_name)

    def __call__(self, frame: np.ndarray) -> np.ndarray:
        """One `(H, W, 3)` uint8 RGB picture in the look, by itself: the same shape and type.

        Raises:
            UsageError: it is no such array.
        """
        return Painter(self.runner, self.look).still(_checked_frame(frame))

    def clip(self, frames: Iterable[np.ndarray], *, stabilize: float = 0.0) -> Iterator[np.ndarray]:
        """Contiguous frames of a video in the look, one at a time: strokes travel with what they lie on.

        Args:
            frames: `(H, W, 3)` uint8 RGB each, in the video's order; never more than one is held.
            stabilize: how much the look leans on the frame before, 0 to 1; see `stylize`.

        Raises:
            UsageError: a frame is no such array, or `stabilize` out of range.
        """
        check_stabilize(stabilize)
        stabilizer = Stabilizer(stabilize) if stabilize else None
        self.runner.hold_beside(Beside(painting_bytes=PAINTING + ANCHORS + STABILIZER * bool(stabilize)))
        return _painted(Painter(self.runner, self.look, stabilizer), frames)

    @property
    def at_work(self) -> str:
        """What executes the network, for people: "openvino on cpu, bf16"."""
        return f"{self.runner.name} on {self.runner.device}, {self.runner.precision}"


def _painted(painter: Painter, frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    state = PainterState()
    for frame in frames:
        result, state = painter.next(_checked_frame(frame), state)
        yield result


def _checked_frame(frame: np.ndarray) -> np.ndarray:
    is_array = isinstance(frame, np.ndarray)
    if not is_array or frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
        got = f"{frame.dtype} {frame.shape}" if is_array else type(frame).__name__
        raise UsageError(f"A frame is a numpy array of uint8 and shape (H, W, 3), RGB; got {got}.")
    if not frame.size:
        raise UsageError(f"A frame needs pixels; got shape {frame.shape}.")
    return frame


def checked_strength(strength: float) -> float:
    """`UsageError` unless it goes from 0 to 1."""
    if isinstance(strength, bool) or not (math.isfinite(strength) and 0 <= strength <= 1):
        raise UsageError(f"strength is {strength}: it goes from 0 (the source) to 1 (the look).")
    return float(strength)


def checked_scale(scale: float) -> float:
    """`UsageError` unless it goes from 0.25 to 1."""
    if isinstance(scale, bool) or not (math.isfinite(scale) and SMALLEST_SCALE <= scale <= 1):
        raise UsageError(
            f"scale is {scale}: it goes from {SMALLEST_SCALE} to 1, the whole frame; 0.5 is a quarter of the "
            "work."
        )
    return float(scale)


def check_stabilize(stabilize: float) -> None:
    """`UsageError` unless it goes from 0 to 1."""
    if isinstance(stabilize, bool) or not (math.isfinite(stabilize) and 0 <= stabilize <= 1):
        raise UsageError(
            f"stabilize is {stabilize}: it goes from 0 (off) to 1 (as much as leaves no ghosts); try 0.7."
        )
