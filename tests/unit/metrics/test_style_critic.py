"""The critic behind style likeness, on textures of our own: it knows a look, and sharpening is none."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from stylereel.core.errors import DatasetError
from stylereel.metrics import style_likeness

pytest.importorskip("torch", reason="the critic is trained with torch: pip install 'stylereel[train]'")

STEPS = 90


def photograph(seed: int, height: int = 160, width: int = 200) -> np.ndarray:
    """Blobs at several scales, as the world has them, (H, W, 3) uint8."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((height, width), np.float32)
    for sigma in (1, 3, 9, 27):
        picture += (
            cv2.GaussianBlur(rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), sigma) * sigma
        )
    picture = (picture - picture.mean()) / picture.std() * 45 + 120
    return np.repeat(np.clip(picture, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def painted(frame: np.ndarray, seed: int = 77) -> np.ndarray:
    """Short curved strokes over a frame, in its own tones."""
    rng = np.random.default_rng(seed)
    picture = frame.copy()
    height, width = frame.shape[:2]
    for _ in range(height * width // 60):
        x, y, turn = int(rng.integers(width)), int(rng.integers(height)), float(rng.uniform(0, 40))
        tone = float(np.clip(frame[y, x, 0] + rng.normal(0, 35), 0, 255))
        cv2.ellipse(picture, (x, y), (9, 5), turn, 0, 140, (tone,) * 3, 2, cv2.LINE_AA)
    return picture


def painting(seed: int, height: int = 200, width: int = 220) -> np.ndarray:
    """A picture of the style."""
    return painted(photograph(seed, height, width), seed)


def write(folder: Path, pictures: list[np.ndarray]) -> list[Path]:
    folder.mkdir()
    for index, picture in enumerate(pictures):
        cv2.imwrite(str(folder / f"{index:02d}.png"), picture)
    return style_likeness.list_pictures(folder)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    base = tmp_path_factory.mktemp("critic")
    style = write(base / "style", [painting(seed) for seed in range(4)])
    photos = write(base / "photos", [photograph(seed, 360, 400) for seed in range(20, 32)])
    return style, photos, base / "cache"


@pytest.fixture(scope="module")
def critic(folders):
    style, photos, cache = folders
    return style_likeness.train_or_load(style, photos, cache=cache, steps=STEPS)


def likeness(critic, apply) -> dict[str, float]:
    metric = style_likeness.Metric(critic)
    for seed in (50, 51):
        frame = photograph(seed, 360, 480)
        metric.update(frame, apply(frame))
    return metric.result()


def test_a_painted_frame_is_like_the_style_and_the_source_is_not(critic):
    assert likeness(critic, painted)["style_likeness"] > 0.5
    assert abs(likeness(critic, lambda frame: frame)["style_likeness"]) < 0.3


def test_a_sharpening_filter_does_not_pass_for_a_look(critic):
    def sharpened(frame: np.ndarray) -> np.ndarray:
        soft = cv2.GaussianBlur(frame, (0, 0), 2).astype(np.float32)
        return np.clip(frame + 2.0 * (frame - soft), 0, 255).astype(np.uint8)

    assert likeness(critic, sharpened)["style_likeness"] < 0.2


def test_a_critic_is_trained_once_and_the_same_again(folders, critic):
    style, photos, cache = folders
    (stored,) = cache.iterdir()
    before = stored.stat().st_mtime_ns
    again = style_likeness.train_or_load(style, photos, cache=cache, steps=STEPS)
    assert stored.stat().st_mtime_ns == before
    assert again.held_out_logits == pytest.approx(critic.held_out_logits)


def test_tiles_stay_with_the_picture_that_they_were_cut_from(tmp_path):
    from stylereel.metrics._critic_store import _style_groups

    names = ("a", "a_t00", "a_t01", "b", "b_t10")
    for name in names:
        cv2.imwrite(str(tmp_path / f"{name}.png"), painting(1))
    groups = _style_groups([tmp_path / f"{name}.png" for name in names])
    assert {name: len(pictures) for name, pictures in groups.items()} == {"a": 3, "b": 2}


def test_a_single_picture_is_split_into_two_halves_that_share_no_pixel(tmp_path):
    from stylereel.metrics._critic_store import _style_groups

    picture = painting(1, 240, 400)
    cv2.imwrite(str(tmp_path / "one.png"), picture)
    groups = _style_groups([tmp_path / "one.png"])
    assert len(groups) == 2
    assert sum(block.size for blocks in groups.values() for block in blocks) == 240 * 400


def test_pictures_that_are_too_small_are_named(tmp_path):
    cv2.imwrite(str(tmp_path / "tiny.png"), photograph(1, 40, 40))
    with pytest.raises(DatasetError, match=r"tiny\.png is 40x40"):
        style_likeness.train_or_load([tmp_path / "tiny.png"], [tmp_path / "tiny.png"], cache=tmp_path)
