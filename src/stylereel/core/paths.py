"""Names that no file can have, told before anything trips over them."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from stylereel.core.errors import UsageError

_SHOWN = 60


def check_can_be(path: str | Path) -> None:
    """Refuse a name that this system gives to no file, whether one is there or not.

    Raises:
        UsageError: it, or a part of it, is too long, or holds a character that names cannot have.
    """
    try:
        os.lstat(path)
    except ValueError:
        raise UsageError(f"No file can be called {_short(path)}: it holds what is no text.") from None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise UsageError(
                f"No file can be called {_short(path)}: the name is too long. Choose a shorter one."
            ) from None


def _short(path: str | Path) -> str:
    text = str(path)
    text = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"
    return ascii(text) if not text.isprintable() else text
