"""Which looks there are, and what is known of one."""

from __future__ import annotations

from pathlib import Path

from stylereel.packs.find import PackListing, find_pack, list_packs, user_folder
from stylereel.packs.store import Pack


def list_styles() -> list[PackListing]:
    """Every pack with a name, shipped or the user's; one whose card is broken comes with its problem."""
    return list_packs()


def show_style(name_or_path: str | Path) -> Pack:
    """One pack, loaded and checked whole.

    Raises:
        UsageError: no such style; the text lists the known.
        PackError: it is refused, with the reason.
    """
    return find_pack(name_or_path)


def styles_folder() -> Path:
    """Where the user's own packs are looked for."""
    return user_folder()
