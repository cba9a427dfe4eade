"""Long jobs of `stylize`: kept part by part while they run, and gone on with after they were stopped.

A job is worth keeping when it is longer than one part, or when nobody knows how long it is. A shorter one is
done again sooner than it would be found out where to go on, so it pays nothing for this.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from stylereel.actions.loaded_style import LoadedStyle
from stylereel.core.errors import OutputError, ResumeError, StylereelError, UsageError
from stylereel.core.frames import Frame
from stylereel.inference.painter import PainterState
from stylereel.inference.quickest import Candidate
from stylereel.inference.saved_state import RunState, dump_state, load_state
from stylereel.inference.text_guard import TextState
from stylereel.packs.card import Card
from stylereel.packs.looks import FittedCode, OneLook
from stylereel.packs.store import Pack
from stylereel.video.fingerprint import source_fingerprint
from stylereel.video.info import SourceInfo
from stylereel.video.parts import (
    Parts,
    described_difference,
    discard_parts,
    frames_of_a_part,
    is_published,
    remove_remains,
)
from stylereel.video.plan import OutputPlan
from stylereel.video.retime import Place

NOT_KEPT = "resume is not for pipes: what goes through one is made in one go. Run it again without --resume."
NOTHING_TO_RESUME = "Nothing was left to resume, so the job began at its first frame."
# Options that change nothing in the result, or whose effect is compared by itself.
NOT_COMPARED = {
    *("input", "output", "style", "reference", "variation", "adapt_seconds", "mask", "outside"),
    *("on_progress", "overwrite", "resume"),
    *("runner", "device", "threads", "precision", "memory_limit"),
}


FITTED = "look fitted "
"""Before the name of a fit, where its code is kept with the parts."""


def _version(distribution: str) -> str:
    """Of what is installed; a checkout that is not installed has none."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def style_identity(card: Card) -> str:
    """Name of a style, and a hash of the hashes of its files."""
    files = json.dumps(dict(sorted(card.files.items())))
    return f"{card.name} {hashlib.sha256(files.encode()).hexdigest()}"


def _has_parts(plan: OutputPlan) -> bool:
    """False for one picture, and for a GIF, whose encoder starts a file of its own each time."""
    return plan.kind == "images" or (plan.container is not None and plan.container.muxer != "gif")


def fitted_with(parts: Parts | None) -> FittedCode | None:
    """The fit that the look of a job was made of, where there was one.

    Raises:
        ResumeError: what is kept of it cannot be read.
    """
    for name, text in ({} if parts is None else parts.job.kept).items():
        if name.startswith(FITTED):
            try:
                return FittedCode.parsed(name.removeprefix(FITTED), text)
            except ValueError as error:
                raise ResumeError(
                    "The look that the finished frames were fitted to cannot be read any more. Begin anew "
                    "with --overwrite instead of --resume."
                ) from error
    return None


