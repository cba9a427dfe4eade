import dataclasses
import itertools

import cv2
import numpy as np
import pytest

from stylereel.temporal.follower import Follower, FollowState
from stylereel.temporal.stabilizer import Stabilizer, StabilizerState

HEIGHT, WIDTH = 180, 320


def texture(seed: int, size=(HEIGHT, WIDTH), cell: int = 4) -> np.ndarray:
    """A colour picture with detail a few px wide, (H, W, 3) uint8."""
    coarse = np.random.default_rng(seed).uniform(20, 235, (size[0] // cell + 1, size[1] // cell + 1, 3))
    fine = cv2.resize(coarse.astype(np.float32), size[::-1], interpolation=cv2.INTER_CUBIC)
    return fine.clip(0, 255).astype(np.uint8)


@dataclasses.dataclass(frozen=True)
class Both:
    """What following and stabilising carry from frame to frame."""

    motion: FollowState
    result: StabilizerState


class Pair:
    """A follower and a stabiliser, as the painter joins them."""

    def __init__(self, strength: float) -> None:
        self._follower, self._stabilizer = Follower(), Stabilizer(strength)

    def step(self, source: np.ndarray, stylized: np.ndarray, state: Both | None) -> tuple[np.ndarray, Both]:
        step, motion = self._follower.step(source, state and state.motion)
        result, kept = self._stabilizer.step(stylized, step, state and state.result)
        return result, Both(motion, kept)


def run(frames, strength: float = 0.7) -> tuple[list[np.ndarray], Both]:
    """Results of `(source, stylized)` pairs."""
    stabilizer, state, results = Pair(strength), None, []
    for source, stylized in frames:
        result, state = stabilizer.step(source, stylized, state)
        results.append(result)
    assert state is not None
    return results, state


def negative(picture: np.ndarray) -> np.ndarray:
    return 255 - picture


def flicker(picture: np.ndarray, rng: np.random.Generator, levels: float = 12) -> np.ndarray:
    """Blobs of another colour in every frame, as strokes that come and go."""
    noise = cv2.GaussianBlur(rng.normal(0, 1, picture.shape).astype(np.float32), (0, 0), 1.5)
    return (picture + noise / noise.std() * levels).clip(0, 255).astype(np.uint8)


def boil(results) -> float:
    """Mean squared step from frame to frame."""
    return float(np.mean([(b.astype(float) - a) ** 2 for a, b in itertools.pairwise(results)]))


def sharpness(picture: np.ndarray) -> float:
    return float(np.abs(np.diff(picture.astype(np.float32), axis=1)).mean())


def shifted(picture: np.ndarray, x: float, width: int = WIDTH) -> np.ndarray:
    """A window of a wide picture that begins at x, exact to a fraction of a px."""
    whole = np.array([[1, 0, -x], [0, 1, 0]], np.float32)
    return cv2.warpAffine(picture, whole, (width, picture.shape[0]), flags=cv2.INTER_LANCZOS4)


@pytest.mark.parametrize(("strength", "left"), [(0.3, 0.35), (0.7, 0.1), (1.0, 0.05)])
def test_flicker_on_a_still_scene_falls_strongly_and_more_with_strength(strength, left):
    rng, source = np.random.default_rng(0), texture(1)
    stylized = [flicker(negative(source), rng) for _ in range(30)]
    results, _ = run([(source, picture) for picture in stylized], strength)
    assert boil(results[10:]) < left * boil(stylized[10:])


def test_flicker_falls_under_a_pan_too():
    rng, wide = np.random.default_rng(0), texture(2, (HEIGHT, 800), cell=8)
    sources = [shifted(wide, 3.3 * i) for i in range(30)]
    stylized = [flicker(negative(source), rng) for source in sources]
    results, _ = run(zip(sources, stylized, strict=True))
    errors = [
        np.mean([(a[:, :280].astype(float) - negative(b)[:, :280]) ** 2 for a, b in zip(x, y, strict=True)])
        for x, y in ((results[10:], sources[10:]), (stylized[10:], sources[10:]))
    ]
    assert errors[0] < 0.3 * errors[1]


@pytest.mark.parametrize("pace", [4, 11])
@pytest.mark.parametrize("strength", [0.7, 1.0])
def test_a_moving_object_leaves_no_ghost_behind_it(pace, strength):
    background = texture(3)
    disc = np.zeros((HEIGHT, WIDTH), np.uint8)

    def scene(index: int) -> np.ndarray:
        mask = cv2.circle(disc.copy(), (40 + pace * index, 90), 24, 1, -1)[..., None]
        return np.where(mask, np.uint8(245), background // 2)

    count = 200 // pace
    frames = [(scene(i), negative(scene(i))) for i in range(count)]
    results, _ = run(frames, strength)
    x = 40 + pace * (count - 1)
    trail = slice(60, 120), slice(x - 26 - 3 * pace, x - 26)
    ghost = np.abs(results[-1][trail].astype(float) - frames[-1][1][trail]).mean()
    contrast = np.abs(frames[-1][1][trail].astype(float) - 10).mean()
    assert ghost < 0.06 * contrast


def test_detail_and_brightness_do_not_decay_over_thousands_of_frames_of_pan_and_noise():
    rng, wide = np.random.default_rng(0), texture(4, (64, 640), cell=3)
    stabilizer, state, sharp, light = Pair(1.0), None, [], []
    for index in range(3000):
        x = 200 + 190 * np.sin(index / 61)
        source = shifted(wide, x, 96)
        noisy = source + rng.normal(0, 3, source.shape)
        stylized = negative(source)
        result, state = stabilizer.step(noisy.clip(0, 255).astype(np.uint8), stylized, state)
        sharp.append(sharpness(result) / sharpness(stylized))
        light.append(result.mean(axis=(0, 1)) - stylized.mean(axis=(0, 1)))
    assert np.mean(sharp[2000:]) > 0.93
    assert abs(np.mean(sharp[2000:]) - np.mean(sharp[100:1100])) < 0.01
    assert np.abs(np.mean(light[2000:], axis=0)).max() < 0.5


def test_a_cut_takes_the_new_frame_as_it_is_on_exactly_its_frame():
    scenes = [texture(5, cell=40)] * 6 + [texture(6, cell=40)] * 6
    rng = np.random.default_rng(0)
    frames = [(scene, flicker(negative(scene), rng)) for scene in scenes]
    results, _ = run(frames)
    fresh = [i for i, (a, (_, b)) in enumerate(zip(results, frames, strict=True)) if np.array_equal(a, b)]
    assert fresh == [0, 6]


def test_the_calm_goes_on_after_a_flash():
    rng, source = np.random.default_rng(0), texture(7, cell=20) // 2
    lit = (source + 90).astype(np.uint8)
    stylized = [flicker(negative(source), rng) for _ in range(20)]
    frames = [(lit if i == 12 else source, picture) for i, picture in enumerate(stylized)]
    results, _ = run(frames)
    assert np.array_equal(results[12], stylized[12])
    others = results[8:12] + results[13:]
    assert boil(others) < 0.15 * boil(stylized)


def test_a_fade_is_followed_closely():
    source = texture(8, cell=20)
    frames = [((source * level).astype(np.uint8),) * 2 for level in np.linspace(1, 0, 26)]
    results, _ = run(frames, 1.0)
    lag = [np.abs(a.astype(float) - b).mean() for a, (_, b) in zip(results, frames, strict=True)]
    assert max(lag) < 12 and lag[-1] < 8


def test_results_are_the_same_every_time_and_the_state_alone_carries_them():
    rng, wide = np.random.default_rng(0), texture(9, (HEIGHT, 500))
    frames = [(s := shifted(wide, 2 * i), flicker(negative(s), rng)) for i in range(10)]
    whole, _ = run(frames)
    _, state = run(frames[:5])
    other = Pair(0.7)
    for (source, stylized), expected in zip(frames[5:], whole[5:], strict=True):
        result, state = other.step(source, stylized, state)
        assert np.array_equal(result, expected)


def test_the_state_does_not_grow_and_cannot_be_written_over_by_the_caller():
    rng, source = np.random.default_rng(0), texture(10)

    def size(state: Both) -> int:
        arrays = [state.motion.view, *state.result.result, state.motion.scene.thumbnail]
        return sum(array.nbytes for array in arrays)

    stylized = flicker(negative(source), rng)
    _, early = run([(source, stylized)] * 2)
    _, late = run([(source, stylized)] * 40)
    assert size(early) == size(late)
    with pytest.raises(dataclasses.FrozenInstanceError):
        late.result.detail = 0.0  # type: ignore[misc]
    kept = late.result.result[0].copy()
    stylized[:] = 0
    assert np.array_equal(late.result.result[0], kept)


@pytest.mark.parametrize(
    "size", [(1, 1), (2, 2), (1, 300), (16, 16), (33, 47), (131, 257), (359, 641), (400, 900)]
)
def test_any_size_works(size):
    rng = np.random.default_rng(0)
    source = rng.integers(0, 256, (*size, 3), np.uint8)
    results, _ = run([(source, negative(source))] * 3)
    assert all(result.shape == source.shape and result.dtype == np.uint8 for result in results)
    assert np.abs(results[-1].astype(int) - negative(source)).max() <= 30


def test_another_size_begins_anew():
    small, large = texture(11, (90, 160)), texture(12)
    results, _ = run([(small, negative(small))] * 3 + [(large, negative(large))] * 2)
    assert np.array_equal(results[3], negative(large))


@pytest.mark.parametrize("strength", [0, -0.1, 1.1, float("nan")])
def test_a_strength_out_of_range_is_refused(strength):
    with pytest.raises(ValueError, match="strength"):
        Stabilizer(strength)
