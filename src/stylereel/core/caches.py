"""Where Stylereel keeps what it would otherwise work out again."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "STYLEREEL_CACHE"


def cache_folder(name: str) -> Path:
    """The folder that the environment names, else one of that name in the user's cache folder."""
    base = os.environ.get(VARIABLE)
    if base:
        return Path(base)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stylereel" / name
