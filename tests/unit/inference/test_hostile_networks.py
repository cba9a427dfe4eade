"""Networks that are well-formed and no looks."""

import itertools

import numpy as np
import pytest
from onnx import TensorProto, helper

from stylereel.actions.stylizer import Stylizer
from stylereel.core.errors import PackError
from stylereel.packs.store import ONNX_NAME, save_pack
from toy_packs import toy_card, toy_files


def pack_of(folder, nodes):
    shape = ["n", 3, "h", "w"]
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("frames", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("stylized", TensorProto.FLOAT, shape)],
    )
    content = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    files = {**toy_files("invert"), ONNX_NAME: content.SerializeToString()}
    return save_pack(folder, toy_card("pack"), files).folder


def doubling(times):
    names = ["frames", *(f"n{index}" for index in range(times - 1)), "many"]
    nodes = [helper.make_node("Concat", [a, a], [b], axis=1) for a, b in itertools.pairwise(names)]
    mean = helper.make_node("ReduceMean", ["many"], ["mean"], axes=[1], keepdims=1)
    return [*nodes, mean, helper.make_node("Mul", ["frames", "mean"], ["stylized"])]


@pytest.mark.parametrize("runner", ["onnxruntime", "openvino"])
def test_a_network_that_would_take_all_memory_is_refused_before_it_runs(tmp_path, runner):
    with pytest.raises(PackError, match=r"numbers for each pixel.*refused"):
        Stylizer.load(pack_of(tmp_path / "pack", doubling(24)), runner=runner)


@pytest.mark.parametrize("runner", ["onnxruntime", "openvino"])
@pytest.mark.parametrize(
    "node",
    [
        helper.make_node("Transpose", ["frames"], ["stylized"], perm=[0, 1, 3, 2]),
        helper.make_node("Concat", ["frames", "frames"], ["stylized"], axis=2),
        helper.make_node("Concat", ["frames", "frames"], ["stylized"], axis=1),
        helper.make_node("Concat", ["frames", "frames"], ["stylized"], axis=0),
    ],
)
def test_what_is_no_picture_of_the_frames_size_is_refused(tmp_path, runner, node):
    stylizer = Stylizer.load(pack_of(tmp_path / "pack", [node]), runner=runner)
    with pytest.raises(PackError, match=r"result of shape.*a look keeps the shape"):
        stylizer(np.zeros((32, 48, 3), np.uint8))


@pytest.mark.parametrize("runner", ["onnxruntime", "openvino"])
def test_a_network_that_looks_at_no_frame_is_refused(tmp_path, runner):
    node = helper.make_node("Constant", [], ["stylized"], value_float=1.0)
    with pytest.raises(PackError, match=r"result of shape \(\)|takes 0 input"):
        Stylizer.load(pack_of(tmp_path / "pack", [node]), runner=runner)(np.zeros((32, 48, 3), np.uint8))
