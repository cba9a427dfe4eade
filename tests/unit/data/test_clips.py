"""Runs of consecutive frames, their flow, and crops of both."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from clips import make_clip, make_gif
from stylereel.data.clip_crops import ClipSampler, ClipWish
from stylereel.data.clips import Clip, ClipPool, FlowBook, gather_clips
from stylereel.data.settings import DataSettings
from stylereel.data.stream import to_moving
from stylereel.temporal.flow import warped

WISH = ClipWish(count=2, frames=2, strides=(1, 5))
SETTINGS = DataSettings(crop_px=64, content_short_side_px=(96, 160))


def panned(frames: int = 6, step: tuple[int, int] = (3, 1), size: tuple[int, int] = (160, 120)) -> np.ndarray:
    """A camera that moves over a soft random picture by `step` px a frame."""
    width, height = size
    canvas = np.random.default_rng(0).integers(0, 255, (height + 60, width + 60, 3)).astype(np.uint8)
    canvas = cv2.GaussianBlur(canvas, (0, 0), 3)
    canvas = cv2.normalize(canvas, None, 0, 255, cv2.NORM_MINMAX)  # type: ignore[call-overload]
    return np.stack([canvas[step[1] * at :, step[0] * at :][:height, :width] for at in range(frames)])


@pytest.fixture
def sampler(tmp_path):
    pool = ClipPool([Clip(panned(), tmp_path / "a.mp4", 0), Clip(panned(step=(0, 4)), tmp_path / "b.mp4", 1)])
    return ClipSampler(pool, FlowBook(64 << 20), SETTINGS, 3, WISH)


def test_runs_are_consecutive_frames_spread_over_the_video(tmp_path):
    path = make_clip(tmp_path / "in.mp4", frames=60, size=(64, 48))
    pool = gather_clips([path], budget_bytes=1 << 30)
    assert len(pool) > 3
    assert all(clip.frames.shape == (6, 48, 64, 3) for clip in pool.clips)
    between = [np.abs(np.diff(clip.frames.astype(int), axis=0)).mean() for clip in pool.clips]
    assert max(between) < 12  # neighbours in time, not frames from all over


def test_the_memory_of_clips_stays_within_its_budget(tmp_path):
    paths = [make_clip(tmp_path / f"{name}.mp4", frames=60, size=(64, 48)) for name in "ab"]
    pool = gather_clips(paths, budget_bytes=6 * 64 * 48 * 3 * 5)
    assert 2 <= len(pool) <= 5


def test_a_run_with_a_cut_inside_is_left_out(tmp_path):
    def painter(index, width, height):
        return np.full((height, width, 3), 20 if index < 3 else 230, np.uint8)

    path = make_clip(tmp_path / "cut.mp4", frames=6, size=(64, 48), paint=painter)
    assert len(gather_clips([path], budget_bytes=1 << 30)) == 0


def test_what_cannot_be_read_is_left_out(tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    good = make_gif(tmp_path / "good.gif", frames=12)
    pool = gather_clips([broken, good], budget_bytes=1 << 30)
    assert {clip.path for clip in pool.clips} == {good}


def test_a_crop_warped_by_its_flow_is_the_frame_after(sampler):
    for number in range(6):
        crop = sampler.crop(0, number, frames=3, stride=2)
        assert crop.frames.shape == (3, 64, 64, 3) and crop.flow.shape == (2, 64, 64, 2)
        for at in range(2):
            mask = crop.trusted[at]
            assert mask.mean() > 0.3
            before, after = (crop.frames[at + k].astype(np.float32) for k in (0, 1))
            moved = np.abs(warped(before, crop.flow[at]) - after)[mask].mean()
            assert moved < 0.35 * np.abs(before - after)[mask].mean()


def test_crops_are_a_function_of_seed_and_batch_alone(sampler):
    first = sampler.crop(5, 1, frames=2, stride=5)
    fresh = ClipSampler(sampler.pool, FlowBook(1), SETTINGS, 3, WISH)  # a cache that keeps next to nothing
    again = fresh.crop(5, 1, frames=2, stride=5)
    assert np.array_equal(first.frames, again.frames) and np.array_equal(first.flow, again.flow)
    assert not np.array_equal(first.frames, sampler.crop(6, 1, frames=2, stride=5).frames)


def test_the_flow_book_keeps_no_more_than_its_budget(tmp_path):
    clip = Clip(panned(), tmp_path / "a.mp4", 0)
    one = FlowBook(1 << 30)
    one.between(clip, 1, 0)
    book = FlowBook(2 * one.kept_bytes)
    for first in range(1, 6):
        book.between(clip, first, first - 1)
    assert book.kept_bytes <= 2 * one.kept_bytes


def test_more_frames_than_a_clip_has_are_refused(sampler):
    with pytest.raises(ValueError, match="do not fit"):
        sampler.crop(0, 0, frames=3, stride=3)


def test_a_batch_of_windows_has_one_distance_between_frames_and_all_distances_occur(tmp_path):
    slow = ClipPool([Clip(panned(step=(1, 0)), tmp_path / "a.mp4", 0)])
    sampler = ClipSampler(slow, FlowBook(64 << 20), SETTINGS, 3, WISH)
    near, far = 0, 0
    for batch in range(24):
        crops = sampler.crops(batch)
        assert len(crops) == 2 and all(crop.frames.shape == (2, 64, 64, 3) for crop in crops)
        moves = {np.abs(np.median(crop.flow[crop.trusted][:, 0])) > 2.2 for crop in crops}
        assert len(moves) == 1
        near, far = near + (moves == {False}), far + (moves == {True})
    assert near > 6 and far > 6


def test_windows_become_tensors_as_the_networks_want_them(sampler):
    moving = to_moving(sampler.crops(0))
    assert moving.frames.shape == (2, 2, 3, 64, 64) and -1 <= moving.frames.min() <= moving.frames.max() <= 1
    assert moving.flow.shape == (2, 1, 2, 64, 64) and moving.trusted.shape == (2, 1, 1, 64, 64)
