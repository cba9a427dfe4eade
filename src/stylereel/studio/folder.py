"""The studio's folder on disk: one studio at a time, files that are whole or not there."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from stylereel.core.errors import OutputError

LOCK_NAME = ".lock"


def new_id() -> str:
    """32 hex characters that nobody can guess."""
    return secrets.token_hex(16)


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file by its new content; whoever reads it sees the old or the new one."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def only_studio(folder: Path) -> Iterator[None]:
    """Make the folder and hold it; the system lets go of it when this process ends, however it does.

    Raises:
        OutputError: it cannot be made or written to, or another studio holds it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (folder / LOCK_NAME).open("a+b")
    except OSError as error:
        raise OutputError(
            f"The studio cannot keep its files in {folder}: {error.strerror or error}. Name another folder: "
            "--folder FOLDER."
        ) from error
    with lock:
        if not _taken(lock):
            raise OutputError(
                f"Another studio keeps its files in {folder}: open that one, end it first, or name another "
                "folder: --folder FOLDER."
            )
        yield


@contextlib.contextmanager
def only_child(folder: Path, seconds: float) -> Iterator[None]:
    """Hold a job's folder; an earlier child, whose server is gone, may take so long to leave it.

    Raises:
        OutputError: it does not.
    """
    deadline = time.monotonic() + seconds
    with (folder / LOCK_NAME).open("a+b") as lock:
        while not _taken(lock):
            if time.monotonic() > deadline:
                raise OutputError("An earlier process still works on this job. Wait a minute")
            time.sleep(0.1)
        yield


def _taken(lock: IO[bytes]) -> bool:
    """True when the lock is ours, and where this file system has none."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(lock.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
