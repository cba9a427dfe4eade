"""The house rules that a program can check."""

import ast
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "stylereel"
MODULES = sorted(SOURCE.rglob("*.py"))
REFUSED_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "wrapper"}
LONGEST_FILE_LINES = 500
"""About 120 lines are good, past 400 one looks again; nothing is longer than this."""


def short(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@pytest.mark.skipif(importlib.util.find_spec("importlinter") is None, reason="import-linter is not installed")
def test_imports_go_downward_and_each_dependency_has_one_home():
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-1000:]


def test_no_module_has_a_name_that_says_nothing():
    parts = {short(path): set(path.with_suffix("").relative_to(SOURCE).parts) for path in MODULES}
    assert not {path: names & REFUSED_NAMES for path, names in parts.items() if names & REFUSED_NAMES}


def test_no_module_is_longer_than_anyone_reads():
    lengths = {short(path): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert not {path: lines for path, lines in lengths.items() if lines > LONGEST_FILE_LINES}


def test_every_module_says_what_it_is():
    assert not [short(path) for path in MODULES if not ast.get_docstring(tree(path))]


def test_public_functions_and_classes_of_modules_have_docstrings():
    missing = []
    for path in MODULES:
        for node in tree(path).body:
            named = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if named and not ast.get_docstring(node):
                missing.append(f"{short(path)}: {node.name}")
    assert not missing


def test_only_the_command_line_prints_and_leaves():
    found = []
    for path in MODULES:
        if path.relative_to(SOURCE).parts[0] == "cli":
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                if name in ("print", "exit", "quit", "sys.exit", "os._exit"):
                    found.append(f"{short(path)}:{node.lineno}: {name}")
    assert not found


def test_importing_a_module_never_works_on_files_or_processes():
    """No statement at a module's top level makes folders, opens files or asks for devices."""
    busy = re.compile(
        r"\.(mkdir|write_text|write_bytes|unlink)\(|subprocess\.|urlopen|cuda\.is_available|setNumThreads"
    )
    found = []
    for path in MODULES:
        for node in tree(path).body:
            if isinstance(node, ast.Expr | ast.Assign | ast.If | ast.With | ast.For):
                text = ast.unparse(node)
                if busy.search(text) and "TYPE_CHECKING" not in text and "__main__" not in text:
                    found.append(f"{short(path)}:{node.lineno}")
    assert not found


def test_a_test_is_named_like_a_sentence():
    few = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        functions = [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef)]
        names = [node.name for node in functions if node.name.startswith("test_")]
        few += [f"{path.name}: {name}" for name in names if name.count("_") < 2]
    assert not few


def test_no_file_tells_where_it_was_made():
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listing.returncode:
        pytest.skip("not a git checkout")
    telling = re.compile(
        "|".join([r"(?<![\w.~])/" + "work/", r"\.\./" + "shared", "/" + "home/[a-z]+/", "/ro" + "ot/"])
    )
    found = []
    for name in filter(None, listing.stdout.split("\0")):
        content = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b""
        if b"\0" in content[:4096]:
            continue
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
            if telling.search(line):
                found.append(f"{name}:{number}: {line.strip()[:80]}")
    assert not found
