"""Every look that can be chosen, with what a gallery tells of it; read from the packs' cards alone."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from stylereel.core.errors import PackError, UsageError
from stylereel.packs.find import PackListing, cards_as_they_are, list_packs
from stylereel.packs.store import PREVIEW_NAME


@dataclass(frozen=True)
class LookListing:
    """One look.

    Attributes:
        name: what `--style` takes: `wave`, `atelier:vangogh`.
        pack: the pack that holds it.
        look: its name in a pack of many; None of a pack of one.
        title: what people read.
        description: the look, or its pack, in a sentence.
        license: of the style pictures.
        credit: whom to name when results are shown.
        mixes: it can be mixed with the others of its pack.
        is_mine: it lies in the user's own folder.
    """

    name: str
    pack: str
    look: str | None
    title: str
    description: str
    license: str
    credit: str
    mixes: bool
    is_mine: bool


def list_looks() -> list[LookListing]:
    """Every look of every pack with a name: the user's own first, then by pack, as their cards have them.

    A pack whose card cannot be read is left out; `list_packs` tells why.
    """
    return list(_listed(cards_as_they_are()))


@functools.lru_cache(2)
def _listed(_: tuple[tuple[str, int, int], ...]) -> tuple[LookListing, ...]:
    """For as long as the cards stay as they are: it is asked for with every move of a slider."""
    listings = list_packs()
    titles = {each.name: each.card.title for each in listings if each.card is not None}
    looks = [look for listing in listings for look in _looks_of(listing, titles)]
    return tuple(sorted(looks, key=lambda look: (not look.is_mine, look.mixes, look.pack)))


def look_named(name: str) -> LookListing:
    """One of them.

    Raises:
        UsageError: there is none of that name; folders are no names.
    """
    looks = list_looks()
    found = next((look for look in looks if look.name == name), None)
    if found is None:
        known = ", ".join(look.name for look in looks)
        raise UsageError(f"There is no look '{name[:100]}'. There are: {known or 'none'}.")
    return found


def look_picture(name: str) -> Path | None:
    """The preview of the pack that holds a look, a JPEG; None where it has none. Errors as `look_named`."""
    pack = look_named(name).pack
    listing = next((each for each in list_packs() if each.name == pack), None)
    if listing is None or listing.card is None or PREVIEW_NAME not in listing.card.files:
        return None
    path = (listing.folder / PREVIEW_NAME).resolve()
    if not path.is_relative_to(listing.folder.resolve()):
        raise PackError(f"{listing.folder / PREVIEW_NAME} is a link out of its pack.")
    return path if path.is_file() else None


def _looks_of(listing: PackListing, titles: dict[str, str]) -> list[LookListing]:
    card = listing.card
    if card is None:
        return []
    facts = {"license": card.license, "credit": card.credit, "is_mine": listing.origin == "user"}
    if not card.code_size:
        return [
            LookListing(listing.name, listing.name, None, card.title, card.description, mixes=False, **facts)
        ]
    return [
        LookListing(
            f"{listing.name}:{look}",
            listing.name,
            look,
            titles.get(look) or _as_title(look),
            f"{card.title}: {card.description}" if card.description else card.title,
            mixes=len(card.styles) > 1,
            **facts,
        )
        for look in card.styles
    ]


def _as_title(name: str) -> str:
    words = name.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:] if words else name
