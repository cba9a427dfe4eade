import threading
import time
from fractions import Fraction

import numpy as np
import pytest

from stylereel.core.frames import Frame
from stylereel.inference.engine import run_engine


def frames(count, on_read=lambda index: None):
    for index in range(count):
        on_read(index)
        yield Frame(np.full((2, 2, 3), index % 256, np.uint8), index, Fraction(1, 25))


def engine_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("stylereel-")]


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
    run_engine_seconds = time.perf_counter()
    run_engine(frames(20, lambda index: time.sleep(0.01)), [], lambda frame: time.sleep(0.01))
    assert time.perf_counter() - run_engine_seconds < 0.37


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
