"""Tells every open page what changes: server-sent events."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass

from pydantic import BaseModel

KEEP_ALIVE_SECONDS = 15.0
_MOST_WAITING = 500
"""Events that one listener may be behind; it is let go then, comes again, and is told everything anew."""
MOST_LISTENERS = 100


@dataclass(frozen=True)
class _Listener:
    loop: asyncio.AbstractEventLoop
    queue: asyncio.Queue[bytes | None]

    def put(self, item: bytes | None) -> None:
        with contextlib.suppress(RuntimeError):  # its loop has ended
            self.loop.call_soon_threadsafe(self._put_now, item)

    def _put_now(self, item: bytes | None) -> None:
        if self.queue.qsize() >= _MOST_WAITING:
            item = None
        self.queue.put_nowait(item)


class Events:
    """Publish from any thread; stream in an event loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: set[_Listener] = set()
        self._has_ended = False

    def publish(self, kind: str, data: BaseModel) -> None:
        """Tell all who listen."""
        told = as_event(kind, data)
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener.put(told)

    @property
    def is_full(self) -> bool:
        """No more may listen."""
        return len(self._listeners) >= MOST_LISTENERS

    async def stream(self, now: Callable[[], Iterable[bytes]]) -> AsyncIterator[bytes]:
        """What is so `now`, then what changes, as it does; a comment now and then keeps it open."""
        listener = _Listener(asyncio.get_running_loop(), asyncio.Queue())
        with self._lock:
            self._listeners.add(listener)
        try:
            yield b"retry: 1000\n\n"
            for told in now():
                yield told
            while not self._has_ended:
                try:
                    told = await asyncio.wait_for(listener.queue.get(), KEEP_ALIVE_SECONDS)
                except TimeoutError:
                    told = b": still here\n\n"
                if told is None:
                    return
                yield told
        finally:
            with self._lock:
                self._listeners.discard(listener)

    def end(self) -> None:
        """Let all who listen go."""
        self._has_ended = True
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener.put(None)


def as_event(kind: str, data: BaseModel) -> bytes:
    """One event as it goes over the wire."""
    return f"event: {kind}\ndata: {data.model_dump_json()}\n\n".encode()
