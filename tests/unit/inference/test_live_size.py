from stylereel.inference.live_count import WINDOW_SECONDS, Latency, Pace
from stylereel.inference.live_size import SCALES, SizeSteps

BUDGET = 1 / 30


class Machine:
    """Paints a frame in `cost` times its share of the whole frame, on a clock of its own."""

    def __init__(self, cost):
        self.now, self.cost = 0.0, cost
        self.steps = SizeSteps(BUDGET, lambda: self.now)
        self.seen = []

    def paint(self, seconds):
        end = self.now + seconds
        while self.now < end:
            scale = self.steps.scale
            taken = self.cost * scale**2
            self.now += max(BUDGET, taken)
            self.steps.took(taken, scale)
            self.seen.append(self.steps.scale)


def test_a_network_that_keeps_up_sees_the_whole_frame():
    machine = Machine(0.6 * BUDGET)
    machine.paint(60)
    assert set(machine.seen) == {1.0} and machine.steps.steps == 0


def test_the_size_steps_down_until_the_rate_is_held_and_stays_there():
    machine = Machine(3.0 * BUDGET)
    machine.paint(600)
    assert machine.steps.scale == 0.5
    assert machine.steps.steps == 2, "it swung to and fro"


def test_a_network_that_is_far_too_slow_is_helped_at_once():
    machine = Machine(6.0 * BUDGET)
    machine.paint(3.0)
    assert machine.steps.scale == 0.35


def test_it_comes_up_again_when_the_machine_has_time():
    machine = Machine(3.0 * BUDGET)
    machine.paint(5)
    assert machine.steps.scale == 0.5
    machine.cost = 0.5 * BUDGET
    machine.paint(60)
    assert machine.steps.scale == 1.0


def test_a_step_up_that_does_not_hold_is_tried_ever_more_seldom():
    """Load that is there only while the network sees much: the trap for what looks at the past alone."""
    machine = Machine(0.1 * BUDGET)
    machine.steps.took = lambda seconds, scale: SizeSteps.took(
        machine.steps, 2 * BUDGET if scale == 1.0 else 0.1 * BUDGET, scale
    )
    machine.paint(600)
    changes = sum(a != b for a, b in zip(machine.seen, machine.seen[1:], strict=False))
    assert 2 <= changes <= 24, "in ten minutes, with a wait that doubles up to 80 s"


def test_it_never_goes_below_the_smallest_size():
    machine = Machine(100 * BUDGET)
    machine.paint(600)
    assert machine.steps.scale == SCALES[-1]


def test_frames_of_a_size_that_is_on_its_way_out_do_not_count():
    steps = SizeSteps(BUDGET, lambda: 0.0)
    assert not any(steps.took(10.0, 0.5) for _ in range(100))
    assert steps.scale == 1.0


def test_pace_is_that_of_the_last_seconds():
    now = [0.0]
    pace = Pace(lambda: now[0])
    for _ in range(100):
        now[0] += 0.1
        pace.tick()
    assert pace.count == 100 and abs(pace.per_second - 10) < 0.3
    now[0] += 2 * WINDOW_SECONDS
    assert pace.per_second == 0


def test_percentiles_are_those_of_what_was_added():
    now = [0.0]
    latency = Latency(lambda: now[0])
    assert latency.percentile(0.5) is None and latency.recent(0.5) is None
    for ms in range(1, 101):
        latency.add(ms / 1000)
    assert (latency.percentile(0.5), latency.percentile(0.95)) == (50, 95)
    assert (latency.recent(0.5), latency.recent(0.95)) == (50, 95)
    now[0] = 2 * WINDOW_SECONDS
    latency.add(60.0)
    assert latency.recent(0.5) == 10_000 and latency.percentile(0.5) == 51
