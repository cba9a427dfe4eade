"""How long `import stylereel` and `stylereel --help` take: medians, beside a bare interpreter.

python benchmarks/startup.py
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import child
import machine


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    commands = {
        "bare python": [sys.executable, "-c", "pass"],
        "import stylereel": [sys.executable, "-c", "import stylereel"],
        "stylereel --help": child.command(["--help"]),
    }

    def start(command: list[str]) -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    actions = {name: (lambda c=command: start(c)) for name, command in commands.items()}
    seconds = machine.in_turn(actions, options.repeats, warm_up=1)
    bare = seconds["bare python"]
    rows = [{"what": name, "seconds": s, "of bare python": s / bare} for name, s in seconds.items()]
    machine.report("Start-up", rows, options.json)


if __name__ == "__main__":
    main()
