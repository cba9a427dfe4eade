"""Every error that Stylereel raises on purpose, in one tree.

    StylereelError
    ├── UsageError(ValueError)             exit 2   options that cannot be right
    ├── InputError(ValueError)             exit 3   what was given cannot be used
    │   ├── MissingInputError(FileNotFoundError)
    │   ├── VideoOpenError(OSError)
    │   ├── OutputError(OSError)
    │   ├── SizeChangedError(ValueError)
    │   ├── ResumeError(ValueError)
    │   ├── StalledError(TimeoutError)
    │   └── DatasetError(ValueError)
    ├── EnvironmentMissingError(RuntimeError)  exit 4   an extra, a device or a codec is absent
    ├── MemoryShortError(MemoryError)      exit 4   memory ran out, and there was nothing left to make smaller
    ├── RunnerFailedError(RuntimeError)    exit 4   the network broke off while it ran
    ├── RefusedError(ValueError)           exit 5   refused for safety or integrity
    │   └── PackError(ValueError)
    ├── SupersededError(RuntimeError)      exit 130 a newer request took the place of this one
    └── TrainingDivergedError(RuntimeError)  exit 3

A text says what failed, what was got, what was expected and what to do.
"""

from __future__ import annotations


class StylereelError(Exception):
    """Base of all deliberate errors; `exit_code` is what the command line returns."""

    exit_code = 70


class UsageError(StylereelError, ValueError):
    """Options that cannot be right, whatever the input."""

    exit_code = 2


class InputError(StylereelError, ValueError):
    """The input or output that was named cannot be used."""

    exit_code = 3


class MissingInputError(InputError, FileNotFoundError):
    """A file or folder does not exist."""


class VideoOpenError(InputError, OSError):
    """A file is no video, image or folder of images that can be read."""


class OutputError(InputError, OSError):
    """The output cannot be written: it exists, its folder is missing, the disk is full."""


class SizeChangedError(InputError):
    """Pictures of different sizes were to become one video."""


class ResumeError(InputError):
    """What an interrupted run left cannot be gone on with: it is of another job, or damaged."""


class StalledError(InputError, TimeoutError):
    """A source stopped giving frames without ending."""


class DatasetError(InputError):
    """Training pictures or videos are missing, too few, too small or unreadable."""


class EnvironmentMissingError(StylereelError, RuntimeError):
    """This machine or installation lacks something; the text carries the install line."""

    exit_code = 4


class MemoryShortError(StylereelError, MemoryError):
    """Memory ran out, the machine's or a device's, also with the smallest tiles."""

    exit_code = 4


class RunnerFailedError(StylereelError, RuntimeError):
    """The network broke off while it ran: memory, driver or library failed it."""

    exit_code = 4


class RefusedError(StylereelError, ValueError):
    """Refused for safety, integrity or policy."""

    exit_code = 5


class PackError(RefusedError):
    """A style pack is missing, broken, tampered with, or of an unknown schema."""


class SupersededError(StylereelError, RuntimeError):
    """A newer request of the same client took the place of this one, which was still waiting."""

    exit_code = 130


class TrainingDivergedError(StylereelError, RuntimeError):
    """Training produced NaN or collapsed; the last good checkpoint was kept."""

    exit_code = 3
