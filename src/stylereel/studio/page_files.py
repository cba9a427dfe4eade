"""Serves the page's files, with types that do not depend on the machine, and asked for anew each time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi.staticfiles import StaticFiles
from starlette.responses import Response

PAGE_FOLDER = Path(__file__).resolve().parent / "page"

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
"""Also Windows, whose registry may call JavaScript plain text, serves modules that a browser takes."""


class PageFiles(StaticFiles):
    """The page: `/` is index.html; a file that has not changed is answered with 304."""

    def __init__(self, folder: Path = PAGE_FOLDER) -> None:
        super().__init__(directory=folder, html=True)

    def file_response(self, full_path: Any, *args: Any, **more: Any) -> Response:
        """A file, which the browser keeps and asks for again."""
        response = super().file_response(full_path, *args, **more)
        ending = Path(full_path).suffix.lower()
        if ending in TYPES and response.status_code == 200:
            response.headers["content-type"] = TYPES[ending]
        response.headers["cache-control"] = "no-cache"
        return response
