"""Frames of a few sources, decoded once and kept: what previews are painted on."""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stylereel.actions.run_memory import reading_room
from stylereel.core.errors import MissingInputError
from stylereel.core.paths import check_can_be
from stylereel.core.pixels import resize
from stylereel.video.info import SourceInfo
from stylereel.video.scrubber import Scrubber, ShownFrame

MOST_OPEN = 3
"""Files that stay open, each with a decoder and the frames that lie at hand in it."""
_TIMES_KEPT = 4096

SourceKey = tuple[str, int, int]
"""A file as it is now: its path, when it was changed, its size."""


class ArrayCache:
    """Arrays by key, the ones that were longest not asked for let go first.

    Args:
        most_bytes: that they may have together.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes, self.held_bytes = most_bytes, 0
        self._kept: OrderedDict[tuple[Any, ...], np.ndarray] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[Any, ...]) -> np.ndarray | None:
        """What was kept under a key, or None."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def keep(self, key: tuple[Any, ...], array: np.ndarray) -> np.ndarray:
        """Keep an array, which nobody may write to from now on, unless it is larger than all there may be."""
        array.flags.writeable = False
        with self._lock:
            before = self._kept.pop(key, None)
            self.held_bytes -= 0 if before is None else before.nbytes
            if array.nbytes <= self._most_bytes:
                self._kept[key] = array
                self.held_bytes += array.nbytes
            while self.held_bytes > self._most_bytes:
                self.held_bytes -= self._kept.popitem(last=False)[1].nbytes
        return array

    def forget(self, path: str) -> None:
        """Let go of all that was kept of a source; every key begins with a `SourceKey`."""
        with self._lock:
            for key in [key for key in self._kept if key[0][0] == path]:
                self.held_bytes -= self._kept.pop(key).nbytes

    def clear(self) -> None:
        """Let go of all."""
        with self._lock:
            self._kept.clear()
            self.held_bytes = 0


@dataclass(eq=False)
class _OpenSource:
    scrubber: Scrubber
    lock: threading.Lock
    is_closed: bool = False


class FrameShelf:
    """Frames of sources at any time and size; for several threads.

    Args:
        cache: keeps them.
    """

    def __init__(self, cache: ArrayCache) -> None:
        self._cache = cache
        self._lock = threading.Lock()
        self._open: OrderedDict[SourceKey, _OpenSource] = OrderedDict()
        self._began: OrderedDict[tuple[SourceKey, float], float] = OrderedDict()
        self._infos: OrderedDict[SourceKey, SourceInfo] = OrderedDict()

    def info(self, source: str | Path) -> SourceInfo:
        """What is known of a source. Errors as `probe.probe`."""
        key = key_of(source)
        with self._lock:
            known = self._infos.get(key)
        return known or self._opened(key).scrubber.info

    def kept(self, source: str | Path, seconds: float) -> tuple[SourceKey, ShownFrame] | None:
        """As `at`, where it is at hand; None where the file would have to be read."""
        key = key_of(source)
        shown = self._kept_at(key, seconds)
        return None if shown is None else (key, shown)

    def at(self, source: str | Path, seconds: float) -> tuple[SourceKey, ShownFrame]:
        """The frame that is seen at a time, at its own size. Errors as those of `Scrubber`."""
        key, shown = key_of(source), None
        while shown is None:
            opened = self._opened(key)
            with opened.lock:
                kept = self._kept_at(key, seconds)  # another thread may have asked for the same
                if kept is not None:
                    return key, kept
                if not opened.is_closed:  # else it had to make room for others just now
                    shown = opened.scrubber.at(seconds)
        self._cache.keep((key, shown.seconds), shown.pixels)
        with self._lock:
            self._began[key, seconds] = shown.seconds
            while len(self._began) > _TIMES_KEPT:
                self._began.popitem(last=False)
        return key, shown

    def sized(self, key: SourceKey, shown: ShownFrame, size: tuple[int, int]) -> np.ndarray:
        """A frame at `(width, height)`; itself where that is its own."""
        if shown.pixels.shape[1::-1] == size:
            return shown.pixels
        at = (key, shown.seconds, size)
        found = self._cache.get(at)
        return self._cache.keep(at, resize(shown.pixels, *size)) if found is None else found

    def forget(self, source: str | Path) -> None:
        """Close a source, so that its file can be deleted, and let go of all that is kept of it."""
        path = str(Path(source).absolute())
        with self._lock:
            gone = [self._open.pop(key) for key in list(self._open) if key[0] == path]
            for key in [key for key in self._infos if key[0] == path]:
                del self._infos[key]
        _close(gone)
        self._cache.forget(path)

    def close(self) -> None:
        """Close all sources."""
        with self._lock:
            gone = list(self._open.values())
            self._open.clear()
            self._began.clear()
            self._infos.clear()
        _close(gone)

    def _kept_at(self, key: SourceKey, seconds: float) -> ShownFrame | None:
        with self._lock:
            began = self._began.get((key, seconds))
        pixels = None if began is None else self._cache.get((key, began))
        return None if pixels is None or began is None else ShownFrame(began, pixels)

    def _opened(self, key: SourceKey) -> _OpenSource:
        with self._lock:
            found = self._open.get(key)
            if found is not None:
                self._open.move_to_end(key)
                return found
        opened = _OpenSource(Scrubber(key[0], room=reading_room(None)), threading.Lock())
        with self._lock:
            already = self._open.get(key)
            if already is None:
                self._open[key] = opened
                self._infos[key] = opened.scrubber.info
            gone = [self._open.popitem(last=False)[1] for _ in range(len(self._open) - MOST_OPEN)]
            while len(self._infos) > _TIMES_KEPT:
                self._infos.popitem(last=False)
        _close([*gone, *([opened] if already is not None else [])])
        return already or opened


def _close(sources: list[_OpenSource]) -> None:
    for source in sources:
        with source.lock:
            source.is_closed = True
            source.scrubber.close()


def key_of(source: str | Path) -> SourceKey:
    """A source as it is now.

    Raises:
        MissingInputError: it is not there.
    """
    check_can_be(str(source))
    path = Path(source).absolute()
    with contextlib.suppress(OSError):
        found = path.stat()
        return str(path), found.st_mtime_ns, found.st_size
    raise MissingInputError(f"no such file: {path}. Check the name.")
