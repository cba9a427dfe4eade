import itertools
import threading

import pytest

from stylereel.inference.ahead import ahead

PATIENCE_SECONDS = 20


def test_items_come_in_order_and_are_begun_while_the_one_before_is_at_work():
    begun = [threading.Event() for _ in range(5)]

    def items():
        for index, event in enumerate(begun):
            event.set()
            yield index

    for index in ahead(items()):
        following = begun[min(index + 1, 4)]
        assert following.wait(PATIENCE_SECONDS)


def test_an_item_is_given_without_waiting_for_the_next():
    more = threading.Event()

    def items():
        yield 1
        more.wait(PATIENCE_SECONDS)
        yield 2

    running = ahead(items())
    assert next(running) == 1 and not more.is_set()
    more.set()
    assert list(running) == [2]


def test_no_more_is_made_than_may_wait():
    made = []

    def items():
        for index in range(100):
            made.append(index)
            yield index

    running = ahead(items(), 2)
    assert next(running) == 0
    running.close()
    assert len(made) <= 5


def test_an_error_comes_after_the_items_before_it():
    def items():
        yield from (1, 2)
        raise ValueError("three")

    running, got = ahead(items()), []
    with pytest.raises(ValueError, match="three"):
        got.extend(iter(lambda: next(running), None))
    assert list(itertools.islice(ahead(items()), 2)) == [1, 2]


def test_closed_early_the_thread_ends():
    before = set(threading.enumerate())
    running = ahead(itertools.count())
    assert next(running) == 0
    (thread,) = set(threading.enumerate()) - before
    running.close()
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()
