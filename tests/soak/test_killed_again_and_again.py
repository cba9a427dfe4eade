"""Long jobs are killed dozens of times, at every stage, and come out as if nothing had been.

The short form is in `tests/e2e/test_resume.py`.
"""

import random
from fractions import Fraction

import numpy as np
import pytest

from clips import make_clip
from interrupted_jobs import finish, heard, killed_at, shown, start
from slides import lesson
from stylereel.video.parts import Parts
from toy_packs import toy_pack

pytestmark = pytest.mark.soak

FRAMES = 400
KILLS = 40
EACH = 25
MORE = {
    "folder": {},
    "text": {"protect_text": True},
    "rate": {"fps": "20", "protect_text": True, "crop": "9:16"},
}


@pytest.fixture
def film(tmp_path, monkeypatch):
    """400 frames at uneven times, with sound: slides, and between them what moves."""
    monkeypatch.setenv("STYLEREEL_PACKS", str(tmp_path / "styles"))
    (tmp_path / "styles").mkdir()
    toy_pack(tmp_path / "styles" / "brush", "conv")
    steps = np.random.default_rng(3).choice([20, 40, 41, 300], FRAMES, p=[0.3, 0.5, 0.15, 0.05])
    return make_clip(
        tmp_path / "in.mkv", frames=FRAMES, size=(128, 96), paint=lesson, audio=True,
        pts=[int(time) for time in np.cumsum(steps)], time_base=Fraction(1, 1000),
    )  # fmt: skip


@pytest.mark.parametrize("codec", ["h264", "hevc", "av1", "vp9", "ffv1", "folder", "text", "rate"])
@pytest.mark.parametrize("stabilize", [0.0, 0.7])
@pytest.mark.parametrize("seed", range(3))
def test_killed_at_random_moments_until_it_is_done(tmp_path, film, codec, stabilize, seed):
    moments = random.Random(f"{codec} {stabilize} {seed}")
    ending = {"folder": "", "ffv1": ".mkv", "vp9": ".webm"}.get(codec, ".mp4")
    settings = {"input": film, "style": "brush", "stabilize": stabilize}
    settings |= MORE.get(codec, {"codec": codec})
    whole = {**settings, "output": tmp_path / f"whole{ending}"}
    killed = {**settings, "output": tmp_path / f"killed{ending}", "resume": True}
    finish(whole, frames_each=EACH)
    before = kills = 0
    while not killed["output"].exists() and kills < KILLS:
        # Anywhere from the first moments of the process to the joining of the parts at the end.
        frames = before + moments.randrange(0, 3 * EACH)
        reached = killed_at(killed, frames, moments.random() / 5, frames_each=EACH, pause_seconds=0.004)
        kills += 1
        if reached < 0 or killed["output"].exists():
            break
        found = Parts.find(killed["output"])
        finished = 0 if found is None else found.frames
        assert finished >= before and reached - finished <= EACH + 10
        before = finished
    if not killed["output"].exists():
        assert finish(killed, frames_each=EACH)["resumed_frames"] == before
    elif Parts.folder_of(killed["output"]).exists():  # killed between the file's name and the clearing up
        assert shown(killed["output"]) == shown(whole["output"])
        finish(killed, frames_each=EACH)
    else:  # killed while that was cleared up, or when all was done: there is nothing to do but to say so
        said, _ = start(killed, frames_each=EACH).communicate(timeout=120)
        assert "exists" in said
    assert kills >= 3
    assert shown(killed["output"]) == shown(whole["output"])
    if codec != "folder":
        assert heard(killed["output"]) == heard(whole["output"])
    left = {path.name for path in tmp_path.iterdir()}
    assert left - {f".{killed['output'].name}.lock"} == {
        "in.mkv", "styles", whole["output"].name, killed["output"].name
    }  # fmt: skip
