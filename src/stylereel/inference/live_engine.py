"""Source, look and outputs at work at the same time, where nothing may wait for anything.

    source thread ─slot─► painting thread ─┬─slot─► output thread
                                           └─slot─► output thread

A slot holds one frame, and a newer one takes its place: so there are never more than two frames in flight,
one that waits and one that is painted, and before each output one more. What is late is dropped and counted.
An output that blocks or fails loses its own frames and nobody else's.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from stylereel.core.errors import InputError
from stylereel.core.frames import Frame, FrameBatch, Stage
from stylereel.inference.live_count import Latency, Pace
from stylereel.inference.slot import Slot
from stylereel.video.live_programme import LiveOutput, Programme

OutputState = Literal["opening", "live", "waiting", "finished", "failed", "left", "abandoned"]

_POLL_SECONDS = 0.1
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 1.0, 15.0
_SOURCE_PATIENCE_SECONDS = 1.0
_ENDED = ("finished", "failed", "left", "abandoned")


@dataclass(frozen=True)
class _Flight:
    """A frame on its way, and when it came out of the source."""

    frame: Frame
    began: float


class OutputLane:
    """One output, its slot and its thread.

    Attributes:
        output: where frames go.
        state: "opening", "live", "waiting" (to be connected again), and at last "finished", "failed", "left"
            (whoever read it went away) or "abandoned" (it did not end in time).
        frames: written.
        reason: of the last failure, or "".
        latency: from the source to having been written.
    """

    def __init__(self, output: LiveOutput, clock: Callable[[], float]) -> None:
        self.output, self._clock = output, clock
        self.slot: Slot[_Flight] = Slot()
        self.state: OutputState = "opening"
        self.frames, self.reason = 0, ""
        self.latency = Latency(clock)
        self.error: Exception | None = None

    @property
    def is_ended(self) -> bool:
        """It takes no more frames."""
        return self.state in _ENDED

    @property
    def dropped(self) -> int:
        """Frames that it was too late for, or not there for."""
        return self.slot.dropped

    def run(self, programme: Programme, both: Latency) -> None:
        """What its thread does, until the slot is closed."""
        pause = _FIRST_PAUSE_SECONDS
        while not self.slot.is_over:
            try:
                self._serve(programme, both)
                break
            except BrokenPipeError:
                self.state = "left"
                break
            except Exception as error:
                self.error, self.reason = error, str(error)
                if not self.output.comes_back or not isinstance(error, InputError):
                    self.state = "failed"
                    break
                self.state = "waiting"
                pause = self._rest(pause)
        self.slot.close()
        if not self.is_ended:
            self.state = "failed" if self.state == "waiting" else "finished"

    def _serve(self, programme: Programme, both: Latency) -> None:
        self.output.open(programme)
        while not self.slot.is_over:
            flight = self.slot.take(_POLL_SECONDS)
            if flight is None:
                continue
            self.output.write(flight.frame)
            self.state = "live"
            self.frames += 1
            for latency in (self.latency, both):
                latency.add(self._clock() - flight.began)
        self.output.close()

    def _rest(self, pause: float) -> float:
        """Wait before the next try, while frames go by; returns how long to wait after that one."""
        until = time.monotonic() + pause
        while time.monotonic() < until and not self.slot.is_over:
            time.sleep(_POLL_SECONDS)
            self.slot.drop()
        return min(_LONGEST_PAUSE_SECONDS, 2 * pause)


class LiveEngine:
    """A live run.

    Attributes:
        frames_in: of the source, and their pace.
        frames_out: painted, and their pace.
        latency: from the source to having been written, over all outputs.
        lanes: the outputs.
        ended_at: by the clock, when the last frame was painted; None before.
    """

    def __init__(
        self,
        frames: Iterable[Frame],
        stage: Stage,
        outputs: Sequence[LiveOutput],
        programme: Programme,
        *,
        stopping: threading.Event | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing starts before `run`.

        Args:
            frames: the source, iterated in a thread of its own; gives each frame when it is due.
            stage: one frame out for each in, none held back.
            outputs: each written in a thread of its own.
            programme: what they show.
            stopping: set from outside, it ends the run; None makes one.
            clock: seconds, for pace and latency.
        """
        self._source, self._stage, self._programme, self._clock = frames, stage, programme, clock
        self._inbox: Slot[_Flight] = Slot()
        self.frames_in, self.frames_out = Pace(clock), Pace(clock)
        self.latency = Latency(clock)
        self.lanes = [OutputLane(output, clock) for output in outputs]
        self.stopping = stopping or threading.Event()
        self.ended_at: float | None = None
        self._failure: BaseException | None = None

    @property
    def dropped(self) -> int:
        """Frames that were late for the look."""
        return self._inbox.dropped

    def stop(self) -> None:
        """End the run soon, as the end of the source would; from any thread."""
        self.stopping.set()

    def run(
        self, watch: Callable[[], object] = lambda: None, *, watch_seconds: float = _POLL_SECONDS
    ) -> None:
        """Run to the end of the source, to `stop`, or until no output is left.

        Args:
            watch: called in this thread every `watch_seconds`.
            watch_seconds: how often.

        Raises:
            BaseException: what the source or the stage raised, after the outputs were finished; where no
                output is left, what the first one that failed raised; KeyboardInterrupt of this thread where
                it comes a second time.
        """
        reading = self._thread("source", self._read)
        painting = self._thread("paint", self._paint)
        writing = [
            self._thread(f"output-{index}", lane.run, self._programme, self.latency)
            for index, lane in enumerate(self.lanes)
        ]
        try:
            while painting.is_alive() and not self.stopping.is_set():
                painting.join(watch_seconds)
                watch()
                if all(lane.is_ended for lane in self.lanes):
                    break
        except KeyboardInterrupt:
            pass  # the usual way to end a live run
        except BaseException as error:
            self._fail(error)
        self.stop()
        self._inbox.close()
        painting.join()
        self.ended_at = self._clock()
        for lane, thread in zip(self.lanes, writing, strict=True):
            lane.slot.close()
            self._let_finish(lane, thread)
        reading.join(_SOURCE_PATIENCE_SECONDS)
        if self._failure is not None:
            raise self._failure
        self._tell_of_outputs()

    def _tell_of_outputs(self) -> None:
        errors = [lane.error for lane in self.lanes if lane.state == "failed" and lane.error is not None]
        if errors and len(errors) == len(self.lanes):
            raise errors[0]

    def _let_finish(self, lane: OutputLane, thread: threading.Thread) -> None:
        thread.join(lane.output.patience_seconds)
        if not thread.is_alive():
            return
        lane.output.abandon()
        thread.join(_SOURCE_PATIENCE_SECONDS)
        if not lane.is_ended:
            lane.state, lane.reason = "abandoned", "it did not take its last frame in time"

    def _thread(self, name: str, target: Callable[..., None], *arguments: object) -> threading.Thread:
        def act() -> None:
            try:
                target(*arguments)
            except BaseException as error:
                self._fail(error)

        thread = threading.Thread(target=act, name=f"stylereel-live-{name}", daemon=True)
        thread.start()
        return thread

    def _fail(self, error: BaseException) -> None:
        self._failure = self._failure or error
        self.stop()

    def _read(self) -> None:
        frames = iter(self._source)
        try:
            for frame in frames:
                if self.stopping.is_set():
                    return
                self.frames_in.tick()
                self._inbox.put(_Flight(frame, self._clock()))
        finally:
            self._inbox.close()
            if isinstance(frames, Generator):
                frames.close()  # lets go of a camera now rather than when nobody refers to it

    def _paint(self) -> None:
        began: deque[float] = deque()
        for batch in self._stage(self._arriving(began)):
            for frame in batch:
                self.frames_out.tick()
                flight = _Flight(frame, began.popleft())
                for lane in self.lanes:
                    lane.slot.put(flight)

    def _arriving(self, began: deque[float]) -> Iterator[FrameBatch]:
        while not self._inbox.is_over:
            flight = self._inbox.take(_POLL_SECONDS)
            if flight is not None:
                began.append(flight.began)
                yield [flight.frame]
