"""Uploads and results on disk: every one in a folder of its own, named by chance.

    incoming/ID             an upload on its way; removed when the studio starts
    media/ID/media.json     what it is
    media/ID/file.mp4       its content

What people call a file is kept in `media.json` alone, and never becomes a path.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import re
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Literal

from pydantic import ValidationError

from stylereel.core.memory import as_text
from stylereel.studio.events import Events
from stylereel.studio.folder import new_id, write_whole
from stylereel.studio.models import Media, Removed
from stylereel.studio.problem import Problem
from stylereel.studio.settings import StudioSettings

SPARE_BYTES = 200_000_000
"""Of the disk, left free by uploads."""
DAY_SECONDS = 86400
_NAME_CHARACTERS = 120
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")
_log = logging.getLogger(__name__)


def label(name: str, otherwise: str = "untitled") -> str:
    """What a file is called, without folders and without what cannot be shown."""
    shown = "".join(c if c.isprintable() else " " for c in name.encode("utf-8", "replace").decode())
    last = re.split(r"[/\\]", " ".join(shown.split()))[-1].strip(". ")
    if len(last) > _NAME_CHARACTERS:
        ending = suffix_of(last)
        last = last[: _NAME_CHARACTERS - len(ending)] + ending
    return last or otherwise


def suffix_of(name: str) -> str:
    """The ending of a label where it is an ordinary one, lower case, else ""."""
    suffix = Path(name).suffix.lower()
    return suffix if _SUFFIX.fullmatch(suffix) else ""


class MediaShelf:
    """All media of a studio. Every method may be called from any thread.

    Attributes:
        is_in_use: says of an id whether a job needs it; such media is neither removed nor expires.
        before_removal: called with the path of a file that is about to go: who has it open closes it.
    """

    def __init__(
        self, settings: StudioSettings, events: Events, clock: Callable[[], float] = time.time
    ) -> None:
        self._settings, self._events, self._clock = settings, events, clock
        self._media_folder, self._incoming_folder = settings.folder / "media", settings.folder / "incoming"
        self._lock = threading.RLock()
        self._media: dict[str, Media] = {}
        self._uploads = 0
        self.is_in_use: Callable[[str], bool] = lambda _: False
        self.before_removal: list[Callable[[Path], object]] = []
        shutil.rmtree(self._incoming_folder, ignore_errors=True)
        for folder in (self._incoming_folder, self._media_folder):
            folder.mkdir(parents=True, exist_ok=True)
        self._load()

    def _load(self) -> None:
        for folder in self._media_folder.iterdir():
            try:
                media = Media.model_validate_json((folder / "media.json").read_bytes())
                if media.id != folder.name or not _content_of(folder):
                    raise ValueError("half of it is missing")
                self._media[media.id] = media
            except (OSError, ValueError, ValidationError) as error:
                _log.warning("%s is no media of the studio (%s): removed", folder, type(error).__name__)
                shutil.rmtree(folder, ignore_errors=True)

    def all(self) -> list[Media]:
        """Every media, the newest first."""
        with self._lock:
            return sorted(self._media.values(), key=lambda media: -media.created)

    def get(self, media_id: str) -> Media:
        """One of them.

        Raises:
            Problem: 404, there is none of that id.
        """
        with self._lock:
            found = self._media.get(media_id)
        if found is None:
            raise Problem(
                404,
                "There is no such media: it was deleted, or it expired.",
                "Upload it again.",
            )
        return found

    def has(self, media_id: str) -> bool:
        """It is still there."""
        with self._lock:
            return media_id in self._media

    def path(self, media_id: str) -> Path:
        """Where its content lies. Errors as `get`."""
        found = _content_of(self._media_folder / self.get(media_id).id)
        if found is None:
            raise Problem(410, "The file of this media is gone from the studio's folder.", "Upload it again.")
        return found

    def incoming(self, stated_bytes: int | None) -> Incoming:
        """A place for an upload of so many bytes, where its sender says how many.

        Raises:
            Problem: 413, it is too large; 429, too many arrive; 507, the disk is full.
        """
        most = self._settings.upload_bytes
        if stated_bytes is not None and stated_bytes > most:
            raise too_large(most)
        free = shutil.disk_usage(self._settings.folder).free - SPARE_BYTES
        if free < (stated_bytes or 0):
            raise disk_full(self._settings.folder, stated_bytes)
        with self._lock:
            if self._uploads >= self._settings.uploads_at_once:
                raise Problem(
                    429,
                    f"{self._uploads} uploads arrive already, as many as this studio takes at a time.",
                    "Wait until one is done, then send it again.",
                    {"retry-after": "5"},
                )
            self._uploads += 1
        try:
            return Incoming(self._incoming_folder / new_id(), most, self._left)
        except OSError as error:
            self._left()
            raise _not_written(self._settings.folder, error) from error

    def _left(self) -> None:
        with self._lock:
            self._uploads -= 1

    def keep(
        self,
        file: Path,
        name: str,
        facts: dict[str, Any],
        *,
        origin: Literal["upload", "result"],
        job: str | None = None,
    ) -> Media:
        """Move a file in, and tell of it.

        Args:
            file: whole, on the same disk.
            name: its label.
            facts: fields of `actions.media_facts.MediaFacts`.
            origin: where it came from.
            job: that made it.
        """
        now, name = self._clock(), label(name)
        media = Media(
            **facts,
            id=new_id(),
            name=name,
            origin=origin,
            job=job,
            bytes=file.stat().st_size,
            created=now,
            expires=now + self._settings.keep_days * DAY_SECONDS,
        )
        folder = self._media_folder / media.id
        try:
            folder.mkdir()
            os.replace(file, folder / f"file{suffix_of(name)}")
            write_whole(folder / "media.json", media.model_dump_json(indent=1).encode())
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise _not_written(self._settings.folder, error) from error
        with self._lock:
            self._media[media.id] = media
        self._events.publish("media", media)
        return media

    def remove(self, media_id: str) -> None:
        """Delete it.

        Raises:
            Problem: 404, there is none; 409, a job needs it.
        """
        media = self.get(media_id)
        if not self._removed(media_id):
            raise Problem(
                409, f"A job needs '{media.name}'.", "Cancel that job first, or wait until it is done."
            )

    def remove_all(self) -> Removed:
        """Delete all that no job needs."""
        return self._remove([media.id for media in self.all()])

    def remove_expired(self) -> Removed:
        """Delete what has lain long enough."""
        now = self._clock()
        return self._remove([media.id for media in self.all() if media.expires <= now])

    def _remove(self, ids: list[str]) -> Removed:
        removed = [media_id for media_id in ids if self._removed(media_id)]
        return Removed(removed=removed, kept=[media_id for media_id in ids if media_id not in removed])

    def _removed(self, media_id: str) -> bool:
        if self.is_in_use(media_id):  # asked without our lock: whoever answers has one too
            return False
        with self._lock:
            if self._media.pop(media_id, None) is None:
                return True
        folder = self._media_folder / media_id
        content = _content_of(folder)
        if content is not None:
            for let_go in self.before_removal:
                let_go(content)
        with contextlib.suppress(OSError):  # what is half removed when this ends is removed at the next start
            (folder / "media.json").unlink()
        shutil.rmtree(folder, ignore_errors=True)
        self._events.publish("removed", Removed(removed=[media_id]))
        return True


class Incoming:
    """An upload on its way: write what arrives, then `finish`, and `discard` in any case.

    Attributes:
        path: where it lies.
        bytes: that have arrived.
    """

    def __init__(self, path: Path, most_bytes: int, when_over: Callable[[], None]) -> None:
        self.path, self.bytes = path, 0
        self._most_bytes, self._when_over = most_bytes, when_over
        self._file: IO[bytes] = path.open("xb")

    def write(self, data: bytes) -> None:
        """Take what arrived.

        Raises:
            Problem: 413, that is too much; 507, the disk is full.
        """
        self.bytes += len(data)
        if self.bytes > self._most_bytes:
            raise too_large(self._most_bytes)
        try:
            self._file.write(data)
        except OSError as error:
            raise _not_written(self.path.parent.parent, error) from error

    def finish(self, name: str) -> Path:
        """Everything has arrived: close it and give it the ending of its label; its path."""
        try:
            self._file.close()
            renamed = self.path.with_name(self.path.name + suffix_of(name))
            os.replace(self.path, renamed)
        except OSError as error:
            raise _not_written(self.path.parent.parent, error) from error
        self.path = renamed
        return renamed

    def discard(self) -> None:
        """Remove what is still here; to be called once, at the end."""
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)
        self._when_over()


def too_large(most_bytes: int) -> Problem:
    """What is told of an upload over the limit."""
    return Problem(
        413,
        f"The file is larger than {as_text(most_bytes)}, the most that this studio takes.",
        "Cut or shrink it, or start the studio with a larger --max-upload.",
    )


def disk_full(folder: Path, needed_bytes: int | None = None) -> Problem:
    """What is told where the studio's disk has no room."""
    size = "" if needed_bytes is None else f" for {as_text(needed_bytes)}"
    return Problem(
        507,
        f"The disk that {folder} lies on has no room{size}.",
        "Delete results that you have downloaded, or start the studio with another --folder.",
    )


def _not_written(folder: Path, error: OSError) -> Problem:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return disk_full(folder)
    return Problem(
        500,
        f"The studio cannot write to {folder}: {error.strerror or error}.",
        "Check its rights.",
    )


def _content_of(folder: Path) -> Path | None:
    return next((path for path in folder.glob("file*") if path.is_file()), None)
