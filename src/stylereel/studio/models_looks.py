"""What the API says of looks."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class LookFacts(BaseModel):
    """A look of the gallery."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str
    """What jobs and previews take as `look`: `wave`, `atelier:vangogh`."""
    pack: str
    """The pack that holds it."""
    look: str | None
    """Its name in a pack of many looks."""
    title: str
    """What people read."""
    description: str
    """The look in a sentence."""
    license: str
    """Of the style pictures."""
    credit: str
    """Whom to name when results are shown."""
    mixes: bool
    """It can be mixed with the other looks of its pack."""
    is_mine: bool
    """It lies in the user's own folder."""


class LookList(BaseModel):
    """Every look, the user's own first."""

    looks: list[LookFacts]
