"""Reader, stages and writer at work at the same time, with little in memory.

    reading thread ──queue──► stages, in the caller's thread ──queue──► writing thread

Both queues are short: whoever is ahead waits, so memory does not grow with the length of the video. An error
in any of the three stops the other two and is raised to the caller, as is the caller's own KeyboardInterrupt.
What went to the writer by then is written, unless it is the writer that failed: whoever was told of a frame,
or keeps what is finished, loses none of it. A second Ctrl-C does not wait for that.
A source that gives no frame for minutes is taken for stalled; the thread that waits for it is left behind.
"""

from __future__ import annotations

import contextlib
import math
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from stylereel.core.frames import Frame, FrameBatch, Stage
from stylereel.core.patience import STALL_SECONDS, stalled

QUEUE_FRAMES = 4
_POLL_SECONDS = 0.1
_PATIENCE_SECONDS = 10.0
_END = object()


def run_engine(
    frames: Iterable[Frame],
    stages: Sequence[Stage],
    write: Callable[[Frame], object],
    *,
    on_frame: Callable[[Frame], object] | None = None,
    queue_frames: int = QUEUE_FRAMES,
    stall_seconds: float | None = STALL_SECONDS,
) -> int:
    """Draw `frames` through `stages` into `write`, overlapped.

    Args:
        frames: read in a thread of its own.
        stages: applied in order, in the caller's thread.
        write: called in a thread of its own, once for each frame, in order.
        on_frame: called in the caller's thread after a frame went to the writer.
        queue_frames: how many frames may wait on each side.
        stall_seconds: how long to wait for a frame; None waits for ever, as for a live source.

    Returns:
        How many frames went to the writer. All of them are written when this returns.

    Raises:
        StalledError: no frame came for `stall_seconds`.
        BaseException: the first one raised by any of the parts. What went to the writer is written, where it
            can be and within some seconds. Both threads have ended by then, except that
            one which hangs in reading is left behind after some seconds; it ends with its read.
    """
    lanes = _Lanes(queue_frames)
    reading = threading.Thread(
        target=lanes.guard, args=(_read, frames, lanes), name="stylereel-read", daemon=True
    )
    writing = threading.Thread(
        target=lanes.guard, args=(_write, write, lanes), name="stylereel-write", daemon=True
    )
    reading.start()
    writing.start()
    count = 0
    try:
        batches: Iterator[FrameBatch] = ([frame] for frame in lanes.taken(lanes.read, stall_seconds))
        for stage in stages:
            batches = stage(batches)
        for batch in batches:
            for frame in batch:
                lanes.give(lanes.made, frame)
                count += 1
                if on_frame is not None:
                    on_frame(frame)
        lanes.give(lanes.made, _END)
        writing_done = _wait(writing, lanes)
        if not writing_done:
            raise _Stopped
    except _Stopped:
        pass
    except BaseException as error:
        lanes.fail(error)
    finally:
        if lanes.failure is not None:
            lanes.stop.set()
            _let_finish(writing, lanes)
        _join(writing)
        _join(reading, _PATIENCE_SECONDS)
    if lanes.failure is not None:
        raise lanes.failure
    return count


class _Stopped(Exception):
    """Another part failed: leave quietly, its error is kept."""


class _Lanes:
    """The two queues, the stop signs and the first failure.

    At `stop` nothing new is begun, and what was made is written; at `halt` it is not.
    """

    def __init__(self, queue_frames: int) -> None:
        self.read: queue.Queue[Any] = queue.Queue(queue_frames)
        self.made: queue.Queue[Any] = queue.Queue(queue_frames)
        self.stop, self.halt = threading.Event(), threading.Event()
        self.failure: BaseException | None = None
        self._lock = threading.Lock()

    def fail(self, error: BaseException) -> None:
        """Keep the first failure and tell everyone to stop."""
        with self._lock:
            if self.failure is None:
                self.failure = error
        self.stop.set()

    def guard(self, part: Callable[..., None], *arguments: Any) -> None:
        """Run one thread's part and carry its error over to the caller."""
        try:
            part(*arguments)
        except _Stopped:
            pass
        except BaseException as error:
            self.fail(error)

    def give(self, lane: queue.Queue[Any], item: Any) -> None:
        """Put an item, waiting for room unless told to stop."""
        while not self.stop.is_set():
            try:
                return lane.put(item, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
        raise _Stopped

    def taken(self, lane: queue.Queue[Any], stall_seconds: float | None = None) -> Iterator[Any]:
        """The items of a lane until its end, unless told to stop."""
        waiting_since = time.monotonic()
        while not self.stop.is_set():
            try:
                item = lane.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                if stall_seconds is not None and time.monotonic() - waiting_since > stall_seconds:
                    raise stalled(stall_seconds) from None
                continue
            if item is _END:
                return
            yield item
            waiting_since = time.monotonic()
        raise _Stopped

    def handed_over(self) -> Iterator[Any]:
        """What was made, until its end; after a stop as far as it goes, unless told to halt."""
        while not self.halt.is_set():
            stopped = self.stop.is_set()  # before looking: nothing is added after a stop
            try:
                item = self.made.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                if stopped:
                    break
                continue
            if item is _END:
                return
            yield item
        raise _Stopped


def _read(frames: Iterable[Frame], lanes: _Lanes) -> None:
    for frame in frames:
        lanes.give(lanes.read, frame)
    lanes.give(lanes.read, _END)


def _write(write: Callable[[Frame], object], lanes: _Lanes) -> None:
    for frame in lanes.handed_over():
        write(frame)


def _let_finish(writing: threading.Thread, lanes: _Lanes) -> None:
    """Wait until what was made is written, for a while, and not through a second Ctrl-C."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    try:
        while writing.is_alive() and time.monotonic() < deadline:
            writing.join(_POLL_SECONDS)
    except KeyboardInterrupt:
        pass
    finally:
        lanes.halt.set()


def _join(thread: threading.Thread, at_most_seconds: float = math.inf) -> None:
    """Wait for a thread that was told to stop; an impatient second Ctrl-C must not leave it at work."""
    deadline = time.monotonic() + at_most_seconds
    while thread.is_alive() and time.monotonic() < deadline:
        with contextlib.suppress(KeyboardInterrupt):
            thread.join(_POLL_SECONDS)


def _wait(thread: threading.Thread, lanes: _Lanes) -> bool:
    """Wait for a thread in steps that leave Ctrl-C a chance; False when it failed."""
    while thread.is_alive():
        thread.join(_POLL_SECONDS)
    return lanes.failure is None
