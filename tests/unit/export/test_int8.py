"""Rounding to int8: close to fp32, quick to refuse, and no grid."""

import numpy as np
import onnx
import pytest

from stylereel.core.errors import PackError
from stylereel.export.int8 import quantize_onnx
from stylereel.export.onnx import evaluator

pytest.importorskip("torch")


def frames(count=6, height=64, width=80):
    rng = np.random.default_rng(2)
    return [rng.integers(0, 256, (height, width, 3), np.uint8) for _ in range(count)]


def two_layers() -> bytes:
    """Frame -> 16 -> 16 -> 48 channels -> pixels: one convolution is neither at the start nor the end."""
    rng = np.random.default_rng(4)
    weights = [
        rng.normal(0, 0.1, shape).astype(np.float32)
        for shape in ((16, 3, 4, 4), (16, 16, 3, 3), (48, 16, 3, 3))
    ]
    helper = onnx.helper
    nodes = [
        helper.make_node("Conv", ["frames", "w0"], ["a"], name="first", strides=[4, 4]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "w1"], ["c"], name="middle", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["d"]),
        helper.make_node("Conv", ["d", "w2"], ["e"], name="last", pads=[1, 1, 1, 1]),
        helper.make_node("DepthToSpace", ["e"], ["f"], blocksize=4),
        helper.make_node("Tanh", ["f"], ["stylized"]),
    ]
    shape = ["n", 3, "h", "w"]
    graph = helper.make_graph(
        nodes,
        "two",
        [helper.make_tensor_value_info("frames", onnx.TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("stylized", onnx.TensorProto.FLOAT, shape)],
        [onnx.numpy_helper.from_array(value, f"w{index}") for index, value in enumerate(weights)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def test_only_the_convolution_between_the_ends_is_rounded_and_the_result_is_close():
    content = two_layers()
    found = quantize_onnx(content, frames())
    model = onnx.load_from_string(found.content)
    kinds = {tensor.data_type for tensor in model.graph.initializer if len(tensor.dims) == 4}
    assert kinds == {onnx.TensorProto.INT8, onnx.TensorProto.FLOAT}
    rounded = [tensor for tensor in model.graph.initializer if tensor.data_type == onnx.TensorProto.INT8]
    assert [list(tensor.dims) for tensor in rounded if len(tensor.dims) == 4] == [[16, 16, 3, 3]]
    evaluate, probe = evaluator(), np.random.default_rng(9).uniform(-1, 1, (1, 3, 32, 32)).astype(np.float32)
    difference = evaluate(content, probe) - evaluate(found.content, probe)
    assert 0 < np.abs(difference).max() < 0.1 and found.psnr_db > 34


def test_frames_are_needed():
    with pytest.raises(PackError, match="got 1, at least two"):
        quantize_onnx(two_layers(), frames(1))


def test_what_cannot_be_rounded_is_told():
    with pytest.raises(PackError, match="cannot be rounded"):
        quantize_onnx(b"no network", frames())


def test_it_prints_nothing(capfd):
    quantize_onnx(two_layers(), frames())
    assert capfd.readouterr() == ("", "")
