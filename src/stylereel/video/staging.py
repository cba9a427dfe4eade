"""Outputs appear whole or not at all: a temporary name beside the output, renamed at the end."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from stylereel.core.errors import OutputError, StylereelError

_ADVICE = {
    errno.ENOSPC: "the disk is full. Free some space, or write to another disk",
    errno.EDQUOT: "your disk quota is used up. Free some space, or write to another disk",
    errno.EFBIG: "the file grew over the largest size allowed. Use another disk, or a lower quality",
    errno.EACCES: "permission denied. Write to a folder that you may change",
    errno.EPERM: "permission denied. Write to a folder that you may change",
    errno.EROFS: "the disk is read-only. Write to another disk",
    errno.ENAMETOOLONG: "the name is too long. Use a shorter one",
    errno.EIO: "the disk reported an error. Check it, or write to another disk",
}


_PARTIAL = re.compile(r"\..*\.partial-(\d{1,18})(\.[^.]*)?", re.S)


def output_error(path: Path, error: BaseException) -> OutputError:
    """An `OutputError` for a failed write, with advice by its errno."""
    code = getattr(error, "errno", None)
    text = _ADVICE.get(code or 0) or getattr(error, "strerror", None) or str(error) or repr(error)
    return OutputError(f"cannot write {path}: {text}. Nothing was left under that name")


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong while writing `path` into `OutputError`, deliberate errors excepted."""
    try:
        yield
    except StylereelError:
        raise
    except (OSError, ValueError, RuntimeError, MemoryError, LookupError) as error:
        raise output_error(path, error) from error
    except Exception as error:  # FFmpeg's own errors are no builtins for some codes
        if type(error).__module__.startswith("av."):
            raise output_error(path, error) from error
        raise


def check_output(
    output: Path, source: Path | None, *, overwrite: bool, is_folder: bool, makes_folder: bool = False
) -> None:
    """Refuse an output that must not or cannot be written, before any work.

    `makes_folder`: the folder that it goes into will be made where it is missing.

    Raises:
        OutputError: it exists and `overwrite` is off; it is the source itself, under whatever name; its
            folder is missing or cannot be written to.
    """
    parent = output.resolve().parent
    while makes_folder and not parent.exists():
        parent = parent.parent
    if not parent.exists():
        raise OutputError(f"cannot write {output}: the folder {parent} does not exist. Make it first")
    if not parent.is_dir():
        raise OutputError(f"cannot write {output}: {parent} is no folder")
    if source is not None and _same(output, source):
        raise OutputError(
            f"the output {output} is the input itself, which would be lost. Choose another name"
        )
    if is_folder and output.is_dir():
        if any(output.iterdir()) and not overwrite:
            raise OutputError(
                f"the folder {output} exists and is not empty. Choose another, or add --overwrite to replace "
                "the pictures of the same names in it"
            )
    elif output.is_dir():
        raise OutputError(f"cannot write {output}: a folder of that name exists. Choose another name")
    elif output.exists() and is_folder:
        raise OutputError(
            f"cannot write the folder {output}: a file of that name exists. Choose another name"
        )
    elif output.exists() and not overwrite:
        raise OutputError(f"{output} exists. Choose another name, or add --overwrite to replace it")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise output_error(output, PermissionError(errno.EACCES, "permission denied"))


def _same(output: Path, source: Path) -> bool:
    try:
        return output.resolve() == source.resolve() or output.samefile(source)
    except OSError:
        return False


def sweep_partials(output: Path) -> None:
    """Remove the half-written files that killed runs left beside `output`; never fails.

    Call it while `output` is locked. Those of processes that live are left: not every writer locks.
    """
    with contextlib.suppress(OSError):
        for path in output.parent.iterdir():
            found = _PARTIAL.fullmatch(path.name)
            is_ours = found and path.name in (
                _partial_name(output, found[1]),
                _partial_name(output, found[1], is_folder=True),
            )
            if not found or not is_ours or _lives(int(found[1])):
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _lives(process: int) -> bool:
    if process == os.getpid():
        return True
    if os.name == "nt":  # there a signal of 0 would end it; a file in use cannot be removed anyway
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def _partial_name(output: Path, process: int | str, *, is_folder: bool = False) -> str:
    stem, ending = (output.name, "") if is_folder else (output.stem, output.suffix)
    return f".{stem.encode()[:120].decode(errors='ignore')}.partial-{process}{ending}"


class StagedFile:
    """A file that is written as `.NAME.partial-PID.ENDING` and becomes `output` when whole."""

    def __init__(self, output: Path) -> None:
        self.output = output.resolve()
        self.path = self.output.with_name(_partial_name(self.output, os.getpid()))
        with writing(output):
            self.path.unlink(missing_ok=True)
            self.path.touch(exist_ok=False)

    def publish(self, *, overwrite: bool) -> int:
        """Give the file its name; returns its size in bytes."""
        if self.output.exists() and not overwrite:
            self.discard()
            raise OutputError(f"{self.output} was made by something else meanwhile; it was left as it is")
        with writing(self.output):
            os.replace(self.path, self.output)
            return self.output.stat().st_size

    def discard(self) -> None:
        """Remove the temporary file; never fails."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)


class StagedFolder:
    """A folder that is filled under a temporary name; its files move to `output` when all are there."""

    def __init__(self, output: Path, kept: Path | None = None) -> None:
        """`kept`: a folder to fill instead, which belongs to somebody else and outlives `discard`."""
        self.output = output.resolve()
        self._is_kept = kept is not None
        self.path = kept or self.output.with_name(_partial_name(self.output, os.getpid(), is_folder=True))
        with writing(output):
            if kept is None:
                shutil.rmtree(self.path, ignore_errors=True)
            self.path.mkdir(exist_ok=self._is_kept)

    def publish(self, *, overwrite: bool) -> int:
        """Move the files to their place; returns their size in bytes together."""
        with writing(self.output):
            files = sorted(self.path.iterdir())
            size = sum(file.stat().st_size for file in files)
            if self.output.exists():
                clash = next((file.name for file in files if (self.output / file.name).exists()), None)
                if clash and not overwrite:
                    self.discard()
                    raise OutputError(
                        f"{self.output / clash} was made by something else meanwhile; it was kept"
                    )
                for file in files:
                    os.replace(file, self.output / file.name)
                self.path.rmdir()
            else:
                os.replace(self.path, self.output)
            return size

    def discard(self) -> None:
        """Remove the temporary folder, unless it is somebody else's; never fails."""
        if self._is_kept:
            return
        shutil.rmtree(self.path, ignore_errors=True)
