"""Who may ask: hosts, origins and the token are checked before any route sees a request.

A page on another site can make a browser send requests to this machine. It cannot read the token, cannot take
our host's name (that would be DNS rebinding, which the Host check ends), and cannot hide its origin.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import socket
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stylereel.studio.problem import Problem
from stylereel.studio.problems import response_to
from stylereel.studio.settings import StudioSettings

CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob: data:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
SECURITY_HEADERS = {
    "content-security-policy": CONTENT_POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(self), geolocation=(), usb=(), payment=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "cache-control": "no-store",
}
"""Of every answer, unless the route says otherwise."""
UPLOADS_PATH = "/api/media"
LONGEST_BODY_BYTES = 1_000_000
_READS = frozenset({"GET", "HEAD"})
_OWN_SITES = frozenset({"same-origin", "none"})
_WRONG_TOKEN_SECONDS = 0.3
_ASK_FOR_TOKEN = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Stylereel studio</title>
<h1>This studio asks for its token</h1>
<p>It was printed in the terminal when the studio was started.</p>
<form method="get" action="/"><label>Token <input name="token" autocomplete="off" autofocus required></label>
<button>Open the studio</button></form>
</html>
"""


def host_name(host: str) -> str:
    """The name in a Host header, lower case, without its port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.rpartition(":")[0].lower() if host.count(":") == 1 else host.lower()


def cookie_name(settings: StudioSettings) -> str:
    """Browsers keep cookies by host and not by port, so the port is in the name."""
    return f"stylereel_{settings.port}"


class Guard:
    """ASGI middleware around everything that the studio serves."""

    def __init__(self, app: ASGIApp, settings: StudioSettings) -> None:
        self._app, self._settings = app, settings
        self._names = _own_names(settings)
        self._takes_any_address = settings.host in ("0.0.0.0", "::", "")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        answer = self._foreign(scope, headers) or await self._without_token(scope, headers)
        answer = answer or _too_long(scope, headers)
        if answer is None:
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
        else:
            await answer(scope, receive, _with_headers(send))

    def _foreign(self, scope: Scope, headers: Headers) -> Response | None:
        host = headers.get("host", "")
        if not self._is_ours(host_name(host)):
            return response_to(
                Problem(
                    421,
                    f"This studio does not answer to the host name '{host[:100]}'.",
                    f"Open it at the address that it printed at its start, such as {self._settings.url}.",
                )
            )
        is_socket = scope["type"] == "websocket"
        changes = is_socket or scope["method"] not in _READS
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
        is_navigation = headers.get("sec-fetch-mode") == "navigate" and not changes
        from_elsewhere = changes and origin is not None and urlsplit(origin).netloc.lower() != host.lower()
        if from_elsewhere or (site not in _OWN_SITES and not is_navigation):
            return response_to(
                Problem(
                    403,
                    "Another web site asked for this, which the studio refuses.",
                    f"Use the page at {self._settings.url}, or a program that sends no Origin header.",
                )
            )
        return None

    def _is_ours(self, name: str) -> bool:
        if name in self._names:
            return True
        if not self._takes_any_address:
            return False
        try:  # a name can be made to point anywhere, an address cannot
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    async def _without_token(self, scope: Scope, headers: Headers) -> Response | None:
        """None where the request brings the token, or none is asked for."""
        if self._settings.token is None:
            return None
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        shown = [value for name, value in query if name == "token"]
        if shown and scope["type"] == "http" and scope["method"] in _READS:
            if self._matches(shown[-1]):
                return self._welcome(scope, [pair for pair in query if pair[0] != "token"])
        elif self._matches(_bearer(headers)) or self._matches(_cookie(headers, cookie_name(self._settings))):
            return None
        await asyncio.sleep(_WRONG_TOKEN_SECONDS)
        if not scope["path"].startswith("/api") and "text/html" in headers.get("accept", ""):
            return HTMLResponse(_ASK_FOR_TOKEN, 401)
        return response_to(
            Problem(
                401,
                "This studio asks for its token, which was printed when it was started.",
                "Open the address with ?token=... once, or send the header 'Authorization: Bearer TOKEN'.",
                {"www-authenticate": "Bearer"},
            )
        )

    def _welcome(self, scope: Scope, rest: list[tuple[str, str]]) -> Response:
        path = "/" + quote(scope["path"].lstrip("/\\"))  # never //elsewhere
        response = RedirectResponse(f"{path}?{urlencode(rest)}" if rest else path, 303)
        response.set_cookie(
            cookie_name(self._settings),
            self._settings.token or "",
            httponly=True,
            samesite="strict",
            path="/",
        )
        return response

    def _matches(self, given: str | None) -> bool:
        return given is not None and hmac.compare_digest(
            given.encode("utf-8", "surrogateescape"), (self._settings.token or "").encode()
        )


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending


def _too_long(scope: Scope, headers: Headers) -> Response | None:
    """Everything but an upload is read into memory, so it has to be short, and to say how short."""
    if scope["type"] != "http" or scope["path"] == UPLOADS_PATH:
        return None
    stated = headers.get("content-length", "0")
    if "transfer-encoding" not in headers and stated.isdigit() and int(stated) <= LONGEST_BODY_BYTES:
        return None
    return response_to(
        Problem(
            413,
            f"A request may have {LONGEST_BODY_BYTES} bytes, and has to say how many it has.",
            f"Files go to POST {UPLOADS_PATH}; JSON is sent in one piece.",
        )
    )


def _own_names(settings: StudioSettings) -> frozenset[str]:
    names = {"localhost", "127.0.0.1", "::1", settings.host.strip("[]").lower()} - {""}
    if not settings.is_on_loopback:
        name = socket.gethostname().lower()
        names |= {name, f"{name}.local"} if name else set()
    return frozenset(names)


def _bearer(headers: Headers) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _cookie(headers: Headers, name: str) -> str | None:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return None
    return None if found is None else found.value
