"""How many values a network holds at once, counted from its graph: memory is planned for any shape."""

from __future__ import annotations

import math
from typing import Any

from stylereel.core.anchors import CELL_PX
from stylereel.core.errors import EnvironmentMissingError, PackError
from stylereel.inference.runners.openvino import import_openvino
from stylereel.packs.store import Pack

UNKNOWN = 160.0
"""Where nothing can count: more than the widest generator with its usual shape takes (128)."""
MOST_VALUES = 4096.0
"""Thirty times the widest generator: what wants more is made to take the machine's memory."""
_SIDE_PX = 64


def live_values(pack: Pack, precision: str = "fp32") -> float:
    """Most values alive at once while the network runs, per pixel of the frame; weights not counted.

    The operations are walked in the order in which they run; a value lives from the one that makes it to the
    last that reads it. A runner that fuses operations needs less, one that copies needs more: each says how
    many bytes it takes per value.

    Args:
        pack: the look.
        precision: which of its networks is counted.

    Raises:
        PackError: more than `MOST_VALUES`.
    """
    try:
        openvino = import_openvino()
    except EnvironmentMissingError:
        return UNKNOWN
    side = _SIDE_PX * pack.card.size_multiple // math.gcd(_SIDE_PX, pack.card.size_multiple)
    name = pack.network_name(precision)
    if name not in pack.card.files:  # the torch runner needs none
        return UNKNOWN
    try:
        model = openvino.Core().read_model(model=pack.read(name), weights=b"")
        shapes = {model.inputs[0]: [1, 3, side, side]}
        if pack.ends_size:
            shapes[model.inputs[1]] = [1, pack.ends_size]
        if pack.card.anchor_channels:
            cells = side // CELL_PX
            shapes[model.inputs[-1]] = [1, pack.card.anchor_channels, cells, cells]
        model.reshape(shapes)
        values = _peak(model.get_ordered_ops()) / side**2
    except (RuntimeError, IndexError):  # a graph that only another runner reads, or that takes no frame
        return UNKNOWN
    if values > MOST_VALUES:
        raise PackError(
            f"The network of {pack.folder / name} keeps {values:.3g} numbers for each pixel of a frame, and "
            f"no look needs more than {MOST_VALUES:.0f}: it would take the machine's memory, so it is "
            "refused."
        )
    return values


def _peak(operations: list[Any]) -> int:
    fixed: set[str] = set()
    sizes: dict[str, int] = {}
    read_last: dict[str, int] = {}
    for index, operation in enumerate(operations):
        name = operation.get_friendly_name()
        sources = [value.get_node().get_friendly_name() for value in operation.input_values()]
        if operation.get_type_name() == "Constant" or (sources and fixed.issuperset(sources)):
            fixed.add(name)
            continue
        read_last |= dict.fromkeys(sources, index)
        sizes[name] = sum(math.prod(output.get_shape()) for output in operation.outputs())
    peak, alive = 0, dict[str, int]()
    for index, operation in enumerate(operations):
        name = operation.get_friendly_name()
        if name in sizes:
            alive[name] = sizes[name]
        peak = max(peak, sum(alive.values()))
        alive = {name: size for name, size in alive.items() if read_last.get(name, -1) > index}
    return peak
