"""What goes wrong for whoever asks: a status of HTTP, what failed, and what to do."""

from __future__ import annotations


class Problem(Exception):
    """An answer that says what is wrong and what to do.

    Attributes:
        status: of HTTP, 4xx or 5xx.
        text: what failed.
        hint: what to do.
        headers: of the answer, beside the usual ones.
    """

    def __init__(self, status: int, text: str, hint: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.status, self.text, self.hint, self.headers = status, text, hint, headers
