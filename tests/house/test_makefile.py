"""Where `make install` takes torch from."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CPU_BUILDS = "https://download.pytorch.org/whl/cpu"

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or shutil.which("make") is None, reason="needs make on Linux"
)


def installed(folder: Path, *variables: str, is_reachable: bool = True) -> tuple[list[str], str]:
    """What pip was asked for, and what was said; an environment whose python only takes notes stands in."""
    environment = folder / "venv"
    (environment / "bin").mkdir(parents=True)
    (environment / ".stamps").mkdir()
    (environment / ".stamps" / "venv").touch()
    python, notes = environment / "bin" / "python", folder / "notes"
    python.write_text(f'#!/bin/sh\n[ "$1" = -c ] && exit {int(not is_reachable)}\necho "$@" >> {notes}\n')
    python.chmod(0o755)
    result = subprocess.run(
        ["make", f"VENV={environment}", "install", *variables],
        cwd=ROOT, capture_output=True, text=True, check=True,
        env={name: value for name, value in os.environ.items() if name != "TORCH_INDEX"},
    )  # fmt: skip
    return notes.read_text().splitlines(), result.stdout


def test_on_linux_torch_is_the_cpu_build(tmp_path):
    (torch, rest), _ = installed(tmp_path)
    assert torch.endswith(f"--constraint constraints.txt --extra-index-url {CPU_BUILDS} torch")
    assert rest.endswith("--editable .[demo,train,dev,studio]") and "index" not in rest


def test_where_only_an_ordinary_index_can_be_reached_it_serves_and_that_is_said(tmp_path):
    (torch, _), said = installed(tmp_path, is_reachable=False)
    assert torch.endswith("--constraint constraints.txt torch")
    assert f"{CPU_BUILDS} cannot be reached" in said


def test_the_index_can_be_chosen_and_left_out(tmp_path):
    (chosen, _), _ = installed(tmp_path / "chosen", "TORCH_INDEX=file:///wheels", is_reachable=False)
    assert "--extra-index-url file:///wheels torch" in chosen
    (own, _), said = installed(tmp_path / "own", "TORCH_INDEX=")
    assert own.endswith("--constraint constraints.txt torch") and "cannot be reached" not in said


def test_help_names_the_choice():
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "TORCH_INDEX=" in said


def test_the_long_tests_run_in_make_soak_and_not_in_make_test():
    def chosen(*arguments: str) -> str:
        command = [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:cacheprovider", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout

    # Not with what a `make test TESTS=...` around us was told.
    alone = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    alone.pop("TESTS", None)
    plan = subprocess.run(
        ["make", "-n", "soak"], cwd=ROOT, env=alone, capture_output=True, text=True, check=True
    ).stdout
    assert "-m soak --timeout 0 " in plan and " tests/soak\n" in plan
    assert "test_long_videos" in chosen("-m", "soak", "tests/soak")
    assert "test_long_videos" not in chosen("tests/soak")
