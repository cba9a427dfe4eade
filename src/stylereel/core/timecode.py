"""Times as people write them."""

from __future__ import annotations

import re

from stylereel.core.errors import UsageError

_CLOCK = re.compile(r"^(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2}(?:\.\d+)?)$")
_SECONDS = re.compile(r"^\d+(?:\.\d*)?$|^\.\d+$")


def parse_seconds(time: str | float | None, name: str) -> float | None:
    """Seconds from "12.5", "MM:SS", "HH:MM:SS.mmm" or a number; None stays None.

    Args:
        time: what was given.
        name: of the option, for the error text.

    Raises:
        UsageError: it is none of these, or negative.
    """
    if time is None:
        return None
    text = str(time).strip()
    if _SECONDS.match(text):
        return float(text)
    clock = _CLOCK.match(text)
    if clock:
        hours, minutes, seconds = int(clock[1] or 0), int(clock[2]), float(clock[3])
        if seconds < 60 and (minutes < 60 or clock[1] is None):
            return hours * 3600 + minutes * 60 + seconds
    raise UsageError(f"{name} is '{time}': write seconds (12.5) or HH:MM:SS.mmm (00:00:12.500), not below 0.")


def format_seconds(seconds: float) -> str:
    """`H:MM:SS`, or `M:SS` below an hour, for people."""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
