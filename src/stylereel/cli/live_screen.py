"""What a live run shows on stderr: one line that stays, or, where that is no terminal, one now and then."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from typing import TYPE_CHECKING

from stylereel.cli.console import plain, say, show_notices

if TYPE_CHECKING:
    from stylereel.actions.live_report import LiveStatus

EVERY_SECONDS = 5.0
_SHOWN_SECONDS = 3.0


def line_of(status: LiveStatus) -> str:
    """One line: pace, latency, drops, size and look."""
    total = status.frames_in
    share = f" ({100 * status.dropped / total:.1f} %)" if status.dropped and total else ""
    size = f"{status.width}x{status.height}"
    if (status.network_width, status.network_height) != (status.width, status.height):
        size += f", network {status.network_width}x{status.network_height}"
    p50, p95 = status.latency_p50_ms, status.latency_p95_ms
    latency = "-" if p50 is None or p95 is None else f"{p50:.0f}/{p95:.0f} ms"
    facts = [
        f"in {status.fps_in:.1f} out {status.fps_out:.1f} fps",
        f"latency {latency}",
        f"dropped {status.dropped}{share}",
        size,
        f"{plain(status.style)} {status.strength:g}",
    ]
    facts += ["source's colours"] if status.keep_colors else []
    facts += [f"stabilize {status.stabilize:g}"] if status.stabilize else []
    facts += [f"loading {plain(status.loading)}"] if status.loading else []
    facts += [f"{plain(output.name)} {output.state}" for output in status.outputs if output.reason]
    return " · ".join(facts)


class LiveScreen:
    """Shows a run; `show` from one thread, the others from any."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._lock = threading.Lock()
        self._told, self._told_at = "", float("-inf")
        self._line_at = float("-inf")

    def tell(self, text: str) -> None:
        """A few words on what was just done, for some seconds in the line that stays."""
        with self._lock:
            self._told, self._told_at = text, time.monotonic()

    def show(self, status: LiveStatus) -> None:
        """Where the run stands."""
        now = time.monotonic()
        if not self._is_terminal:
            if now - self._line_at >= EVERY_SECONDS and status.frames_in:
                self._line_at = now
                say(line_of(status))
            return
        with self._lock:
            told = self._told if now - self._told_at < _SHOWN_SECONDS else ""
        line = f"{plain(told)} · {line_of(status)}" if told else line_of(status)
        width = shutil.get_terminal_size().columns - 1
        sys.stderr.write(f"\r\x1b[K{line[:width]}")
        sys.stderr.flush()

    def notice(self, text: str) -> None:
        """A sentence for the user, in a line of its own."""
        self.clear()
        show_notices([text])

    def clear(self) -> None:
        """Take the line away, for what comes next."""
        if self._is_terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
