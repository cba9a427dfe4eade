"""What "auto" stands for in a job: what it was begun with, what was measured, or what usually is best."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from stylereel.actions.loaded_style import LoadedStyle, pack_of
from stylereel.inference.quickest import Candidate, measure, remembered
from stylereel.packs.store import Pack

WORTH_PX = 100_000_000
"""Of frames to come, from which on two seconds of measuring pay."""


@dataclass(frozen=True)
class RunnerChoice:
    """What to open.

    Attributes:
        runner: a name, or "auto" where the usual one is taken.
        device: likewise.
        precision: likewise.
        notices: sentences for the user.
    """

    runner: str
    device: str
    precision: str
    notices: tuple[str, ...] = field(default=())


def choose_runner(
    style: str | Path | LoadedStyle | Pack,
    runner: str,
    device: str,
    precision: str,
    threads: int | None,
    *,
    begun_with: Candidate | None,
    px_to_come: float | None,
) -> RunnerChoice:
    """What to open for a job.

    Args:
        style: name of a pack, the folder of one, a pack, or one that is loaded, which leaves no choice.
        runner: as the user named it; only "auto" leaves a choice.
        device: as the user named it.
        precision: as the user named it.
        threads: CPU threads for the network.
        begun_with: of an interrupted run that is gone on with: its frames must not differ from those to come.
        px_to_come: pixels of all frames together; None where nobody knows how many there will be.

    Raises:
        UsageError, PackError: the pack is not there, or refused.
    """
    asked = RunnerChoice(runner, device, precision)
    if runner != "auto" or isinstance(style, LoadedStyle):
        return asked
    if begun_with is not None:
        return _of(begun_with)
    pack = pack_of(style)
    known = remembered(pack, device, precision, threads)
    if known is not None:
        return _of(known)
    if px_to_come is not None and px_to_come < WORTH_PX:
        return asked
    found = measure(pack, device, precision, threads)
    if found is None:
        return asked
    told = ", ".join(f"{name}: {taken:.0f} ms" for name, taken in found.milliseconds.items())
    return _of(
        found.chosen,
        f"Measured once for this machine and style, a frame of 640x360 takes: {told}. Taken from now on: "
        f"{found.chosen}.",
    )


def _of(candidate: Candidate, *notices: str) -> RunnerChoice:
    return RunnerChoice(candidate.runner, candidate.device, candidate.precision, notices)
