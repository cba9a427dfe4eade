"""`stylereel studio`: the page in a browser, and the API under it."""

from __future__ import annotations

import importlib.util
import os
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stylereel.cli.console import print_json, say

if TYPE_CHECKING:
    from stylereel.studio.settings import StudioSettings

NEEDED = ("fastapi", "uvicorn", "websockets")

EPILOG = """[bold]Examples[/bold]

  stylereel studio

  stylereel studio --port 8000 --no-browser

  stylereel studio --folder my-studio --keep-days 2 --max-upload 2GB

  stylereel studio --host 0.0.0.0 --token correct-horse-battery

[bold]What it does[/bold]

Everything stays on this machine: uploads and results lie in one folder, and are removed after --keep-days.

Others on the network reach it with --host 0.0.0.0 alone, and need the token that is printed; what is sent is
not encrypted, so let it be a network that you trust.

Ctrl-C ends it. Jobs that run are interrupted, and go on at its next start.
"""

HOST = Annotated[
    str,
    typer.Option(
        help="The address to listen at: 127.0.0.1 is for this machine alone, 0.0.0.0 for its whole network."
    ),
]
PORT = Annotated[int, typer.Option(help="The port to listen at; 0 takes a free one.")]
FOLDER = Annotated[
    Path | None,
    typer.Option(
        help="Where uploads, results and jobs are kept; made when absent. Each running studio needs its own.",
        show_default="in your data folder",
    ),
]
KEEP_DAYS = Annotated[
    float,
    typer.Option(help="Remove uploads, results and ended jobs after so many days; 0.5 is 12 hours."),
]
JOBS = Annotated[
    int,
    typer.Option(
        help="Exports that run at the same time. Each takes memory and all processors: more help where files "
        "are small."
    ),
]
WAITING = Annotated[int, typer.Option("--waiting", help="Jobs that may wait; more are refused.")]
TOKEN = Annotated[
    str | None,
    typer.Option(
        help="What whoever opens it has to know, at least 8 letters and digits. Without one, a host that "
        "others reach gets one of its own.",
        show_default=False,
    ),
]
MAX_UPLOAD = Annotated[str, typer.Option(metavar="SIZE", help="The largest file taken, such as 500MB.")]
AS_JSON = Annotated[
    bool, typer.Option("--json", help="Print the address, token, folder and limits as JSON on stdout.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("studio", epilog=EPILOG, help="Choose, adjust and watch looks in a browser.")(_studio)


def _studio(
    port: PORT = 7860,
    host: HOST = "127.0.0.1",
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address, and leave opening it to you.")
    ] = False,
    folder: FOLDER = None,
    keep_days: KEEP_DAYS = 7,
    jobs: JOBS = 1,
    waiting: WAITING = 20,
    token: TOKEN = None,
    max_upload: MAX_UPLOAD = "8GB",
    as_json: AS_JSON = False,
) -> None:
    settings = settings_of(host, port, folder, keep_days, jobs, waiting, token, max_upload, page=True)
    run_studio(settings, opens_browser=not no_browser, as_json=as_json)


def settings_of(
    host: str,
    port: int,
    folder: Path | None,
    keep_days: float,
    jobs: int,
    waiting: int,
    token: str | None,
    max_upload: str,
    *,
    page: bool,
) -> StudioSettings:
    """The options as settings.

    Raises:
        EnvironmentMissingError: the extra is not installed.
        UsageError: an option that cannot be right.
    """
    check_installed()
    from stylereel.core.memory import parse_bytes
    from stylereel.core.settings import make_settings
    from stylereel.studio.settings import StudioSettings

    values: dict[str, Any] = {
        "host": host, "port": port, "keep_days": keep_days, "jobs_at_once": jobs, "jobs_waiting": waiting,
        "token": token, "upload_bytes": parse_bytes(max_upload, "max-upload"), "page": page,
    }  # fmt: skip
    if folder is not None:
        values["folder"] = folder.expanduser().absolute()
    return make_settings(StudioSettings, values, "the command line")


def run_studio(settings: StudioSettings, *, opens_browser: bool, as_json: bool) -> None:
    """Serve until Ctrl-C, and say what there is to know before and after."""
    from stylereel.studio.serving import serve

    def ready(started: StudioSettings) -> None:
        _tell(started)
        if as_json:
            print_json(
                {
                    "url": started.url,
                    "token": started.token,
                    "folder": str(started.folder),
                    "limits": started.model_dump(
                        include={"upload_bytes", "jobs_at_once", "jobs_waiting", "keep_days", "live_sessions"}
                    ),
                }
            )
            sys.stdout.flush()
        if opens_browser:
            _open_browser(started.url_with_token)

    waiting = serve(settings, ready)
    jobs = "1 job goes" if waiting == 1 else f"{waiting} jobs go"
    say(f"Ended. {jobs} on at the next start." if waiting else "Ended.")


def _tell(settings: StudioSettings) -> None:
    from stylereel import __version__
    from stylereel.core.memory import as_text

    what, where = ("studio", "Open") if settings.page else ("server", "API")
    address = settings.url if settings.page else f"{settings.url}/api/docs"
    say(f"Stylereel {what} {__version__}")
    say(f"  {where:8}{settings.url_with_token if settings.page else address}")
    if settings.host in ("0.0.0.0", "::", ""):
        say(f"          from other machines: {_address_for_others(settings)}")
    if settings.token is None:
        say("  Token   none: only this machine reaches it")
    else:
        say(f"  Token   {settings.token}")
    say(f"  Folder  {settings.folder}")
    say(
        f"  Limits  uploads up to {as_text(settings.upload_bytes)}; jobs at a time: {settings.jobs_at_once}, "
        f"and one preview loop; waiting: {settings.jobs_waiting}; live sessions: {settings.live_sessions}"
    )
    say(f"  Kept    uploads, results and ended jobs: {settings.keep_days:g} days")
    say("Ctrl-C ends it; jobs that run then go on at its next start.")


def _address_for_others(settings: StudioSettings) -> str:
    """With the address that this machine has in its network; asking the routing table sends nothing."""
    family, elsewhere = (
        (socket.AF_INET6, "2001:db8::1") if settings.host == "::" else (socket.AF_INET, "192.0.2.1")
    )
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.connect((elsewhere, 9))
            return settings.model_copy(update={"host": asking.getsockname()[0]}).url_with_token
    except OSError:
        return f"this machine's address, port {settings.port}"


def _open_browser(address: str) -> None:
    """In a window, where there are windows: what a terminal would show is no page."""
    has_windows = sys.platform in ("win32", "darwin") or any(
        map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY"))
    )
    if has_windows:
        import webbrowser

        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def check_installed(what: str = "The studio") -> None:
    """`EnvironmentMissingError` where something that the studio is made of is not installed."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        from stylereel.core.errors import EnvironmentMissingError

        raise EnvironmentMissingError(
            f"{what} needs {', '.join(missing)}, which this installation lacks: run "
            'pip install "stylereel[studio]"'
        )
