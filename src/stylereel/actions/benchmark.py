"""How fast this machine is with a look: reading, network, writing, all together, and what limits it."""

from __future__ import annotations

import contextlib
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from stylereel.actions.stylize import stylize
from stylereel.core.errors import EnvironmentMissingError, OutputError, PackError, UsageError
from stylereel.core.frames import Frame
from stylereel.core.progress import Meter, OnProgress
from stylereel.inference.cpu import available_cores, cpu_name
from stylereel.inference.painter import Look, Painter, PainterState
from stylereel.inference.runner import PREFERENCE, RUNNERS, ManyAtOnce, Runner, open_runner
from stylereel.packs.find import find_pack
from stylereel.packs.store import Pack
from stylereel.temporal.stabilizer import Stabilizer
from stylereel.video.reader import FrameReader
from stylereel.video.sample import make_sample
from stylereel.video.writer import FrameWriter

SIZES = ("640x360", "1280x720", "1920x1080")
SIZES_OF_A_CARD = (*SIZES, "3840x2160")
RATE = 25
HELD_FRAMES = 12
"""Decoded frames kept in memory for the network and the writer to work on."""
LEAST_RUNS = 5
LEAST_AT_ONCE = 200
_ALONE = "import json, sys; from stylereel.actions.benchmark import alone; alone(json.loads(sys.argv[1]))"


@dataclass(frozen=True)
class SizeFigures:
    """What one size came to; times are medians.

    Attributes:
        width: of the frames, pixels.
        height: of the frames, pixels.
        frames: of the clip.
        reading_ms: of a frame, decoding and conversion to RGB alone.
        network_ms: of a frame by runner, the network alone, pictures in and out; on a graphics card with as
            many frames at a time as `stylize` gives it.
        painting_ms: of a frame by the runner that the whole used, with what the look needs beside the
            network: motion, anchors, stabiliser.
        writing_ms: of a frame, conversion and encoding alone.
        whole_ms: of a frame from file to file, from the first frame to the finished file.
        frames_per_second: the same as a pace.
        startup_seconds: what the process took beside that: loading, compiling, the first frame.
        whole_over_parts: `whole_ms` over the sum of reading, painting and writing; below 1 they overlap.
        peak_mb: most memory the process held, resident; None where the system does not say.
        limit: what takes the most time, in words.
    """

    width: int
    height: int
    frames: int
    reading_ms: float
    network_ms: dict[str, float]
    painting_ms: float
    writing_ms: float
    whole_ms: float
    frames_per_second: float
    startup_seconds: float
    whole_over_parts: float
    peak_mb: float | None
    limit: str


