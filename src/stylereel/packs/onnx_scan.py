"""Looks through an ONNX file for tensors kept in other files, without the onnx package.

An ONNX tensor may say that its data lie at some path. A pack is one folder with a hash for each file, so
such a tensor could only make a runner read a file that the pack does not own: it is refused.
"""

from __future__ import annotations

from stylereel.core.errors import PackError

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
    "tensor": {},
}
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14
_DEEPEST = 32


def refuse_external_data(content: bytes, where: str) -> None:
    """Raise unless `content` is a well-formed ONNX model whose tensors are all inside it.

    Args:
        content: the ONNX file.
        where: its path, for the error text.

    Raises:
        PackError: it is no protobuf message, holds no graph, or names other files.
    """
    try:
        if "graph" not in _scan(memoryview(content), "model", 0):
            raise ValueError("it holds no graph")
    except (ValueError, IndexError) as error:
        raise PackError(f"{where} is not an ONNX model that can be trusted: {error}.") from None


def _scan(message: memoryview, kind: str, depth: int) -> set[str]:
    if depth > _DEEPEST:
        raise ValueError("its graphs are nested too deeply")
    seen: set[str] = set()
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        field, wire = tag >> 3, tag & 7
        if kind == "tensor" and field in (_EXTERNAL_DATA, _DATA_LOCATION):
            start = position
            position = _skip(message, position, wire)
            if field == _EXTERNAL_DATA or any(message[start:position]):
                raise ValueError("a tensor keeps its data in another file")
            continue
        if wire != 2:
            position = _skip(message, position, wire)
            continue
        length, position = _varint(message, position)
        end = position + length
        if end > len(message):
            raise ValueError("it is cut short")
        child = _MESSAGES[kind].get(field)
        if child is not None:
            seen.add(child)
            _scan(message[position:end], child, depth + 1)
        position = end
    return seen


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
