"""Many looks on the same few frames, one after the other: what choosing a look needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stylereel.actions.loaded_style import LoadedStyle
from stylereel.actions.stylizer import Stylizer
from stylereel.core.errors import PackError, UsageError
from stylereel.core.progress import Meter, OnProgress
from stylereel.packs.find import find_whole, list_packs, user_folder
from stylereel.packs.looks import choose_look, parse_mixture
from stylereel.packs.store import Pack

ALL = "all"
MOST_LOOKS = 128


@dataclass(frozen=True)
class NamedLook:
    """A look by the name that `--style` takes.

    Attributes:
        name: `ukiyoe`, `atelier:vangogh`, or a mixture.
        pack: that holds it.
        look: its name, or the mixture, within a pack of many; None of a pack that holds one.
        is_named: the user named it, and did not say "all".
    """

    name: str
    pack: Pack
    look: str | None
    is_named: bool

    def chosen(self) -> Pack:
        """A plain style pack. Errors as those of `choose_look`."""
        return self.pack if self.look is None else choose_look(self.pack, self.look)


@dataclass(frozen=True)
class Laying:
    """How looks are laid over frames; the fields are `Stylizer.load`'s."""

    strength: float = 1.0
    keep_colors: bool = False
    runner: str = "auto"
    device: str = "auto"


@dataclass(frozen=True)
class Laid:
    """Frames in a look.

    Attributes:
        name: of the look.
        frames: `(h, w, 3)` uint8 RGB each, or none where the look could not be used.
        problem: why not.
    """

    name: str
    frames: tuple[np.ndarray, ...] = ()
    problem: str | None = None


def find_looks(styles: str | Path | Sequence[str | Path]) -> tuple[list[NamedLook], list[str]]:
    """Every look that is named, each once, in order; and a sentence for each pack that was left out.

    Args:
        styles: "all" (every pack that has a name, with each of its looks), or names and folders of packs,
            `PACK:LOOK` and mixtures: a list, or one text with commas between them.

    Raises:
        UsageError: nothing is named, a name is not known, or they are too many.
        PackError: a pack that was named is refused; of "all", it is left out.
    """
    found: dict[str, NamedLook] = {}
    notices: list[str] = []
    for name in _listed(styles):
        for look in _every(notices) if name == ALL else _looks_of(name):
            found.setdefault(look.name, look)
    if not found:
        broken = f" {' '.join(notices)}" if notices else ""
        raise UsageError(f"No style was found; your own are looked for in {user_folder()}.{broken}")
    if len(found) > MOST_LOOKS:
        raise UsageError(
            f"styles names {len(found)} looks: at most {MOST_LOOKS} at a time; name some of them."
        )
    return list(found.values()), notices


def lay_over(
    frames: Sequence[np.ndarray],
    looks: Sequence[NamedLook],
    laying: Laying,
    on_progress: OnProgress | None = None,
) -> Iterator[Laid]:
    """The frames in one look after the other; each network is let go before the next is opened.

    Errors as those of `Stylizer.load`; a look that nobody named and that is refused comes with its problem.
    """
    meter = Meter(len(looks), unit="looks")
    for look in looks:
        problem, results = None, ()
        try:
            stylizer = _stylizer(look, laying)
            results = tuple(stylizer(frame) for frame in frames)
        except PackError as error:
            if look.is_named:
                raise
            problem = str(error)
        progress = meter.advance()
        if on_progress:
            on_progress(progress)
        yield Laid(look.name, results, problem)


def _stylizer(look: NamedLook, laying: Laying) -> Stylizer:
    style = LoadedStyle.of(look.chosen(), runner=laying.runner, device=laying.device)
    return Stylizer.load(style, strength=laying.strength, keep_colors=laying.keep_colors)


def _listed(styles: str | Path | Sequence[str | Path]) -> list[str]:
    if isinstance(styles, str):
        names = styles.split(",")
    else:
        names = [str(styles)] if isinstance(styles, Path) else [str(style) for style in styles]
    listed = [name.strip() for name in names if name.strip()]
    if not listed:
        raise UsageError(f"styles names none: write '{ALL}', or names with commas between them.")
    return listed


def _every(notices: list[str]) -> Iterator[NamedLook]:
    for listing in list_packs():
        try:
            yield from _looks_of(listing.name, is_named=False)
        except PackError as error:
            notices.append(f"the style '{listing.name}' is left out: {error}")


def _looks_of(name: str, *, is_named: bool = True) -> list[NamedLook]:
    pack, look = find_whole(name)
    if look is not None:
        parse_mixture(look, pack.card.styles)
        return [NamedLook(name, pack, look, is_named)]
    if not pack.card.styles:
        return [NamedLook(name, pack, None, is_named)]
    return [NamedLook(f"{name}:{each}", pack, each, is_named) for each in pack.card.styles]