@dataclass(frozen=True)
class BenchmarkReport:
    """What `benchmark` found.

    Attributes:
        style: name of the pack.
        cpu: the processor's name.
        cores: that this process may use.
        runner: that the whole ran with, by its name.
        device: that it ran on.
        precision: that it computed with.
        stabilize: 0 to 1.
        sizes: figures by size.
        absent: runners that could not be measured, with the reason.
    """

    style: str
    cpu: str
    cores: int
    runner: str
    device: str
    precision: str
    stabilize: float
    sizes: tuple[SizeFigures, ...]
    absent: dict[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def benchmark(
    style: str | Path,
    *,
    sizes: Sequence[str] | None = None,
    runner: str = "auto",
    device: str = "auto",
    stabilize: float = 0.0,
    threads: int | None = None,
    seconds: float = 2.0,
    on_progress: OnProgress | None = None,
) -> BenchmarkReport:
    """Measure this machine with a look, on clips that are made for it.

    Args:
        style: name of a pack, or the folder of one.
        sizes: such as "1280x720", even sides; None takes `SIZES`, on a CUDA device with 3840x2160 besides.
        runner: that the whole runs with; "auto" measures every runner alone beside it.
        device: as in `stylize`.
        stabilize: as in `stylize`.
        threads: CPU threads for the network; None leaves it to the runner.
        seconds: length of each clip, at 25 frames a second.
        on_progress: called after each part.

    Raises:
        UsageError, EnvironmentMissingError, PackError: as in `stylize`.
    """
    for size in sizes or ():
        _checked_size(size)
    if not 0.2 <= seconds <= 600:
        raise UsageError(f"seconds is {seconds}: a clip of 0.2 to 600 seconds.")
    pack = find_pack(style)
    chosen = open_runner(pack, runner, device, threads=threads)
    wanted = [
        _checked_size(size) for size in sizes or (SIZES_OF_A_CARD if chosen.device == "cuda" else SIZES)
    ]
    runners, absent = _runners(pack, chosen, device, threads, others=runner == "auto")
    meter = Meter(len(wanted) * (len(runners) + 5), unit="parts")

    def done(note: str) -> None:
        meter.note = note
        if on_progress is not None:
            on_progress(meter.advance())

    figures = []
    with tempfile.TemporaryDirectory(prefix="stylereel-benchmark-") as scratch:
        for size in wanted:
            bench = _Bench(Path(scratch), size, seconds, done)
            figures.append(bench.measured(pack, chosen, runners, stabilize, threads))
    return BenchmarkReport(
        style=pack.card.name,
        cpu=cpu_name(),
        cores=available_cores(),
        runner=chosen.name,
        device=chosen.device,
        precision=chosen.precision,
        stabilize=float(stabilize),
        sizes=tuple(figures),
        absent=absent,
    )


class _Bench:
    """One size: its clip, and every part of the work on it by itself."""

    def __init__(
        self, folder: Path, size: tuple[int, int], seconds: float, done: Callable[[str], None]
    ) -> None:
        self._folder, self._size, self._done = folder, size, done
        self._name = f"{size[0]}x{size[1]}"
        self._clip = make_sample(
            folder / f"{self._name}.mp4", _scenes(), size=size, seconds=seconds, rate=RATE
        )
        done(f"{self._name}: made a clip")

    def measured(
        self, pack: Pack, chosen: Runner, runners: dict[str, Runner], stabilize: float, threads: int | None
    ) -> SizeFigures:
        reading_ms, held, count = self._reading()
        alone_ms = {name: self._network(runner, held, count) for name, runner in runners.items()}
        painter = Painter(chosen, Look(), Stabilizer(stabilize) if stabilize else None)
        painting_ms = self._painting(painter, held, count)
        writing_ms = self._writing(held, count)
        network_ms = {
            name: self._at_once(runner, held, count) if runner.device == "cuda" else alone_ms[name]
            for name, runner in runners.items()
        }
        whole, wall_seconds = self._whole(pack, chosen, stabilize, threads)
        whole_ms = 1000 * whole["seconds"] / max(1, whole["frames"] - 1)
        parts = {
            "the network": network_ms[chosen.name],
            "finding motion": max(0.0, painting_ms - alone_ms[chosen.name]),
            "reading": reading_ms,
            "writing": writing_ms,
        }
        return SizeFigures(
            *self._size,
            frames=whole["frames"],
            reading_ms=reading_ms,
            network_ms=network_ms,
            painting_ms=painting_ms,
            writing_ms=writing_ms,
            whole_ms=whole_ms,
            frames_per_second=1000 / whole_ms,
            startup_seconds=wall_seconds - whole["seconds"],
            whole_over_parts=whole_ms / (reading_ms + painting_ms + writing_ms),
            peak_mb=whole["peak_mb"],
            limit=_limit(parts),
        )

    def _reading(self) -> tuple[float, list[Frame], int]:
        held: list[Frame] = []
        count = 0
        began = time.perf_counter()
        with FrameReader(self._clip) as reader:
            for frame in reader:
                count += 1
                if len(held) < HELD_FRAMES:
                    held.append(frame)
        taken = time.perf_counter() - began
        self._done(f"{self._name}: read")
        return 1000 * taken / count, held, count

    def _network(self, runner: Runner, held: Sequence[Frame], count: int) -> float:
        batches = itertools.cycle([frame.pixels[None] for frame in held])
        runner.run(next(batches), None, None)  # compiles for this size
        median = _median_ms(lambda: runner.run(next(batches), None, None), max(LEAST_RUNS, count // 2))
        self._done(f"{self._name}: {runner.name} alone")
        return median

    def _at_once(self, runner: Runner, held: Sequence[Frame], count: int) -> float:
        """Milliseconds for each of many frames, as many at a time as the runner may be at."""
        lanes = 1
        if isinstance(runner, ManyAtOnce):
            lanes = runner.most_lanes
            runner.use_lanes(lanes)
        frames = itertools.cycle([frame.pixels[None] for frame in held])
        with ThreadPoolExecutor(lanes) as pool:

            def done(frames: Iterable[np.ndarray]) -> None:
                for _ in pool.map(lambda batch: runner.run(batch, None, None)[0].shape, frames):
                    pass

            done(itertools.islice(frames, 2 * lanes + 1))  # compiles for this size
            count = max(count, LEAST_AT_ONCE)
            began = time.perf_counter()
            done(itertools.islice(frames, count))
            taken = time.perf_counter() - began
        if isinstance(runner, ManyAtOnce):
            runner.use_lanes(1)
        return 1000 * taken / count

    def _painting(self, painter: Painter, held: Sequence[Frame], count: int) -> float:
        there_and_back = itertools.cycle([*held, *held[-2:0:-1]])  # the picture never jumps
        state = PainterState()

        def paint() -> None:
            nonlocal state
            _, state = painter.next(next(there_and_back).pixels, state)

        paint()
        median = _median_ms(paint, max(LEAST_RUNS, count // 2))
        self._done(f"{self._name}: motion and network")
        return median

    def _writing(self, held: Sequence[Frame], count: int) -> float:
        output = self._folder / f"{self._name}-written.mp4"
        began = time.perf_counter()
        with (
            FrameReader(self._clip) as reader,
            FrameWriter(
                output, info=reader.info, source_path=self._clip, size=self._size, overwrite=True
            ) as writer,
        ):
            for index, frame in enumerate(itertools.islice(itertools.cycle(held), count)):
                writer.write(Frame(frame.pixels, held[0].pts + index * _step(held), frame.time_base))
            writer.finish()
        taken = time.perf_counter() - began
        self._done(f"{self._name}: written")
        return 1000 * taken / count

    def _whole(
        self, pack: Pack, chosen: Runner, stabilize: float, threads: int | None
    ) -> tuple[dict[str, Any], float]:
        job = {
            "input": str(self._clip),
            "output": str(self._folder / f"{self._name}-whole.mp4"),
            "style": str(pack.folder),
            "runner": chosen.name,
            "device": chosen.device,
            "stabilize": stabilize,
            "threads": threads,
        }
        began = time.perf_counter()
        process = subprocess.run(
            [sys.executable, "-c", _ALONE, json.dumps(job)], capture_output=True, text=True, check=False
        )
        taken = time.perf_counter() - began
        if process.returncode:
            last = (process.stderr.strip().splitlines() or ["it says nothing"])[-1]
            raise OutputError(f"The run of {self._name} as a whole failed: {last}")
        self._done(f"{self._name}: the whole")
        return json.loads(process.stdout), taken


def alone(job: dict[str, Any]) -> None:
    """Run `stylize` in this process; frames, seconds from the first to the finished file, memory, as JSON."""
    times: list[float] = []
    summary = stylize(**job, overwrite=True, on_progress=lambda _: times.append(time.perf_counter()))
    whole_seconds = time.perf_counter() - times[0]
    facts = {"frames": summary.frames, "seconds": whole_seconds, "peak_mb": _peak_mb()}
    sys.stdout.write(json.dumps(facts))


def _peak_mb() -> float | None:
    """Most resident memory of this process; of Linux's two counts the one that leaves out who started us."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        status = Path("/proc/self/status").read_text("utf-8")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6
    try:
        import resource
    except ImportError:  # only Unix has it
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def _runners(
    pack: Pack, chosen: Runner, device: str, threads: int | None, *, others: bool
) -> tuple[dict[str, Runner], dict[str, str]]:
    """The runner of the whole, and the others that can be measured beside it; those that cannot, and why."""
    found, absent = {chosen.name: chosen}, {}
    for name in (*PREFERENCE, *RUNNERS.names()) if others else ():
        if name in found or name in absent:
            continue
        try:
            found[name] = open_runner(pack, name, device, threads=threads)
        except (EnvironmentMissingError, PackError) as error:
            absent[name] = str(error)
    return found, absent


def _median_ms(action: Callable[[], object], runs: int) -> float:
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        action()
        times.append(time.perf_counter() - began)
    return 1000 * statistics.median(times)


def _step(frames: Sequence[Frame]) -> int:
    return frames[1].pts - frames[0].pts if len(frames) > 1 else 1


def _limit(parts: dict[str, float]) -> str:
    """The slowest part, with its share, and what helps."""
    name = max(parts, key=lambda part: parts[part])
    advice = {
        "the network": "a smaller --max-side helps, or a graphics card",
        "finding motion": "a smaller --max-side helps",
        "reading": "the source is dear to decode: convert it to H.264 once",
        "writing": "the encoder: --codec h264 is the quickest",
    }[name]
    return f"{name} ({100 * parts[name] / sum(parts.values()):.0f} % of the work): {advice}"


def _checked_size(size: str) -> tuple[int, int]:
    width, cross, height = size.lower().partition("x")
    if not (cross and width.isdigit() and height.isdigit()):
        raise UsageError(f"size is {size!r}: write width x height, such as 1280x720.")
    found = int(width), int(height)
    if any(side < 32 or side > 8192 or side % 2 for side in found):
        raise UsageError(f"size is {size}: even sides from 32 to 8192.")
    return found


def _scenes() -> list[np.ndarray]:
    """Two pictures with soft ground, grain and hard edges for a camera to move over."""
    rng = np.random.default_rng(5)
    return [_scene(rng) for _ in range(2)]


def _scene(rng: np.random.Generator, size: tuple[int, int] = (960, 540)) -> np.ndarray:
    width, height = size
    scene = np.zeros((height, width, 3), np.float32)
    for cell in (6, 24, 96):
        coarse = rng.uniform(0, 1, (-(-height // cell) + 1, -(-width // cell) + 1, 3)).astype(np.float32)
        scene += cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC) * cell**0.5
    for _ in range(60):
        center = int(rng.integers(width)), int(rng.integers(height))
        color = [float(value) for value in rng.uniform(0, 16, 3)]
        cv2.circle(scene, center, int(rng.integers(8, 60)), color, -1, cv2.LINE_AA)
    return np.clip(scene / scene.max() * 255, 0, 255).astype(np.uint8)
