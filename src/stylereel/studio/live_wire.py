"""What goes over the WebSocket of a live session: frames with a header, and JSON.

    frame    [sequence: uint32][flags: uint32][client's milliseconds: float64][JPEG]      little endian
    answer   the same header, with flags of its own, and the painted JPEG, or none

The client's time comes back as it was sent, so that the client can measure the way there and back.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any

from stylereel.core.errors import StylereelError, UsageError
from stylereel.core.registry import unknown_name
from stylereel.studio.chosen_look import style_of
from stylereel.studio.problem import Problem

PAINTED, DROPPED, BAD = 0, 1, 2
"""Flags of an answer. The last two carry no picture: a newer frame came first, or it cannot be used."""
LONGEST_TEXT = 65_536
REQUESTS = ("set", "get")
_HEADER = struct.Struct("<IId")


@dataclass(frozen=True)
class Header:
    """What stands before a picture.

    Attributes:
        sequence: a number that the client counts up.
        client_ms: the client's clock when it sent the frame.
    """

    sequence: int
    client_ms: float

    @classmethod
    def of(cls, message: bytes) -> Header:
        """That of a message.

        Raises:
            UsageError: it is too short to have one.
        """
        if len(message) < _HEADER.size:
            raise UsageError(
                f"a message has {len(message)} bytes: send {_HEADER.size} bytes of header and a JPEG."
            )
        sequence, _, client_ms = _HEADER.unpack_from(message)
        return cls(sequence, client_ms)

    def packed(self, flags: int) -> bytes:
        """As bytes, for an answer."""
        return _HEADER.pack(self.sequence, flags, self.client_ms)


def picture_in(message: bytes) -> bytes:
    """What comes after the header."""
    return message[_HEADER.size :]


def request_in(text: str) -> dict[str, Any]:
    """A request: `{"set": {...}}`, `{"get": "status"}`, or both.

    Raises:
        UsageError: it is none.
    """
    try:
        request = json.loads(text) if len(text) <= LONGEST_TEXT else None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"this is no JSON: {error}") from None
    if not isinstance(request, dict) or not request:
        raise UsageError('expected an object of at most 64 KiB, such as {"set": {"strength": 0.7}}.')
    for name in request:
        if name not in REQUESTS:
            raise UsageError(unknown_name("request", name, REQUESTS))
    if not isinstance(request.get("set", {}), dict):
        raise UsageError('"set" takes an object such as {"strength": 0.7}.')
    if request.get("get", "status") != "status":
        raise UsageError('"get" takes "status".')
    return request


def error_text(error: Exception, **more: Any) -> str:
    """An error as JSON, in the form that the HTTP routes have."""
    if isinstance(error, Problem):
        return json.dumps({"error": {"text": error.text, "hint": error.hint}, **more})
    known = isinstance(error, StylereelError)
    text = (
        str(error) if known else f"Something went wrong inside Stylereel ({type(error).__name__}: {error})."
    )
    hint = " ".join(getattr(error, "__notes__", ())) if known else "This is our bug: please report it."
    return json.dumps({"error": {"text": text, "hint": hint}, **more})


def style_in(look: dict[str, Any]) -> str:
    """The style that `look`, `mix` and `share` name.

    Raises:
        UsageError, Problem: one of them is none that the studio lists, or they cannot be mixed.
    """
    share = look["share"]
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise UsageError(f"share is {share!r}: it goes from 0 (the look alone) to 1 (the other alone).")
    for name in ("look", "mix"):
        if not isinstance(look[name], str) and (name == "look" or look[name] is not None):
            raise UsageError(f"{name} is {look[name]!r}: expected a name, such as 'atelier:vangogh'.")
    return style_of(look["look"], look["mix"], share)
