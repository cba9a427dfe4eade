"""Lets an iterator run ahead in a thread of its own, by a little."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Any, TypeVar

T = TypeVar("T")
_POLL_SECONDS = 0.1
_END = object()


def ahead(items: Iterator[T], waiting: int = 1) -> Iterator[T]:
    """The same items in the same order, each begun while the one before is still at work elsewhere.

    Nothing is held back: an item can be taken as soon as it is made. Closed early, it tells the thread to
    stop, which it does after the item at hand.

    Args:
        items: drawn from another thread, and from that alone.
        waiting: how many finished items may wait, beside the one in the making.

    Raises:
        BaseException: what `items` raises, where it comes in order.
    """
    lane: queue.Queue[Any] = queue.Queue(waiting)
    stop = threading.Event()

    def put(item: Any) -> None:
        while not stop.is_set():
            try:
                return lane.put(item, timeout=_POLL_SECONDS)
            except queue.Full:
                continue

    def draw() -> None:
        try:
            for item in items:
                put((item, None))
                if stop.is_set():
                    return
            put((_END, None))
        except BaseException as error:
            put((_END, error))

    threading.Thread(target=draw, name="stylereel-ahead", daemon=True).start()
    try:
        while True:
            item, error = lane.get()
            if error is not None:
                raise error
            if item is _END:
                return
            yield item
    finally:
        stop.set()
