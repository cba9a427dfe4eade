"""Child processes: what may crash, hang or eat memory does so without the server.

A child runs this very package, wherever it lies, and nothing else from there. Its stdin is a line to the
server: "stop" asks it to end cleanly, and its end that the server is gone, with which the child goes too.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); import stylereel; del sys.path[0]; import importlib; "
    "importlib.import_module(sys.argv[2]).main(sys.argv[3:])"
)
_HOME = Path(__file__).resolve().parents[2]
STOP_LINE = "stop"
LAST_SECONDS = 15.0
"""A child whose server is gone may finish what it writes for so long."""


def start_child(module: str, *arguments: str, stderr: int | IO[bytes] | None = None) -> subprocess.Popen[str]:
    """Run `module.main(arguments)` in a process and session of its own: Ctrl-C reaches the server alone."""
    more: dict[str, Any] = {}
    if sys.platform == "win32":
        more["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP
    return subprocess.Popen(
        [sys.executable, "-P", "-c", _PROGRAM, str(_HOME), module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
        **more,
    )


def ask_to_stop(child: subprocess.Popen[str]) -> None:
    """Ask it to end cleanly; what has ended is left alone."""
    try:
        if child.stdin is not None:
            child.stdin.write(f"{STOP_LINE}\n")
            child.stdin.flush()
    except (OSError, ValueError):
        pass


def obey_server() -> None:
    """In the child: interrupt the main thread as Ctrl-C does when asked to, and when the server is gone."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    orders = os.dup(0)  # and nothing that this child starts reads them
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    threading.Thread(target=_listen, args=(orders,), name="stylereel-server", daemon=True).start()


def _listen(orders: int) -> None:
    """Read without Python's own buffer, whose lock would be in the way when this process ends."""
    with contextlib.suppress(OSError):
        while said := os.read(orders, 1024):
            if STOP_LINE.encode() in said:
                _interrupt()
    _interrupt()
    threading.main_thread().join(LAST_SECONDS)
    if threading.main_thread().is_alive():
        _die()


def _interrupt() -> None:
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        import _thread

        _thread.interrupt_main()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
