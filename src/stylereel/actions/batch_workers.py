"""Several variants at the same time, each worker a process of its own.

Processes rather than threads: a compiled network serves one frame at a time, memory is planned from what a
process holds, and a decoder that a damaged file brings down takes its own worker with it and no more. A
worker runs this file (`serve`), takes variants as lines of JSON on stdin and answers in the same way.

    parent ── {"variant": ...} ──► worker ── {"progress" | "summary" | "failure": ...} ──► parent
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from stylereel.actions.batch_making import Failure, VariantMaker
from stylereel.actions.batch_plan import Variant
from stylereel.actions.stylize import StylizeSummary
from stylereel.core.errors import RunnerFailedError
from stylereel.core.progress import Progress

_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); import stylereel; del sys.path[0]; "
    "from stylereel.actions.batch_workers import serve; serve()"
)
"""The very package that runs here, wherever it lies, and nothing else from there."""
_TELL_SECONDS = 0.2
_POLL_SECONDS = 0.1
_PATIENCE_SECONDS = 15.0

Told = Progress | StylizeSummary | Failure


def in_processes(
    variants: Sequence[Variant], workers: int, *, resume: bool, overwrite: bool
) -> Generator[tuple[int, Told], None, None]:
    """Make variants side by side.

    Args:
        variants: taken in this order, by whichever worker is free.
        workers: how many.
        resume: see `VariantMaker.make`, and so for `overwrite`.

    Yields:
        The place of a variant in `variants`, and what is told of it: progress, and at last a summary or a
        failure. Closed early, or interrupted, it stops the workers and waits for them.
    """
    waiting = iter(enumerate(variants))
    told: queue.Queue[tuple[int, Told] | None] = queue.Queue()
    lock, stop = threading.Lock(), threading.Event()

    def following() -> tuple[int, Variant] | None:
        with lock:
            return None if stop.is_set() else next(waiting, None)

    slots = [_Slot(following, told.put, resume=resume, overwrite=overwrite) for _ in range(workers)]
    try:
        for slot in slots:
            slot.start()
        at_work = workers
        while at_work:
            try:
                item = told.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                continue
            if item is None:
                at_work -= 1
            else:
                yield item
    finally:
        stop.set()
        for slot in slots:
            slot.stop()
        deadline = time.monotonic() + _PATIENCE_SECONDS
        for slot in slots:
            slot.end(deadline - time.monotonic())


class _Slot(threading.Thread):
    """A worker's place: hands its process one variant after the other, and replaces one that died."""

    def __init__(
        self,
        following: Callable[[], tuple[int, Variant] | None],
        tell: Callable[[tuple[int, Told] | None], None],
        **how: bool,
    ) -> None:
        super().__init__(name="stylereel-batch", daemon=True)
        self._following, self._tell, self._how = following, tell, how
        self._worker: subprocess.Popen[str] | None = None
        self._starting = threading.Lock()
        self._must_end = False

    def run(self) -> None:
        try:
            while (task := self._following()) is not None:
                index, variant = task
                try:
                    self._make(index, variant)
                except OSError as error:
                    self._tell((index, self._died(str(error))))
        finally:
            if self._worker is not None and self._worker.stdin is not None:
                with contextlib.suppress(OSError):
                    self._worker.stdin.close()  # an idle worker ends with its stdin
            self._tell(None)

    def _make(self, index: int, variant: Variant) -> None:
        with self._starting:
            if self._must_end:
                return
            if self._worker is None or self._worker.poll() is not None:
                self._worker = _started()
            process = self._worker
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps({"variant": _as_values(variant), **self._how}) + "\n")
        process.stdin.flush()
        for line in process.stdout:
            told = _parsed(line)
            self._tell((index, told))
            if not isinstance(told, Progress):
                return
        code = process.wait()
        if not self._must_end:
            ended = f"signal {-code}" if code < 0 else f"exit code {code}"
            self._tell((index, self._died(f"it ended with {ended}")))

    def stop(self) -> None:
        """Ask the process to leave what it is at, and start no other."""
        with self._starting:
            self._must_end = True
            if self.is_alive() and self._worker is not None:
                with contextlib.suppress(OSError):
                    self._worker.terminate()

    def end(self, seconds: float) -> None:
        """Wait until the process has cleaned up; end it where it takes longer."""
        if self._worker is None:
            return
        try:
            self._worker.wait(max(0.1, seconds))
        except subprocess.TimeoutExpired:
            self._worker.kill()
            self._worker.wait()
        self.join(_PATIENCE_SECONDS)
        if self._worker.stdout is not None and not self.is_alive():
            self._worker.stdout.close()

    @staticmethod
    def _died(reason: str) -> Failure:
        return Failure.of(
            RunnerFailedError(
                f"The worker process broke off: {reason}. Memory may have run out, of which fewer --workers "
                "take less, or the file brings down a library: stylize it by itself to see."
            )
        )


def _started() -> subprocess.Popen[str]:
    home = str(Path(__file__).resolve().parents[2])
    return subprocess.Popen(
        [sys.executable, "-P", "-c", _PROGRAM, home],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="ascii",
    )


def _as_values(variant: Variant) -> dict[str, Any]:
    return {**asdict(variant), "source": str(variant.source), "output": str(variant.output)}


def _parsed(line: str) -> Told:
    (kind, values), *_ = json.loads(line).items()
    if kind == "progress":
        return Progress(**values)
    if kind == "failure":
        return Failure(**values)
    tile = values["tile"]
    return StylizeSummary(
        **{**values, "tile": None if tile is None else tuple(tile), "notices": tuple(values["notices"])}
    )


def serve() -> None:
    """A worker's whole life: variants come on stdin until it ends; SIGTERM stops the one at work, cleanly."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which decides
    signal.signal(signal.SIGTERM, _stop_once)
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # a library that prints may not speak in between
    maker = VariantMaker()
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError), answers:  # a parent that left hears nothing
        for line in sys.stdin:
            _answer(json.loads(line), maker, answers)


def _answer(task: dict[str, Any], maker: VariantMaker, answers: IO[str]) -> None:
    values = task.pop("variant")
    variant = Variant(
        **{**values, "source": Path(values["source"]), "output": Path(values["output"])},
    )
    last = 0.0

    def say(kind: str, what: Any) -> None:
        answers.write(json.dumps({kind: asdict(what)}) + "\n")
        answers.flush()

    def show(progress: Progress) -> None:
        nonlocal last
        if time.monotonic() - last >= _TELL_SECONDS:
            say("progress", progress)
            last = time.monotonic()

    try:
        summary = maker.make(variant, **task, on_progress=show)
    except BrokenPipeError:
        raise
    except Exception as error:
        say("failure", Failure.of(error))
    else:
        say("summary", summary)


def _stop_once(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
