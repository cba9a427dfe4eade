from pathlib import Path

import numpy as np
import pytest

from clips import make_clip
from stylereel.core.errors import DatasetError
from stylereel.data import video_frames
from stylereel.data.credits import CreditBook
from stylereel.data.gather import GatherRules, Named, gather
from stylereel.data.video_frames import sample_frames


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("film") / "film.mp4", frames=30)


def test_frames_are_spread_over_the_whole_video(film: Path) -> None:
    few, all_of_them = sample_frames(film, 5, 512), sample_frames(film, 100, 512)
    assert 3 <= len(few) <= 5 and len(few) < len(all_of_them) <= 30
    assert np.array_equal(few[0], all_of_them[0])
    last = np.abs(few[-1].astype(int) - all_of_them[-1].astype(int)).mean()
    middle = np.abs(few[-1].astype(int) - all_of_them[len(all_of_them) // 2].astype(int)).mean()
    assert last < middle


def test_frames_are_reduced_to_the_short_side(film: Path) -> None:
    assert min(sample_frames(film, 3, 32)[0].shape[:2]) == 32


def test_a_long_video_is_sampled_by_seeking(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_frames, "SEEK_FROM_SECONDS", 0.1)
    assert len(sample_frames(film, 5, 512)) >= 3


def test_a_video_as_a_style_has_stretches_held_out(film: Path) -> None:
    rules = GatherRules("style", 512, 32, 1, 10**9)
    found = gather([Named(film)], rules, CreditBook())
    assert len(found.held_out) >= 1 and len(found.training) > len(found.held_out)
    assert not {p.group for p in found.held_out.pictures} & {p.group for p in found.training.pictures}


def test_what_is_no_video_is_skipped_and_named(tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"no video at all")
    rules = GatherRules("content", 512, 32, 4, 10**9)
    with pytest.raises(DatasetError, match=r"1 could not be read: broken\.mp4"):
        gather([Named(tmp_path)], rules, CreditBook())
