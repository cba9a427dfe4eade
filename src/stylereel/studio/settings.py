"""What a studio is started with."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

from pydantic import Field

from stylereel.core.settings import Settings

GIGABYTE = 10**9
DEFAULT_PORT = 7860
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


def studio_folder() -> Path:
    """Where a studio keeps uploads, results and jobs where nothing else is said. May not exist yet."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "stylereel" / "studio"


class StudioSettings(Settings):
    """A studio, as it was asked for."""

    folder: Path = Field(default_factory=studio_folder)
    """Everything that the studio keeps lies in here."""
    host: str = "127.0.0.1"
    """The address that it listens at."""
    port: int = Field(default=DEFAULT_PORT, ge=0, le=65535)
    """The port that it listens at; 0 takes a free one."""
    token: str | None = Field(default=None, min_length=8, max_length=200, pattern=r"^[A-Za-z0-9._~-]+$")
    """The secret that every request has to bring; None for none, which only a loopback host may have."""
    page: bool = True
    """The page is served beside the API."""
    keep_days: float = Field(default=7.0, gt=0, le=36500)
    """Uploads, results and ended jobs are removed after so many days."""
    jobs_at_once: int = Field(default=1, ge=1, le=64)
    """Jobs that run at the same time."""
    jobs_waiting: int = Field(default=20, ge=1, le=1000)
    """Jobs that may wait; more are refused."""
    upload_bytes: int = Field(default=8 * GIGABYTE, ge=1)
    """The largest upload."""
    uploads_at_once: int = Field(default=4, ge=1, le=64)
    """Uploads that may arrive at the same time; more are refused."""
    live_sessions: int = Field(default=2, ge=1, le=64)
    """Live sessions at the same time."""

    @property
    def is_on_loopback(self) -> bool:
        """Nobody but this machine can reach it."""
        return self.host in LOOPBACK_HOSTS or self.host.startswith("127.")

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def url_with_token(self) -> str:
        """The same, so that a browser is let in."""
        return self.url if self.token is None else f"{self.url}/?token={self.token}"


def made_safe(settings: StudioSettings) -> StudioSettings:
    """The same with a token where others than this machine could reach it and none was chosen."""
    if settings.is_on_loopback or settings.token is not None:
        return settings
    return settings.model_copy(update={"token": secrets.token_urlsafe(24)})
