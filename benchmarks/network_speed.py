"""Milliseconds of the network alone, uint8 in and out, beside a fixed convolution network.

    python benchmarks/network_speed.py --pack vangogh
    python benchmarks/network_speed.py --config '{"trunk_channels": 64}' --config '{}' --shift

Two threads, OpenVINO in bf16 (where the CPU has it) and fp32, 640x360 and 1280x720, medians. `of reference`
is the time over that of six 3x3 convolutions with 64 channels on a quarter of the resolution, run in turn
with it in the same precision (for int8 in bf16, in which the rest of it computes): that figure compares
across machines. `--precision int8 bf16 fp32` names others. `--config` measures untrained shapes (needs
torch), `--shift` adds how nearly shift-equivariant they are.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import machine
import numpy as np
from made_clips import _scene
from untrained import untrained_pack

from stylereel.inference.runners.openvino import Runner, import_openvino
from stylereel.metrics import shift_equivariance
from stylereel.packs.find import find_pack
from stylereel.packs.store import Pack

SIZES = ((640, 360), (1280, 720))


def reference(width: int, height: int, precision: str, threads: int) -> Any:
    """A callable that runs the reference network once."""
    openvino = import_openvino()
    ops = openvino.opset13
    rng = np.random.default_rng(0)
    shape = [1, 64, height // 4, width // 4]
    source = ops.parameter(shape, np.float32)
    node = source
    for _ in range(6):
        weights = ops.constant(rng.normal(0, 0.05, (64, 64, 3, 3)).astype(np.float32))
        node = ops.relu(ops.convolution(node, weights, [1, 1], [1, 1], [1, 1], [1, 1]))
    model = openvino.Model([node], [source], "reference")
    options = {"INFERENCE_PRECISION_HINT": {"fp32": "f32", "int8": "bf16"}.get(precision, precision)}
    options |= {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
    request = openvino.Core().compile_model(model, "CPU", options).create_infer_request()
    data = rng.normal(0, 1, shape).astype(np.float32)
    return lambda: request.infer([data], share_inputs=True)


def measure(
    pack: Pack, label: str, precisions: Sequence[str], threads: int, repeats: int
) -> list[machine.Row]:
    """A row per precision and size."""
    rows = []
    for precision in precisions:
        runner = Runner(pack, threads=threads, precision=precision)
        for width, height in SIZES:
            frames = _scene(width, height)[None]
            with runner._request(frames.shape) as request:  # the network alone: no margin around the frame
                request.get_input_tensor(0).data[...] = frames
            actions = {
                "network": lambda r=request: r.infer(),
                "with margin": lambda r=runner, f=frames: r.run(f, None, None),
                "reference": reference(width, height, precision, threads),
            }
            seconds = machine.in_turn(actions, repeats)
            rows.append(
                {
                    "network": label,
                    "precision": precision,
                    "size": f"{width}x{height}",
                    "ms": seconds["network"] * 1000,
                    "with margin ms": seconds["with margin"] * 1000,
                    "reference ms": seconds["reference"] * 1000,
                    "of reference": seconds["network"] / seconds["reference"],
                }
            )
    return rows


def shift_error(pack: Pack) -> float:
    """How far outputs of moved views differ, by `metrics.shift_equivariance`."""
    runner = Runner(pack, precision="fp32")
    scene = cv2.GaussianBlur(_scene(400, 400), (0, 0), 1)

    def apply(frame: np.ndarray) -> np.ndarray:
        return runner.run(frame[None], None, None)[0][0]

    return shift_equivariance.measure(apply, scene, margin_px=64)["shift_error"]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pack", nargs="+", default=[], help="names or folders of style packs")
    parser.add_argument("--generator", default="light")
    parser.add_argument(
        "--config", nargs="+", default=[], help="JSON of a generator's Config; '{}' is its default"
    )
    parser.add_argument("--precision", nargs="+", default=["bf16", "fp32"], choices=["int8", "bf16", "fp32"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--shift", action="store_true", help="add the shift error")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    if "bf16" in options.precision and not machine.facts()["bf16"]:
        print("no bf16 in this processor: fp32 only")
        options.precision = ["fp32"]
    rows: list[machine.Row] = []
    with tempfile.TemporaryDirectory() as scratch:
        packs = [(name, find_pack(name)) for name in options.pack]
        configs = options.config or ([] if packs else ["{}"])
        for index, text in enumerate(configs):
            pack = untrained_pack(Path(scratch) / f"shape{index}", options.generator, json.loads(text))
            packs.append((f"{options.generator} {text}", pack))
        for label, pack in packs:
            found = measure(pack, label, options.precision, options.threads, options.repeats)
            extra: machine.Row = {}
            if "parameters" in pack.card.training:
                extra["parameters"] = pack.card.training["parameters"]
            if options.shift:
                extra["shift error"] = shift_error(pack)
            rows += [{**row, **extra} for row in found]
    machine.report("Network alone, OpenVINO, uint8 in and out", rows, options.json, threads=options.threads)


if __name__ == "__main__":
    main()
