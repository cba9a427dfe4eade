"""A Unix socket through which other programs ask and change a live run, in lines of JSON."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from stylereel.core.errors import EnvironmentMissingError, OutputError, StylereelError, UsageError
from stylereel.core.registry import unknown_name

REQUESTS = ("set", "get", "quit")
_LONGEST_LINE_BYTES = 65_536
_MOST_CLIENTS = 8
_CONNECT_SECONDS = 0.5


class Controlled(Protocol):
    """What the socket speaks for: a `LiveSession`."""

    def change(self, settings: dict[str, Any]) -> None:
        """See `LiveSession.change`."""
        ...

    def status(self) -> Any:
        """See `LiveSession.status`."""
        ...

    def stop(self) -> None:
        """See `LiveSession.stop`."""
        ...


def answered(line: bytes, run: Controlled) -> dict[str, Any]:
    """What is answered to one line: `{"ok": true, ...}`, or `{"ok": false, "error": "..."}`; never raises.

    Args:
        line: `{"set": {"style": "wave", "strength": 0.7}}`, `{"get": "status"}` or `{"quit": true}`.
        run: what it is about.
    """
    try:
        request = json.loads(line)
        if not isinstance(request, dict) or not request:
            raise UsageError('expected an object such as {"get": "status"}.')
        unknown = [name for name in request if name not in REQUESTS]
        if unknown:
            raise UsageError(unknown_name("request", unknown[0], REQUESTS))
        if "set" in request:
            if not isinstance(request["set"], dict):
                raise UsageError('"set" takes an object such as {"strength": 0.7}.')
            run.change(request["set"])
        if request.get("quit") is True:
            run.stop()
        if request.get("get", "status") != "status":
            raise UsageError('"get" takes "status".')
        return {"ok": True, "status": run.status().as_dict()}
    except (ValueError, RecursionError) as error:
        what = str(error) if isinstance(error, StylereelError) else f"this is no JSON: {error}"
        return {"ok": False, "error": what}
    except StylereelError as error:
        return {"ok": False, "error": str(error)}


class ControlSocket:
    """The socket, which the user alone may open, and a thread for each program that does."""

    def __init__(self, path: Path, run: Controlled) -> None:
        """Make the socket and listen.

        Raises:
            OutputError: something else has that name, another run listens there, or it cannot be made.
            EnvironmentMissingError: this system has no Unix sockets.
        """
        if not hasattr(socket, "AF_UNIX"):
            raise EnvironmentMissingError("control needs a Unix socket, which this system does not have.")
        self._path, self._run = path, run
        self._clients = threading.BoundedSemaphore(_MOST_CLIENTS)
        _remove_stale(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            self._socket.bind(str(path))
        except OSError as error:
            self._socket.close()
            raise OutputError(
                f"cannot make the control socket {path}: {error.strerror or error}. Choose a "
                "short path in a folder that exists."
            ) from error
        finally:
            os.umask(before)
        self._socket.listen(_MOST_CLIENTS)
        threading.Thread(target=self._listen, name="stylereel-live-control", daemon=True).start()

    @classmethod
    @contextlib.contextmanager
    def at(cls, path: str | Path | None, run: Controlled) -> Iterator[None]:
        """The socket as long as the block lasts; none without a path."""
        if path is None:
            yield
            return
        control = cls(Path(path).expanduser(), run)
        try:
            yield
        finally:
            control.close()

    def close(self) -> None:
        """Listen no more and remove the socket."""
        with contextlib.suppress(OSError):
            self._path.unlink()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            if not self._clients.acquire(blocking=False):
                client.close()
                continue
            threading.Thread(
                target=self._serve, args=(client,), name="stylereel-live-control", daemon=True
            ).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            with client, client.makefile("rb") as lines, contextlib.suppress(OSError):
                while line := lines.readline(_LONGEST_LINE_BYTES):
                    if not line.endswith(b"\n") and len(line) >= _LONGEST_LINE_BYTES:
                        reply: dict[str, Any] = {"ok": False, "error": "a line is at most 64 KiB long."}
                        client.sendall(json.dumps(reply).encode() + b"\n")
                        return
                    if line.strip():
                        client.sendall(json.dumps(answered(line, self._run)).encode() + b"\n")
        finally:
            self._clients.release()


def _remove_stale(path: Path) -> None:
    """Remove a socket that a run which was killed has left; refuse anything else."""
    if not path.exists() and not path.is_symlink():
        return
    if not path.is_socket():
        raise OutputError(f"{path} exists and is no socket: choose another name for --control.")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_CONNECT_SECONDS)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except OSError as error:
            raise OutputError(f"{path} exists and cannot be used ({error}): choose another name.") from error
    raise OutputError(f"another run listens at {path}: choose another name for --control.")
