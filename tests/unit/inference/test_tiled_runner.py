"""Memory is planned, and where it runs out all the same the tile is halved and the frame done again."""

import math

import numpy as np
import pytest

from stylereel.core.errors import MemoryShortError, PackError, UsageError
from stylereel.inference.memory_plan import Beside, MemoryPlan, plan_memory
from stylereel.inference.runner import Footprint
from stylereel.inference.tiled_runner import TiledRunner, is_out_of_memory, memory_told
from toy_packs import toy_pack

WHAT_LIBRARIES_SAY = [
    MemoryError(),
    RuntimeError(
        "Exception from src/inference/src/cpp/core.cpp:117: Check 'ptr' failed at cpu_memory.cpp:257: Failed "
        "to allocate 103809024 bytes of memory"
    ),
    RuntimeError(
        "[ONNXRuntimeError] : 1 : FAIL : Non-zero status code returned while running Conv node. "
        "bfc_arena.cc:360 Failed to allocate memory for requested buffer of size 37748736"
    ),
    RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: you tried"),
    RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB"),
    RuntimeError("MPS backend out of memory (MPS allocated: 5.00 GB)"),
    RuntimeError("OpenCV(4.14.0) error: (-4:Insufficient memory) Failed to allocate 1 bytes"),
    RuntimeError("could not create a primitive"),
    RuntimeError("std::bad_alloc"),
]


class Canvas:
    """A runner that inverts, and runs out of memory over more pixels than it is given."""

    name, device, precision, anchor_channels = "canvas", "cpu", "fp32", 0
    footprint = Footprint(1.0, 0.0)

    def __init__(self, most_px=math.inf, error=None, device_bytes=None):
        self.most_px, self.error, self.device_bytes = most_px, error or MemoryError(), device_bytes
        self.seen, self.forgotten = [], 0

    def run(self, frames, code, state, anchors=None):
        self.seen.append(frames.shape[1:3])
        if math.prod(frames.shape[1:3]) > self.most_px:
            raise self.error
        return 255 - frames, state

    def forget(self):
        self.forgotten += 1

    def free_bytes(self):
        return self.device_bytes


@pytest.fixture
def pack(tmp_path):
    return toy_pack(tmp_path / "toy", "invert", receptive_field_px=10)


def frame(height=400, width=600):
    return np.random.default_rng(0).integers(0, 256, (1, height, width, 3), np.uint8)


def plan(room, *, beside=0.0, is_stated=False):
    return MemoryPlan(room, Beside(beside, 0, 0), is_stated=is_stated)


@pytest.mark.parametrize("error", WHAT_LIBRARIES_SAY, ids=lambda error: str(error)[:30])
def test_every_librarys_way_of_saying_it_halves_the_tile_and_does_the_frame_again(pack, error):
    canvas = Canvas(70_000, error)
    runner = TiledRunner(canvas, pack, plan(None))
    result, _ = runner.run(frame(), None, None)
    assert np.array_equal(result, 255 - frame())
    assert canvas.seen[0] == (400, 600) and canvas.forgotten >= 1
    assert runner.tile_of(400, 600) is not None
    attempts = len(canvas.seen)
    runner.run(frame(), None, None)
    assert all(math.prod(size) <= 70_000 for size in canvas.seen[attempts:])
    (notice,) = runner.notices
    assert "600x400" in notice and "--memory-limit" in notice


def test_another_error_is_not_taken_for_it(pack):
    runner = TiledRunner(Canvas(1, ValueError("the picture is upside down")), pack, plan(None))
    with pytest.raises(ValueError, match="upside down"):
        runner.run(frame(), None, None)
    assert not is_out_of_memory(PackError("out of memory is what the pack is called"))


def test_where_not_even_the_smallest_tile_fits_the_error_is_typed_and_says_what_to_do(pack):
    runner = TiledRunner(Canvas(1), pack, plan(None))
    with pytest.raises(MemoryShortError, match="--max-side") as raised:
        runner.run(frame(), None, None)
    assert isinstance(raised.value, MemoryError) and raised.value.exit_code == 4


def test_memory_that_runs_out_beside_the_network_is_told_in_the_same_way():
    with pytest.raises(MemoryShortError, match="600x400"), memory_told(400, 600):
        raise MemoryError
    with pytest.raises(ZeroDivisionError), memory_told(400, 600):
        raise ZeroDivisionError


def test_a_frame_that_fits_runs_whole_and_nothing_is_said(pack):
    canvas = Canvas()
    runner = TiledRunner(canvas, pack, plan(10**9))
    runner.run(frame(), None, None)
    assert canvas.seen == [(400, 600)] and not runner.notices and runner.tile_of(400, 600) is None


def test_a_frame_that_does_not_fit_is_cut_into_tiles_of_one_shape_that_do(pack, monkeypatch):
    monkeypatch.setattr("stylereel.inference.tiled_runner.live_values", lambda pack: 10.0)
    canvas = Canvas()
    runner = TiledRunner(canvas, pack, plan(1_200_000))
    result, _ = runner.run(frame(), None, None)
    assert np.array_equal(result, 255 - frame())
    assert len(canvas.seen) > 1 and len(set(canvas.seen)) == 1
    assert 10 * math.prod(side + 32 for side in canvas.seen[0]) <= 1_200_000
    assert not runner.notices


