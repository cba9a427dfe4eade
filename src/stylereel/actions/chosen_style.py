"""One look out of all that a person may say of it: a style, references, a variation, a strength."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from numbers import Integral
from pathlib import Path

from stylereel.actions.adapting import adapted, check_fitting_time
from stylereel.actions.content_frames import Content
from stylereel.actions.loaded_style import LoadedStyle, pack_of
from stylereel.actions.references import reference_name, reference_paths, reference_pictures
from stylereel.core.errors import UsageError
from stylereel.core.progress import OnProgress
from stylereel.packs.card import UNKNOWN_LICENSE, Card
from stylereel.packs.codes import varied
from stylereel.packs.encoder import code_of_pictures
from stylereel.packs.find import find_pack, list_packs
from stylereel.packs.looks import FittedCode, OneLook, baked
from stylereel.packs.steerable import Steerable
from stylereel.packs.store import Pack

REFERENCE_PACK = "atelier"
"""The shipped pack that reads references where no `style` is named."""


def chosen_style(
    style: str | Path | Pack | LoadedStyle | None,
    *,
    reference: str | Path | Sequence[str | Path] | None = None,
    variation: int | None = None,
    adapt_seconds: float | None = None,
    strength: float = 1.0,
    content: Content | None = None,
    begun_with: FittedCode | None = None,
    on_progress: OnProgress | None = None,
) -> Pack | LoadedStyle:
    """The look that is meant, its network at its strength; what is loaded already passes as it is.

    Args:
        style: a pack's name or folder, `PACK:LOOK`, a pack, or one that is loaded; None with references for
            the shipped one of many looks.
        reference: pictures, videos or folders whose look is taken, averaged.
        variation: seed of a variation of the look.
        adapt_seconds: how long to fit the look to the references first; needs torch.
        strength: 0 to 1; of packs of one look it is a matter of laying the result over the source.
        content: what the look will be laid over; `adapt_seconds` fits to it.
        begun_with: what an interrupted run that is gone on with was fitted to.
        on_progress: told of each step of the fitting.

    Raises:
        UsageError: these cannot be meant together.
        InputError: a reference that cannot be used.
        ResumeError: `begun_with` is of another fit.
        PackError: the pack is refused, or lacks what is asked of it.
        EnvironmentMissingError: torch is absent, and `adapt_seconds` needs it.
    """
    paths = reference_paths(reference)
    _check_seed(variation)
    check_fitting_time(adapt_seconds)
    if adapt_seconds is not None and not paths:
        raise UsageError("--adapt fits a look to a reference: name one, --reference PICTURE.")
    if style is None and not paths:
        raise UsageError(
            "No look was named: say --style NAME (`stylereel styles` lists them) or --reference PICTURE."
        )
    if isinstance(style, LoadedStyle) or (not paths and variation is None):
        if paths or variation is not None:
            raise UsageError("A style that is loaded is one look: load it with its reference or variation.")
        return style if isinstance(style, LoadedStyle) else pack_of(style or "", strength)
    if isinstance(style, Steerable):
        raise UsageError("A timeline names its looks itself: leave the reference and the variation out.")
    if not paths:
        return _varied(_named(style), variation).at(strength or 1.0)
    pack = _reading_pack(style)
    pictures = reference_pictures(paths)
    code = code_of_pictures(pack, pictures)
    fitted = None
    if adapt_seconds is not None:
        fitted = adapted(pack, code, pictures, content, adapt_seconds, on_progress, begun_with)
        code = fitted.code
    look = baked(pack, code, reference_name(paths))
    return replace(_of_own_license(_varied(look, variation).at(strength or 1.0)), fitted=fitted)


def _of_own_license(look: OneLook) -> OneLook:
    """Nobody says under which licence a reference is; it is not that of the pack's pictures."""
    license = f"{look.card.license}; of the reference: not stated"
    return replace(look, card=look.card.model_copy(update={"license": license}))


def _reading_pack(style: str | Path | Pack | None) -> Pack:
    if style is None and REFERENCE_PACK not in {listing.name for listing in list_packs()}:
        raise UsageError(
            f"--reference reads a look with the pack '{REFERENCE_PACK}', which is not here: name a pack of "
            "many looks with --style PACK (`stylereel train conditional` makes one)."
        )
    pack = style if isinstance(style, Pack) else find_pack(REFERENCE_PACK if style is None else style)
    if isinstance(pack, OneLook):
        whole = pack.whole.card.name
        raise UsageError(
            f"The style '{pack.look_name}' and a reference are two looks: choose one of both, or write "
            f"--reference with --style {whole}, the pack that is to read it."
        )
    if not pack.card.code_size:
        raise UsageError(
            f"The style '{pack.card.name}' holds one look and reads no reference: name a pack of many looks "
            f"with --style, or leave --style out for '{REFERENCE_PACK}'."
        )
    return pack


def _named(style: str | Path | Pack | None) -> OneLook:
    pack = style if isinstance(style, Pack) else find_pack(style or "")
    if isinstance(pack, OneLook):
        return pack
    if pack.card.code_size:
        looks = pack.card.styles
        raise UsageError(
            f"--variation moves one look: choose one of '{pack.card.name}', such as "
            f"{pack.card.name}:{looks[0] if looks else 'LOOK'}. It holds: {', '.join(looks)}."
        )
    raise UsageError(
        f"The style '{pack.card.name}' holds one look and no variations of it: --variation is for packs of "
        "many looks, PACK:LOOK."
    )


def _varied(look: OneLook, seed: int | None) -> OneLook:
    if seed is None:
        return look
    return baked(look.whole, varied(look.whole, look.code, seed), f"{look.look}, variation {seed}")


def _check_seed(seed: int | None) -> None:
    is_whole = isinstance(seed, Integral) and not isinstance(seed, bool)
    if seed is not None and not (is_whole and 0 <= seed < 2**63):
        got = seed if is_whole else f"{seed!r} ({type(seed).__name__})"
        raise UsageError(f"--variation {got}: expected a whole number from 0 on, each another variation.")


def license_notices(*cards: Card) -> Iterator[str]:
    """What is to be told of the licences of looks."""
    for card in cards:
        if card.license_is_unknown:
            yield (
                f"The licence of the pictures behind the style '{card.name}' is unknown: find out before you "
                "publish what it makes."
            )


def told_in_metadata(card: Card, *outside: Card, name: str) -> dict[str, str]:
    """What the output's metadata says of how it was made.

    Args:
        card: of the look.
        outside: of the look outside of a mask.
        name: what the look is called.
    """
    told = [_told(card, name), *(_told(other, other.name) for other in outside)]
    return {"comment": f"Stylised with Stylereel, {' Outside of a mask: '.join(told)}"}


def _told(card: Card, name: str) -> str:
    by = f", by {card.author}" if card.author else ""
    credit = f" Credit: {card.credit}." if card.credit else ""
    license = UNKNOWN_LICENSE if card.license_is_unknown else card.license
    return f"style '{name}' version {card.version}{by}; licence of the style pictures: {license}.{credit}"
