"""Who asks again while waiting is answered once, to what was asked last."""

import threading
import time

import pytest

from stylereel.actions.preview_turns import Turns
from stylereel.core.errors import SupersededError, UsageError

WAIT = 30


class Asker(threading.Thread):
    """Asks for a turn, and notes when it got it."""

    def __init__(self, turns, log, name, client=None, behind=False):
        super().__init__(daemon=True)
        self.turns, self.log, self.called, self.client, self.behind = turns, log, name, client, behind
        self.error = None
        before = list(turns._waiting)
        self.start()
        deadline = time.monotonic() + WAIT
        while self.is_alive() and not set(turns._waiting) - set(before):
            assert time.monotonic() < deadline
            time.sleep(0.001)

    def run(self):
        try:
            with self.turns.turn(self.client, behind=self.behind):
                self.log.append(self.called)
        except (SupersededError, UsageError) as error:
            self.error = error


def settle(askers):
    for asker in askers:
        asker.join(WAIT)
        assert not asker.is_alive()


def test_of_one_client_only_the_newest_of_those_that_wait_is_answered():
    turns, log = Turns(), []
    with turns.turn("page"):
        first = Asker(turns, log, "first", "page")
        second = Asker(turns, log, "second", "page")
        first.join(WAIT)
        third = Asker(turns, log, "third", "page")
        second.join(WAIT)
        assert turns.waiting == 1
    settle([third])
    assert log == ["third"]
    assert isinstance(first.error, SupersededError) and isinstance(second.error, SupersededError)
    assert third.error is None


def test_clients_do_not_replace_each_other_and_nobody_replaces_who_has_no_name():
    turns, log = Turns(), []
    with turns.turn():
        askers = [Asker(turns, log, name, client) for name, client in (("a", "x"), ("b", "y"), ("c", None))]
        askers.append(Asker(turns, log, "d", None))
    settle(askers)
    assert log == ["a", "b", "c", "d"]


def test_who_is_behind_waits_for_all_others():
    turns, log = Turns(), []
    with turns.turn():
        askers = [
            Asker(turns, log, "card", behind=True),
            Asker(turns, log, "another card", behind=True),
            Asker(turns, log, "slider", "page"),
        ]
    settle(askers)
    assert log == ["slider", "card", "another card"]


def test_of_too_many_the_oldest_is_let_go():
    turns, log = Turns(most_waiting=2), []
    with turns.turn():
        askers = [Asker(turns, log, name) for name in "ab"]
        askers.append(Asker(turns, log, "c"))
        askers[0].join(WAIT)
    settle(askers)
    assert log == ["b", "c"] and isinstance(askers[0].error, SupersededError)


def test_an_error_within_a_turn_gives_it_back():
    turns = Turns()
    with pytest.raises(ZeroDivisionError), turns.turn():
        _ = 1 / 0
    with turns.turn():
        assert turns.waiting == 0


def test_closing_sends_all_away_who_wait():
    turns, log = Turns(), []
    entered, leave = threading.Event(), threading.Event()

    def work():
        with turns.turn():
            entered.set()
            leave.wait(WAIT)

    worker = threading.Thread(target=work)
    worker.start()
    entered.wait(WAIT)
    waiting = Asker(turns, log, "late")
    closer = threading.Thread(target=turns.close)
    closer.start()
    waiting.join(WAIT)
    assert isinstance(waiting.error, UsageError) and closer.is_alive()
    leave.set()
    closer.join(WAIT)
    worker.join(WAIT)
    with pytest.raises(UsageError, match="closed"), turns.turn():
        pass
