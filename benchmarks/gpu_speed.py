"""Frames per second of the torch runner on a graphics card, with the way there and back.

    python benchmarks/gpu_speed.py --style vangogh
    python benchmarks/gpu_speed.py --device cpu --sizes 64x48 --seconds 0.3 --rounds 3

For 1280x720, 1920x1080 and 3840x2160, uint8 arrays in and out: frames per second through the runner with
one, two and three frames at a time; bytes that the device holds for a pixel; milliseconds of the network
alone on the device, captured as it is run, the same uncaptured, captured as it is folded, and as folded under
autocast, launched layer by layer; what upload and download carry; and how near the result is to fp32 on the
processor. What fails says why, and the others go on; what has not begun when time is up is left out.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import statistics
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from stylereel.inference.runner import Runner, open_runner
from stylereel.inference.runners.torch import load_generator
from stylereel.networks.blocked import Levels, between_levels
from stylereel.packs.find import find_pack
from stylereel.packs.store import Pack

SIZES = "1920x1080 3840x2160 1280x720"
LANES = (1, 2, 3)
SCENES = 6
Row = dict[str, Any]
_ENDS = float("inf")


def scene(width: int, height: int, seed: int) -> np.ndarray:
    """Soft ground, hard edges and grain; `(1, H, W, 3)` uint8."""
    rng = np.random.default_rng(seed)
    ground = rng.uniform(20, 235, (7, 11, 3)).astype(np.float32)
    picture = cv2.resize(ground, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(40):
        center = int(rng.integers(width)), int(rng.integers(height))
        color = [float(value) for value in rng.uniform(0, 255, 3)]
        cv2.circle(picture, center, int(rng.integers(3, 4 + height // 8)), color, -1, cv2.LINE_AA)
    grain = rng.normal(0, 5, (min(height, 512), min(width, 512), 3)).astype(np.float32)
    times = -(-height // grain.shape[0]), -(-width // grain.shape[1]), 1
    picture += np.tile(grain, times)[:height, :width]
    return np.clip(picture, 0, 255).astype(np.uint8)[None]


def pace(runner: Runner, frames: list[np.ndarray], lanes: int, seconds: float) -> float:
    """Frames per second, so many at a time, after every lane is warm."""
    if hasattr(runner, "use_lanes"):
        runner.use_lanes(lanes)
    source, count = itertools.cycle(frames), itertools.count(1)
    with ThreadPoolExecutor(lanes) as pool:
        for _ in range(3):
            list(pool.map(lambda _: runner.run(next(source), None, None), range(2 * lanes)))
        began = time.perf_counter()
        until = began + seconds
        work = list(frames)

        def lane(index: int) -> None:
            turn = index
            while time.perf_counter() < until:
                runner.run(work[turn % len(work)], None, None)
                turn += 1
                next(count)

        list(pool.map(lane, range(lanes)))
        taken = time.perf_counter() - began
    return (next(count) - 1) / taken


def median_ms(action: Callable[[], object], device: str, rounds: int) -> float:
    """On the device, of one call."""
    for _ in range(3):
        action()
    times = []
    for _ in range(rounds):
        if device == "cpu":
            began = time.perf_counter()
            action()
            times.append(1000 * (time.perf_counter() - began))
            continue
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        action()
        end.record()
        end.synchronize()
        times.append(start.elapsed_time(end))
    return statistics.median(times)


def captured(action: Callable[[], object], device: str) -> Callable[[], object]:
    """`action` as one launch, on a card."""
    if device == "cpu":
        return action
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            action()
    stream.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=stream):
        action()
    return graph.replay


@contextlib.contextmanager
def searching() -> Iterator[None]:
    """CuDNN looks for its quickest ways."""
    before, torch.backends.cudnn.benchmark = torch.backends.cudnn.benchmark, True
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = before


def alone(pack: Pack, size: tuple[int, int], device: str, rounds: int) -> Row:
    """The network alone, in each of its forms."""
    width, height = (-(-(side + 32) // pack.card.size_multiple) * pack.card.size_multiple for side in size)
    levels = torch.randint(0, 256, (1, height, width, 3), dtype=torch.uint8, device=device)
    channels = pack.card.anchor_channels
    anchors = torch.randn(1, height // 4, width // 4, channels, device=device) if channels else None
    given = [levels] if anchors is None else [levels, anchors]
    folded = load_generator(pack).eval().folded().eval().requires_grad_(False)
    own = between_levels(folded, torch.bfloat16).to(device, memory_format=torch.channels_last)
    as_is = Levels(folded, torch.bfloat16).to(device, memory_format=torch.channels_last)
    eager = Levels(folded, torch.float32).to(device, memory_format=torch.channels_last)
    found: Row = {}

    def autocast() -> None:
        with torch.autocast(device, torch.bfloat16):
            eager(*given)

    forms: dict[str, Callable[[], Callable[[], object]]] = {
        "ms alone": lambda: captured(lambda: own(*given), device),
        "ms uncaptured": lambda: lambda: own(*given),
        "ms as folded": lambda: captured(lambda: as_is(*given), device),
        "ms autocast": lambda: autocast,
    }
    for name, form in forms.items():
        with searching() if name != "ms autocast" else contextlib.nullcontext():
            attempt(found, name, lambda form=form: median_ms(form(), device, rounds))
    with contextlib.suppress(KeyError, TypeError):
        found["autocast / alone"] = found["ms autocast"] / found["ms alone"]
    return found


def carried(size: tuple[int, int], device: str) -> Row:
    """GB/s up and down of a frame in page-locked memory."""
    if device == "cpu":
        return {}
    host = torch.empty((size[1], size[0], 3), dtype=torch.uint8, pin_memory=True)
    there = torch.empty_like(host, device=device)
    per_ms = host.numel() / 1e6
    up = median_ms(lambda: there.copy_(host, non_blocking=True), device, 20)
    down = median_ms(lambda: host.copy_(there, non_blocking=True), device, 20)
    return {"GB/s up": per_ms / up, "GB/s down": per_ms / down}


def likeness(pack: Pack, device: str) -> Row:
    """PSNR to fp32 on the processor, of a frame of 960x540, launched, captured and replayed."""
    width, height = (960, 540) if device == "cuda" else (96, 64)
    frame, runner = scene(width, height, 99), open_runner(pack, "torch", device)
    reference = open_runner(pack, "torch", "cpu", precision="fp32").run(frame, None, None)[0]
    row: Row = {}
    for name in ("PSNR, first", "PSNR, second", "PSNR, third"):
        found = runner.run(frame, None, None)[0]
        error = np.mean((found.astype(np.float64) - reference) ** 2)
        row[name] = float("inf") if error == 0 else float(10 * np.log10(255**2 / error))
    return row


def attempt(row: Row, name: str, action: Callable[[], Any]) -> None:
    """Put what `action` gives into the row, or why there is nothing."""
    try:
        if time.perf_counter() > _ENDS:
            raise TimeoutError("time was up, see --budget")
        found = action()
        row.update(found if isinstance(found, dict) else {name: found})
    except Exception as error:
        row[name] = None
        row.setdefault("failed", []).append(f"{name}: {type(error).__name__}: {' '.join(str(error).split())}")
        traceback.print_exc(limit=4)
    sys.stdout.flush()


def measured(pack: Pack, size: tuple[int, int], options: argparse.Namespace) -> Row:
    """One size."""
    device = options.device
    row: Row = {"size": f"{size[0]}x{size[1]}"}
    frames = [scene(*size, seed) for seed in range(SCENES)]
    for lanes in LANES:
        runner = None

        def paced(lanes: int = lanes) -> float:
            nonlocal runner
            runner = open_runner(pack, "torch", device)
            if device == "cuda":
                torch.cuda.empty_cache()
                torch.cuda.reset_peak_memory_stats()
            return pace(runner, frames, lanes, options.seconds)

        attempt(row, f"frames/s, {lanes} at a time", paced)
        if device == "cuda" and runner is not None:
            attempt(
                row,
                "bytes/px",
                lambda lanes=lanes: torch.cuda.max_memory_reserved() / (lanes * size[0] * size[1]),
            )
            if runner._on_cuda.problem:
                row.setdefault("failed", []).append(f"not captured: {runner._on_cuda.problem}")
            runner.forget()
        print(row, flush=True)
    attempt(row, "alone", lambda: alone(pack, size, device, options.rounds))
    attempt(row, "carried", lambda: carried(size, device))
    return row


def shown(value: Any) -> str:
    """As it stands in the table."""
    return "-" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--style", default="vangogh")
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--sizes", nargs="+", default=SIZES.split())
    parser.add_argument("--seconds", type=float, default=1.0, help="of each pace")
    parser.add_argument("--rounds", type=int, default=30, help="of each median")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--budget", type=float, default=70.0, help="seconds after which nothing is begun")
    options = parser.parse_args()
    global _ENDS
    began = time.perf_counter()
    _ENDS = began + options.budget
    pack = find_pack(options.style)
    report: Row = {
        "style": pack.card.name,
        "torch": str(torch.__version__),
        "cudnn": torch.backends.cudnn.version(),
        "card": torch.cuda.get_device_name() if options.device == "cuda" else "none",
    }
    print(report, flush=True)
    rows: list[Row] = []
    with torch.inference_mode():
        near: Row = {}
        attempt(near, "PSNR", lambda: likeness(pack, options.device))
        print(near, flush=True)
        for size in options.sizes:
            width, height = (int(side) for side in size.split("x"))
            rows.append(measured(pack, (width, height), options))
    report |= {"rows": rows, "likeness": near, "seconds": time.perf_counter() - began}
    if options.json:
        options.json.write_text(json.dumps(report, indent=1), "utf-8")
    titles = [title for title in dict.fromkeys(itertools.chain.from_iterable(rows)) if title != "failed"]
    print(f"\n{report['style']} on {report['card']}, torch {report['torch']}, {report['seconds']:.0f} s\n")
    for title in titles:
        print(f"| {title} | " + " | ".join(shown(row.get(title)) for row in rows) + " |")
    for title in near:
        if title != "failed":
            print(f"{title}: {shown(near[title])} dB")
    for row in (near, *rows):
        for reason in row.get("failed", ()):
            print(f"{row.get('size', 'likeness')} failed: {reason}")


if __name__ == "__main__":
    main()
