"""What a batch has finished: a small file beside its outputs, from which the next one goes on."""

from __future__ import annotations

import contextlib
import inspect
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from stylereel.actions.batch_plan import Variant
from stylereel.actions.long_job import NOT_COMPARED
from stylereel.actions.stylize import StylizeSummary, stylize
from stylereel.actions.timeline_file import read_timeline
from stylereel.core.errors import OutputError, ResumeError
from stylereel.core.settings import Settings
from stylereel.video.output_lock import output_lock
from stylereel.video.parts import described_difference
from stylereel.video.staging import output_error

JOURNAL_NAME = "stylereel-batch.json"


class Finished(Settings):
    """One output as it was when it was finished."""

    facts: dict[str, str]
    """Source, style and options that it was made from."""
    size_bytes: int
    mtime_ns: int
    frames: int
    width: int
    height: int


class JournalFile(Settings):
    """The journal's schema."""

    format: Literal[1] = 1
    finished: dict[str, Finished] = Field(default_factory=dict)
    """By the output's name in this folder."""


class Journals:
    """The journals of every folder that a batch writes to, read when they are first asked for.

    Args:
        forgives: a journal that cannot be read counts as empty, since its outputs may be replaced.
    """

    def __init__(self, *, forgives: bool) -> None:
        self._forgives = forgives
        self._finished: dict[Path, dict[str, Finished]] = {}
        self._defaults = {
            name: parameter.default
            for name, parameter in inspect.signature(stylize).parameters.items()
            if name not in NOT_COMPARED and parameter.default is not inspect.Parameter.empty
        }

    @contextlib.contextmanager
    def held(self, variants: list[Variant]) -> Iterator[None]:
        """Make the folders and keep other batches out of them; read again what these have finished.

        Raises:
            OutputError: another batch writes there, or a folder cannot be made.
        """
        with contextlib.ExitStack() as stack:
            for folder in dict.fromkeys(variant.output.parent for variant in variants):
                try:
                    folder.mkdir(parents=True, exist_ok=True)
                except OSError as error:
                    raise OutputError(f"cannot make the folder {folder}: {error.strerror}") from error
                stack.enter_context(output_lock(folder / JOURNAL_NAME))
            self._finished.clear()
            yield

    def facts(self, variant: Variant, style: str) -> dict[str, str]:
        """What decides how an output looks: name, size and time of its source, the style and every option.

        Raises:
            OutputError: the source has gone meanwhile.
        """
        try:
            stat = variant.source.stat()
        except OSError as error:
            raise OutputError(f"cannot read {variant.source}: {error.strerror}") from error
        options = {**self._defaults, **variant.options}
        return {
            "source": _plain(variant.source.name),
            "size and time of the source": f"{stat.st_size} {stat.st_mtime_ns}",
            "style": style,
            **{name: str(options[name]) for name in self._defaults},
            **_beside(options),
        }

    def difference(self, variant: Variant, facts: dict[str, str]) -> str | None:
        """Why the output that is there is not the one asked for, for people; None where it is.

        Raises:
            ResumeError: the journal cannot be read.
        """
        record = self._of(variant.output.parent).get(_plain(variant.output.name))
        if record is None:
            return f"no batch is known to have finished it ({JOURNAL_NAME} has no word of it)"
        if differing := described_difference(record.facts, facts):
            return f"it was made otherwise; what differs: {differing}"
        with contextlib.suppress(OSError):
            stat = variant.output.stat()
            if (stat.st_size, stat.st_mtime_ns) == (record.size_bytes, record.mtime_ns):
                return None
        return "it was changed since a batch finished it"

    def record_of(self, variant: Variant) -> Finished | None:
        """What is known of a finished output."""
        return self._of(variant.output.parent).get(_plain(variant.output.name))

    def add(self, variant: Variant, facts: dict[str, str], summary: StylizeSummary) -> None:
        """Write down that an output is finished; the file is replaced as a whole.

        Raises:
            OutputError: it cannot be written.
        """
        folder = variant.output.parent
        try:
            stat = variant.output.stat()
            self._of(folder)[_plain(variant.output.name)] = Finished(
                facts=facts,
                size_bytes=stat.st_size,
                mtime_ns=stat.st_mtime_ns,
                frames=summary.frames,
                width=summary.width,
                height=summary.height,
            )
            _write(folder / JOURNAL_NAME, JournalFile(finished=self._of(folder)))
        except OSError as error:
            raise output_error(folder / JOURNAL_NAME, error) from error

    def _of(self, folder: Path) -> dict[str, Finished]:
        if folder not in self._finished:
            self._finished[folder] = self._read(folder / JOURNAL_NAME)
        return self._finished[folder]

    def _read(self, path: Path) -> dict[str, Finished]:
        try:
            return dict(JournalFile.model_validate_json(path.read_bytes()).finished)
        except FileNotFoundError:
            return {}
        except (OSError, ValidationError) as error:
            if self._forgives:
                return {}
            raise ResumeError(
                f"{path}, which says what earlier batches have finished, cannot be read. Remove it if it is "
                "damaged; --resume --overwrite makes everything again that is in doubt"
            ) from error


def _beside(options: dict[str, Any]) -> dict[str, str]:
    """What is not compared by name: a mask with its size and time, the style outside, how long to fit."""
    facts = {name: str(options[name]) for name in ("outside", "adapt_seconds") if name in options}
    if options.get("timeline") is not None:
        facts["timeline"] = str(read_timeline(options["timeline"]))  # its keys, wherever they are written
    if "mask" in options:
        facts["mask"] = _plain(Path(options["mask"]).name)
        with contextlib.suppress(OSError):  # a pattern has neither
            stat = Path(options["mask"]).stat()
            facts["size and time of the mask"] = f"{stat.st_size} {stat.st_mtime_ns}"
    return facts


def _plain(name: str) -> str:
    """A file's name as text, also where it is no UTF-8."""
    return name.encode("utf-8", "backslashreplace").decode()


def _write(path: Path, content: JournalFile) -> None:
    text = json.dumps(content.model_dump(mode="json"), indent=1)
    partial = path.with_name(f".{path.stem}.partial-{os.getpid()}{path.suffix}")
    with partial.open("w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
