"""`stylereel serve`: the studio's API alone, for other programs."""

from __future__ import annotations

import typer

from stylereel.cli.studio import (
    AS_JSON,
    FOLDER,
    HOST,
    JOBS,
    KEEP_DAYS,
    MAX_UPLOAD,
    PORT,
    TOKEN,
    WAITING,
    run_studio,
    settings_of,
)

EPILOG = """[bold]Examples[/bold]

  stylereel serve

  stylereel serve --port 0 --folder jobs --jobs 2 --json

  stylereel serve --host 0.0.0.0 --token correct-horse-battery --max-upload 500MB

  curl -T in.mp4 -X POST "http://127.0.0.1:7860/api/media?name=in.mp4"

The addresses are described at /api/docs, and as OpenAPI at /api/openapi.json.
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve", epilog=EPILOG, help="Serve looks to other programs over HTTP: the studio, no page.")(
        _serve
    )


def _serve(
    port: PORT = 7860,
    host: HOST = "127.0.0.1",
    folder: FOLDER = None,
    keep_days: KEEP_DAYS = 7,
    jobs: JOBS = 1,
    waiting: WAITING = 20,
    token: TOKEN = None,
    max_upload: MAX_UPLOAD = "8GB",
    as_json: AS_JSON = False,
) -> None:
    settings = settings_of(host, port, folder, keep_days, jobs, waiting, token, max_upload, page=False)
    run_studio(settings, opens_browser=False, as_json=as_json)
