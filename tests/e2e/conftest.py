"""A clip with sound, a few toy styles, and the command line in this process."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from clips import make_clip
from running_studio import browser_page, chromium, launch_chromium, studio, studio_at  # noqa: F401
from stylereel.cli.main import build_app
from stylereel.video import parts
from toy_packs import toy_pack


@pytest.fixture(scope="session")
def made_clip(tmp_path_factory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips") / "clip.mp4", frames=12, audio=True)


@pytest.fixture
def clip(made_clip, tmp_path) -> Path:
    """A short clip with sound, this test's own."""
    return Path(shutil.copy(made_clip, tmp_path / "clip.mp4"))


@pytest.fixture(scope="session")
def styles(tmp_path_factory) -> Path:
    """A folder with the styles `plain`, `negative` and `brush`, and `nameless` without a licence."""
    folder = tmp_path_factory.mktemp("styles")
    toy_pack(folder / "plain", "identity")
    toy_pack(folder / "negative", "invert", author="A. Painter", credit="Museum of Toys")
    toy_pack(folder / "brush", "conv")
    toy_pack(folder / "nameless", "invert", license="unknown")
    return folder


@pytest.fixture
def run(styles, monkeypatch):
    """Run `stylereel` with arguments, in this process; the toy styles are the user's own."""
    monkeypatch.setenv("STYLEREEL_PACKS", str(styles))
    monkeypatch.setenv("COLUMNS", "200")
    app = build_app()

    def invoke(*arguments: object):
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return invoke


@pytest.fixture
def small(monkeypatch, styles):
    """Parts of ten frames, and the toy styles."""
    monkeypatch.setattr(parts, "MOST_FRAMES", 10)
    monkeypatch.setenv("STYLEREEL_PACKS", str(styles))
