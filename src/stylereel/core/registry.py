"""A folder is the registry: in a family folder, file name = command-line value = TOML value = card value."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from stylereel.core.errors import UsageError


@dataclass(frozen=True)
class Family:
    """The members of one family folder, named by their files and imported only when asked for.

    Attributes:
        package: dotted name of the folder, such as `stylereel.networks.generators`.
        title: what one member is called in an error text, such as `generator`.
    """

    package: str
    title: str

    def names(self) -> tuple[str, ...]:
        """Every member's name, sorted, without importing any of them."""
        try:
            spec = importlib.util.find_spec(self.package)
        except ModuleNotFoundError:
            spec = None
        folders = [] if spec is None else list(spec.submodule_search_locations or [])
        files = (file for folder in folders for file in Path(folder).glob("*.py"))
        return tuple(sorted({file.stem for file in files if not file.stem.startswith("_")}))

    def load(self, name: str) -> ModuleType:
        """Import one member.

        Raises:
            UsageError: no file of that name; the text lists the known and suggests the nearest.
        """
        known = self.names()
        if name not in known:
            raise UsageError(unknown_name(self.title, name, known))
        return importlib.import_module(f"{self.package}.{name}")


def family(package: str, title: str | None = None) -> Family:
    """The family in `package`; `title` defaults to the folder's name without its plural s."""
    folder = package.rpartition(".")[2]
    return Family(package, title or folder.removesuffix("s").replace("_", " "))


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name`, or None when none is near."""
    import difflib

    by_folded = {candidate.casefold(): candidate for candidate in known}
    close = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.5)
    return by_folded[close[0]] if close else None


def unknown_name(title: str, name: str, known: Iterable[str]) -> str:
    """The text for a name that is not known: what was got, the nearest, and all that is known."""
    known = list(known)
    near = nearest_name(name, known)
    suggestion = f" Did you mean '{near}'?" if near else ""
    listing = ", ".join(known) if known else "none"
    return f"Unknown {title} '{name}'.{suggestion} Known: {listing}."
