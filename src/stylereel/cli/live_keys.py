"""Keys that change a live run while it lasts, where stdin is a terminal."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stylereel.actions.live import LiveSession

KEYS_LINE = "Keys: + and - strength, c colours, s stabiliser, n and p next and previous look, q quit"
STRENGTH_STEP, USUAL_STABILIZE = 0.1, 0.7
_POLL_SECONDS = 0.2


def act_on(key: str, session: LiveSession) -> str:
    """Do what a key stands for.

    Args:
        key: one character.
        session: the run.

    Returns:
        What was done, in a few words for the screen; "" for a key that stands for nothing.
    """
    status = session.status()
    match key:
        case "+" | "=" | "-" | "_":
            step = STRENGTH_STEP if key in "+=" else -STRENGTH_STEP
            strength = round(min(1.0, max(0.0, status.strength + step)), 2)
            session.change({"strength": strength})
            return f"strength {strength:g}"
        case "c":
            session.change({"keep_colors": not status.keep_colors})
            return "the look's colours" if status.keep_colors else "the source's colours"
        case "s":
            stabilize = 0.0 if status.stabilize else USUAL_STABILIZE
            session.change({"stabilize": stabilize})
            return f"stabilize {stabilize:g}"
        case "n" | "p":
            return f"look {session.step_style(1 if key == 'n' else -1)}"
        case "q":
            session.stop()
            return "stopping"
    return ""


@contextlib.contextmanager
def keys_to(session: LiveSession, tell: Callable[[str], object]) -> Iterator[bool]:
    """Listen for keys as long as the block lasts; gives False where stdin is no terminal that can be read so.

    Args:
        session: what they change.
        tell: takes what was done, from another thread.
    """
    try:
        import termios
        import tty
    except ImportError:  # Windows
        yield False
        return
    if not sys.stdin or not sys.stdin.isatty():
        yield False
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    over = threading.Event()
    thread = threading.Thread(target=_listen, args=(descriptor, session, tell, over), daemon=True)
    try:
        tty.setcbreak(descriptor)
        thread.start()
        yield True
    finally:
        over.set()
        thread.join(2 * _POLL_SECONDS)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _listen(
    descriptor: int, session: LiveSession, tell: Callable[[str], object], over: threading.Event
) -> None:
    import select

    from stylereel.core.errors import StylereelError

    while not over.is_set():
        if not select.select([descriptor], [], [], _POLL_SECONDS)[0]:
            continue
        pressed = os.read(descriptor, 64).decode(errors="ignore")
        if not pressed:
            return
        for key in pressed:
            try:
                done = act_on(key, session)
            except StylereelError as error:  # such as a key before the first frame
                done = str(error)
            if done:
                tell(done)
