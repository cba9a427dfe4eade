"""What a look that may change costs: a pack of many looks, steered, beside one of its looks folded in.

    python benchmarks/steered_speed.py --pack atelier --look vangogh

Both networks are given the same frames of 640x360 in turn, by each runner on the CPU; medians. `levels` is
how far their results are from each other at the same look: the most of any pixel, and on average.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import machine
import numpy as np
from made_clips import _scene

from stylereel.core.errors import StylereelError
from stylereel.inference.runner import Runner, open_runner
from stylereel.packs.find import find_pack
from stylereel.packs.looks import choose_look, parse_mixture
from stylereel.packs.steerable import Steerable
from stylereel.packs.store import Pack

RUNNERS = ("openvino", "onnxruntime", "torch")


def _row(one: Runner, steered: Runner, code: np.ndarray, repeats: int) -> machine.Row:
    frames = _scene(640, 360)[None]
    expected = one.run(frames, None, None)[0].astype(int)
    off = np.abs(steered.run(frames, code, None)[0] - expected)
    seconds = machine.in_turn(
        {
            "folded": lambda: one.run(frames, None, None),
            "steered": lambda: steered.run(frames, code, None),
        },
        repeats,
    )
    return {
        "runner": one.name,
        "precision": one.precision,
        "folded in, ms": 1000 * seconds["folded"],
        "steered, ms": 1000 * seconds["steered"],
        "times": seconds["steered"] / seconds["folded"],
        "levels, most": int(off.max()),
        "levels, mean": float(off.mean()),
    }


def _opened(pack: Pack, name: str, precision: str, threads: int) -> Runner | None:
    try:
        return open_runner(pack, name, "cpu", threads=threads, precision=precision)
    except StylereelError as error:
        print(f"{name} {precision}: {error}")
        return None


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pack", required=True, help="name or folder of a pack of many looks")
    parser.add_argument("--look", help="one of them, or a mixture; the first where not given")
    parser.add_argument("--runner", nargs="+", default=RUNNERS)
    parser.add_argument("--precision", nargs="+", default=["bf16", "fp32"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    whole = find_pack(options.pack)
    look = options.look or whole.card.styles[0]
    many, single = Steerable.of(whole), choose_look(whole, look)
    code = many.ends(many.code(parse_mixture(look, whole.card.styles)))[None]
    rows = []
    for name in options.runner:
        for precision in options.precision:
            pair = [_opened(pack, name, precision, options.threads) for pack in (single, many)]
            if pair[0] is not None and pair[1] is not None:
                rows.append(_row(pair[0], pair[1], code, options.repeats))
    machine.report("A look that may change, 640x360", rows, options.json, threads=options.threads)


if __name__ == "__main__":
    main()
