"""Threads are real here, and every wait is for an event: nothing depends on how fast the machine is."""

import threading
import time
from fractions import Fraction

import numpy as np
import pytest

from stylereel.core.errors import OutputError, RunnerFailedError
from stylereel.core.frames import Frame
from stylereel.inference import live_engine
from stylereel.inference.live_engine import LiveEngine
from stylereel.inference.slot import Slot
from stylereel.video.live_output import NullOutput
from stylereel.video.live_programme import Programme

PROGRAMME = Programme((4, 4), Fraction(25))
WAIT = 30


def frame(index):
    return Frame(np.full((4, 4, 3), index % 256, np.uint8), index, Fraction(1, 25))


def until(is_so):
    deadline = time.monotonic() + WAIT
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.002)


class Kept(NullOutput):
    """Keeps what it is given; `gate` may hold it up, `failures` are raised one after the other."""

    comes_back, patience_seconds = False, 0.1

    def __init__(self, name="kept", gate=None, failures=(), comes_back=False):
        self.name, self.gate, self.failures, self.comes_back = name, gate, list(failures), comes_back
        self.frames, self.opened, self.is_closed, self.is_abandoned = [], 0, False, False

    def open(self, programme):
        self.opened += 1

    def write(self, frame):
        if self.gate is not None:
            self.gate.wait(WAIT)
        if self.failures and (failure := self.failures.pop(0)) is not None:
            raise failure
        self.frames.append(frame.pts)

    def close(self):
        self.is_closed = True

    def abandon(self):
        self.is_abandoned = True


class ByHand:
    """A source that gives a frame when it is told to, and says when it was taken on."""

    def __init__(self):
        self.allowed, self.given = threading.Semaphore(0), 0

    def __iter__(self):
        while self.allowed.acquire(timeout=WAIT):
            if self.given < 0:
                return
            self.given += 1
            yield frame(self.given - 1)

    def give(self, count=1):
        for _ in range(count):
            before = self.given
            self.allowed.release()
            until(lambda before=before: self.given > before)

    def end(self):
        self.given = -1
        self.allowed.release()


def same(batches):
    yield from batches


def started(engine, **options):
    found = []

    def act():
        try:
            engine.run(**options, watch_seconds=0.01)
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    return thread, found


def test_what_is_late_for_the_look_is_dropped_and_counted_and_never_queued():
    source, output = ByHand(), Kept()
    painting, go_on, painted = threading.Event(), threading.Event(), []

    def slow(batches):
        for batch in batches:
            painted.append(batch[0].pts)
            painting.set()
            go_on.wait(WAIT)
            yield batch

    engine = LiveEngine(source, slow, [output], PROGRAMME)
    thread, found = started(engine)
    source.give()
    assert painting.wait(WAIT)
    source.give(9)  # one of them waits, the last; eight are dropped
    until(lambda: engine.dropped == 8)
    go_on.set()
    source.end()
    thread.join(WAIT)
    assert not found
    assert painted == [0, 9]
    assert (engine.frames_in.count, engine.frames_out.count, engine.dropped) == (10, 2, 8)


def test_an_output_that_blocks_loses_its_own_frames_and_no_one_elses():
    source, gate = ByHand(), threading.Event()
    blocked, quick = Kept("blocked", gate), Kept("quick")
    engine = LiveEngine(source, same, [blocked, quick], PROGRAMME)
    thread, found = started(engine)
    for index in range(20):
        source.give()
        until(lambda index=index: len(quick.frames) == index + 1)
    assert quick.frames == list(range(20)) and blocked.frames == []
    assert engine.lanes[0].dropped == 18 and engine.lanes[1].dropped == 0
    source.end()
    thread.join(WAIT)
    assert not thread.is_alive() and not found, "an output that never returns must not hold up the end"
    assert blocked.is_abandoned and engine.lanes[0].state == "abandoned"
    assert engine.lanes[1].state == "finished" and quick.is_closed
    gate.set()


