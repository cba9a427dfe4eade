"""What a kind of job is: one file in `job_kinds/`, whose name is the job's `kind`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Protocol, cast

from pydantic import BaseModel, ConfigDict, Field

from stylereel.core.registry import family

if TYPE_CHECKING:
    from stylereel.studio.job_work import Work
    from stylereel.studio.shelf import MediaShelf

KINDS = family("stylereel.studio.job_kinds", "kind of job")


class WantedJob(BaseModel):
    """Base of what is asked for: a kind adds `kind: Literal[...]` and its fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)

    kind: str


@dataclass(frozen=True)
class Plan:
    """What the server makes of a wish.

    Attributes:
        title: for people.
        order: for the child: plain values, paths among them.
        media: ids of the media that the job needs until it has ended.
        names: what people call the files of the job, by path: texts of errors name those.
    """

    title: str
    order: dict[str, Any]
    media: tuple[str, ...] = ()
    names: dict[str, str] = field(default_factory=dict)


class Kind(Protocol):
    """What a file in `job_kinds/` exports. It imports `actions` inside `run` alone."""

    Wanted: type[WantedJob]
    """What is asked for."""
    IS_QUICK: bool
    """Seconds long: it runs beside the others, and waits for none of them."""
    KEEPS_FOLDER: bool
    """The job's folder stays as it is until the job is deleted; others are cleared when they have ended."""

    def plan(self, wanted: Any, shelf: MediaShelf) -> Plan:
        """In the server: check the wish. Raises `Problem`."""
        ...

    def run(self, work: Work) -> dict[str, Any]:
        """In the child: do it, and return the fields of the result.

        `{"file": NAME, "name": LABEL, "facts": {...}}` becomes media, `NAME` being a file in the job's folder
        and `facts` those of `actions.media_facts`; without a file, `name` and `bytes` are told as they are.
        """
        ...


def kind_named(name: str) -> Kind:
    """One kind. Raises `UsageError` where there is none of that name."""
    return cast(Kind, KINDS.load(name))


def any_wanted() -> Any:
    """The type of everything that can be asked for, told apart by `kind`."""
    wishes = [kind_named(name).Wanted for name in KINDS.names()]
    return Annotated[reduce(or_, wishes), Field(discriminator="kind")]
