"""The look that a page asks for by its id, as `actions` take it; never a path."""

from __future__ import annotations

from stylereel.core.errors import UsageError
from stylereel.studio.problem import Problem


def style_of(look: str, mix: str | None = None, share: float = 0.5) -> str:
    """What `--style` would be for it; the same that previews are painted in.

    Args:
        look: an id of GET /api/looks, such as `vangogh` or `atelier:vangogh`.
        mix: a second look of the same pack.
        share: of `mix`, 0 to 1; of `look` is the rest.

    Raises:
        Problem: 404, no such look; 422, two looks that cannot be mixed.
    """
    from stylereel.actions.look_list import look_named
    from stylereel.actions.preview_looks import PreviewLook

    for name in filter(None, (look, mix)):
        try:
            look_named(name)
        except UsageError as error:
            raise Problem(404, str(error), "GET /api/looks lists them.") from None
    try:
        return PreviewLook(look, mix, share).as_style()
    except UsageError as error:
        raise Problem(422, str(error), "Choose two looks of one pack that has many.") from None