def test_latency_stays_that_of_a_frame_or_two_however_far_the_look_lags():
    """By a clock that moves one tick a frame: no painted frame waited longer than one painting."""
    now = [0.0]
    source, output = ByHand(), Kept()
    busy, go_on = threading.Semaphore(0), threading.Semaphore(0)

    def slow(batches):
        for batch in batches:
            busy.release()
            go_on.acquire(timeout=WAIT)
            yield batch

    engine = LiveEngine(source, slow, [output], PROGRAMME, clock=lambda: now[0])
    thread, _ = started(engine)
    source.give()
    assert busy.acquire(timeout=WAIT)
    for turn in range(12):  # five frames come while one is painted
        for _ in range(5):
            now[0] += 1.0
            given = source.given
            source.give()
            until(lambda given=given: engine.frames_in.count == given + 1)
        go_on.release()
        until(lambda turn=turn: len(output.frames) == turn + 1)
        assert busy.acquire(timeout=WAIT)
    go_on.release()
    source.end()
    thread.join(WAIT)
    assert engine.latency.percentile(1.0) <= 1000 * 5, "a frame was older than one painting"
    assert engine.dropped == 12 * 4


def test_an_output_whose_server_leaves_is_opened_again_and_the_others_go_on(monkeypatch):
    monkeypatch.setattr(live_engine, "_FIRST_PAUSE_SECONDS", 0.0)
    source = ByHand()
    leaving = Kept("server", failures=[None, OutputError("it left")], comes_back=True)
    other = Kept("other")
    engine = LiveEngine(source, same, [leaving, other], PROGRAMME)
    thread, found = started(engine)
    for count in (1, 2):
        source.give()
        until(lambda count=count: len(other.frames) == count)
    until(lambda: leaving.opened == 2)
    for count in (3, 4):
        source.give()
        until(lambda count=count: len(other.frames) == count)
    until(lambda: len(leaving.frames) >= 2)
    source.end()
    thread.join(WAIT)
    assert not found and engine.lanes[0].state == "finished"


def test_one_that_fails_for_good_is_told_and_the_run_goes_on_until_none_is_left():
    source = ByHand()
    full, other = Kept("full", failures=[OutputError("the disk is full")]), Kept("other")
    engine = LiveEngine(source, same, [full, other], PROGRAMME)
    thread, found = started(engine)
    source.give()
    until(lambda: engine.lanes[0].state == "failed" and len(other.frames) == 1)
    source.give()
    until(lambda: len(other.frames) == 2)
    source.end()
    thread.join(WAIT)
    assert not found and engine.lanes[0].reason == "the disk is full"

    engine = LiveEngine(source := ByHand(), same, [Kept(failures=[OutputError("gone")])], PROGRAMME)
    thread, found = started(engine)
    source.give()
    thread.join(WAIT)
    assert isinstance(found[0], OutputError)
    source.end()


def test_a_reader_that_leaves_the_pipe_ends_the_run_without_an_error():
    source = ByHand()
    engine = LiveEngine(source, same, [Kept(failures=[BrokenPipeError()])], PROGRAMME)
    thread, found = started(engine)
    source.give()
    thread.join(WAIT)
    assert not found and engine.lanes[0].state == "left"
    source.end()


def test_what_the_look_raises_is_raised_after_the_outputs_are_finished():
    def broken(batches):
        yield next(batches)
        next(batches)
        raise RunnerFailedError("it broke off")

    source, output = ByHand(), Kept()
    engine = LiveEngine(source, broken, [output], PROGRAMME)
    thread, found = started(engine)
    source.give()
    until(lambda: output.frames == [0])
    source.give()
    thread.join(WAIT)
    assert isinstance(found[0], RunnerFailedError) and output.is_closed
    source.end()


def test_ctrl_c_is_the_usual_end_and_finishes_the_outputs():
    source, output = ByHand(), Kept()

    def watch():
        if output.frames:
            raise KeyboardInterrupt

    engine = LiveEngine(source, same, [output], PROGRAMME)
    thread, found = started(engine, watch=watch)
    source.give()
    thread.join(WAIT)
    assert not found and output.is_closed and engine.lanes[0].state == "finished"
    source.end()


def test_a_slot_keeps_the_newest_and_gives_what_waits_after_it_is_closed():
    slot = Slot()
    assert slot.put(1) and not slot.put(2) and slot.dropped == 1
    slot.close()
    assert not slot.put(3) and not slot.is_over
    assert slot.take() == 2 and slot.is_over and slot.take() is None


def test_a_slot_waits_no_longer_than_it_is_told():
    assert Slot().take(0.0) is None


@pytest.mark.parametrize("count", [0, 3])
def test_a_source_that_ends_ends_the_run(count):
    output = Kept()
    engine = LiveEngine([frame(index) for index in range(count)], same, [output], PROGRAMME)
    engine.run(watch_seconds=0.01)
    assert engine.frames_in.count == count and output.is_closed
    assert output.frames == sorted(output.frames) and (not count or output.frames[-1] == count - 1)