def test_what_is_held_beside_the_network_leaves_it_smaller_tiles(pack, monkeypatch):
    monkeypatch.setattr("stylereel.inference.tiled_runner.live_values", lambda pack: 10.0)
    alone, beside = (TiledRunner(Canvas(), pack, plan(2_000_000, beside=share)) for share in (0, 5))
    assert beside.tiles_of(400, 600).area_px < alone.tiles_of(400, 600).area_px
    alone.hold_beside(Beside(5, 0, 0))
    assert alone.tiles_of(400, 600) == beside.tiles_of(400, 600)


def test_a_devices_own_memory_is_what_counts_for_its_network(pack, monkeypatch):
    monkeypatch.setattr("stylereel.inference.tiled_runner.live_values", lambda pack: 10.0)
    runner = TiledRunner(Canvas(device_bytes=1_500_000), pack, plan(10**9))
    assert not runner.tiles_of(400, 600).is_whole


def test_a_stated_limit_that_is_too_low_is_refused_with_what_it_takes(pack):
    runner = TiledRunner(Canvas(), pack, plan(None))
    with pytest.raises(UsageError, match=r"memory-limit is too low.*600x400"):
        runner.prepare(400, 600, plan(1000, is_stated=True))


def test_a_machine_that_has_too_little_is_told_once_and_tried_all_the_same(pack):
    runner = TiledRunner(Canvas(), pack, plan(1000))
    for _ in range(2):
        runner.run(frame(), None, None)
    (notice,) = runner.notices
    assert "Memory is short" in notice


def test_frames_wait_in_shorter_queues_before_the_network_is_cut(pack, monkeypatch):
    monkeypatch.setattr("stylereel.inference.tiled_runner.live_values", lambda pack: 1.0)
    runner = TiledRunner(Canvas(), pack, plan(None))
    beside = Beside(3, 0, 0, has_queues=True)
    pixels = 400 * 600
    roomy = runner.prepare(400, 600, MemoryPlan(1000 * pixels, beside))
    short = runner.prepare(400, 600, MemoryPlan(int(32 * pixels), beside))
    assert roomy.queue_frames == 4 and 1 <= short.queue_frames < 4
    assert runner.plan is short


def test_the_limit_counts_what_the_process_holds_already(monkeypatch):
    monkeypatch.setattr("stylereel.inference.memory_plan.resident_bytes", lambda: 300)
    monkeypatch.setattr("stylereel.inference.memory_plan.available_bytes", lambda: 1000)
    stated, found = plan_memory(1000), plan_memory(None)
    assert stated.room_bytes == 700 and stated.is_stated
    assert found.room_bytes == 850 and not found.is_stated
    assert plan_memory(1000, already_bytes=50).room_bytes == 750  # of what it counts itself
    assert plan_memory(None, already_bytes=50).room_bytes == 900
    monkeypatch.setattr("stylereel.inference.memory_plan.available_bytes", lambda: None)
    assert plan_memory(None).network_bytes(4000, 4000) is None


class ManyLanes(Canvas):
    """A canvas that several brushes may be at."""

    most_lanes, lanes_from_px, lanes = 2, 500_000, 1

    def use_lanes(self, count):
        self.lanes = count


@pytest.mark.parametrize(
    "canvas,size,room_bytes,many,lanes",
    [
        (ManyLanes(), (720, 1280), None, True, 2),
        (ManyLanes(), (720, 1280), None, False, 1),
        (ManyLanes(), (360, 640), None, True, 1),
        (ManyLanes(), (720, 1280), 15 * 720 * 1280, True, 1),
        (Canvas(), (720, 1280), None, True, 1),
    ],
)
def test_several_frames_are_at_work_where_that_pays_and_fits(
    pack, monkeypatch, canvas, size, room_bytes, many, lanes
):
    monkeypatch.setattr("stylereel.inference.tiled_runner.live_values", lambda pack: 10.0)
    runner = TiledRunner(canvas, pack)
    runner.prepare(*size, MemoryPlan(room_bytes, Beside(0, 0, 0)), many_at_once=many)
    assert (runner.lanes, getattr(canvas, "lanes", 1)) == (lanes, lanes)


class OfACard(ManyLanes):
    """A canvas with memory of its own, for three brushes."""

    most_lanes, lanes_from_px = 3, 0


@pytest.mark.parametrize(
    "free_per_px,room_per_px,lanes",
    [(100, None, 3), (25, None, 2), (15, None, 1), (100, 30, 2), (100, 13, 1)],
)
def test_on_a_card_lanes_are_for_any_size_and_its_memory_counts_apart(
    pack, monkeypatch, free_per_px, room_per_px, lanes
):
    monkeypatch.setattr("stylereel.inference.tiled_runner.live_values", lambda pack: 10.0)
    height, width = 1000, 1000
    runner = TiledRunner(OfACard(device_bytes=free_per_px * height * width), pack)
    room = None if room_per_px is None else room_per_px * height * width
    runner.prepare(height, width, MemoryPlan(room, Beside(0, 0, 0)), many_at_once=True)
    assert runner.lanes == lanes
    small = TiledRunner(OfACard(device_bytes=10**9), pack)
    small.prepare(96, 128, MemoryPlan(None, Beside(0, 0, 0)), many_at_once=True)
    assert small.lanes == 3
