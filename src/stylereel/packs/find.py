"""Finds packs by name among the shipped ones and the user's folder, or by any path."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stylereel.core.errors import PackError, UsageError
from stylereel.core.paths import check_can_be
from stylereel.core.registry import unknown_name
from stylereel.packs.card import Card
from stylereel.packs.looks import choose_look
from stylereel.packs.store import CARD_NAME, Pack, load_pack, read_card


@dataclass(frozen=True)
class PackListing:
    """One pack in a list, read from its card alone; the files are checked when it is loaded.

    Attributes:
        name: what `--style` takes: the folder's name.
        folder: where it lies.
        origin: "shipped" or "user".
        card: the facts, or None when the card cannot be read.
        size_bytes: bytes of the files that the card names.
        problem: why the card cannot be read, or None.
    """

    name: str
    folder: Path
    origin: str
    card: Card | None
    size_bytes: int
    problem: str | None = None


def shipped_folder() -> Path:
    """Where the packs lie that came with the installation."""
    return Path(__file__).resolve().parent.parent / "bundled" / "packs"


def user_folder() -> Path:
    """Where the user's own packs lie: `STYLEREEL_PACKS`, else the platform's data folder. May not exist."""
    chosen = os.environ.get("STYLEREEL_PACKS")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "stylereel" / "packs"


def list_packs() -> list[PackListing]:
    """Every pack that has a name, sorted; one of the user's hides a shipped one of the same name."""
    found: dict[str, PackListing] = {}
    for origin, folder in (("shipped", shipped_folder()), ("user", user_folder())):
        for pack_folder in _pack_folders(folder):
            found[pack_folder.name] = _listing(pack_folder, origin)
    return [found[name] for name in sorted(found)]


def cards_as_they_are() -> tuple[tuple[str, int, int], ...]:
    """Path, time of change and size of every card of a pack with a name: alike until one of them changes."""
    found = []
    for folder in (shipped_folder(), user_folder()):
        for pack_folder in _pack_folders(folder):
            with contextlib.suppress(OSError):
                card = (pack_folder / CARD_NAME).stat()
                found.append((str(pack_folder), card.st_mtime_ns, card.st_size))
    return tuple(found)


def find_pack(name_or_path: str | Path | Pack) -> Pack:
    """Load the pack of that name, or the one in that folder; of one with many looks, `PACK:LOOK`.

    Args:
        name_or_path: `wave`, `folder/of/a/pack`, `atelier:vangogh`, `atelier:vangogh*0.7+ukiyoe*0.3`. A pack
            that is found already is given back.

    Raises:
        UsageError: neither a known name nor a folder, or no such look; the text lists the known and suggests
            the nearest.
        PackError: it is there, and something about it is wrong.
    """
    if isinstance(name_or_path, Pack):
        return name_or_path
    pack, look = find_whole(name_or_path)
    return pack if look is None else choose_look(pack, look)


def find_whole(name_or_path: str | Path) -> tuple[Pack, str | None]:
    """The pack that a style names, with all its looks, and the look or mixture that it names, if any.

    Arguments and errors as those of `find_pack`; whether there is such a look is not asked.
    """
    folder, look = find_folder(name_or_path)
    pack = load_pack(folder)
    if look is not None and not pack.card.code_size:
        name = str(name_or_path).rpartition(":")[0]
        raise UsageError(f"The style '{name}' holds one look: name it without ':{look}'.")
    return pack, look


def find_folder(name_or_path: str | Path) -> tuple[Path, str | None]:
    """Where the pack lies that a style names, and the look or mixture that it names, if any; loads nothing.

    Raises:
        UsageError: neither a known name nor a folder; the text lists the known and suggests the nearest.
        PackError: a folder that is no pack.
    """
    text = str(name_or_path)
    name, colon, look = text.rpartition(":")
    # C:\\looks is a folder. A long mixture is a name that no file can have: os.path says no, pathlib raises.
    if not colon or os.path.isdir(os.path.expanduser(text)) or len(name) < 2:
        return _folder_of(name_or_path), None
    return _folder_of(name), look


def _folder_of(name_or_path: str | Path) -> Path:
    text = str(name_or_path)
    is_name = isinstance(name_or_path, str) and text == Path(text).name
    if is_name:
        for folder in (user_folder(), shipped_folder()):
            if text in (pack_folder.name for pack_folder in _pack_folders(folder)):
                return folder / text
    check_can_be(text)
    path = Path(text).expanduser()
    if path.is_dir():
        if not (path / CARD_NAME).exists():
            raise PackError(f"{path} is a folder without a {CARD_NAME}, so it is not a style pack.")
        return path
    if not is_name:
        raise UsageError(f"No style pack at {path}: there is no such folder. {_known_text()}")
    known = [listing.name for listing in list_packs()]
    raise UsageError(f"{unknown_name('style', text, known)} A folder with a style pack works too.")


def _known_text() -> str:
    known = ", ".join(listing.name for listing in list_packs())
    return f"Styles known by name: {known or 'none'}."


def _pack_folders(folder: Path) -> Iterator[Path]:
    try:
        children = sorted(folder.iterdir())
    except OSError:
        return
    yield from (child for child in children if (child / CARD_NAME).is_file())


def _listing(folder: Path, origin: str) -> PackListing:
    try:
        card = read_card(folder)
    except PackError as error:
        return PackListing(folder.name, folder, origin, None, 0, str(error))
    sizes = (folder / name for name in card.files)
    return PackListing(folder.name, folder, origin, card, sum(f.stat().st_size for f in sizes if f.is_file()))
