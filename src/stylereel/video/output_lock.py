"""One run for one output: a lock beside it that ends with its holder, however that ends."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from stylereel.core.errors import OutputError
from stylereel.core.paths import check_can_be
from stylereel.video.staging import sweep_partials


@contextlib.contextmanager
def output_lock(output: str | Path) -> Iterator[None]:
    """Hold `.NAME.lock` beside `output`; what killed runs left half-written there is removed.

    The operating system lets go of the lock when its process ends, also by SIGKILL, so a file that stays
    behind locks nobody out. Where no lock can be had (a missing folder, a file system without locks) there
    is none: what cannot be written is told by `plan_output`.

    Raises:
        OutputError: another run is writing this output.
        UsageError: no file can have that name.
    """
    check_can_be(output)
    path = Path(output).resolve()
    stem = path.name.encode()[:200].decode(errors="ignore")
    lock = path.with_name(f".{stem}.lock")
    file = _locked(lock, Path(output))
    if file is None:
        yield
        return
    try:
        sweep_partials(path)
        yield
    finally:
        with contextlib.suppress(OSError):
            lock.unlink(missing_ok=True)  # while it is held, so that nobody holds a name that is gone
        file.close()


def _locked(lock: Path, output: Path) -> IO[bytes] | None:
    while True:
        try:
            file = lock.open("a+b")
        except OSError:
            return None
        try:
            if not _take(file):
                file.seek(0)
                holder = file.read(32).decode(errors="replace").strip()
                by = f" (process {holder})" if holder.isdigit() else ""
                file.close()
                raise OutputError(
                    f"another run{by} is writing {output}. Wait until it is done, or choose another name"
                )
            if not _is_at(file, lock):  # its last holder removed the name between our two steps
                file.close()
                continue
            file.truncate(0)
            file.write(str(os.getpid()).encode())
            file.flush()
        except OutputError:
            raise
        except OSError:
            file.close()
            return None
        return file


def _is_at(file: IO[bytes], lock: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), lock.stat())
    except FileNotFoundError:
        return False


def _take(file: IO[bytes]) -> bool:
    """True when the lock is ours, False when another holds it; OSError where there are no locks."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        file.seek(1 << 20)  # beyond the text, which others may read
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        finally:
            file.seek(0)
        return True
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
