"""How long does `--stabilize` take a frame, on one core, beside plain DIS flow of the same frames?

    python benchmarks/stabilizer_speed.py [--frames 60]

A film that pans and flickers, all of a step included: view, flow, trust, carrying, blending. The reference
is `cv2.DISOpticalFlow` (preset fast, one direction) at the frame's own size, in turn with it. Processor
time, so that other programs beside it matter less.
"""

from __future__ import annotations

import argparse
import statistics
import time

import cv2
import numpy as np

from stylereel.temporal.follower import Follower
from stylereel.temporal.stabilizer import Stabilizer

SIZES = ((640, 360), (1280, 720))


def film(width: int, height: int, frames: int) -> list[np.ndarray]:
    """A textured picture that drifts by a few px a frame, with noise."""
    rng = np.random.default_rng(0)
    coarse = rng.uniform(20, 235, (height // 12, (width + 8 * frames) // 12, 3)).astype(np.float32)
    wide = cv2.resize(coarse, (width + 8 * frames, height), interpolation=cv2.INTER_CUBIC)
    noise = rng.normal(0, 2, (height, width, 3)).astype(np.float32)
    return [
        np.clip(wide[:, 3 * index : 3 * index + width] + noise * (-1) ** index, 0, 255).astype(np.uint8)
        for index in range(frames)
    ]


def measure(width: int, height: int, frames: int) -> tuple[float, float]:
    """Median milliseconds of a stabiliser's step and of plain flow."""
    sources = film(width, height, frames)
    greys = [cv2.cvtColor(source, cv2.COLOR_RGB2GRAY) for source in sources]
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    follower, stabilizer, motion, state = Follower(), Stabilizer(0.7), None, None
    steps, flows = [], []
    for index, source in enumerate(sources):
        stylized = 255 - source
        began = time.thread_time()
        step, motion = follower.step(source, motion)
        _, state = stabilizer.step(stylized, step, state)
        steps.append(time.thread_time() - began)
        began = time.thread_time()
        dis.calc(greys[index], greys[index - 1], None)  # type: ignore[call-overload]
        flows.append(time.thread_time() - began)
    return statistics.median(steps[3:]) * 1000, statistics.median(flows[3:]) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=60)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    print("| size | ms a frame | plain DIS flow ms | of plain |")
    print("|---|---|---|---|")
    for width, height in SIZES:
        step, flow = measure(width, height, options.frames)
        print(f"| {width}x{height} | {step:.1f} | {flow:.1f} | {step / flow:.2f} |")


if __name__ == "__main__":
    main()
