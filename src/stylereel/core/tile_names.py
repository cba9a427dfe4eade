"""Names of tiles: `name_t01`, `name-tile3` and `name_crop2` were cut from the picture `name`."""

from __future__ import annotations

import re

TILE_ENDING = re.compile(r"[_-](t|tile|crop)\d+$")


def whole_name(stem: str) -> str:
    """The name, without ending, of the picture that a file's stem belongs to; its own where it is no tile."""
    return TILE_ENDING.sub("", stem)
