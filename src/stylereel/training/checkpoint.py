"""The whole state of a run in one file, written under a temporary name and renamed when whole."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from stylereel.core.errors import OutputError, PackError

CHECKPOINT_NAME = "checkpoint.pt"
PREVIOUS_NAME = "checkpoint.previous.pt"
FORMAT = 1


@dataclass(frozen=True)
class Checkpoint:
    """Everything a run needs to go on as if it had not been interrupted.

    Attributes:
        step: steps done; the next step has this number.
        total_steps: fixed when the run began; schedules depend on it.
        elapsed_seconds: training time so far.
        modules: state dict of each of the recipe's modules.
        average: state dict of the averaged generator.
        optimizers: state dict of each optimizer.
        recipe_rng: state of the recipe's random generator.
        torch_rng: state of torch's global one.
        next_batch: number of the next batch.
        health: what the watches remember.
        format: version of this layout.
    """

    step: int
    total_steps: int
    elapsed_seconds: float
    modules: dict[str, dict[str, Tensor]]
    average: dict[str, Tensor]
    optimizers: dict[str, dict[str, Any]]
    recipe_rng: Tensor
    torch_rng: Tensor
    next_batch: int
    health: dict[str, Any] = field(default_factory=dict)
    format: int = FORMAT


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> Path:
    """Write into `folder`, keeping the checkpoint before as `checkpoint.previous.pt`.

    Raises:
        OutputError: the disk is full or the folder cannot be written; what was there stays.
    """
    path = folder / CHECKPOINT_NAME
    temporary = folder / f".{CHECKPOINT_NAME}.{os.getpid()}"
    values = {item.name: getattr(checkpoint, item.name) for item in fields(checkpoint)}
    try:
        with temporary.open("wb") as file:
            torch.save(values, file)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            os.replace(path, folder / PREVIOUS_NAME)
        os.replace(temporary, path)
    except BaseException as error:  # also Ctrl-C: half a file is of no use to anybody
        temporary.unlink(missing_ok=True)
        if not isinstance(error, OSError | RuntimeError):
            raise
        raise OutputError(
            f"The checkpoint cannot be written to {folder}: {error}. The one before is kept; free some space "
            "and go on with --resume."
        ) from error
    return path


def read_checkpoint(folder: Path) -> Checkpoint:
    """The newest whole checkpoint in `folder`; no code is run by reading it.

    Raises:
        PackError: none is there, or none can be read.
    """
    failures = []
    for name in (CHECKPOINT_NAME, PREVIOUS_NAME):
        path = folder / name
        if not path.is_file():
            continue
        try:
            values = torch.load(path, map_location="cpu", weights_only=True)
            if values.get("format") != FORMAT:
                raise ValueError(f"format {values.get('format')!r}, expected {FORMAT}")
            return Checkpoint(**values)
        except Exception as error:  # the unpickler raises whatever a broken file leads it to
            failures.append(f"{path}: {type(error).__name__} {error}")
    why = "; ".join(failures) or "no checkpoint is there"
    raise PackError(f"Cannot resume from {folder}: {why}. Start again with --overwrite.")


def summary_of(checkpoint: Checkpoint) -> dict[str, Any]:
    """The plain figures of a checkpoint, for logs."""
    names = ("step", "total_steps", "elapsed_seconds", "next_batch")
    return {name: value for name, value in asdict(checkpoint).items() if name in names}
