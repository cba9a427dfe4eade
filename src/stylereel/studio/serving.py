"""Serves a studio until somebody ends it."""

from __future__ import annotations

import contextlib
import errno
import socket
import sys
from collections.abc import Callable

import uvicorn

from stylereel.core.errors import UsageError
from stylereel.studio.app import create_app
from stylereel.studio.house import House, open_house
from stylereel.studio.settings import StudioSettings, made_safe

_GRACE_SECONDS = 3
_WAITING_CONNECTIONS = 128
_PING_SECONDS = 5.0
"""A live client that neither reads nor answers for twice as long is let go, and its place is free."""


class StudioServer(uvicorn.Server):
    """A server of one studio; `should_exit = True` ends it from any thread."""

    def __init__(self, house: House) -> None:
        super().__init__(
            uvicorn.Config(
                create_app(house),
                log_level="warning",
                access_log=False,
                ws="websockets-sansio",
                ws_per_message_deflate=False,
                ws_ping_interval=_PING_SECONDS,
                ws_ping_timeout=2 * _PING_SECONDS,
                server_header=False,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self.house = house

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what streams for ever first, so that connections close by themselves."""
        self.house.end()
        await super().shutdown(sockets)


def bound_socket(settings: StudioSettings) -> socket.socket:
    """A socket at the address that was asked for.

    Raises:
        UsageError: the port is taken or not allowed, or the host is none of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host or None, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        if sys.platform != "win32":  # where this would share a port that is taken
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_WAITING_CONNECTIONS)
    except OSError as error:
        raise UsageError(_why_not(settings, error)) from error
    return listening


def _why_not(settings: StudioSettings, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        other = settings.port + 1 if settings.port < 65535 else settings.port - 1
        return (
            f"Port {settings.port} is taken, perhaps by a studio that runs already: look at {settings.url}. "
            f"Else choose another port: --port {other}."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Port {settings.port} is not for ordinary programs: take one from 1024, such as --port 7860."
    return (
        f"This machine cannot listen at {settings.host} ({error.strerror or error}): name an address of its "
        "own, such as --host 127.0.0.1 for this machine alone, or --host 0.0.0.0 for the network."
    )


def serve(settings: StudioSettings, on_ready: Callable[[StudioSettings], None] | None = None) -> int:
    """Serve a studio until SIGINT or SIGTERM.

    Args:
        settings: how; a host that others can reach gets a token where it has none.
        on_ready: called with the settings, the real port and token in them, when connections are taken.

    Returns:
        How many jobs go on at the next start.

    Raises:
        UsageError: the address cannot be listened at.
        InputError: the folder cannot be used, or another studio uses it.
    """
    listening = bound_socket(settings)
    try:
        port = listening.getsockname()[1]
        settings = made_safe(settings.model_copy(update={"port": port}))
        house = open_house(settings)
        if on_ready is not None:
            house.when_opening(lambda: on_ready(settings))
        server = StudioServer(house)
        try:
            with contextlib.suppress(KeyboardInterrupt):
                server.run(sockets=[listening])
        finally:
            house.close()
    finally:
        listening.close()
    if not server.started:
        raise RuntimeError("the server did not start")
    return sum(job.state == "waiting" for job in house.jobs.all())
