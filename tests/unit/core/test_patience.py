import threading
import time

import pytest

from stylereel.core.errors import StalledError
from stylereel.core.patience import Patience


def test_what_stands_still_is_told_and_left_behind():
    let_go = threading.Event()
    began = time.monotonic()
    with pytest.raises(StalledError, match=r"no frame for 0\.3 seconds.*Check that it plays"):
        Patience(0.3).wait_for(lambda: let_go.wait(30))
    assert 0.3 < time.monotonic() - began < 5
    let_go.set()


def test_what_moves_on_may_take_as_long_as_it_likes():
    patience = Patience(0.5)

    def slowly():
        for _ in range(12):
            time.sleep(0.1)
            patience.sign_of_life()
        return "done"

    assert patience.wait_for(slowly) == "done"


def test_an_error_comes_over_and_without_a_limit_nothing_changes_threads():
    def fails():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        Patience(5).wait_for(fails)
    assert Patience(None).wait_for(threading.current_thread) is threading.current_thread()
    assert Patience(5).wait_for(threading.current_thread) is not threading.current_thread()
