"""Style packs that nobody should trust. Each maker writes a folder and says what is wrong with it."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from changed_bytes import extreme, flip, insert, overwrite, remove, repeat, swap, truncate
from stylereel.packs.store import CARD_NAME, ONNX_NAME, WEIGHTS_NAME, save_pack
from toy_packs import toy_card, toy_files, toy_onnx

Hostile = Callable[[Path, random.Random], str]


def good_pack(folder: Path, rng: random.Random) -> None:
    kind = rng.choice(("invert", "conv"))
    save_pack(folder, toy_card("pack", size_multiple=4 if kind == "conv" else 1), toy_files(kind))


def sealed_pack(folder: Path, files: dict[str, bytes], **facts: Any) -> None:
    """A pack with the right hashes, whatever its files hold."""
    folder.mkdir()
    card = {**toy_card("pack", size_multiple=4).model_dump(mode="json"), **facts}
    card["files"] = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / CARD_NAME).write_text(json.dumps(card))


STRANGE_VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 10**9, 2**63, 10**400, 0.5, 1e308, "", "../../secret.txt", "/etc/passwd",
    "a" * 100_000, "\0", "\ud800", "%s%n{0}", [], {}, [[]], {"a": {"b": {}}}, list(range(5000)), {"..": "x"},
)  # fmt: skip
FOREIGN_FILES = (
    "../secret.txt", "/etc/passwd", "..", ".", "", "a/../../secret.txt", "..\\secret.txt", "C:\\secret.txt",
    "generator.onnx\0.txt", "~/x", "file:///etc/passwd", "//host/share", "CON", "x" * 5000, CARD_NAME,
)  # fmt: skip
BAD_CARDS = (
    "[" * 100_000, '{"a":' * 50_000, "NaN", "1e999", "9" * 10_000, '"\\ud800"', "\ufeff{}", "{}", "null",
    "[]",
    '{"schema_version": 1e0}', '{"schema_version": Infinity}', '{"schema_version": 1, "schema_version": 2}',
)  # fmt: skip


def _strange_value(rng: random.Random) -> Any:
    deep: Any = []
    for _ in range(rng.choice((3, 200, 900))):
        deep = rng.choice(([deep], {"a": deep}))
    return rng.choice((*STRANGE_VALUES, deep))


def _strange_card(folder: Path, rng: random.Random) -> str:
    good_pack(folder, rng)
    card = json.loads((folder / CARD_NAME).read_text())
    notes = []
    for _ in range(rng.choice((1, 1, 2, 4))):
        inner = card.get("generator")
        holder = rng.choice((card, card, inner)) if isinstance(inner, dict) and inner else card
        key, value = rng.choice((*holder, "unknown")), _strange_value(rng)
        holder[key] = value
        notes.append(f"{key} is {str(value)[:40]!r}")
    (folder / CARD_NAME).write_text(json.dumps(card))
    return "card: " + ", ".join(notes)


def _escaping_card(folder: Path, rng: random.Random) -> str:
    good_pack(folder, rng)
    card = json.loads((folder / CARD_NAME).read_text())
    name = rng.choice(FOREIGN_FILES)
    secret = (folder.parent / "secret.txt").read_bytes()
    card["files"][name] = rng.choice((hashlib.sha256(secret).hexdigest(), "0" * 64))
    if rng.random() < 0.3:
        card["name"] = name
    (folder / CARD_NAME).write_text(json.dumps(card))
    return f"the card names the file {name[:40]!r}"


def _linked_file(folder: Path, rng: random.Random) -> str:
    good_pack(folder, rng)
    name = rng.choice((ONNX_NAME, WEIGHTS_NAME, CARD_NAME))
    target = rng.choice(
        ("../secret.txt", "/etc/passwd", "/dev/zero", "/proc/self/mem", name, "nowhere", ".", "/dev/stdin")
    )
    (folder / name).unlink()
    os.symlink(target, folder / name)
    return f"{name} is a link to {target}"


def _no_plain_file(folder: Path, rng: random.Random) -> str:
    good_pack(folder, rng)
    name = rng.choice((ONNX_NAME, WEIGHTS_NAME, CARD_NAME))
    (folder / name).unlink()
    kind = rng.choice(("a pipe", "a folder", "500 MB of nothing", "empty"))
    if kind == "a pipe":
        os.mkfifo(folder / name)
    elif kind == "a folder":
        (folder / name).mkdir()
    else:
        with (folder / name).open("wb") as file:
            file.truncate(500 * 10**6 if kind != "empty" else 0)
    return f"{name} is {kind}"


def _damaged_card(folder: Path, rng: random.Random) -> str:
    good_pack(folder, rng)
    data = bytearray((folder / CARD_NAME).read_bytes())
    if rng.random() < 0.3:
        text = rng.choice(BAD_CARDS)
        data, note = bytearray(text.encode()), f"{text[:40]}"
    else:
        note = rng.choice((flip, truncate, swap, insert, repeat, remove, overwrite))(data, rng)
    (folder / CARD_NAME).write_bytes(data)
    return f"card: {note}"


def _damaged_file(folder: Path, rng: random.Random) -> str:
    """Bytes of the network or the weights, under a card that agrees with them."""
    files = toy_files(rng.choice(("invert", "half", "conv")))
    name = rng.choice((ONNX_NAME, ONNX_NAME, ONNX_NAME, WEIGHTS_NAME))
    data, notes = bytearray(files[name]), []
    for _ in range(rng.choice((1, 1, 2, 4))):
        change = rng.choice((flip, truncate, swap, insert, repeat, remove, overwrite, extreme))
        notes.append(change(data, rng))
    sealed_pack(folder, {**files, name: bytes(data)})
    return f"{name}: {', '.join(notes)}"


def _strange_network(folder: Path, rng: random.Random) -> str:
    """A network that is well-formed, and wrong: other shapes, types, numbers, operations, or giant."""
    build = rng.choice(NETWORKS)
    model, note = build(rng)
    sealed_pack(folder, {**toy_files("conv"), ONNX_NAME: model}, size_multiple=rng.choice((1, 4, 8)))
    return note


def _strange_weights(folder: Path, rng: random.Random) -> str:
    """safetensors whose header lies."""
    header = rng.choice(
        ({"w": {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 16]}},
         {"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 2**62]}},
         {"w": {"dtype": "F99", "shape": [-1], "data_offsets": [16, 0]}}, {"w": 5}, [])
    )  # fmt: skip
    text = json.dumps(header).encode()
    length = rng.choice((len(text), 2**63, 0, 10**9))
    sealed_pack(folder, {**toy_files("conv"), WEIGHTS_NAME: length.to_bytes(8, "little") + text + bytes(16)})
    return f"weights: {header} behind a length of {length}"


def _archive(folder: Path, rng: random.Random) -> str:
    """A file where a folder is expected."""
    folder.write_bytes(rng.choice((b"PK\x03\x04", b"\x1f\x8b\x08", b"\x80\x04", b"")) + rng.randbytes(300))
    return "the pack is a file"


def _model(
    nodes: list[Any], tensors: Sequence[Any] = (), shape: Any = ("n", 3, "h", "w"), **more: Any
) -> bytes:
    kind = more.get("kind", TensorProto.FLOAT)
    names = ["frames", "more", "most"][: more.get("inputs", 1)]
    graph = helper.make_graph(
        nodes,
        "strange",
        [helper.make_tensor_value_info(name, kind, shape) for name in names],
        [helper.make_tensor_value_info("stylized", kind, more.get("out", shape))],
        tensors,
    )
    opset = more.get("opset", 18)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
    return model.SerializeToString()


def _odd_numbers(rng: random.Random) -> tuple[bytes, str]:
    model = onnx.load_model_from_string(toy_onnx("conv"))
    tensor = rng.choice(model.graph.initializer)
    values = numpy_helper.to_array(tensor).copy()
    value = rng.choice((np.nan, np.inf, -np.inf, 3e38, 1e-45))
    where = rng.choice(("one", "all"))
    values.reshape(-1)[slice(None) if where == "all" else rng.randrange(values.size)] = value
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    return model.SerializeToString(), f"network: {where} of its weights {value}"


def _wrong_shape(rng: random.Random) -> tuple[bytes, str]:
    model = onnx.load_model_from_string(toy_onnx("conv"))
    tensor = rng.choice(model.graph.initializer)
    dims = list(tensor.dims)
    if rng.random() < 0.5:
        rng.shuffle(dims)
    else:
        dims[rng.randrange(len(dims))] = rng.choice((0, -1, 1, 5, 2**31, 2**40, 2**62))
    del tensor.dims[:]
    tensor.dims.extend(dims)
    return model.SerializeToString(), f"network: a weight says {dims}"


def _giant_constant(rng: random.Random) -> tuple[bytes, str]:
    side = rng.choice((10**5, 10**6, 2**31, 2**40))
    shape = numpy_helper.from_array(np.array([1, 3, side, side], np.int64), "shape")
    one = helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0])
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["giant"], value=one),
        helper.make_node("ReduceMax", ["giant"], ["most"], keepdims=0),
        helper.make_node("Mul", ["frames", "most"], ["stylized"]),
    ]
    return _model(nodes, [shape]), f"network: a constant of 3x{side}x{side}"


def _giant_growth(rng: random.Random) -> tuple[bytes, str]:
    factor = rng.choice((100, 1000, 30000))
    scales = numpy_helper.from_array(np.array([1, 1, factor, factor], np.float32), "scales")
    small = numpy_helper.from_array(np.array([1, 1, 1 / factor, 1 / factor], np.float32), "small")
    nodes = [
        helper.make_node("Resize", ["frames", "", "scales"], ["giant"], mode="nearest"),
        helper.make_node("Resize", ["giant", "", "small"], ["stylized"], mode="nearest"),
    ]
    return _model(nodes, [scales, small]), f"network: enlarges by {factor}"


def _giant_tile(rng: random.Random) -> tuple[bytes, str]:
    times = rng.choice((1000, 10**6))
    repeats = numpy_helper.from_array(np.array([1, times, 1, 1], np.int64), "repeats")
    nodes = [
        helper.make_node("Tile", ["frames", "repeats"], ["many"]),
        helper.make_node("ReduceMean", ["many"], ["mean"], keepdims=1),
        helper.make_node("Mul", ["frames", "mean"], ["stylized"]),
    ]
    return _model(nodes, [repeats]), f"network: repeats the frame {times} times"


def _endless(rng: random.Random) -> tuple[bytes, str]:
    """A loop that nobody waits for."""

    def value(name: str, kind: int, shape: Any = ()) -> Any:
        return helper.make_tensor_value_info(name, kind, shape)

    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["go_on"]), helper.make_node("Neg", ["x"], ["y"])],
        "body",
        [value("i", TensorProto.INT64), value("go", TensorProto.BOOL), value("x", TensorProto.FLOAT, None)],
        [value("go_on", TensorProto.BOOL), value("y", TensorProto.FLOAT, None)],
    )
    times = numpy_helper.from_array(np.array(2**62, np.int64), "times")
    yes = numpy_helper.from_array(np.array(True), "yes")
    loop = helper.make_node("Loop", ["times", "yes", "frames"], ["stylized"], body=body)
    return _model([loop], [times, yes]), "network: an endless loop"


def _unlike_a_look(rng: random.Random) -> tuple[bytes, str]:
    """Operations whose result is no picture of the frame's size, or that do not exist."""

    def one(operation: str, *inputs: str, **attributes: Any) -> list[Any]:
        return [helper.make_node(operation, inputs or ["frames"], ["stylized"], **attributes)]

    axes = numpy_helper.from_array(np.array([rng.choice((0, 1, 2, 7))], np.int64), "axes")
    number = numpy_helper.from_array(np.float32(1), "number")
    names = ["frames", *(f"n{index}" for index in range(4999)), "stylized"]
    many = [helper.make_node("Neg", [a], [b]) for a, b in itertools.pairwise(names)]
    far = (2**40, 3, 2**40, 2**40)
    doubled = ["frames", *(f"n{index}" for index in range(40)), "stylized"]
    doubling = [helper.make_node("Concat", [a, a], [b], axis=1) for a, b in itertools.pairwise(doubled)]
    note, nodes, more = rng.choice(
        (
            ("gives a shape", one("Shape"), {}),
            ("gives a mean", one("ReduceMean", "frames", "axes"), {"tensors": [axes], "out": None}),
            ("gives a number", one("Identity", "number"), {"tensors": [number]}),
            ("turns the axes", one("Transpose", perm=[0, 2, 3, 1]), {}),
            ("has an unknown operation", one("NoSuchOperation"), {}),
            ("reads what is not there", one("Neg", "elsewhere"), {}),
            ("eats its own tail", one("Neg", "stylized"), {}),
            ("is empty", [], {}),
            ("makes NaN", one("Log"), {}),
            ("takes three inputs", one("Neg"), {"inputs": 3}),
            ("takes another size", one("Neg"), {"shape": (1, 5, 7, 9)}),
            ("takes a giant size", one("Neg"), {"shape": far}),
            ("counts in whole numbers", one("Neg"), {"kind": TensorProto.INT64}),
            ("gives text", one("Cast", to=TensorProto.STRING), {}),
            ("gives five frames", one("Concat", *["frames"] * 5, axis=rng.choice((0, 1, 2))), {}),
            ("is of a far future", one("Neg"), {"opset": 10**6}),
            ("is of no version", one("Neg"), {"opset": -1}),
            ("has five thousand operations", many, {}),
            ("doubles forty times", doubling, {}),
        )
    )
    return _model(nodes, **more), f"network: {note}"


NETWORKS = (
    _odd_numbers, _wrong_shape, _wrong_shape, _giant_constant, _giant_growth, _giant_tile, _endless,
    _unlike_a_look, _unlike_a_look, _unlike_a_look,
)  # fmt: skip
HOSTILE: tuple[Hostile, ...] = (
    _strange_card, _strange_card, _escaping_card, _linked_file, _no_plain_file, _damaged_card, _damaged_file,
    _damaged_file, _strange_network, _strange_network, _strange_network, _strange_weights, _archive,
)  # fmt: skip
