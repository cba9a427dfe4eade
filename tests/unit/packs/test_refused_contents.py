"""What a pack's files may not hold, however right their hashes are."""

import itertools
import struct

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper
from safetensors.numpy import save

from stylereel.core.errors import PackError
from stylereel.packs.numbers import refuse_bad_weights
from stylereel.packs.onnx_scan import refuse_unsafe


def model(nodes, tensors=()):
    picture = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3, "h", "w"]) for name in "xy"]
    graph = helper.make_graph(nodes, "toy", picture[:1], picture[1:], tensors)
    return helper.make_model(graph).SerializeToString()


def scaled_by(tensor):
    tensor.name = "scale"
    return model([helper.make_node("Mul", ["x", "scale"], ["y"])], [tensor])


def test_a_loop_or_branch_is_refused():
    body = helper.make_graph([helper.make_node("Identity", ["go"], ["on"])], "body", [], [])
    for operation in ("Loop", "Scan", "If"):
        content = model([helper.make_node(operation, ["x"], ["y"], body=body)])
        with pytest.raises(PackError, match=r"toy\.onnx .* loop or branch"):
            refuse_unsafe(content, "toy.onnx")


@pytest.mark.parametrize("operation", ["ConstantOfShape", "Tile", "Expand", "Range", "RandomNormal"])
def test_operations_that_make_gigabytes_of_nothing_are_refused(operation):
    with pytest.raises(PackError, match=f"its operation {operation} is one that no look needs"):
        refuse_unsafe(model([helper.make_node(operation, ["x"], ["y"])]), "toy.onnx")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", ["<f2", "<f4", "<f8"])
def test_weights_that_are_no_numbers_are_refused(value, kind):
    weights = np.linspace(-1, 1, 1000).astype(kind)
    refuse_unsafe(scaled_by(numpy_helper.from_array(weights)), "toy.onnx")
    refuse_bad_weights(save({"w": weights}), "toy.safetensors")
    weights[777] = value
    with pytest.raises(PackError, match="NaN or infinite"):
        refuse_unsafe(scaled_by(numpy_helper.from_array(weights)), "toy.onnx")
    with pytest.raises(PackError, match=r"toy\.safetensors .*NaN or infinite.*'w'"):
        refuse_bad_weights(save({"w": weights}), "toy.safetensors")


def test_they_are_found_in_every_way_that_onnx_keeps_numbers():
    for field, kind in (("float_data", TensorProto.FLOAT), ("double_data", TensorProto.DOUBLE)):
        tensor = TensorProto(data_type=kind, dims=[2])
        getattr(tensor, field).extend([1.0, 2.0])
        refuse_unsafe(scaled_by(tensor), "toy.onnx")
        getattr(tensor, field)[1] = np.nan
        with pytest.raises(PackError, match="NaN or infinite"):
            refuse_unsafe(scaled_by(tensor), "toy.onnx")
    half = TensorProto(data_type=TensorProto.BFLOAT16, dims=[2], raw_data=struct.pack("<HH", 0x3F80, 0x7F80))
    with pytest.raises(PackError, match="NaN or infinite"):
        refuse_unsafe(scaled_by(half), "toy.onnx")
    constant = TensorProto(data_type=TensorProto.FLOAT, dims=[1], raw_data=struct.pack("<f", np.nan))
    with pytest.raises(PackError, match="NaN or infinite"):
        refuse_unsafe(model([helper.make_node("Constant", [], ["y"], value=constant)]), "toy.onnx")


def test_whole_numbers_are_never_taken_for_nan():
    shape = np.array([0x7F800000, -1, 0x7FC00000], np.int64)
    refuse_unsafe(scaled_by(numpy_helper.from_array(shape)), "toy.onnx")
    refuse_bad_weights(save({"w": shape}), "toy.safetensors")


@pytest.mark.parametrize("content", [b"", b"weights", save({"w": np.zeros(9, np.float32)})[:-4]])
def test_weights_that_are_cut_short_are_refused(content):
    with pytest.raises(PackError, match="no safetensors file"):
        refuse_bad_weights(content, "toy.safetensors")


def chain(length):
    names = ["x", *(f"n{index}" for index in range(length - 1)), "y"]
    return model([helper.make_node("Neg", [a], [b]) for a, b in itertools.pairwise(names)])


def test_a_network_of_thousands_of_operations_is_refused():
    refuse_unsafe(chain(1000), "toy.onnx")
    with pytest.raises(PackError, match="more than 1000 operations"):
        refuse_unsafe(chain(1001), "toy.onnx")


def test_operations_that_a_pack_defines_itself_are_refused():
    opset = [helper.make_opsetid("", 18), helper.make_opsetid("own", 1)]
    own = helper.make_function("own", "Twice", ["a"], ["b"], [helper.make_node("Neg", ["a"], ["b"])], opset)
    whole = ModelProto.FromString(model([helper.make_node("Twice", ["x"], ["y"], domain="own")]))
    whole.functions.append(own)
    with pytest.raises(PackError, match="operations of its own"):
        refuse_unsafe(whole.SerializeToString(), "toy.onnx")
