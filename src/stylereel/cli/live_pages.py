"""`--output page` of `stylereel live`: pages that the studio's room serves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from stylereel.cli.console import say
from stylereel.cli.studio import check_installed

if TYPE_CHECKING:
    from stylereel.actions.live import LiveSession
    from stylereel.studio.live_page import PageOutput


def with_pages(outputs: Iterable[str]) -> list[str | PageOutput]:
    """The outputs, with a page in place of each that is `page` or `page:PORT`.

    Raises:
        EnvironmentMissingError: the studio extra is not installed.
        UsageError: no such port, or it is taken.
    """
    return [_page(output) if output == "page" or output.startswith("page:") else output for output in outputs]


def show_on_pages(session: LiveSession, outputs: Iterable[str | PageOutput]) -> None:
    """Let pages change the run, and say where they are."""
    for page in outputs:
        if not isinstance(page, str):
            page.session = session
            say(f"The picture is at {page.url}, for browsers of this machine.")


def _page(text: str) -> PageOutput:
    check_installed("An output page")
    from stylereel.studio.live_page import page_output

    return page_output(text)
