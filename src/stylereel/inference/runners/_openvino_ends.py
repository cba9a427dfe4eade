"""The ends of a network as OpenVINO runs them best: uint8 pictures in and out, and no pixel moved twice.

In the trunk of a look every multiplication counts; at its ends, where channels are few and pixels many, it is
memory that is waited for. Three rearrangements, none of which changes what is computed but for rounding:

- A strided convolution of the frame sees `s` neighbouring pixels of a row as one of `3 s` channels, which is
  the same memory, so that its kernel is `s` times narrower: more channels fill the registers.
- One whose result is cut into slices becomes one for each slice.
- Where `light` comes from a quarter to the whole resolution, no pixel is shuffled: two rows of the half
  resolution are channels of one row (to each side of it two pixels are, again, the same memory), the last
  convolution looks at both, and gives four rows of the picture as channels; one copy of the bytes, which has
  to be made for the margin anyhow, brings them into place.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

ROWS, COLUMNS = 4, 2
"""Pixels that one place of a folded result holds."""
_HALF = 127.5
_TO_NCHW, _TO_NHWC = (0, 3, 1, 2), (0, 2, 3, 1)


def arranged(openvino: ModuleType, model: Any) -> Any:
    """A look's network with `(N, H, W, 3)` uint8 at its first input.

    Args:
        openvino: the library.
        model: as it was read, of one fixed shape: `(N, 3, H, W)` in [-1, 1] in and out. Its other inputs stay
            as they are.

    Returns:
        A model whose result is `(N, H, W, 3)` uint8, or `(N, H/4, W/2, 24)` to be given to `unfolded`.
    """
    return _Ends(openvino, model).arranged()


def unfolded(result: np.ndarray, rows: slice, columns: slice) -> np.ndarray:
    """The part of a network's result within a margin, as a picture of its own.

    Args:
        result: `(N, H, W, 3)` or `(N, H/4, W/2, 24)` uint8, contiguous.
        rows, columns: of the picture; they begin at multiples of 4 and 2.

    Returns:
        `(N, rows, columns, 3)` uint8, a copy.
    """
    if result.shape[3] == 3:
        return result[:, rows, columns].copy()
    height, width = rows.stop - rows.start, columns.stop - columns.start
    top, left = rows.start // ROWS, columns.start // COLUMNS
    places = result.view(f"V{3 * COLUMNS}")  # pixels of a row together, so that they move together
    places = places[:, top : top + -(-height // ROWS), left : left + -(-width // COLUMNS)]
    count, down, across, _ = places.shape
    picture = np.empty((count, down, ROWS, across), places.dtype)
    picture[...] = places.transpose(0, 1, 3, 2)
    picture = picture.view(np.uint8).reshape(count, ROWS * down, COLUMNS * across, 3)
    return np.ascontiguousarray(picture[:, :height, :width])


@dataclass(frozen=True)
class _Conv:
    """A convolution with its bias.

    Attributes:
        node: whose output has the bias added.
        source: what it looks at, without a border.
        weight: `(O, I, kh, kw)`.
        bias: `(O,)`.
        stride, pad: of both axes.
        bordered: `source` within a border of `pad` repeated pixels; None where the border is zeros.
    """

    node: Any
    source: Any
    weight: np.ndarray
    bias: np.ndarray
    stride: int
    pad: int
    bordered: Any = None


class _Ends:
    def __init__(self, openvino: ModuleType, model: Any) -> None:
        self._openvino, self._ops, self._model = openvino, openvino.opset13, model
        self._frames = model.inputs[0].get_node()
        count, _, self._height, self._width = self._frames.output(0).get_shape()
        shape = [count, self._height, self._width, 3]
        self._picture = self._ops.parameter(shape, np.uint8, name=self._frames.get_friendly_name())
        # Whole numbers already: without the rounding, what follows is taken for the scale of an int8 network.
        levels = self._ops.floor(self._ops.convert(self._picture, "f32"))
        self._centred = self._ops.subtract(levels, np.float32(_HALF))

    def arranged(self) -> Any:
        result = self._folded_tail() or self._plain_tail()
        for node in self._readers_of_the_frame():
            conv = self._conv_at(node)
            if conv is not None and self._can_widen(conv):
                self._widen(conv)
        values = self._ops.multiply(self._centred, np.float32(1 / _HALF))
        values = self._ops.transpose(values, np.array(_TO_NCHW))
        for reader in list(self._frames.output(0).get_target_inputs()):
            reader.replace_source_output(values.output(0))
        inputs = [self._picture, *(given.get_node() for given in self._model.inputs[1:])]
        return self._openvino.Model([result], inputs, "look")

    def _readers_of_the_frame(self) -> list[Any]:
        """What looks at the frame, with or without a border around it."""
        nodes = [reader.get_node() for reader in self._frames.output(0).get_target_inputs()]
        borders = [node for node in nodes if node.get_type_name() == "Pad"]
        return nodes + [
            reader.get_node() for border in borders for reader in border.output(0).get_target_inputs()
        ]

    def _can_widen(self, conv: _Conv) -> bool:
        side = conv.weight.shape[3]
        wide = self._width % conv.stride == 0 and side % conv.stride == 0 and conv.pad % conv.stride == 0
        return conv.stride > 1 and wide and conv.weight.shape[1] == 3

    def _widen(self, conv: _Conv) -> None:
        """Put convolutions of neighbouring pixels as channels in the place of one that strides over them."""
        for first, last, readers in _slices(conv):
            weight = _widened(conv.weight[first:last] / _HALF, conv.stride)
            pads = [0, 0] if conv.bordered else [conv.pad, conv.pad // conv.stride]
            seen = self._side_by_side(conv.stride, conv.pad if conv.bordered else 0)
            made = self._conv(seen, weight, conv.bias[first:last], [conv.stride, 1], pads)
            for reader in readers:
                reader.replace_source_output(made.output(0))

    def _folded_tail(self) -> Any:
        """`light` from its half-resolution layer on, two rows as one; None where it is another network."""
        found = self._tail()
        if found is None:
            return None
        up, edges, head = found
        count, channels = self._picture.get_output_shape(0)[0], len(edges.bias)
        # From (channel, row, column), as pixels are shuffled, to (column, row, channel).
        order = np.arange(4 * channels).reshape(channels, 2, 2).transpose(2, 1, 0).ravel()
        pads = [0, 0] if up.bordered else [1, 1]
        above = self._conv(up.bordered or up.source, up.weight[order], up.bias[order], [1, 1], pads)
        rows = self._ops.transpose(above, np.array(_TO_NHWC))
        shape = np.array([count, self._height // ROWS, self._width // COLUMNS, 2 * channels])
        above = self._ops.transpose(self._ops.reshape(rows, shape, False), np.array(_TO_NCHW))
        narrow = _widened(edges.weight / _HALF, 2)
        both = np.zeros((2, *narrow.shape[:2], narrow.shape[2] + 2, narrow.shape[3]), np.float32)
        both[0, :, :, :-2], both[1, :, :, 2:] = narrow, narrow
        kernel, pads = both.reshape(2 * channels, *both.shape[2:]), [0, 0] if edges.bordered else [2, 1]
        frame = self._side_by_side(2, edges.pad if edges.bordered else 0)
        beside = self._conv(frame, kernel, np.tile(edges.bias, 2), [ROWS, 1], pads)
        weight, bias = _two_rows(head.weight, head.bias)
        # What lies beyond here reaches two pixels in, and the margin of every frame is wider.
        made = self._conv(self._ops.relu(self._ops.add(above, beside)), weight, bias, [1, 1], [1, 1])
        return self._as_levels(self._ops.tanh(made))

    def _tail(self) -> tuple[_Conv, _Conv, _Conv] | None:
        """The convolutions that become pixels, and the one of the frame beside the first of them."""
        last = self._model.outputs[0].get_node().input_value(0).get_node()
        head = self._conv_before(_before(_before(last, "Tanh"), "DepthToSpace"))
        if head is None or self._height % ROWS or self._width % COLUMNS:
            return None
        joined = _before(head.source.get_node(), "Relu")
        if joined is None or joined.get_type_name() != "Add":
            return None
        up = edges = None
        for value in joined.input_values():
            node = value.get_node()
            if node.get_type_name() == "DepthToSpace":
                up = self._conv_before(_before(node, "DepthToSpace"))
            else:
                edges = self._conv_before(node)
        if up is None or edges is None or edges.source.get_node() != self._frames:
            return None
        channels = edges.weight.shape[0]
        shapes = (head.weight.shape, (up.weight.shape[0], *up.weight.shape[2:]), edges.weight.shape)
        fits = shapes == ((12, channels, 3, 3), (4 * channels, 3, 3), (channels, 3, 6, 6))
        moves = [(conv.stride, conv.pad) for conv in (up, edges, head)]
        return (up, edges, head) if fits and moves == [(1, 1), (2, 2), (1, 1)] else None

    def _plain_tail(self) -> Any:
        return self._as_levels(self._model.outputs[0].get_node().input_value(0))

    def _as_levels(self, values: Any) -> Any:
        ops = self._ops
        levels = ops.add(ops.multiply(values, np.float32(_HALF)), np.float32(_HALF))
        levels = ops.convert(ops.round(ops.clamp(levels, 0.0, 255.0), "half_to_even"), "u8")
        return ops.transpose(levels, np.array(_TO_NHWC))

    def _side_by_side(self, pixels: int, border: int = 0) -> Any:
        """So many neighbours of a row as channels of one place, in levels around 0: exact in bf16.

        Args:
            pixels: how many.
            border: width of repeated pixels around the frame, a multiple of `pixels`.
        """
        count, values = self._picture.get_output_shape(0)[0], self._centred
        if border:
            around = np.array([0, border, border, 0])
            values = self._ops.pad(values, around, around, "edge")
        shape = [count, self._height + 2 * border, (self._width + 2 * border) // pixels, 3 * pixels]
        return self._ops.transpose(self._ops.reshape(values, np.array(shape), False), np.array(_TO_NCHW))

    def _conv(
        self, source: Any, weight: np.ndarray, bias: np.ndarray, strides: list[int], pads: list[int]
    ) -> Any:
        kernel = self._ops.constant(np.ascontiguousarray(weight, np.float32))
        made = self._ops.convolution(source, kernel, strides, pads, pads, [1, 1])
        return self._ops.add(made, self._ops.constant(bias.astype(np.float32).reshape(1, -1, 1, 1)))

    def _conv_before(self, node: Any) -> _Conv | None:
        """The convolution whose result with its bias `node` is, if it is one."""
        if node is None or node.get_type_name() != "Add":
            return None
        values = [value.get_node() for value in node.input_values()]
        convs = [value for value in values if value.get_type_name() == "Convolution"]
        return self._conv_at(convs[0]) if len(convs) == 1 else None

    def _conv_at(self, node: Any) -> _Conv | None:
        """A convolution of square kernel, stride and padding, with constant weights and bias."""
        if node.get_type_name() != "Convolution":
            return None
        kernel = node.input_value(1).get_node()
        readers = [reader.get_node() for reader in node.output(0).get_target_inputs()]
        readers = [reader for reader in readers if reader.get_type_name() != "ShapeOf"]
        if kernel.get_type_name() != "Constant" or [reader.get_type_name() for reader in readers] != ["Add"]:
            return None
        added = readers[0]
        biases = [value for value in map(_constant, added.input_values()) if value is not None]
        facts = node.get_attributes()
        sizes = {*facts["strides"]}, {*facts["pads_begin"], *facts["pads_end"]}, {*facts["dilations"]}
        if len(biases) != 1 or [len(size) for size in sizes] != [1, 1, 1] or sizes[2] != {1}:
            return None
        weight, bias = kernel.get_data(), biases[0]
        if facts["auto_pad"] not in ("explicit", "notset") or bias.size != weight.shape[0]:
            return None
        source, pad, border = node.input_value(0), sizes[1].pop(), _border(node.input_value(0).get_node())
        if border and not pad:
            inner = source.get_node().input_value(0)
            return _Conv(added, inner, weight, bias.ravel(), sizes[0].pop(), border, source)
        return _Conv(added, source, weight, bias.ravel(), sizes[0].pop(), pad)


def _border(node: Any) -> int:
    """Width of the border of repeated pixels that a node lays around a picture; 0 where it lays none."""
    if node.get_type_name() != "Pad" or node.get_attributes().get("pad_mode") != "edge":
        return 0
    begin, end = (_constant(value) for value in node.input_values()[1:3])
    if begin is None or end is None or begin.tolist() != end.tolist() or len(begin) != 4:
        return 0
    channels, width = {*begin[:2].tolist()}, {*begin[2:].tolist()}
    return width.pop() if channels == {0} and len(width) == 1 else 0


def _constant(value: Any) -> np.ndarray | None:
    """A constant, perhaps reshaped."""
    node = value.get_node()
    if node.get_type_name() == "Reshape":
        node = node.input_value(0).get_node()
    return node.get_data() if node.get_type_name() == "Constant" else None


def _before(node: Any, kind: str) -> Any:
    """What a node of that kind looks at; None where it is of another."""
    if node is None or node.get_type_name() != kind:
        return None
    if kind == "DepthToSpace":
        facts = node.get_attributes()
        if (facts["block_size"], facts["mode"]) != (2, "depth_first"):
            return None
    return node.input_value(0).get_node()


def _slices(conv: _Conv) -> list[tuple[int, int, list[Any]]]:
    """First and last channel of each part of a result that is looked at, with who does."""
    whole = [(0, len(conv.bias), list(conv.node.output(0).get_target_inputs()))]
    found = []
    for reader in whole[0][2]:
        node = reader.get_node()
        if node.get_type_name() != "Slice" or len(node.input_values()) != 5:
            return whole
        bounds = [value.get_node() for value in node.input_values()[1:]]
        if any(bound.get_type_name() != "Constant" for bound in bounds):
            return whole
        first, last, step, axis = (bound.get_data().ravel().tolist() for bound in bounds)
        if (step, axis) != ([1], [1]) or not 0 <= first[0] < last[0]:
            return whole
        last_channel = min(last[0], len(conv.bias))
        found.append((first[0], last_channel, list(node.output(0).get_target_inputs())))
    return found


def _widened(weight: np.ndarray, pixels: int) -> np.ndarray:
    """`(O, I, kh, kw)` for `pixels` neighbours of a row as channels: `(O, pixels I, kh, kw / pixels)`."""
    out, channels, down, across = weight.shape
    split = weight.reshape(out, channels, down, across // pixels, pixels).transpose(0, 4, 1, 2, 3)
    return split.reshape(out, pixels * channels, down, across // pixels)


def _two_rows(weight: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The last convolution where two rows of its input are channels `(row, channel)`.

    Args:
        weight: `(12, C, 3, 3)`, whose outputs are `(channel, row, column)` of 2x2 pixels.
        bias: `(12,)`.

    Returns:
        `(24, 2 C, 3, 3)` and `(24,)`, whose outputs are `(row of four, column, channel)`.
    """
    channels = weight.shape[1]
    by_place = weight.reshape(3, 2, 2, channels, 3, 3).transpose(1, 2, 0, 3, 4, 5)
    both = np.zeros((2, 2, 2, 3, 2, channels, 3, 3), np.float32)
    for row in range(2):
        for tap in range(3):
            above = row + tap - 1
            both[row, :, :, :, above % 2, :, above // 2 + 1] += by_place[..., tap, :]
    biases = np.broadcast_to(bias.reshape(3, 2, 2).transpose(1, 2, 0), (2, 2, 2, 3))
    return both.reshape(24, 2 * channels, 3, 3), biases.reshape(24)
