"""Importing costs next to nothing: told by what is loaded, since a clock tells of the machine too."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import stylereel

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "torch",
    "cv2",
    "av",
    "numpy",
    "openvino",
    "onnxruntime",
    "onnx",
    "pydantic",
    "scipy",
    "skimage",
    "safetensors",
)
DOORS = ("typer", "rich", "click")


def loaded_by(statement: str) -> set[str]:
    """Top-level names of the modules that a fresh Python holds after the statement."""
    names = "sorted({name.split('.')[0] for name in sys.modules})"
    code = f"{statement}\nimport json, sys\nprint('\\n' + json.dumps({names}))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return set(json.loads(result.stdout.strip().splitlines()[-1]))


def test_importing_the_package_loads_nothing_heavy():
    assert not loaded_by("import stylereel") & {*HEAVY, *DOORS}


def test_the_help_loads_the_command_line_and_nothing_heavy():
    statement = (
        "import sys\nfrom stylereel.cli.main import main\nsys.argv = ['stylereel', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass"
    )
    assert not loaded_by(statement) & set(HEAVY)


def test_the_package_runs_as_a_module_and_its_help_loads_nothing_heavy():
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "stylereel", "--version"]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert shown.strip() == f"stylereel {stylereel.__version__}"
    statement = (
        "import runpy, sys\nsys.argv = ['stylereel', '--help']\n"
        "try:\n    runpy.run_module('stylereel', run_name='__main__')\nexcept SystemExit:\n    pass"
    )
    assert not loaded_by(statement) & set(HEAVY)
    assert not loaded_by("import stylereel.__main__") & {*HEAVY, *DOORS}


@pytest.mark.parametrize(
    "statement", ["from stylereel import stylize, Stylizer", "from stylereel import probe, FrameReader"]
)
def test_stylising_loads_no_torch(statement):
    assert not loaded_by(statement) & {"torch", "onnx", "skimage", "typer"}


def test_every_public_name_loads_and_unknown_ones_are_told():
    for name in stylereel.__all__:
        assert getattr(stylereel, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = stylereel.Nothing


def test_the_documented_names_are_the_public_ones():
    text = (ROOT / "docs" / "api.md").read_text("utf-8").split("## All names")[1]
    assert sorted(re.findall(r"`(\w+)`", text)) == sorted(stylereel.__all__)


def test_the_shapes_of_a_generator_are_told_without_torchs_compiler():
    pytest.importorskip("torch", reason="the training extra is not installed")
    code = (
        "import sys, torch\nfrom stylereel.core.registry import family\n"
        "members = family('stylereel.networks.generators')\n"
        "with torch.device('meta'):\n"
        "    for name in members.names():\n"
        "        members.load(name).Generator(members.load(name).Config()).state_dict()\n"
        "print(sorted({'torch._dynamo', 'torch._inductor'} & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
