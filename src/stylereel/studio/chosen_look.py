"""The look that a page asks for by its id, as `actions` take it; never a path."""

from __future__ import annotations

import re

from stylereel.studio.problem import Problem

LOOK_PATTERN = r"^[\w.-]{1,80}(:[\w.-]{1,80})?$"
_SEE = "GET /api/looks lists them."


def style_of(look: str, mix: str | None = None, share: float = 0.0) -> str:
    """What `--style` would be for it.

    Args:
        look: `vangogh` or `atelier:vangogh`.
        mix: a second look of the same pack.
        share: of `mix`, 0 to 1; of `look` is the rest.

    Raises:
        Problem: 404, no such look; 422, two looks that cannot be mixed.
    """
    check_look(look)
    if mix is None or share <= 0:
        return look
    check_look(mix)
    if mix == look:
        return look
    pack, _, name = look.partition(":")
    other_pack, _, other = mix.partition(":")
    if pack != other_pack or not name or not other:
        raise Problem(
            422, f"'{look}' and '{mix}' cannot be mixed.", "Choose two looks of one pack that has many."
        )
    if share >= 1:
        return mix
    return f"{look}*{1 - share:.6g}+{other}*{share:.6g}"


def check_look(look: str) -> None:
    """Refuse what is no look of a pack that has a name.

    Raises:
        Problem: 404.
    """
    from stylereel.actions.styles import list_styles

    pack, _, name = look.partition(":")
    found = next((listing for listing in list_styles() if listing.name == pack), None)
    if not re.match(LOOK_PATTERN, look) or found is None:
        raise Problem(404, f"There is no look '{look[:100]}'.", _SEE)
    if found.card is None:
        raise Problem(422, f"The look '{pack}' cannot be used: {found.problem}", "Choose another.")
    looks = list(found.card.styles) if found.card.code_size else []
    if name and name not in looks:
        raise Problem(404, f"The pack '{pack}' has no look '{name}'.", _SEE)
    if looks and not name:
        raise Problem(422, f"'{pack}' is a pack of many looks.", f"Choose one of them: {pack}:{looks[0]}.")
