"""The folder of a run: `my-style/run/` beside the pack that it becomes."""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from stylereel.core.errors import DatasetError, OutputError, UsageError
from stylereel.packs.store import CARD_NAME
from stylereel.training.checkpoint import CHECKPOINT_NAME, PREVIOUS_NAME

RECORD_NAME = "settings.json"
VERSIONED = ("stylereel", "torch", "numpy", "opencv-python-headless", "onnx", "onnxruntime", "safetensors")


@dataclass(frozen=True)
class RunFolder:
    """Paths of one run.

    Attributes:
        output: becomes the pack.
    """

    output: Path

    @property
    def run(self) -> Path:
        """Where the state of the run lies."""
        return self.output / "run"

    @property
    def previews(self) -> Path:
        """Preview sheets."""
        return self.run / "previews"

    @property
    def tensorboard(self) -> Path:
        """TensorBoard's event files."""
        return self.run / "tensorboard"

    @property
    def alarms(self) -> Path:
        """What the watches said, one JSON object a line."""
        return self.run / "health.jsonl"

    @property
    def record_path(self) -> Path:
        """Resolved settings, seeds, versions and the fixed number of steps."""
        return self.run / RECORD_NAME

    def holds_run(self) -> bool:
        """True where a run was begun here."""
        return self.record_path.is_file()

    def read_record(self) -> dict[str, Any]:
        """What `begin` wrote.

        Raises:
            OutputError: there is no run here, or its record cannot be read.
        """
        try:
            return json.loads(self.record_path.read_text("utf-8"))
        except FileNotFoundError:
            raise OutputError(
                f"Nothing to resume in {self.output}: it holds no run. Start one without --resume."
            ) from None
        except (OSError, ValueError) as error:
            raise OutputError(
                f"{self.record_path} cannot be read ({error}): start again with --overwrite."
            ) from error

    def has_checkpoint(self) -> bool:
        """True where there is something to go on from."""
        return any((self.run / name).is_file() for name in (CHECKPOINT_NAME, PREVIOUS_NAME))

    def check(self, *, overwrite: bool) -> None:
        """Look before anything is done.

        Raises:
            OutputError: it holds another run, a pack or other files, or cannot be made.
        """
        if self.output.exists() and not self.output.is_dir():
            raise OutputError(f"The output {self.output} is a file: name a folder for the style.")
        if not self.output.parent.is_dir():
            raise OutputError(
                f"The folder {self.output.parent} does not exist: make it first, or name another output."
            )
        if not overwrite:
            self._refuse_what_is_there()
        elif (
            self.output.is_dir() and any(self.output.iterdir()) and not (self.holds_run() or self._is_pack())
        ):
            raise OutputError(
                f"{self.output} holds files that are neither a run nor a style: nothing is overwritten. "
                "Name another output."
            )

    def begin(self, record: Mapping[str, Any]) -> None:
        """Make the folder of a new run with its facts, whole or not at all; a run that is there is removed.

        Ask `check` first.

        Raises:
            OutputError: it cannot be written.
        """
        is_new = not self.output.exists()
        whole = self.output / f".{self.run.name}.{os.getpid()}"
        try:
            (whole / self.previews.name).mkdir(parents=True)
            text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
            (whole / self.record_path.name).write_text(text, "utf-8")
            if self.run.exists():
                shutil.rmtree(self.run)
            os.replace(whole, self.run)
        except BaseException as error:  # also Ctrl-C: half a folder would be in the next run's way
            shutil.rmtree(whole, ignore_errors=True)
            if is_new and self.output.is_dir() and not any(self.output.iterdir()):
                self.output.rmdir()
            if isinstance(error, OSError):
                raise OutputError(f"{self.run} cannot be written: {error.strerror or error}.") from error
            raise

    def _is_pack(self) -> bool:
        return (self.output / CARD_NAME).is_file()

    def _refuse_what_is_there(self) -> None:
        if self.holds_run():
            state = "" if (self.run / CHECKPOINT_NAME).is_file() else " without a checkpoint"
            raise OutputError(
                f"{self.output} holds another run{state}: go on with it (--resume), start anew in its place "
                "(--overwrite), or name another output."
            )
        if self._is_pack():
            raise OutputError(
                f"{self.output} holds a finished style: name another output, or use --overwrite."
            )
        if self.output.is_dir() and any(self.output.iterdir()):
            raise OutputError(f"{self.output} holds other files: name a new or empty folder as output.")


def check_paths(content: Sequence[Path], style: Sequence[Path], output: Path) -> None:
    """Refuse sources that cannot be meant.

    Raises:
        UsageError: no content or no style was named.
        DatasetError: content and style are the same or one holds the other, or the output lies in one of
        them.
    """
    for role, paths in (("content", content), ("style", style)):
        if not paths:
            raise UsageError(f"No {role} was named: give --{role} with a folder, a picture or a video.")
    for first in content:
        for second in style:
            if _is_inside(first, second) or _is_inside(second, first):
                raise DatasetError(
                    f"Content {first} and style {second} are the same or one holds the other: a look is "
                    f"learned "
                    "from pictures that show it, and put on pictures that do not. Name two separate folders."
                )
    for path in (*content, *style):
        if path.is_dir() and _is_inside(output, path):
            raise DatasetError(
                f"The output {output} lies inside {path}, which is read: name an output elsewhere."
            )


def versions() -> dict[str, str]:
    """Versions of what trains, for the record and the card."""
    found = {"python": platform.python_version()}
    for name in VERSIONED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _is_inside(path: Path, folder: Path) -> bool:
    return path.resolve() == folder.resolve() or path.resolve().is_relative_to(folder.resolve())
