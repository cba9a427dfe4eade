"""Options of `stylize` that can be judged before anything is opened."""

from __future__ import annotations

from fractions import Fraction

from stylereel.core.errors import UsageError
from stylereel.core.timecode import parse_seconds

SMALLEST_SIDE, LARGEST_SIDE = 16, 16384


def checked_times(start: str | float | None, end: str | float | None) -> tuple[float | None, float | None]:
    """Both in seconds; `UsageError` where one is no time or nothing lies between them."""
    start_seconds, end_seconds = parse_seconds(start, "start"), parse_seconds(end, "end")
    if end_seconds is not None and (start_seconds or 0) >= end_seconds:
        raise UsageError(f"start ({start or 0}) is at or after end ({end}): nothing would be left.")
    return start_seconds, end_seconds


def checked_rate(fps: str | float | Fraction | None) -> Fraction | None:
    """Frames per second; `UsageError` unless they go from above 0 to 1000."""
    if fps is None:
        return None
    try:
        rate = Fraction(str(fps)).limit_denominator(1_000_000)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 0 < rate <= 1000:
        raise UsageError(
            f"fps is {fps}: write frames per second from above 0 to 1000, such as 25 or 30000/1001."
        )
    return rate


def check_size(max_side: int | None, name: str = "max-side") -> None:
    """`UsageError` for a longest side, px, that is out of range; `name` is what it is called."""
    if max_side is not None and not SMALLEST_SIDE <= max_side <= LARGEST_SIDE:
        raise UsageError(f"{name} is {max_side}: pixels from {SMALLEST_SIDE} to {LARGEST_SIDE}.")
