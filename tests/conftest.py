"""Every test is on its own: one thread per library, no user's folders, no user's settings, no colours."""

import os

# Read when numpy, OpenCV and torch load, hence set before any of them is imported. Tests run side by side.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
    os.environ.setdefault(_name, "1")

import sys

import pytest

USERS_OWN = (
    "STYLEREEL_PACKS",
    "STYLEREEL_MAX_STEPS",
    "STYLEREEL_DEBUG",
    "STYLEREEL_CACHE",
    "NO_COLOR",
    "FORCE_COLOR",
)
FOLDERS = {
    "HOME": "home",
    "USERPROFILE": "home",
    "XDG_DATA_HOME": "data",
    "XDG_CACHE_HOME": "cache",
    "XDG_CONFIG_HOME": "config",
    "LOCALAPPDATA": "local",
}


@pytest.fixture(scope="session", autouse=True)
def _nobody_at_home(tmp_path_factory):
    """Folders of the user's own lie in a temporary place; settings from the environment are gone."""
    home = tmp_path_factory.mktemp("user")
    with pytest.MonkeyPatch.context() as patch:
        for name in USERS_OWN:
            patch.delenv(name, raising=False)
        for name, folder in FOLDERS.items():
            (home / folder).mkdir(exist_ok=True)
            patch.setenv(name, str(home / folder))
        yield


@pytest.fixture(autouse=True)
def _one_thread_each():
    """Libraries that are loaded by now keep to one thread, whatever a test before has set."""
    if "cv2" in sys.modules:
        sys.modules["cv2"].setNumThreads(1)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    yield
