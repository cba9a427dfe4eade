"""The file that says how a look changes over time: its keys, read and checked before anything is opened."""

from __future__ import annotations

import datetime
import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError

from stylereel.core.errors import UsageError
from stylereel.core.registry import unknown_name
from stylereel.core.settings import AnySettings, Settings, explain_validation, key_lines, read_toml
from stylereel.core.timecode import parse_seconds
from stylereel.inference.look_timeline import EASINGS

_PERCENT = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*%\s*")


def _clock(value: Any) -> Any:
    """TOML has times of its own: `at = 00:01:05`."""
    return value.isoformat() if isinstance(value, datetime.time) else value


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, bool) else value


class KeyTable(Settings):
    """One `[[key]]`."""

    model_config = ConfigDict(strict=True)

    at: Annotated[str | float, BeforeValidator(_clock)]
    """When: seconds, "HH:MM:SS.mmm" or "50%" of the source."""
    look: str | None = None
    """A look of the pack, or a mixture: "vangogh*0.7+ukiyoe*0.3"."""
    strength: float | None = Field(default=None, ge=0, le=1)
    """0 is the source, 1 the look; what the run says where not given."""
    keep_colors: Annotated[float | None, Field(ge=0, le=1), BeforeValidator(_number)] = None
    """How much of the source's colours, false to true or 0 to 1; what the run says where not given."""
    easing: str | None = None
    """Of the way from this key to the next; that of the file where not given."""


class TimelineTable(Settings):
    """What stands above the keys."""

    model_config = ConfigDict(strict=True)

    style: str | None = None
    """What `--style` would say."""
    easing: str = "smooth"
    """Of all keys that say none."""
    snap_to_cuts: bool | float = False
    """Within so many seconds a key moves onto a cut of the source."""


class WrittenKey(Settings):
    """A key as it was written, checked by itself.

    Exactly one of `seconds` and `share` is given.
    """

    where: str = Field(repr=False)
    """It stands, for error texts."""
    at: str
    """As it was written."""
    seconds: float | None = None
    """On the source's clock."""
    share: float | None = None
    """Of the source's duration, 0 to 1."""
    look: str | None = None
    """A name or a mixture."""
    strength: float | None = None
    """0 to 1, or what the run says."""
    keep_colors: float | None = None
    """0 to 1, or what the run says."""
    easing: str = "smooth"
    """Of the way to the next key."""


class WrittenTimeline(Settings):
    """A timeline as it was written: its text is the same for the same keys, wherever they came from."""

    style: str | None = Field(default=None, repr=False)
    """What `--style` would say."""
    snap_seconds: float = 0.0
    """Within which a key moves onto a cut; 0 for not at all."""
    keys: tuple[WrittenKey, ...]
    """At least one, in order."""


def read_timeline(timeline: str | Path | Mapping[str, Any] | None) -> WrittenTimeline | None:
    """A timeline from a TOML file, or from what such a file would hold; None stays None.

    Raises:
        MissingInputError: no such file.
        UsageError: it is no TOML, has no key, a key or value is wrong, or the keys are not in order; the text
            says in which key, and in a file on which line.
    """
    if timeline is None or isinstance(timeline, WrittenTimeline):
        return timeline
    if isinstance(timeline, Mapping):
        values, where, top, own = dict(timeline), "timeline", {}, []
    else:
        if not isinstance(timeline, str | os.PathLike):
            raise UsageError(
                f"timeline is {timeline!r} ({type(timeline).__name__}): expected the path of a TOML file, or "
                "a dictionary of what it would hold."
            )
        values, where = read_toml(timeline, "timeline"), str(timeline)
        top, *own = key_lines(Path(timeline).read_text("utf-8"), "key")
    tables = values.pop("key", [])
    if isinstance(tables, tuple):
        tables = list(tables)
    if not isinstance(tables, list) or not tables or not all(isinstance(table, Mapping) for table in tables):
        raise UsageError(
            f"{where}: a timeline has at least one key, each a table of its own under the line [[key]], with "
            "'at' and what holds then."
        )
    whole = _made(TimelineTable, _normal(values), where, top)
    _check_easing(whole.easing, _at(where, top, "easing"))
    keys: list[WrittenKey] = []
    for index, table in enumerate(tables):
        place = f"{where}, [[key]] {index + 1}"
        keys.append(_key(_normal(table), place, own[index] if index < len(own) else {}, whole.easing))
    check_order(keys, [key.seconds for key in keys])
    snap = _snap(whole.snap_to_cuts, _at(where, top, "snap_to_cuts"))
    return WrittenTimeline(style=whole.style, snap_seconds=snap, keys=tuple(keys))


def check_order(keys: list[WrittenKey] | tuple[WrittenKey, ...], seconds: list[float | None]) -> None:
    """`UsageError` unless each key comes after the one before it; those without a time are passed over."""
    last: tuple[WrittenKey, float] | None = None
    for key, at in zip(keys, seconds, strict=True):
        if at is None:
            continue
        if last is not None and at <= last[1]:
            what = "at the same time as" if at == last[1] else "before"
            raise UsageError(
                f"{key.where}: at is {key.at} ({at:g} s), {what} the key above it ({last[0].at}, {last[1]:g} "
                "s): write each key once, in the order of their times."
            )
        last = key, at


def _key(values: dict[str, Any], where: str, lines: Mapping[str, int], easing: str) -> WrittenKey:
    table = _made(KeyTable, values, where, lines)
    if table.easing is not None:
        _check_easing(table.easing, _at(where, lines, "easing"))
    seconds, share = _moment(table.at, _at(where, lines, "at"))
    return WrittenKey(
        where=where,
        at=table.at if isinstance(table.at, str) else f"{table.at:g}",
        seconds=seconds,
        share=share,
        look=table.look,
        strength=table.strength,
        keep_colors=table.keep_colors,
        easing=table.easing or easing,
    )


def _moment(at: str | float, where: str) -> tuple[float | None, float | None]:
    """Seconds, or a share of the duration."""
    if isinstance(at, str) and (found := _PERCENT.fullmatch(at)):
        if float(found[1]) > 100:
            raise UsageError(f"{where}: at is '{at}': a source ends at 100%.")
        return None, float(found[1]) / 100
    try:
        return parse_seconds(at, "at"), None
    except UsageError as error:
        raise UsageError(f"{where}: {error} Or a share of the source, such as 50%.") from None


def _snap(value: bool | float, where: str) -> float:
    if value is False:
        return 0.0
    if value is True or not (math.isfinite(value) and 0 < value <= 10):
        raise UsageError(
            f"{where}: snap_to_cuts is {str(value).lower()}: write within how many seconds of a cut a key "
            "moves onto it, above 0 to 10, such as 0.5, or false."
        )
    return float(value)


def _check_easing(easing: str, where: str) -> None:
    if easing not in EASINGS:
        raise UsageError(f"{where}: {unknown_name('easing', easing, EASINGS)}")


def _made(
    model: type[AnySettings], values: dict[str, Any], where: str, lines: Mapping[str, int]
) -> AnySettings:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        key = str(error.errors()[0]["loc"][0])
        raise UsageError(f"{_at(where, lines, key)}: {explain_validation(model, error)}") from error


def _at(where: str, lines: Mapping[str, int], key: str) -> str:
    """With the line of a key, or of its table where the key is not there."""
    by_name = {name.replace("-", "_"): number for name, number in lines.items()}
    number = by_name.get(key, by_name.get(""))
    return where if number is None else f"{where}, line {number}"


def _normal(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key.replace("-", "_"): value for key, value in table.items()}
