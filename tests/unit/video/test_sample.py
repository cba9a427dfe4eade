"""The sample clip looks filmed: cuts, a moving camera, sound, honest tags."""

import itertools

import av
import cv2
import numpy as np
import pytest

from stylereel.core.errors import UsageError
from stylereel.video.probe import probe
from stylereel.video.reader import FrameReader
from stylereel.video.sample import SOUND_RATE, ambience, filmed, make_sample

SIZE = (96, 54)


def photograph(seed: int) -> np.ndarray:
    """Soft random shapes, 120x90."""
    noise = np.random.default_rng(seed).uniform(0, 255, (9, 12, 3)).astype(np.uint8)
    return cv2.resize(noise, (120, 90), interpolation=cv2.INTER_CUBIC)


@pytest.fixture(scope="module")
def pictures():
    return [photograph(seed) for seed in range(3)]


@pytest.fixture(scope="module")
def sample(pictures, tmp_path_factory):
    return make_sample(tmp_path_factory.mktemp("sample") / "s.mp4", pictures, size=SIZE, seconds=1.8)


def test_the_sample_is_a_video_of_the_length_and_size_asked_for_with_sound(sample):
    info = probe(sample)
    assert (info.width, info.height, info.audio_streams) == (*SIZE, 1)
    assert info.color.matrix == "bt709" and info.frame_rate == 25
    with FrameReader(sample) as reader:
        assert sum(1 for _ in reader) == 45
    with av.open(str(sample)) as file:
        seconds = sum(frame.samples for frame in file.decode(audio=0)) / SOUND_RATE
    assert seconds == pytest.approx(1.8, abs=0.05)


def test_it_is_cut_once_between_two_pictures_and_moves_in_between(pictures):
    frames = [frame.astype(float) for frame in filmed(pictures, SIZE, 1.8, 25)]
    changes = [np.abs(b - a).mean() for a, b in itertools.pairwise(frames)]
    cuts = sorted(np.argsort(changes)[-2:] + 1)
    assert cuts == [15, 30]
    between = [change for index, change in enumerate(changes, 1) if index not in cuts]
    assert max(between) < 0.5 * min(changes[14], changes[29])
    assert min(between) > 0.8


def test_the_camera_moves_by_fractions_of_a_pixel(pictures):
    shot = list(filmed(pictures, SIZE, 1.8, 25))[:15]
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32) for frame in shot]
    window = cv2.createHanningWindow(SIZE, cv2.CV_32F)
    shifts = np.array([cv2.phaseCorrelate(a, b, window)[0] for a, b in itertools.pairwise(grey)])
    assert np.abs(shifts - np.rint(shifts)).max() > 0.1
    assert np.abs(np.diff(shifts, axis=0)).max() < 2.0


def test_the_same_seed_makes_the_same_clip_and_its_sound_never_clips():
    sound = ambience(2.0, seed=3)
    assert sound.shape == (2, 2 * SOUND_RATE) and sound.dtype == np.float32
    assert np.array_equal(sound, ambience(2.0, seed=3))
    assert 0.05 < np.abs(sound).max() < 1.0
    assert np.abs(sound[0] - sound[1]).max() > 0.01


def test_a_sample_without_pictures_or_of_odd_size_is_refused(tmp_path, pictures):
    with pytest.raises(UsageError, match="even sizes"):
        make_sample(tmp_path / "a.mp4", pictures, size=(97, 54))
    with pytest.raises(UsageError, match="needs pictures"):
        make_sample(tmp_path / "a.mp4", [])
    assert not list(tmp_path.iterdir())
