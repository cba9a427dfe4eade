"""Runs the command line on what it should survive, each run in a child with limits, forked from one process.

The warm process has imported everything and started nothing, so that a run costs its own work alone. A child
ends without Python's own clearing up.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parent
MOST_BYTES = 2 * 10**9
"""Resident; more is a finding."""
MOST_ADDRESSES = 12 * 10**9
"""Of address space: the net below, which holds where a run would take the machine with it."""
MOST_FILE_BYTES = 64 * 10**6
MOST_SECONDS = 40
_POLL_SECONDS = 0.004


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        code: its exit code, or minus the signal that ended it.
        in_time: it ended before the limit.
        seconds: that it took.
        peak_bytes: most that was resident.
        errors: its stderr.
    """

    code: int
    in_time: bool
    seconds: float
    peak_bytes: int
    errors: str


class Sandbox:
    """One warm process, from which every run is forked; use it with `with`."""

    def __enter__(self) -> Sandbox:
        single = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
        self._process = subprocess.Popen(
            [sys.executable, "-c", "import sandbox; sandbox.serve()"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *filter(None, sys.path)])}
            | dict.fromkeys(single, "1"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: Any) -> None:
        self._process.communicate()

    def run(
        self,
        arguments: tuple[str, ...],
        place: Path,
        stdin: Path | None = None,
        seconds: float = MOST_SECONDS,
    ) -> Outcome:
        """Run `stylereel` with these arguments in the folder `place`; its home lies there too."""
        order = {
            "arguments": list(arguments), "place": str(place), "seconds": seconds,
            "stdin": os.devnull if stdin is None else str(stdin), "errors": str(place) + ".stderr",
        }  # fmt: skip
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        found = json.loads(self._process.stdout.readline())
        return Outcome(**found, errors=Path(order["errors"]).read_text("utf-8", errors="replace"))


def serve() -> None:
    """The warm process: an order per line on stdin, an outcome per line on stdout, until stdin ends."""
    import av
    import cv2
    import onnxruntime

    import stylereel.actions.stylize
    from stylereel.cli.main import build_app
    from stylereel.inference.runner import RUNNERS
    from stylereel.inference.runners.openvino import import_openvino

    _ = av, cv2, onnxruntime, stylereel.actions.stylize, import_openvino()
    build_app()
    for name in ("openvino", "onnxruntime"):
        RUNNERS.load(name)
    for line in sys.stdin:
        order = json.loads(line)
        if "torch" in order["arguments"]:  # once, and only where somebody asks for it
            RUNNERS.load("torch")
            importlib.import_module("torch")
        child = os.fork()
        if child == 0:
            _become(order)
        print(json.dumps(_outcome(child, order["seconds"])), flush=True)


def _outcome(child: int, seconds: float) -> dict[str, Any]:
    began, in_time = time.monotonic(), True
    while True:
        ended, status, usage = os.wait4(child, os.WNOHANG)
        if ended:
            break
        late = time.monotonic() - began - seconds
        if late > 0:  # first with the stacks of its threads, then for sure
            in_time = False
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL if late > 2 else signal.SIGABRT)
            time.sleep(0.2)
        time.sleep(_POLL_SECONDS)
    code = os.waitstatus_to_exitcode(status)
    taken = time.monotonic() - began
    return {"code": code, "in_time": in_time, "seconds": taken, "peak_bytes": usage.ru_maxrss * 1024}


def _become(order: dict[str, Any]) -> None:
    """The child: limits, folders and streams of its own, then the command line; never returns."""
    code = 70
    try:
        import faulthandler
        import resource

        os.setsid()
        place = order["place"]
        os.environ.update(
            HOME=f"{place}/home", XDG_CACHE_HOME=f"{place}/home", XDG_DATA_HOME=f"{place}/home",
            XDG_CONFIG_HOME=f"{place}/home", TMPDIR=f"{place}/temporary",
        )  # fmt: skip
        os.chdir(place)
        errors = os.open(order["errors"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for number, target in enumerate((os.open(order["stdin"], os.O_RDONLY), errors, errors)):
            os.dup2(target, number)
        sys.stdin = os.fdopen(0, "r")
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
        faulthandler.enable(sys.stderr)
        for kind, most in (
            (resource.RLIMIT_AS, MOST_ADDRESSES),
            (resource.RLIMIT_FSIZE, MOST_FILE_BYTES),
            (resource.RLIMIT_CPU, 2 * MOST_SECONDS),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.setrlimit(kind, (most, most))
        from stylereel.cli.main import main

        sys.argv = ["stylereel", *order["arguments"]]
        try:
            main()
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 0 if leaving.code is None else 1
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)
