"""Makes small style packs for tests: networks of a few operations whose results are known exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save

from stylereel.packs.card import Card, GeneratorSpec
from stylereel.packs.store import ONNX_NAME, PREVIEW_NAME, WEIGHTS_NAME, Pack, save_pack

TINTS = {"blue": (-0.5, -0.1, 0.5), "orange": (0.5, 0.05, -0.6)}


def toy_onnx(kind: str) -> bytes:
    """An ONNX model: "identity", "invert", "half" (half the contrast), "conv" (random, sizes in fours), or
    one of `TINTS` (one colour over the light of the frame)."""
    nodes, tensors = [], []
    if kind == "identity":
        nodes = [helper.make_node("Identity", ["frames"], ["stylized"])]
    elif kind == "invert":
        nodes = [helper.make_node("Neg", ["frames"], ["stylized"])]
    elif kind == "half":
        tensors = [numpy_helper.from_array(np.float32(0.5), "half")]
        nodes = [helper.make_node("Mul", ["frames", "half"], ["stylized"])]
    elif kind in TINTS:
        tensors = [
            numpy_helper.from_array(np.full((3, 3, 1, 1), 0.2, np.float32), "grey"),
            numpy_helper.from_array(np.float32(TINTS[kind]), "tint"),
        ]
        nodes = [helper.make_node("Conv", ["frames", "grey", "tint"], ["stylized"])]
    elif kind == "conv":
        rng = np.random.default_rng(7)
        first = rng.normal(0, 0.08, (16, 48, 3, 3)).astype(np.float32)
        second = rng.normal(0, 0.12, (48, 16, 3, 3)).astype(np.float32)
        tensors = [numpy_helper.from_array(first, "w1"), numpy_helper.from_array(second, "w2")]
        nodes = [
            helper.make_node("SpaceToDepth", ["frames"], ["s"], blocksize=4),
            helper.make_node("Conv", ["s", "w1"], ["c1"], name="first", pads=[1, 1, 1, 1]),
            helper.make_node("Relu", ["c1"], ["r1"]),
            helper.make_node("Conv", ["r1", "w2"], ["c2"], name="second", pads=[1, 1, 1, 1]),
            helper.make_node("DepthToSpace", ["c2"], ["d"], blocksize=4),
            helper.make_node("Tanh", ["d"], ["stylized"]),
        ]
    shape = ["n", 3, "h", "w"]
    graph = helper.make_graph(
        nodes,
        kind,
        [helper.make_tensor_value_info("frames", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("stylized", TensorProto.FLOAT, shape)],
        tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def toy_card(name: str = "toy", *, size_multiple: int = 1, **facts) -> Card:
    """A card for a toy network."""
    values = dict(
        name=name,
        title=name.title(),
        description="A toy look.",
        license="CC0-1.0",
        generator=GeneratorSpec(key="light", config={"width": 8}),
        size_multiple=size_multiple,
        receptive_field_px=1,
    )
    return Card(**{**values, **facts})


def toy_files(kind: str) -> dict[str, bytes]:
    """The files of a toy pack."""
    return {
        WEIGHTS_NAME: save({"weight": np.zeros(4, np.float32)}),
        ONNX_NAME: toy_onnx(kind),
        PREVIEW_NAME: b"\xff\xd8 no real picture",
    }


def toy_pack(folder: Path, kind: str = "invert", **facts) -> Pack:
    """Write a toy pack into `folder` and load it."""
    multiple = 4 if kind == "conv" else 1
    return save_pack(folder, toy_card(folder.name, size_multiple=multiple, **facts), toy_files(kind))
