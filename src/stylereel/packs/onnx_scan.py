"""Looks through an ONNX file for what no look needs and no pack may have, without the onnx package.

An ONNX tensor may say that its data lie at some path. A pack is one folder with a hash for each file, so
such a tensor could only make a runner read a file that the pack does not own: it is refused. A graph inside
an operation is the body of a loop or branch, which could go on for ever: it is refused too, and so are
operations that make gigabytes out of one number, and numbers that are none.
"""

from __future__ import annotations

from collections.abc import Iterator

from stylereel.core.errors import PackError
from stylereel.packs.numbers import NOT_FINITE, is_finite

# field number -> message type of its content, from onnx.proto3; fields that are not named hold no tensor.
_MESSAGES: dict[str, dict[int, str]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse_tensor"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {
        5: "tensor",
        6: "graph",
        10: "tensor",
        11: "graph",
        22: "sparse_tensor",
        23: "sparse_tensor",
    },
    "sparse_tensor": {1: "tensor", 2: "tensor"},
}
_DATA_TYPE, _EXTERNAL_DATA, _DATA_LOCATION = 2, 13, 14
_NUMBERS = {4: "F32", 10: "F64"}  # fields of one type
_RAW_DATA, _NAME = 9, 8
_KINDS = {1: "F32", 10: "F16", 11: "F64", 16: "BF16"}
_OPERATION = 4  # field of a node
_MAKES_MUCH_OF_NOTHING = frozenset(
    {b"ConstantOfShape", b"Expand", b"EyeLike", b"OneHot", b"Range", b"Tile", b"Bernoulli", b"Multinomial"}
    | {b"RandomNormal", b"RandomNormalLike", b"RandomUniform", b"RandomUniformLike"}
)
_DEEPEST = 32
MOST_OPERATIONS = 1000
"""Many times the deepest generator; runners take quadratic time to prepare thousands."""


def refuse_unsafe(content: bytes, where: str) -> None:
    """Raise unless `content` is a well-formed ONNX model without loops, its tensors finite and inside it.

    Args:
        content: the ONNX file.
        where: its path, for the error text.

    Raises:
        PackError: it is no protobuf message, holds no graph, or anything that is refused; the text says what.
    """
    try:
        if "graph" not in _scan(memoryview(content), "model", 0):
            raise ValueError("it holds no graph")
    except (ValueError, IndexError) as error:
        raise PackError(f"{where} is not an ONNX model that can be trusted: {error}.") from None


def _scan(message: memoryview, kind: str, depth: int) -> set[str]:
    if depth > _DEEPEST:
        raise ValueError("its graphs are nested too deeply")
    if kind == "tensor":
        _check_tensor(message)
        return set()
    seen: set[str] = set()
    position = operations = 0
    while position < len(message):
        tag, position = _varint(message, position)
        field, wire = tag >> 3, tag & 7
        if wire != 2:
            position = _skip(message, position, wire)
            continue
        length, position = _varint(message, position)
        end = position + length
        if end > len(message):
            raise ValueError("it is cut short")
        if kind == "node" and field == _OPERATION and bytes(message[position:end]) in _MAKES_MUCH_OF_NOTHING:
            raise ValueError(
                f"its operation {bytes(message[position:end]).decode()} is one that no look needs"
            )
        child = _MESSAGES[kind].get(field)
        if child is not None:
            seen.add(child)
            _scan(message[position:end], child, depth + 1)
        operations += child == "node"
        if operations > MOST_OPERATIONS:
            raise ValueError(f"it has more than {MOST_OPERATIONS} operations")
        if child == "function":
            raise ValueError(
                "it defines operations of its own, which no look needs and which may nest endlessly"
            )
        if kind == "attribute" and child == "graph":
            raise ValueError("it holds a loop or branch, which no look needs and which may never end")
        position = end
    return seen


def _check_tensor(message: memoryview) -> None:
    raw, kind, position = [], 0, 0
    while position < len(message):
        tag, position = _varint(message, position)
        field, wire, start = tag >> 3, tag & 7, position
        position = _skip(message, position, wire)
        if field == _EXTERNAL_DATA or (field == _DATA_LOCATION and any(message[start:position])):
            raise ValueError("a tensor keeps its data in another file")
        if field == _DATA_TYPE and wire == 0:
            kind = _varint(message, start)[0]
        if wire == 2:
            start = _varint(message, start)[1]
        if field == _RAW_DATA:
            raw.append(message[start:position])
        elif field in _NUMBERS and not is_finite(message[start:position], _NUMBERS[field]):
            raise ValueError(f"it holds {NOT_FINITE}")
    if not all(is_finite(data, _KINDS.get(kind, "")) for data in raw):
        raise ValueError(f"it holds {NOT_FINITE}")


def _skip(message: memoryview, position: int, wire: int) -> int:
    if wire == 0:
        return _varint(message, position)[1]
    if wire == 2:
        length, position = _varint(message, position)
        position += length
    elif wire in (1, 5):
        position += 8 if wire == 1 else 4
    else:
        raise ValueError("it is not a protobuf message")
    if position > len(message):
        raise ValueError("it is cut short")
    return position


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise ValueError("it is not a protobuf message")


def tensors_of(content: bytes) -> list[tuple[str, slice]]:
    """Names of the graph's tensors and where the raw numbers of each lie in the file.

    Args:
        content: an ONNX file that `refuse_unsafe` has nothing against.
    """
    whole = memoryview(content)
    found: list[tuple[str, slice]] = []
    for field, graph in _fields(whole, 0, len(whole)):
        if field != 7:
            continue
        for inner, tensor in _fields(whole, graph.start, graph.stop):
            if inner != 5:
                continue
            parts = dict(_fields(whole, tensor.start, tensor.stop))
            if _NAME in parts and _RAW_DATA in parts:
                found.append((bytes(whole[parts[_NAME]]).decode("utf-8", "replace"), parts[_RAW_DATA]))
    return found


def _fields(message: memoryview, position: int, end: int) -> Iterator[tuple[int, slice]]:
    """Number and place of every field with a length between two positions."""
    while position < end:
        tag, position = _varint(message, position)
        if tag & 7 == 2:
            length, start = _varint(message, position)
            position = start + length
            yield tag >> 3, slice(start, position)
        else:
            position = _skip(message, position, tag & 7)
