"""Who may ask the studio: hosts, origins and the token, before an application that answers everything."""

import asyncio
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the studio extra is not installed")

from stylereel.studio.guard import Guard
from stylereel.studio.settings import StudioSettings, made_safe

TOKEN = "correct-horse-battery"


def settings(**values) -> StudioSettings:
    return StudioSettings(folder=Path("unused"), **values)


def answer(
    guarded: StudioSettings,
    *,
    path: str = "/api/media",
    method: str = "GET",
    query: str = "",
    kind: str = "http",
    **headers: str,
) -> tuple[int | str, dict[str, str]]:
    """What comes of one request: a status, or "closed" or "open" of a WebSocket, and headers."""
    sent: list[dict] = []

    async def app(scope, receive, send):
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
        else:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    named = {"host": "127.0.0.1:7860", **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {
        "type": kind,
        "path": path,
        "method": method,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in named.items() if value],
    }
    asyncio.run(Guard(app, guarded)(scope, receive, send))
    if kind == "websocket":
        return ("open" if sent[0]["type"] == "websocket.accept" else "closed"), {}
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told


def status(*arguments, **more) -> int | str:
    return answer(*arguments, **more)[0]


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "LOCALHOST", "[::1]:7860", "127.0.0.1"])
def test_this_machines_own_names_are_answered_to(host):
    assert status(settings(), host=host) == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example:7860", "127.0.0.1.evil.example", "192.168.1.4:7860", "", "[::2]:7860", "localhost.x:1"],
)
def test_a_name_that_was_bound_to_this_machine_by_others_is_refused(host):
    assert status(settings(), host=host) == 421
    assert status(settings(), kind="websocket", host=host) == "closed"


def test_the_host_that_was_given_is_answered_to():
    given = settings(host="192.168.1.4", token=TOKEN)
    assert status(given, host="192.168.1.4:7860", authorization=f"Bearer {TOKEN}") == 200
    assert status(given, host="192.168.1.5:7860", authorization=f"Bearer {TOKEN}") == 421


def test_listening_everywhere_any_address_is_answered_to_and_no_foreign_name():
    everywhere = made_safe(settings(host="0.0.0.0"))
    bearer = f"Bearer {everywhere.token}"
    assert status(everywhere, host="10.0.0.7:7860", authorization=bearer) == 200
    assert status(everywhere, host="evil.example:7860", authorization=bearer) == 421


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH", "OPTIONS"])
@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:9999", "http://localhost:7860", "file://"]
)
def test_what_changes_something_may_not_come_from_another_origin(method, origin):
    assert status(settings(), method=method, origin=origin) == 403


def test_the_page_itself_and_programs_without_an_origin_may_change_things():
    assert (
        status(settings(), method="POST", origin="http://127.0.0.1:7860", sec_fetch_site="same-origin") == 200
    )
    assert status(settings(), method="POST") == 200
    assert status(settings(), method="POST", host="localhost:7860", origin="http://localhost:7860") == 200


def test_a_websocket_is_opened_to_the_own_origin_alone():
    assert status(settings(), kind="websocket", origin="http://127.0.0.1:7860") == "open"
    assert status(settings(), kind="websocket") == "open"
    assert status(settings(), kind="websocket", origin="http://evil.example") == "closed"
    assert status(settings(), kind="websocket", origin="null") == "closed"


def test_another_site_may_link_here_and_not_read_here():
    assert status(settings(), sec_fetch_site="cross-site", sec_fetch_mode="no-cors") == 403
    assert status(settings(), sec_fetch_site="same-site", sec_fetch_mode="cors") == 403
    assert status(settings(), path="/", sec_fetch_site="cross-site", sec_fetch_mode="navigate") == 200
    assert status(settings(), method="POST", sec_fetch_site="cross-site", sec_fetch_mode="navigate") == 403


def test_a_loopback_host_needs_no_token_and_others_get_one_that_nobody_guesses():
    assert made_safe(settings()).token is None
    first, second = (made_safe(settings(host="0.0.0.0")).token for _ in range(2))
    assert first and second and first != second and len(first) >= 32
    assert made_safe(settings(host="0.0.0.0", token=TOKEN)).token == TOKEN


def test_without_the_token_nothing_is_answered():
    guarded = settings(token=TOKEN)
    assert status(guarded) == 401
    assert status(guarded, authorization="Bearer wrong-horse-battery") == 401
    assert status(guarded, authorization=f"Basic {TOKEN}") == 401
    assert status(guarded, query="token=wrong") == 401
    assert status(guarded, kind="websocket") == "closed"
    assert status(guarded, cookie="stylereel_7860=wrong") == 401
    told, headers = answer(guarded, path="/", accept="text/html")
    assert told == 401 and headers["content-type"].startswith("text/html")


def test_with_the_token_everything_is_answered():
    guarded = settings(token=TOKEN)
    assert status(guarded, authorization=f"Bearer {TOKEN}") == 200
    assert status(guarded, cookie=f"other=1; stylereel_7860={TOKEN}") == 200
    assert status(guarded, kind="websocket", cookie=f"stylereel_7860={TOKEN}") == "open"


def test_the_token_in_an_address_becomes_a_cookie_that_scripts_and_other_sites_do_not_get():
    told, headers = answer(settings(token=TOKEN), path="/", query=f"token={TOKEN}&view=live")
    assert told == 303 and headers["location"] == "/?view=live"
    cookie = headers["set-cookie"]
    assert cookie.startswith(f"stylereel_7860={TOKEN};")
    assert "HttpOnly" in cookie and "samesite=strict" in cookie.lower()


@pytest.mark.parametrize(
    "path", ["//evil.example/", "/\\evil.example", "/%2Fevil.example", "///evil.example"]
)
def test_the_way_back_leads_to_the_studio_alone(path):
    _, headers = answer(settings(token=TOKEN), path=path, query=f"token={TOKEN}")
    assert headers["location"].startswith("/") and not headers["location"].startswith(("//", "/\\"))


def test_only_uploads_may_be_long_or_of_unknown_length():
    posted = {"method": "POST", "path": "/api/jobs"}
    assert status(settings(), **posted, content_length="1000") == 200
    assert status(settings(), **posted, content_length="1000001") == 413
    assert status(settings(), **posted, content_length="many") == 413
    assert status(settings(), **posted, transfer_encoding="chunked") == 413
    assert status(settings(), method="POST", transfer_encoding="chunked") == 200
    assert status(settings(), method="POST", content_length="8000000000") == 200


def test_every_answer_says_what_a_browser_may_do_with_it_refusals_too():
    for told in (answer(settings()), answer(settings(), host="evil.example")):
        headers = told[1]
        assert "unsafe-inline" not in headers["content-security-policy"]
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert (
            headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
        )
        assert "access-control-allow-origin" not in headers
