"""`--mask` of `stylize`: where the look is laid, what is seen elsewhere, and how soft the edge is."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from stylereel.actions.long_job import style_identity
from stylereel.actions.stylizer import Stylizer
from stylereel.core.errors import OutputError, UsageError
from stylereel.core.frames import Frame, Stage
from stylereel.core.paths import check_can_be
from stylereel.inference.beside_source import Finisher, Keeper, beside_source
from stylereel.inference.deepening import Deepener
from stylereel.inference.masking import MaskedLook, feathered
from stylereel.inference.painter import Painter
from stylereel.inference.saved_state import RunState
from stylereel.inference.text_guard import TextGuard
from stylereel.inference.tiled_runner import TiledRunner
from stylereel.packs.card import Card
from stylereel.packs.find import find_pack
from stylereel.temporal.stabilizer import Stabilizer
from stylereel.video.fingerprint import source_fingerprint
from stylereel.video.info import SourceInfo
from stylereel.video.mask import Mask
from stylereel.video.pipe_input import is_pipe
from stylereel.video.probe import probe
from stylereel.video.reader import FrameReader
from stylereel.video.sizes import Room

MOST_FEATHER_PX = 4096


class Masking:
    """The mask of a job, if it has one; without one everything here lets pass what it is given.

    Attributes:
        info: of the mask; None where there is none.
        outside: the look outside of it; None where that is the source.
    """

    def __init__(
        self,
        mask: str | Path | None,
        *,
        invert: bool = False,
        feather_px: float | None = None,
        outside: str | Path | None = None,
        output: str | Path,
    ) -> None:
        """`output`: of the job, which must not be the mask.

        Raises:
            UsageError: options that need a mask without one, a feather out of range, a mask through a pipe.
            OutputError: the mask would be overwritten.
        """
        said = {"mask-invert": invert, "mask-feather": feather_px is not None, "outside": outside is not None}
        if mask is None and any(said.values()):
            name = next(name for name, is_said in said.items() if is_said)
            raise UsageError(f"--{name} is for a mask, and none is given: add --mask, or leave --{name} out.")
        if feather_px is not None and (
            isinstance(feather_px, bool)
            or not (math.isfinite(feather_px) and 0 <= feather_px <= MOST_FEATHER_PX)
        ):
            raise UsageError(
                f"mask-feather is {feather_px}: pixels from 0 (a hard edge) to {MOST_FEATHER_PX}."
            )
        if mask is not None and is_pipe(mask):
            raise UsageError("mask is -: what comes through stdin is the INPUT. Give the mask as a file.")
        if mask is not None:
            check_can_be(mask)
            _refuse_as_output(Path(mask), output)
        self._path, self._invert, self._feather_px, self._style = mask, invert, feather_px, outside
        self._mask: Mask | None = None
        self.outside: Stylizer | None = None

    @contextlib.contextmanager
    def opened(self, reader: FrameReader, start_seconds: float | None, room: Room) -> Iterator[None]:
        """Hold the mask's file open; errors as `Mask`.

        Args:
            reader: of what it lies over.
            start_seconds: where the source begins to be read.
            room: what decoding the mask may take.
        """
        if self._path is None:
            yield
            return
        self._mask = Mask(self._path, reader, start_seconds=start_seconds, invert=self._invert, room=room)
        try:
            yield
        finally:
            self._mask.close()

    def load_outside(self, inside: Stylizer, precision: str, threads: int | None) -> None:
        """Make the look outside ready, at work as the one inside is; errors as `Stylizer.load`.

        Args:
            inside: the look where the mask is white.
            precision: as the user named it.
            threads: CPU threads for the network.
        """
        if self._style is None:
            return
        runner, look = inside.runner, inside.look
        self.outside = Stylizer.load(
            self._style,
            runner=runner.name,
            device=runner.device,
            precision=precision,
            threads=threads,
            strength=look.strength,
            keep_colors=look.keep_colors > 0,
            scale=look.scale,
        )

    @property
    def info(self) -> SourceInfo | None:
        """Of the mask; None where there is none."""
        return None if self._mask is None else self._mask.info

    @property
    def notices(self) -> list[str]:
        """Sentences for the user, as far as they are known by now."""
        of_mask = [] if self._mask is None else self._mask.notices
        return [*of_mask, *([] if self.outside is None else self.outside.runner.notices)]

    @property
    def cards(self) -> tuple[Card, ...]:
        """Of the style outside, if there is one; of a pack of many looks by the look's own name."""
        if self.outside is None:
            return ()
        return (self.outside.card.model_copy(update={"name": self.outside.name}),)

    @property
    def runner(self) -> TiledRunner | None:
        """The network outside, if there is one."""
        return None if self.outside is None else self.outside.runner

    @property
    def identity(self) -> dict[str, str]:
        """What an interrupted run must have had as well to be gone on with."""
        found = {}
        if self._mask is not None:
            found["mask"] = source_fingerprint(self._mask.info)
        if self.outside is not None:
            found["outside"] = f"{style_identity(self.outside.card)} {self.outside.at_work}"
        return found

    def over(self, reader: FrameReader, done: int | None) -> Iterator[Frame]:
        """The reader's frames with their masks; `done`: of them that are skipped, None for all."""
        return iter(reader) if self._mask is None else self._mask.frames(done or 0)

    def softened(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """Frames at the size at which the look is laid over them, their masks' edges soft."""
        return frames if self._mask is None else feathered(frames, self._feather_px)

    def finished(
        self,
        stage: Stage,
        before: RunState,
        before_each: Callable[[Frame], Keeper | None],
        *,
        alone: bool,
        stabilize: float,
        guards_text: bool,
        is_deep: bool,
    ) -> Stage:
        """The stage with all that needs its source beside it.

        Args:
            stage: lays the look over frames.
            before: what the first frame needs to know of those before it.
            before_each: see `beside_source`.
            alone: pictures have nothing to do with each other.
            stabilize: how much the look outside leans on the frame before.
            guards_text: text stays legible.
            is_deep: more than 8 bits are written.
        """
        finishers: list[Finisher] = [TextGuard(alone)] if guards_text else []
        finishers += [Deepener()] if is_deep else []
        if self._mask is not None:
            painter = None
            if self.outside is not None:
                stabilizer = Stabilizer(stabilize) if stabilize else None
                painter = Painter(self.outside.runner, self.outside.look, stabilizer)
            # A source is laid beside the look last, as it is; two looks are guarded and deepened as one.
            finishers.insert(len(finishers) if painter is None else 0, MaskedLook(painter, alone))
        return beside_source(
            stage,
            finishers,
            start=[_begun(finisher, before) for finisher in finishers],
            before_each=before_each,
        )


def _begun(finisher: Finisher, before: RunState) -> Any:
    if isinstance(finisher, TextGuard):
        return before.text
    return before.outside if isinstance(finisher, MaskedLook) else None


def check_masking(options: Mapping[str, Any], output: str | Path) -> None:
    """What `stylize` would refuse of a mask before its first frame, and a mask or style that is not there.

    Args:
        options: of `stylize`, by name.
        output: of the job.

    Raises:
        StylereelError: as `stylize`.
    """
    mask, outside = options.get("mask"), options.get("outside")
    Masking(
        mask,
        invert=options.get("mask_invert", False),
        feather_px=options.get("mask_feather_px"),
        outside=outside,
        output=output,
    )
    if mask is not None:
        probe(mask)
    if outside is not None:
        find_pack(outside)


def _refuse_as_output(mask: Path, output: str | Path) -> None:
    if is_pipe(output):
        return
    target, place = Path(output).resolve(), mask.resolve()
    is_same = target == place
    with contextlib.suppress(OSError):
        is_same = is_same or target.samefile(place)
    if is_same or (target.is_dir() and place.parent == target):
        raise OutputError(
            f"the output {output} is the mask itself, or holds it, so it would be lost. Choose another name"
        )
