import threading
import time
from fractions import Fraction

import numpy as np
import pytest

from stylereel.core.errors import StalledError
from stylereel.core.frames import Frame
from stylereel.inference.engine import run_engine


def frames(count, on_read=lambda index: None):
    for index in range(count):
        on_read(index)
        yield Frame(np.full((2, 2, 3), index % 256, np.uint8), index, Fraction(1, 25))


def engine_threads():
    """Those of the engine; what draws ahead is another part's and ends when its generator is collected."""
    names = ("stylereel-read", "stylereel-write")
    return [thread for thread in threading.enumerate() if thread.name.startswith(names)]


def inverted(batches):
    for batch in batches:
        yield [frame.with_pixels(255 - frame.pixels) for frame in batch]


def test_frames_come_out_in_order_each_at_its_time_through_every_stage():
    written = []
    count = run_engine(frames(50), [inverted, inverted, inverted], written.append)
    assert count == 50
    assert [frame.pts for frame in written] == list(range(50))
    assert [int(frame.pixels[0, 0, 0]) for frame in written] == [255 - i for i in range(50)]
    assert not engine_threads()


def test_no_frames_are_no_trouble():
    assert run_engine(iter(()), [inverted], lambda frame: None) == 0


def test_a_stage_that_keeps_frames_back_may_flush_them_at_the_end():
    def late(batches):
        kept = [frame for batch in batches for frame in batch]
        yield kept

    written = []
    run_engine(frames(20), [late], written.append)
    assert [frame.pts for frame in written] == list(range(20))


def test_a_slow_writer_holds_the_reader_back():
    read, written = [0], [0]
    furthest = [0]

    def count_read(index):
        read[0] = index + 1
        furthest[0] = max(furthest[0], read[0] - written[0])

    def write_slowly(frame):
        time.sleep(0.002)
        written[0] += 1

    run_engine(frames(100, count_read), [inverted], write_slowly, queue_frames=2)
    assert written[0] == 100
    assert furthest[0] <= 2 + 2 + 4  # both queues, and one frame in each pair of hands


def test_reading_and_writing_overlap():
    both_at_work = threading.Barrier(2)  # breaks, and fails the run, where only one of them ever comes

    def meet(index):
        if index % 5 == 3:
            both_at_work.wait(timeout=20)

    def read(index):
        meet(index - 1)

    run_engine(frames(20, read), [], lambda frame: meet(frame.pts))


@pytest.mark.parametrize("part", ["reader", "stage", "writer", "on_frame"])
@pytest.mark.parametrize("at", [0, 7, 29])
def test_an_error_in_any_part_reaches_the_caller_and_stops_the_rest(part, at):
    def fail(name):
        def check(index):
            if name == part and index == at:
                raise OSError(f"{name} failed")

        return check

    def stage(batches):
        for batch in batches:
            fail("stage")(batch[0].pts)
            yield batch

    with pytest.raises(OSError, match=f"{part} failed"):
        run_engine(
            frames(30, fail("reader")),
            [stage],
            lambda frame: fail("writer")(frame.pts),
            on_frame=lambda frame: fail("on_frame")(frame.pts),
        )
    assert not engine_threads()


def test_ctrl_c_stops_both_threads_before_it_is_raised():
    def interrupted(batches):
        for batch in batches:
            if batch[0].pts == 5:
                raise KeyboardInterrupt
            yield batch

    with pytest.raises(KeyboardInterrupt):
        run_engine(frames(10**9), [interrupted], lambda frame: None)
    assert not engine_threads()


@pytest.mark.parametrize("part", ["reader", "stage", "on_frame"])
def test_what_anyone_was_told_of_is_written_whoever_fails(part):
    told, written = [], []

    def fail(name, index):
        if name == part and index == 7:
            raise OSError("failed")

    def stage(batches):
        for batch in batches:
            fail("stage", batch[0].pts)
            yield batch

    def tell(frame):
        told.append(frame.pts)
        fail("on_frame", frame.pts)

    def write_slowly(frame):
        time.sleep(0.02)
        written.append(frame.pts)

    source = frames(30, lambda index: fail("reader", index))
    with pytest.raises(OSError, match="failed"):
        run_engine(source, [stage], write_slowly, on_frame=tell, queue_frames=16)
    assert written == told and not engine_threads()
    if part == "on_frame":
        assert told == list(range(8))


def test_a_second_ctrl_c_does_not_wait_for_what_is_left_to_write(monkeypatch):
    written = []

    def interrupted(batches):
        for batch in batches:
            if batch[0].pts == 12:
                raise KeyboardInterrupt
            yield batch

    def write_slowly(frame):
        time.sleep(0.1)
        written.append(frame.pts)

    real, joins = threading.Thread.join, []

    def impatient(thread, timeout=None):
        joins.append(timeout)
        if len(joins) == 2:
            raise KeyboardInterrupt
        return real(thread, timeout)

    monkeypatch.setattr(threading.Thread, "join", impatient)
    with pytest.raises(KeyboardInterrupt):
        run_engine(frames(30), [interrupted], write_slowly, queue_frames=16)
    assert len(written) < 12 and not engine_threads()


def test_a_source_that_gives_no_more_frames_is_told_and_left_behind(monkeypatch):
    monkeypatch.setattr("stylereel.inference.engine._PATIENCE_SECONDS", 0.2)
    let_go = threading.Event()
    written = []

    def stall(index):
        if index == 5:
            let_go.wait(30)

    began = time.monotonic()
    with pytest.raises(StalledError, match=r"no frame for 0\.3 seconds.*Check"):
        run_engine(frames(9, stall), [inverted], written.append, stall_seconds=0.3)
    assert 0.3 < time.monotonic() - began < 5 and len(written) <= 5
    assert [thread.name for thread in engine_threads()] == ["stylereel-read"]
    let_go.set()
    deadline = time.monotonic() + 5
    while engine_threads() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not engine_threads()


def test_ctrl_c_is_not_held_up_by_a_source_that_hangs(monkeypatch):
    monkeypatch.setattr("stylereel.inference.engine._PATIENCE_SECONDS", 0.2)
    let_go = threading.Event()

    def interrupted(batches):
        for batch in batches:
            if batch[0].pts == 2:
                raise KeyboardInterrupt
            yield batch

    try:
        with pytest.raises(KeyboardInterrupt):
            run_engine(
                frames(9, lambda index: index < 3 or let_go.wait(30)), [interrupted], lambda frame: None
            )
    finally:
        let_go.set()


def test_slow_frames_are_no_stall_and_a_slow_writer_is_none_either():
    slow = run_engine(frames(4, lambda index: time.sleep(0.15)), [], lambda frame: None, stall_seconds=0.6)
    assert slow == 4
    written = run_engine(frames(12), [], lambda frame: time.sleep(0.1), stall_seconds=0.3, queue_frames=1)
    assert written == 12
