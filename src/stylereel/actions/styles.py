"""Which looks there are, and what is known of one."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from stylereel.actions.training_wish import check_pack_name
from stylereel.core.errors import OutputError
from stylereel.packs.find import PackListing, find_pack, list_packs, user_folder
from stylereel.packs.store import CARD_NAME, Pack, load_pack, save_pack


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


def keep_style(folder: str | Path, name: str | None = None, *, overwrite: bool = False) -> Pack:
    """Copy a pack among the user's own styles, whole or not at all; from then on its name finds it.

    Only what its card names is copied, and checked on the way; the run beside it stays where it is.

    Args:
        folder: of the pack, such as `train` makes.
        name: under which it is kept; its own by default.
        overwrite: take the place of a style of that name: the user's is replaced, a shipped one hidden.

    Returns:
        The pack as it now lies in `styles_folder()`.

    Raises:
        UsageError: a name that a pack cannot have.
        OutputError: a style of that name is there already, or the folder cannot be written.
        PackError: it is no pack, or damaged.
    """
    pack = load_pack(folder)
    name = check_pack_name(name or pack.card.name, "style")
    home = styles_folder()
    if not overwrite and (taken := whose_style(name)):
        raise OutputError(_taken_text(name, taken))
    try:
        home.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".keeping-", dir=home))
    except OSError as error:
        raise OutputError(
            f"The folder of styles {home} cannot be written: {error.strerror or error}."
        ) from error
    try:
        card = pack.card.model_copy(update={"name": name})
        save_pack(staging / name, card, {file: pack.read(file) for file in pack.card.files})
        _take_place(staging / name, home / name, staging / "before", overwrite=overwrite)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return load_pack(home / name)


def whose_style(name: str) -> str:
    """Whose style of that name there is: "user" (also where other files stand there), "shipped", or ""."""
    if (styles_folder() / name).exists():
        return "user"
    return next(
        (listing.origin for listing in list_packs() if listing.name.casefold() == name.casefold()), ""
    )


def _taken_text(name: str, whose: str) -> str:
    what = "would hide the shipped style" if whose == "shipped" else "would replace yours"
    return f"There is a style '{name}' already; keeping this one under its name {what}. Give it another name."


def _take_place(new: Path, place: Path, aside: Path, *, overwrite: bool) -> None:
    """Rename a whole pack to its place; what stood there goes aside, and comes back where that fails."""
    try:
        if place.exists():
            if not (overwrite and (place / CARD_NAME).is_file()):
                raise OutputError(
                    f"{place} is there, and is no style that could be replaced: give another name."
                )
            os.replace(place, aside)
        try:
            os.replace(new, place)
        except OSError:
            if aside.exists():
                os.replace(aside, place)
            raise
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(f"{place} cannot be written: {error.strerror or error}.") from error
