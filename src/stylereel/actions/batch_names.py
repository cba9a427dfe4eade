"""What `{style}` stands for in the names of a batch's files: a look's name, as any system can have it."""

from __future__ import annotations

import re
from pathlib import Path

LONGEST = 80
_UNSAFE = re.compile(r"[^\w.+-]+")


def safe_name(text: str) -> str:
    """A name without what some systems refuse in a file's, such as `:`, `*`, `/` and spaces at its end."""
    return _UNSAFE.sub("-", text).strip("-.")[:LONGEST].rstrip("-.") or "look"


def reference_part(paths: tuple[str, ...]) -> str:
    """Of a look that is read off these: their names without endings."""
    return "+".join(safe_name(Path(path).stem or "folder") for path in paths)[:LONGEST].rstrip("-.+")


class LookNames:
    """Names for looks that are read off references, each look its own: later ones of one name get numbers.

    Looks that are named outright share a name only with those of another folder: the batch refuses others.
    """

    def __init__(self) -> None:
        self._looks: dict[tuple[str, str], dict[object, bool]] = {}

    def of(self, look: object, name: str, pattern: str, *, is_read: bool) -> str:
        """What a look is called in the names that a pattern makes.

        Args:
            look: equal for the same look.
            name: what it would be called.
            pattern: of the outputs' names.
            is_read: it was read off a reference.
        """
        looks = self._looks.setdefault((pattern, name.casefold()), {})
        looks.setdefault(look, is_read)
        number = list(looks).index(look) + 1
        needs_number = number > 1 and any(list(looks.values())[:number])
        return f"{name}-{number}" if needs_number else name
