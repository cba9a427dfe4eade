"""How far a batch is: the frames of all its files together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stylereel.core.progress import Meter, Progress


class Tally:
    """Counts frames over several files, some of them at the same time.

    The pace begins at the first frame: loading a network is none of it, nor are frames of an earlier run.

    Attributes:
        files_done: files that are finished, whatever came of them.
    """

    def __init__(self, names: Sequence[str], frames: Sequence[int | None]) -> None:
        """`frames`: of each file, None where nobody knows before it is read."""
        self._names = names
        self._totals: list[int | None] = list(frames)
        self._done = [0] * len(names)
        self._at_work: dict[int, None] = {}
        self._meter = Meter()
        self.files_done = 0

    def leave_out(self, index: int) -> None:
        """A file that is not made in this run has no part in its frames."""
        self._totals[index] = 0

    def at(self, index: int, progress: Progress) -> Progress:
        """Take a file's own progress; the batch's comes back. Steps of a fit are told and no frames."""
        if progress.unit != "frames":
            overall = self._overall(0)
            return replace(overall, note=f"{overall.note}: {self._names[index]}, {progress.note}")
        is_first = index not in self._at_work
        self._at_work[index] = None
        if is_first and (progress.done > 1 or not self._meter.done):
            self._meter = Meter(done=self._meter.done + progress.done)
            fresh = 0
        else:
            fresh = max(0, progress.done - self._done[index])
        self._done[index] = progress.done
        if progress.total is not None:
            self._totals[index] = progress.total
        return self._overall(fresh)

    def finish(self, index: int, frames: int) -> Progress:
        """A file is done, with so many frames; 0 where it failed or was left out."""
        was_at_work = index in self._at_work
        self._at_work.pop(index, None)
        fresh = max(0, frames - self._done[index]) if was_at_work else 0
        self._done[index] += fresh
        self._totals[index] = self._done[index]
        self.files_done += 1
        return self._overall(fresh)

    def _overall(self, fresh: int) -> Progress:
        known = [total for total in self._totals if total is not None]
        self._meter.total = sum(known) if len(known) == len(self._totals) else None
        names = ", ".join(self._names[index] for index in self._at_work)
        number = min(self.files_done + 1, len(self._names))
        self._meter.note = f"job {number} of {len(self._names)}" + (f": {names}" if names else "")
        return self._meter.advance(fresh)
