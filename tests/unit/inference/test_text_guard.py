"""Text stays legible, and what is no text is painted as ever."""

from fractions import Fraction
from itertools import pairwise

import cv2
import numpy as np
import pytest

from slides import kept_edges, slide
from stylereel.core.frames import Frame
from stylereel.inference.text_guard import TextGuard, find_text, with_luma
from toy_pictures import painting, scene

TICK = Fraction(1, 25)


def frame(pixels, index=0) -> Frame:
    return Frame(pixels, index, TICK)


def grey(rgb) -> np.ndarray:
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)


def look_of(shape, seed=3) -> np.ndarray:
    """A look that has nothing of its source: the worst that a network can do to text."""
    return painting(seed, *shape[:2])


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("size", [(640, 360), (1280, 720)])
def test_every_line_of_a_slide_keeps_nine_tenths_of_its_edges_under_any_look(size, dark):
    page, boxes = slide(*size, dark=dark)
    look = look_of(page.shape)
    guarded, _ = TextGuard().step(frame(page), frame(look), None)
    for box in boxes:
        assert kept_edges(page, look, box) < 0.3
        assert kept_edges(page, guarded.pixels, box) >= 0.9


def test_what_compression_does_to_a_slide_does_not_hide_its_text():
    page, boxes = slide(1280, 720)
    done, data = cv2.imencode(".jpg", cv2.cvtColor(page, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 60])
    assert done
    shown = cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    guarded, _ = TextGuard().step(frame(shown), frame(look_of(page.shape)), None)
    assert min(kept_edges(shown, guarded.pixels, box) for box in boxes) >= 0.9


def test_the_rest_of_a_slide_is_the_look():
    page, _ = slide()
    look = look_of(page.shape)
    guarded, _ = TextGuard().step(frame(page), frame(look), None)
    changed = (guarded.pixels != look).any(2)
    assert changed.mean() < 0.35
    assert not changed[220:].any(), "the picture on the slide is painted"


@pytest.mark.parametrize("seed", range(6))
def test_scenes_have_next_to_no_text(seed):
    assert (find_text(grey(scene(seed, 360, 480))) > 0).mean() < 0.03


def test_lines_rims_and_fine_noise_are_no_text():
    page = np.full((360, 480), 240, np.uint8)
    cv2.line(page, (20, 300), (460, 60), 30, 5, cv2.LINE_AA)
    cv2.circle(page, (240, 180), 120, 30, 4, cv2.LINE_AA)
    assert (find_text(page) > 0).mean() < 0.02
    noise = np.random.default_rng(0).integers(0, 256, (360, 480), np.uint8)
    assert (find_text(noise) > 0).mean() < 0.01


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (16, 16), (17, 1)])
def test_tiny_frames_pass_through(size):
    pixels = np.full((size[1], size[0], 3), 90, np.uint8)
    guarded, state = TextGuard().step(frame(pixels), frame(255 - pixels), None)
    assert np.array_equal(guarded.pixels, 255 - pixels) and state.mask.shape == (size[1], size[0])


def test_luma_is_what_it_is_told_to_be_and_hue_stays():
    rgb = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    wanted = np.random.default_rng(1).uniform(0, 255, (40, 40)).astype(np.float32)
    got = with_luma(rgb, wanted)
    assert np.abs(grey(got).astype(float) - wanted).max() <= 1.5
    before, after = (p.astype(float) - grey(p)[..., None] for p in (rgb, got))
    strong = (np.abs(before).max(2) > 40) & (np.abs(after).max(2) > 40)
    cosine = (
        (before * after).sum(2)
        / np.linalg.norm(before, axis=2)
        / np.maximum(np.linalg.norm(after, axis=2), 1)
    )
    assert cosine[strong].min() > 0.97


def test_a_flickering_source_does_not_make_the_guard_flicker():
    rng = np.random.default_rng(0)
    page, _ = slide()
    state, masks = None, []
    for index in range(10):
        noisy = np.clip(page + rng.normal(0, 4, page.shape), 0, 255).astype(np.uint8)
        _, state = TextGuard().step(frame(noisy, index), frame(look_of(page.shape)), state)
        masks.append(state.mask)
    alone = [
        find_text(grey(np.clip(page + rng.normal(0, 4, page.shape), 0, 255).astype(np.uint8)))
        for _ in range(10)
    ]
    steps = np.mean([np.abs(b - a).mean() for a, b in pairwise(masks[4:])])
    bare = np.mean([np.abs(b / 255 - a / 255).mean() for a, b in pairwise(alone[4:])])
    assert steps < 0.5 * bare + 1e-4


def test_text_is_taken_up_within_two_frames_and_a_cut_begins_anew():
    page, boxes = slide()
    empty = scene(1, *page.shape[:2])
    look = look_of(page.shape)
    _, state = TextGuard().step(frame(empty), frame(look), None)
    guarded, state = TextGuard().step(frame(page), frame(look), state)  # a cut
    assert min(kept_edges(page, guarded.pixels, box) for box in boxes) >= 0.9
    after, state = TextGuard().step(frame(scene(2, *page.shape[:2])), frame(look), state)
    assert (after.pixels != look).any(2).mean() < 0.05
    titled = empty.copy()
    cv2.rectangle(titled, (60, 250), (580, 330), (255, 255, 255), -1)
    cv2.putText(
        titled, "caption that comes up", (80, 300), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (0, 0, 0), 2, cv2.LINE_AA
    )
    state = None
    for index, shown in enumerate((empty, empty, titled, titled, titled)):
        guarded, state = TextGuard().step(frame(shown, index), frame(look), state)
    assert kept_edges(titled, guarded.pixels, (80, 270, 440, 40)) >= 0.75
