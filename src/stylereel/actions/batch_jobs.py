"""The file that says what a batch makes: JOBS.toml, its tables and keys."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, ValidationError

from stylereel.core.errors import UsageError
from stylereel.core.registry import nearest_name
from stylereel.core.settings import Settings, explain_validation, key_lines, read_toml


def _listed(value: Any) -> Any:
    """One may stand without brackets."""
    if isinstance(value, list):
        return tuple(value)
    return (value,) if isinstance(value, str | int) and not isinstance(value, bool) else value


def _sizes(value: Any) -> Any:
    """Sizes may be written as numbers."""
    listed = _listed(value)
    if not isinstance(listed, tuple):
        return listed
    return tuple(
        str(item) if isinstance(item, int) and not isinstance(item, bool) else item for item in listed
    )


def _clock(value: Any) -> Any:
    """TOML has times of its own: `start = 00:01:05`."""
    return value.isoformat() if isinstance(value, datetime.time) else value


Clock = Annotated[str | float | None, BeforeValidator(_clock)]


class StylizeOptions(Settings):
    """Options of `stylize` that a job may say, by their names there; what is not said is as it is there."""

    model_config = ConfigDict(strict=True)

    reference: Annotated[tuple[str, ...] | None, BeforeValidator(_listed)] = None
    variation: int | None = None
    adapt_seconds: float | None = None
    timeline: str | None = None
    strength: float | None = None
    keep_colors: bool | None = None
    scale: float | None = None
    stabilize: float | None = None
    protect_text: bool | None = None
    mask: str | None = None
    mask_invert: bool | None = None
    mask_feather_px: float | None = None
    outside: str | None = None
    preset: str | None = None
    fit: str | None = None
    crop: str | None = None
    max_side: int | None = None
    codec: str | None = None
    quality: int | None = None
    bit_depth: int | None = None
    start: Clock = None
    end: Clock = None
    fps: str | float | None = None
    runner: str | None = None
    device: str | None = None
    threads: int | None = None
    precision: str | None = None
    memory_limit: str | int | None = None


class JobTable(StylizeOptions):
    """One `[[job]]`, with the defaults laid under it."""

    source: Annotated[tuple[str, ...], BeforeValidator(_listed)]
    """Files, folders or patterns, from the folder of JOBS.toml."""
    styles: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    """Names of styles, or folders of packs; none where a reference or a timeline says the look."""
    sizes: Annotated[tuple[str, ...], BeforeValidator(_sizes)] = ()
    """Presets that have a size, longest sides in px, or "source"."""
    output: str
    """A folder, or a pattern with {name}, {style} and {size}."""

    @property
    def options(self) -> dict[str, Any]:
        """What was said of `stylize`'s options."""
        said = self.model_dump(include=set(StylizeOptions.model_fields), exclude_none=True)
        return {name: said[name] for name in StylizeOptions.model_fields if name in said}


def job_of(values: dict[str, Any], where: str, lines: dict[str, int] | None = None) -> JobTable:
    """One job, checked.

    Args:
        values: keys as they were written; `keep-colors` is `keep_colors`.
        where: they were written, for the error text.
        lines: of the keys, where they are known.

    Raises:
        UsageError: a key that is unknown or missing, or a value of another kind.
    """
    known = tuple(JobTable.model_fields)
    normal = {key.replace("-", "_"): value for key, value in values.items()}
    lines = {key.replace("-", "_"): number for key, number in (lines or {}).items()}
    for key in normal:
        if key not in known:
            near = nearest_name(key, [*known, "job"])
            near = "[[job]]" if near == "job" else near
            hint = f" Did you mean '{near}'?" if near else ""
            raise UsageError(
                f"{_at(where, lines, key)}: unknown key '{key}'.{hint} Known: {', '.join(known)}."
            )
    try:
        return JobTable.model_validate(normal)
    except ValidationError as error:
        key = str(error.errors()[0]["loc"][0])
        raise UsageError(f"{_at(where, lines, key)}: {explain_validation(JobTable, error)}") from error


def read_jobs(path: Path) -> list[tuple[str, JobTable]]:
    """The jobs of a file, each with where it stands, such as "jobs.toml, [[job]] 2".

    Keys above the first `[[job]]` hold for all that do not say otherwise; a file without any is one job.

    Raises:
        MissingInputError: no such file.
        UsageError: it is no TOML, or a key or value is wrong; the text names line and key.
    """
    defaults = read_toml(path, "file of jobs")
    tables = defaults.pop("job", [{}])
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise UsageError(f"{path}: write each job as a table of its own, under the line [[job]].")
    top, *own = key_lines(path.read_text("utf-8"), "job")
    jobs = []
    for index, table in enumerate(tables):
        name = f"{path}, [[job]] {index + 1}" if own else str(path)
        lines = {**top, **(own[index] if index < len(own) else {})}
        jobs.append((name, job_of({**_normal(defaults), **_normal(table)}, name, lines)))
    return jobs


def _normal(table: dict[str, Any]) -> dict[str, Any]:
    return {key.replace("-", "_"): value for key, value in table.items()}


def _at(where: str, lines: dict[str, int], key: str) -> str:
    number = lines.get(key, lines.get(""))
    return where if number is None else f"{where}, line {number}"
