"""What a run is planned to hold grows with what its frames carry."""

from pathlib import Path

import pytest

from stylereel.actions.run_memory import OwnMemory, prepare_memory
from stylereel.inference.memory_plan import MemoryPlan
from stylereel.video.plan import plan_output
from written_media import source_info

SIZE = (1000, 1500)
BIG = 10**12


class Unlimited:
    """A network that takes any plan."""

    anchor_channels = 0

    def prepare(self, height, width, plan, *, many_at_once=False) -> MemoryPlan:
        return plan


def planned_bytes_per_px(tmp_path, output, *, bit_depth=None, **facts) -> float:
    """Beside the network, per pixel of a frame."""
    facts = {"kind": "images", "container": "images", "codec": "png", **facts}
    info = source_info(tmp_path / "in", width=SIZE[1], height=SIZE[0], **facts)
    codec = {"codec": "ffv1"} if Path(output).suffix else {}
    target = plan_output(tmp_path / output, info, bit_depth=bit_depth, **codec)
    plan = prepare_memory(
        Unlimited(), info, target, SIZE, scale=1.0, stabilize=False, limit_bytes=BIG, own=OwnMemory()
    )
    return plan.beside.bytes_per_px(plan.queue_frames)


# Measured with 14 pictures of 2400x1600: the peak of a process, less that of the same pictures without.
@pytest.mark.parametrize(
    ("output", "more", "measured"),
    [
        ("out", {"has_alpha": True}, 52),
        ("out.mkv", {"has_alpha": True}, 77),
        ("out", {"bit_depth": 16}, 145),
        ("out.mkv", {"bit_depth": 16}, 255),
        ("out", {"bit_depth": 16, "has_alpha": True}, 207),
        ("out.mkv", {"bit_depth": 16, "has_alpha": True}, 333),
    ],
)
def test_transparency_and_depth_of_pictures_are_counted_as_they_were_measured(
    tmp_path, output, more, measured
):
    plain = planned_bytes_per_px(tmp_path, output)
    more = planned_bytes_per_px(tmp_path, output, **more) - plain
    assert measured <= more + 12 <= 1.6 * measured + 40  # a plain frame's plan has that much to spare


def test_transparency_that_the_output_drops_is_counted_for_reading_alone(tmp_path):
    plain = planned_bytes_per_px(tmp_path, "out.mkv", kind="video", has_alpha=False)
    kept = planned_bytes_per_px(tmp_path, "out.mkv", kind="video", has_alpha=True)
    assert kept - plain > 46
    info = source_info(tmp_path / "in", width=SIZE[1], height=SIZE[0], has_alpha=True)
    target = plan_output(tmp_path / "out.mp4", info)
    plan = prepare_memory(
        Unlimited(), info, target, SIZE, scale=1.0, stabilize=False, limit_bytes=BIG, own=OwnMemory()
    )
    assert not target.alpha and plan.beside.frame_bytes == 3


def test_one_picture_has_no_queue_and_is_counted_as_before(tmp_path):
    info = source_info(tmp_path / "in.png", width=SIZE[1], height=SIZE[0], kind="image", has_alpha=True)
    target = plan_output(tmp_path / "out.png", info)
    plan = prepare_memory(
        Unlimited(), info, target, SIZE, scale=1.0, stabilize=False, limit_bytes=BIG, own=OwnMemory()
    )
    assert plan.beside.bytes_per_px(4) == 3 + 12 + 30 + 8


def test_a_mask_is_counted_and_two_networks_share_what_is_left(tmp_path):
    facts = {"width": SIZE[1], "height": SIZE[0], "codec": "h264"}
    info = source_info(tmp_path / "in.mp4", **facts)
    target = plan_output(tmp_path / "out.mkv", info, codec="ffv1")
    given = {"scale": 1.0, "stabilize": False, "limit_bytes": BIG, "own": OwnMemory()}
    plain, masked, both = (
        prepare_memory(Unlimited(), info, target, SIZE, **given, **more)
        for more in ({}, {"mask": info}, {"mask": info, "outside": Unlimited()})
    )
    beside = [plan.beside.bytes_per_px(plan.queue_frames) for plan in (plain, masked, both)]
    waiting = 2 * plain.queue_frames + 9
    assert beside[1] - beside[0] == pytest.approx(32 + 40 + 2 * waiting)
    assert beside[2] - beside[1] == pytest.approx(12)
    assert both.network_bytes(*SIZE) < masked.network_bytes(*SIZE) * 0.51
