"""Many files in many looks at many sizes, in one run."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from stylereel.actions.batch_checks import Checked, check_all
from stylereel.actions.batch_jobs import job_of, read_jobs
from stylereel.actions.batch_journal import Journals
from stylereel.actions.batch_making import Failure, VariantMaker
from stylereel.actions.batch_plan import Variant, expand
from stylereel.actions.batch_tally import Tally
from stylereel.actions.batch_workers import Told, in_processes
from stylereel.actions.run_memory import checked_limit
from stylereel.actions.stylize import StylizeSummary
from stylereel.core.errors import MissingInputError, UsageError
from stylereel.core.memory import available_bytes
from stylereel.core.paths import check_can_be
from stylereel.core.progress import Progress
from stylereel.inference.cpu import available_cores
from stylereel.inference.memory_plan import KEPT_FREE

State = Literal["planned", "made", "kept", "failed"]


@dataclass(frozen=True)
class VariantResult:
    """What came of one file in one look at one size.

    Attributes:
        source: that was read.
        output: that was written, or would be.
        style: the look.
        size: a preset, the longest side in px, or "source".
        state: "made", "kept" (an earlier batch had finished it), "failed" (in a dry run: cannot be read), or
            "planned" in a dry run.
        frames: of the output; in a dry run as far as the source's header tells.
        width: of the frames, pixels; 0 where they were not made.
        height: of the frames, pixels; likewise.
        frames_per_second: of this run.
        elapsed_seconds: of this run.
        resumed_frames: that an interrupted run had finished.
        error: the class of what went wrong, such as "VideoOpenError"; "" where nothing did.
        reason: what it said.
        exit_code: that the error stands for; 0 where nothing went wrong.
        notices: sentences for the user.
    """

    source: str
    output: str
    style: str
    size: str
    state: State
    frames: int | None = None
    width: int = 0
    height: int = 0
    frames_per_second: float = 0.0
    elapsed_seconds: float = 0.0
    resumed_frames: int = 0
    error: str = ""
    reason: str = ""
    exit_code: int = 0
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class BatchProgress:
    """One moment of a batch.

    Attributes:
        overall: frames of all files; its note says which file is at work.
        count: files to write, those that an earlier batch finished among them.
        done: of these, those that are made, kept or failed.
        result: what came of a file, at the moment it is known; None in between.
    """

    overall: Progress
    count: int
    done: int
    result: VariantResult | None = None


@dataclass(frozen=True)
class BatchSummary:
    """What a batch did.

    Attributes:
        results: of every file in every look at every size, in the order in which they were planned.
        elapsed_seconds: from the first to the last.
        notices: sentences for the user.
    """

    results: tuple[VariantResult, ...]
    elapsed_seconds: float = 0.0
    notices: tuple[str, ...] = ()

    def count(self, state: State) -> int:
        """How many came to that."""
        return sum(result.state == state for result in self.results)

    @property
    def exit_code(self) -> int:
        """0 where nothing failed, else the highest that a failure stands for."""
        return max((result.exit_code for result in self.results), default=0)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        states: tuple[State, ...] = ("planned", "made", "kept", "failed")
        return {**asdict(self), **{state: self.count(state) for state in states}, "exit_code": self.exit_code}


def batch(
    jobs: str | Path,
    *,
    styles: Sequence[str | Path] = (),
    sizes: Sequence[str | int] = (),
    output: str | Path | None = None,
    options: Mapping[str, Any] | None = None,
    workers: int = 1,
    resume: bool = False,
    overwrite: bool = False,
    dry_run: bool = False,
    on_progress: Callable[[BatchProgress], None] | None = None,
) -> BatchSummary:
    """Stylise many files in many looks at many sizes; what fails is told, and the rest is made.

    Each file is what `stylize` makes of it alone. A look's network is loaded once, and serves all of its
    files before the next look's turn. Every style, source, option and output is checked before anything
    is made.

    With `workers` above 1 as many files are made at the same time, each in a process of its own, which loads
    the networks that it comes to once: a compiled network serves one frame at a time, memory is planned from
    what a process holds, and a damaged file that brings a decoder down takes one worker with it and no more.
    They share the CPU's cores and the memory, unless `threads` and `memory_limit` say otherwise; a limit is
    divided.

    A journal beside the outputs, `stylereel-batch.json`, says what was finished and of what it was made.

    Args:
        jobs: a JOBS.toml; or a folder, pattern or file, and then what the file would say is said here.
        styles: names of styles, or folders of packs.
        sizes: presets that have a size, longest sides in pixels, or "source".
        output: a folder, which is made where it is missing, or a pattern with {name}, {style} and {size}.
        options: of `stylize`, by name.
        workers: how many files are made at the same time.
        resume: keep what an earlier batch finished of the same source, style and options, and go on with what
            it left unfinished. With `overwrite`, what is there and differs is made again.
        overwrite: replace outputs that exist, and what interrupted runs left of them.
        dry_run: check everything and make nothing.
        on_progress: called often, and for each file that is done.

    Raises:
        StylereelError: something cannot be right, and nothing was begun; the text tells the first problems.
        KeyboardInterrupt: with a note that says how to go on.
    """
    if isinstance(workers, bool) or workers < 1:
        raise UsageError(f"workers is {workers}: at least 1.")
    expanded = expand(*_jobs(jobs, styles, sizes, output, options or {}))
    journals = Journals(forgives=overwrite or not resume)
    checked = check_all(expanded.variants, journals, resume=resume, overwrite=overwrite)
    if dry_run:
        planned = tuple(_planned(item, journals) for item in checked)
        return BatchSummary(planned, notices=expanded.notices)
    began = time.monotonic()
    with journals.held([item.variant for item in checked]):
        run = _Run(checked, journals, on_progress)
        try:
            run.keep_finished()
            run.make(min(workers, len(run.left)), resume=resume, overwrite=overwrite)
        except KeyboardInterrupt as error:
            error.add_note(
                f"{run.tally.files_done} of {len(checked)} files are done: the same command with --resume "
                "goes on with the others."
            )
            raise
    elapsed = round(time.monotonic() - began, 3)
    return BatchSummary(tuple(run.results[index] for index in range(len(checked))), elapsed, expanded.notices)


def _jobs(
    jobs: str | Path,
    styles: Sequence[str | Path],
    sizes: Sequence[str | int],
    output: str | Path | None,
    options: Mapping[str, Any],
) -> tuple[list[Any], Path]:
    """Every job with where it stands, and the folder that its paths begin at."""
    check_can_be(jobs)
    path = Path(jobs)
    if path.suffix.lower() == ".toml" and not path.is_dir():
        if styles or sizes or output is not None or options:
            raise UsageError(
                f"{path} says styles, sizes, output and options itself: leave them out, or give a folder "
                "in place of the file."
            )
        return read_jobs(path), path.parent
    if not styles and not {"reference", "timeline"} & set(options):
        raise UsageError(
            "No style is named: say --style NAME, once for each look (`stylereel styles` lists them), or "
            "--set reference=PICTURE."
        )
    if output is None:
        raise UsageError(
            "No output is named: say --output FOLDER, or a pattern such as 'out/{name}-{style}'."
        )
    if not path.exists() and not any(sign in str(path) for sign in "*?["):
        raise MissingInputError(f"There is no folder or JOBS.toml {path}: check the path.")
    values = {
        **options,
        "source": [os.fspath(jobs)],
        "styles": [str(style) for style in styles],
        "sizes": list(sizes),
        "output": str(output),
    }
    return [(str(path), job_of(values, "the options"))], Path()


class _Run:
    """The variants on their way."""

    def __init__(
        self,
        checked: Sequence[Checked],
        journals: Journals,
        on_progress: Callable[[BatchProgress], None] | None,
    ) -> None:
        self._checked, self._journals, self._on_progress = checked, journals, on_progress
        self.left = [index for index, item in enumerate(checked) if not item.is_finished]
        self.results: dict[int, VariantResult] = {}
        self.tally = Tally([item.variant.output.name for item in checked], [item.frames for item in checked])

    def keep_finished(self) -> None:
        """Take what an earlier batch finished."""
        for index, item in enumerate(self._checked):
            if item.is_finished:
                self.tally.leave_out(index)
                self._finish(index, _planned(item, self._journals))

    def make(self, workers: int, *, resume: bool, overwrite: bool) -> None:
        """Make the others."""
        variants = [self._checked[index].variant for index in self.left]
        if workers > 1:
            shared = [_share(variant, workers) for variant in variants]
            told = in_processes(shared, workers, resume=resume, overwrite=overwrite)
            try:
                for place, what in told:
                    self._take(self.left[place], _with_advice(what, workers))
            finally:
                told.close()
            return
        maker = VariantMaker()
        for index, variant in zip(self.left, variants, strict=True):

            def show(progress: Progress, index: int = index) -> None:
                self._take(index, progress)

            try:
                made: Told = maker.make(variant, resume=resume, overwrite=overwrite, on_progress=show)
            except Exception as error:
                made = Failure.of(error)
            self._take(index, made)

    def _take(self, index: int, told: Told) -> None:
        item = self._checked[index]
        if isinstance(told, Progress):
            self._show(self.tally.at(index, told), None)
        elif isinstance(told, StylizeSummary):
            self._journals.add(item.variant, item.facts, told)
            self._finish(index, _made(item.variant, told))
        else:
            self._finish(index, _failed(item.variant, told))

    def _finish(self, index: int, result: VariantResult) -> None:
        self.results[index] = result
        self._show(self.tally.finish(index, result.frames or 0), result)

    def _show(self, overall: Progress, result: VariantResult | None) -> None:
        if self._on_progress is not None:
            self._on_progress(BatchProgress(overall, len(self._checked), self.tally.files_done, result))


def _with_advice(told: Told, workers: int) -> Told:
    if isinstance(told, Failure) and "memory-limit is too low" in told.text:
        return replace(told, text=f"{told.text} {workers} workers share the memory: fewer leave each more.")
    return told


def _share(variant: Variant, workers: int) -> Variant:
    """With its part of the cores and of the memory."""
    options = dict(variant.options)
    options.setdefault("threads", max(1, available_cores() // workers))
    limit = checked_limit(options.get("memory_limit"))
    if limit is None and (available := available_bytes()) is not None:
        limit = int(available * (1 - KEPT_FREE))
    if limit is not None:
        options["memory_limit"] = max(1, limit // workers)
    return replace(variant, options=options)


def _result(variant: Variant, state: State, frames: int | None) -> VariantResult:
    return VariantResult(str(variant.source), str(variant.output), variant.look, variant.size, state, frames)


def _planned(item: Checked, journals: Journals) -> VariantResult:
    record = journals.record_of(item.variant) if item.is_finished else None
    if record is None and item.fault is not None:
        return _failed(item.variant, Failure.of(item.fault))
    if record is None:
        return _result(item.variant, "planned", item.frames)
    kept = _result(item.variant, "kept", record.frames)
    return replace(kept, width=record.width, height=record.height)


def _failed(variant: Variant, failure: Failure) -> VariantResult:
    result = _result(variant, "failed", None)
    return replace(result, error=failure.kind, reason=failure.text, exit_code=failure.exit_code)


def _made(variant: Variant, summary: StylizeSummary) -> VariantResult:
    return replace(
        _result(variant, "made", summary.frames),
        width=summary.width,
        height=summary.height,
        frames_per_second=summary.frames_per_second,
        elapsed_seconds=summary.elapsed_seconds,
        resumed_frames=summary.resumed_frames,
        notices=summary.notices,
    )
