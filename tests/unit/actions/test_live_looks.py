import threading
import time

from stylereel.actions.live_looks import READY_KEPT, LiveLooks, Wanted
from stylereel.core.errors import PackError

WAIT = 30


def until(is_so):
    deadline = time.monotonic() + WAIT
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.002)


class Loader:
    """Loads a look when it is let."""

    def __init__(self):
        self.loaded, self.let, self.fails = [], threading.Semaphore(1), set()
        self.asked = []

    def __call__(self, wanted):
        self.asked.append(wanted)
        assert self.let.acquire(timeout=WAIT)
        self.loaded.append(wanted)
        if wanted.style in self.fails:
            raise PackError("it is damaged")
        return f"network of {wanted.style} at {wanted.scale}"


def test_the_look_before_stays_at_work_until_the_next_is_ready():
    load = Loader()
    looks = LiveLooks(load, Wanted("oil"))
    looks.want(style="ink")
    assert looks.is_loading and looks.current() == (Wanted("oil"), "network of oil at 1.0")
    load.let.release()
    until(lambda: not looks.is_loading)
    assert looks.current() == (Wanted("ink"), "network of ink at 1.0")
    looks.close()


def test_a_look_that_was_at_work_comes_back_without_loading():
    load = Loader()
    looks = LiveLooks(load, Wanted("oil"))
    load.let.release()
    looks.want(style="ink")
    until(lambda: not looks.is_loading)
    looks.want(style="oil")
    assert looks.current()[0] == Wanted("oil") and len(load.loaded) == 2
    looks.close()


def test_who_changes_their_mind_gets_what_they_wanted_last():
    load = Loader()
    looks = LiveLooks(load, Wanted("oil"))
    for style in ("ink", "chalk", "oil"):
        looks.want(style=style)
    assert not looks.is_loading
    load.let.release(5)
    looks.want(style="chalk")
    until(lambda: not looks.is_loading)
    assert looks.current()[0] == Wanted("chalk")
    looks.close()


def test_style_and_size_change_independently():
    load = Loader()
    load.let.release(5)
    looks = LiveLooks(load, Wanted("oil"))
    looks.want(scale=0.5)
    looks.want(style="ink")
    until(lambda: not looks.is_loading)
    assert looks.current()[0] == Wanted("ink", 0.5)
    looks.close()


def test_a_look_that_cannot_be_loaded_is_told_and_the_one_before_stays():
    load, told = Loader(), []
    load.fails.add("broken")
    looks = LiveLooks(load, Wanted("oil"), told.append)
    load.let.release()
    looks.want(style="broken")
    until(lambda: told)
    assert "damaged" in told[0] and "broken" in told[0]
    assert not looks.is_loading and looks.current()[0] == Wanted("oil")
    looks.close()


def test_the_end_waits_for_what_is_being_loaded():
    load = Loader()
    looks = LiveLooks(load, Wanted("oil"))
    looks.want(style="ink")
    until(lambda: len(load.asked) == 2)
    closing = threading.Thread(target=looks.close)
    closing.start()
    closing.join(0.05)
    assert closing.is_alive()
    load.let.release()
    closing.join(WAIT)
    assert not closing.is_alive() and len(load.loaded) == 2
    looks.want(style="chalk")
    assert len(load.loaded) == 2


def test_no_more_than_a_few_networks_stay_loaded():
    load = Loader()
    load.let.release(100)
    looks = LiveLooks(load, Wanted("0"))
    for name in range(1, 8):
        looks.want(style=str(name))
        until(lambda: not looks.is_loading)
    until(lambda: len(looks._ready) == READY_KEPT)
    looks.close()