class LongJob:
    """What an interrupted run left of a job, and how this one keeps what it finishes.

    Make it while the output is locked, and call in this order: `check_wanted`, `compare`, `begin`.

    Attributes:
        found: what an interrupted run left; None where there is nothing to go on with.
        parts: where this run keeps what it finishes; None for a job too short for that.
        frames_done: frames that an interrupted run finished.
        concealed_done: of these, how many repeat the last good one.
        is_whole: every frame was finished by then; the file has yet to be made of them.
        notices: sentences for the user.
    """

    def __init__(
        self,
        output: str | Path,
        options: Mapping[str, Any],
        *,
        resume: bool,
        overwrite: bool,
        keeps: bool = True,
    ) -> None:
        """`options`: every argument of the job by name; those that matter are compared.

        `keeps`: False for a job that cannot be kept part by part.

        Raises:
            UsageError: such a job is to be resumed.
            ResumeError: parts are there that cannot be gone on with.
        """
        if resume and not keeps:
            raise UsageError(NOT_KEPT)
        remove_remains(Path(output))
        self._keeps = keeps
        self._output, self._resume = Path(output), resume
        self._options = {name: str(value) for name, value in options.items() if name not in NOT_COMPARED}
        self._identity: dict[str, str] = {}
        self._kept: dict[str, str] = {}
        begins_anew = overwrite and not resume
        self.found = None if begins_anew else Parts.find(self._output)
        self.parts: Parts | None = None
        self.frames_done = self.concealed_done = 0
        self.is_whole = False
        if self.found is not None:
            self.frames_done, self.is_whole = self.found.frames, self.found.is_whole
            self.concealed_done = self.found.records[-1].concealed
        self.notices = [NOTHING_TO_RESUME] if resume and self.found is None else []
        self._place: Place | None = None
        # By the time of a frame that may begin a part: its number, and what it needs to know.
        self._begins: dict[int, int] = {}
        self._states: dict[int, RunState] = {}

    @property
    def fitted_with(self) -> FittedCode | None:
        """What the look of the run that is gone on with was fitted to."""
        return fitted_with(self.found)

    @property
    def begun_with(self) -> Candidate | None:
        """What executed the network of the run that is gone on with."""
        return None if self.found is None else Candidate.parsed(self.found.job.identity.get("runner", ""))

    @property
    def is_published(self) -> bool:
        """The output is there, made of these parts, by a run that was killed before it removed them."""
        return is_published(self._output, self.found)

    def check_wanted(self) -> None:
        """Refuse to begin anew where much would be lost by it.

        Raises:
            OutputError: an interrupted run left parts, and nothing says what is to become of them.
        """
        if self.found is not None and not self._resume:
            raise OutputError(
                f"an interrupted run left {self.found.frames} finished frames of {self._output} in "
                f"{self.found.folder}. Add --resume to go on with them, or --overwrite to begin anew"
            )

    def compare(
        self,
        info: SourceInfo,
        plan: OutputPlan,
        card: Card,
        at_work: str,
        beside: Mapping[str, str],
        pack: Pack | LoadedStyle,
    ) -> None:
        """Go on only with the same job.

        Args:
            info: of the source.
            plan: of the output.
            card: of the style pack.
            at_work: what executes the network: runner, device and precision.
            beside: what else the frames are made of, by name.
            pack: of the look: a code that was fitted for it is kept with the parts.

        Raises:
            ResumeError: the parts are of another source, style, or with other options.
        """
        if not self._keeps:
            return
        look = pack.pack if isinstance(pack, LoadedStyle) else pack
        if isinstance(look, OneLook) and look.fitted is not None:
            self._kept = {FITTED + look.fitted.name: look.fitted.text}
        self._identity = {
            "Stylereel": _version("stylereel"),
            "PyAV": _version("av"),
            "output": self._output.name,
            "input": source_fingerprint(info),
            "style": style_identity(card),
            "runner": at_work,
            "quality": str(plan.quality),
            "codec": plan.codec.name if plan.codec else "",
            **beside,
        }
        self._identity = {**self._options, **self._identity}
        if self.found is None:
            return
        differing = described_difference(self.found.job.identity, self._identity)
        if differing:
            raise ResumeError(
                f"The finished frames in {self.found.folder} are of another job; what differs: {differing}. "
                "Say --resume with the options, input and style of before, or begin anew with --overwrite "
                "instead."
            )

    def begin(self, plan: OutputPlan, size: tuple[int, int], total: int | None) -> tuple[int, int]:
        """Make ready to keep what is finished.

        Args:
            plan: of the output.
            size: `(width, height)` of the first frame that comes, pixels.
            total: frames of the job, where it is known.

        Returns:
            The size of the job's first frame of all.

        Raises:
            OutputError: the folder for the parts cannot be made.
        """
        if self.found is not None:
            self.parts = self.found
            self.notices.append(
                f"Went on after {self.found.frames} frames that an interrupted run had finished."
            )
        else:
            frames_each = frames_of_a_part(size)
            is_short = total is not None and total <= frames_each
            if is_short or not self._keeps or not _has_parts(plan):
                discard_parts(self._output)
                return size
            self.parts = Parts.begin(self._output, self._identity, size, frames_each, self._kept)
        self.parts.state_before = self._dumped
        return self.parts.job.size

    def state(self) -> RunState:
        """What the first frame that comes needs to know; nothing at the job's beginning and end.

        Raises:
            ResumeError: it cannot be read.
        """
        if self.found is None or self.found.is_whole:
            return RunState()
        return load_state(self.found.state())

    def frames_to_skip(self, before: RunState, *, retimes: bool) -> int | None:
        """How many of the source's frames are done with; None for all of them.

        Args:
            before: what the first frame that comes needs to know.
            retimes: the source is brought to another rate, so that its frames are not those of the output.
        """
        if not retimes:
            return self.frames_done
        if self.is_whole:
            return None
        return 0 if before.place is None else before.place.taken

    def at_place(self, place: Place) -> None:
        """Take where the retiming stands; told before each frame that `marked` is given."""
        self._place = place

    def marked(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """The frames that come, remembering by their times those before which a part may end."""
        for coming, frame in enumerate(frames, self.frames_done):
            if self.parts is not None and self.parts.end_before(coming):
                self._states[coming] = RunState(place=self._place)
                self._begins[frame.pts] = coming
            yield frame

    def begins_part(self, frame: Frame) -> bool:
        """Whether a part may end before this frame, so that nothing but its state may decide how it looks."""
        return frame.pts in self._begins

    def before_painting(self, frame: Frame) -> Callable[[PainterState], None] | None:
        """What takes the painter's state, where a part may end before this frame."""
        return self._keeper(frame, lambda state, painter: replace(state, painter=painter))

    def before_finishing(self, frame: Frame) -> Callable[[Sequence[Any]], None] | None:
        """What takes the finishers' states, where a part may end before this frame."""

        def with_theirs(state: RunState, finishers: Sequence[Any]) -> RunState:
            text = next((s for s in finishers if isinstance(s, TextState)), None)
            return replace(
                state, text=text, outside=next((s for s in finishers if isinstance(s, PainterState)), None)
            )

        return self._keeper(frame, with_theirs)

    def _keeper(
        self, frame: Frame, added: Callable[[RunState, Any], RunState]
    ) -> Callable[[Any], None] | None:
        number = self._begins.get(frame.pts)
        if number is None:
            return None
        return lambda more: self._states.__setitem__(number, added(self._states[number], more))

    def _dumped(self, frames: int) -> bytes:
        begins = list(self._begins.items())  # a copy: whoever reads ahead may be adding to it
        for time in (time for time, number in begins if number <= frames):
            del self._begins[time]
        return dump_state(self._states.pop(frames))

    @contextlib.contextmanager
    def explaining(self) -> Iterator[None]:
        """Whatever ends the job early: say what is kept and how to go on, or leave nothing."""
        try:
            yield
        except BaseException as error:
            parts = self.parts
            if parts is not None and not parts.records:
                parts.release()
                if isinstance(error, (StylereelError, KeyboardInterrupt)):
                    error.add_note(
                        f"No part of {parts.job.frames_each} frames was finished yet, so nothing is kept: "
                        "the same command begins anew."
                    )
            elif parts is not None and parts.folder.is_dir():
                kept = f"{parts.frames} finished frames are kept in {parts.folder}"
                if isinstance(error, (StylereelError, KeyboardInterrupt)):
                    error.add_note(f"{kept}: the same command with --resume goes on from there.")
                else:
                    error.add_note(f"{kept}.")
            raise
