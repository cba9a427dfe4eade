"""Settings that people write: frozen, nothing unknown accepted, errors that name the option."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from stylereel.core.errors import InputError, MissingInputError, UsageError
from stylereel.core.registry import nearest_name

_KEY = re.compile(r"""\s*\[*\s*["']?([\w-]+)["']?\s*[=.\]]""")


class Settings(BaseModel):
    """Base of every settings model: frozen, extra keys forbidden, field docs below the field."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False, validate_default=True
    )


AnySettings = TypeVar("AnySettings", bound=BaseModel)


def make_settings(model: type[AnySettings], values: Mapping[str, Any], where: str) -> AnySettings:
    """Validate `values` into `model`.

    Args:
        model: the settings class.
        values: what was written, possibly nested.
        where: what the values came from, named in the error (a path, "the command line").

    Raises:
        UsageError: a key is unknown (with the nearest known one) or a value is out of range.
    """
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        raise UsageError(f"{where}: {explain_validation(model, error)}") from error


def explain_validation(model: type[BaseModel], error: ValidationError) -> str:
    """Pydantic's findings as one sentence each: key, what was got, what was expected."""
    sentences = []
    for finding in error.errors(include_url=False):
        key = ".".join(str(part) for part in finding["loc"]) or "the whole"
        if finding["type"] == "extra_forbidden":
            known = list(_model_at(model, finding["loc"][:-1]).model_fields)
            near = nearest_name(str(finding["loc"][-1]), known)
            hint = f" Did you mean '{near}'?" if near else ""
            sentences.append(f"unknown key '{key}'.{hint} Known: {', '.join(known)}.")
        elif finding["type"] == "missing":
            sentences.append(f"'{key}' is missing.")
        else:
            got = repr(finding["input"])
            got = got if len(got) <= 80 else got[:77] + "..."
            sentences.append(f"'{key}' is {got}: {finding['msg']}.")
    return " ".join(sentences)


def read_toml(path: Path | str, what: str = "settings file") -> dict[str, Any]:
    """Read one TOML file; `what` it is called in error texts.

    Raises:
        MissingInputError: no such file.
        InputError: it is a folder, or may not be read.
        UsageError: it is not TOML; the text says where it breaks.
    """
    try:
        return tomllib.loads(Path(path).read_text("utf-8"))
    except FileNotFoundError as error:
        raise MissingInputError(f"No {what} at {path}: check the path.") from error
    except OSError as error:
        raise InputError(f"The {what} {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}") from error


def key_lines(text: str, table: str) -> list[dict[str, int]]:
    """Numbers of the lines of a TOML's keys: those above the first `[[table]]`, then of each such table.

    The line of the table itself stands under the key "".
    """
    begins = re.compile(rf"\s*\[\[\s*{re.escape(table)}\s*\]\]")
    tables: list[dict[str, int]] = [{}]
    for number, line in enumerate(text.splitlines(), 1):
        if begins.match(line):
            tables.append({"": number})
        elif found := _KEY.match(line):
            tables[-1].setdefault(found[1], number)
    return tables


def with_overrides(values: Mapping[str, Any], assignments: Iterable[str]) -> dict[str, Any]:
    """A copy of `values` with each `a.b=value` applied; the value is read as TOML, else as text.

    Raises:
        UsageError: an assignment without `=` or with an empty key, or one that goes through a plain value.
    """
    result = _deep_copy(values)
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        parts = key.strip().split(".")
        if not equals or not all(parts):
            raise UsageError(f"'{assignment}' is no setting: write it as name=value or table.name=value.")
        table = result
        for part in parts[:-1]:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise UsageError(f"'{assignment}' goes through '{part}', which is a value and not a table.")
        table[parts[-1]] = _toml_value(text.strip())
    return result


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _deep_copy(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _deep_copy(value) if isinstance(value, Mapping) else value for key, value in values.items()}


def _model_at(model: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel]:
    for part in location:
        field = model.model_fields.get(str(part))
        annotation = field.annotation if field else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            break
        model = annotation
    return model
