"""What `-` means, and the options that say what comes and goes through it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from stylereel.core.errors import UsageError
from stylereel.video.pipe_input import PipeInput, is_pipe
from stylereel.video.pipe_output import PipeFormat


def pipe_in(
    input: str | Path,
    format: str | None,
    size: str | tuple[int, int] | None,
    pixel_format: str | None,
    rate: Fraction | None,
) -> PipeInput | None:
    """What comes through stdin, checked; None where INPUT is a file. `UsageError` where it cannot be."""
    if is_pipe(input):
        return PipeInput.checked(format, size, pixel_format, rate)
    if (format, size, pixel_format) != (None, None, None):
        raise UsageError(
            f"input-format, size and pixel-format say what comes through a pipe: INPUT is {input}, not -."
        )
    return None


def pipe_out(output: str | Path, format: str | None, pixel_format: str | None) -> PipeFormat | None:
    """What goes through stdout, checked; None where OUTPUT is a file. `UsageError` where it cannot be."""
    if is_pipe(output):
        return PipeFormat.checked(format, pixel_format)
    if (format, pixel_format) != (None, None):
        raise UsageError(
            f"output-format and output-pixel-format say what goes into a pipe: OUTPUT is {output}, not -."
        )
    return None
