"""What is rearranged is computed as it was: beside ONNX Runtime, which knows nothing of it."""

import cv2
import numpy as np
import pytest

pytest.importorskip("openvino")

from stylereel.inference.runners._openvino_ends import COLUMNS, ROWS, unfolded
from stylereel.inference.runners.onnxruntime import Runner as Plain
from stylereel.inference.runners.openvino import Runner
from stylereel.packs.find import find_pack, list_packs, shipped_folder

FOLDERS = sorted(path.name for path in shipped_folder().iterdir() if path.is_dir())
SHIPPED = [f"{name}:scream" if name == "atelier" else name for name in FOLDERS]


def picture(height: int, width: int) -> np.ndarray:
    noise = np.random.default_rng(5).uniform(0, 255, (height, width, 3)).astype(np.float32)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 2), None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def test_there_are_looks_to_try():
    assert {"vangogh", "wave"} <= set(FOLDERS) <= {listing.name for listing in list_packs()}


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("size", [(64, 96), (61, 83)])
def test_a_shipped_look_is_what_it_is_without(name, size):
    pack, frames = find_pack(name), picture(*size)[None]
    got = Runner(pack, threads=1, precision="fp32").run(frames, None, None)[0]
    expected = Plain(pack, threads=1, precision="fp32").run(frames, None, None)[0]
    assert np.abs(got.astype(int) - expected).max() <= 1


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_no_pixel_of_a_shipped_look_is_shuffled_at_its_ends(name, precision):
    pack = find_pack(name)
    if precision == "int8" and not pack.has_int8:
        pytest.skip("looks of a pack of many are folded in fp32")
    runner = Runner(pack, threads=1, precision=precision)
    model = runner._pictures_in_and_out((1, 64, 96, 3))
    assert list(model.outputs[0].get_shape()) == [1, 64 // ROWS, 96 // COLUMNS, 24]
    kinds = [node.get_type_name() for node in model.get_ordered_ops()]
    assert kinds.count("DepthToSpace") == 1 and "Slice" not in kinds
    strides = [
        node.get_attributes()["strides"]
        for node in model.get_ordered_ops()
        if node.get_type_name() == "Convolution"
    ]
    assert [2, 2] in strides and not any(across == 4 for _, across in strides)


@pytest.mark.parametrize("size", [(1, 1), (8, 6), (9, 7), (21, 30)])
@pytest.mark.parametrize("start", [(0, 0), (16, 16), (4, 2)])
def test_four_rows_of_two_pixels_come_into_place(size, start):
    (height, width), (top, left) = size, start
    whole = np.random.default_rng(1).integers(0, 256, (2, 64, 64, 3), np.uint8)
    folded = whole.reshape(2, 16, ROWS, 32, COLUMNS * 3).transpose(0, 1, 3, 2, 4).reshape(2, 16, 32, 24)
    rows, columns = slice(top, top + height), slice(left, left + width)
    for result in (np.ascontiguousarray(folded), whole):
        got = unfolded(result, rows, columns)
        assert np.array_equal(got, whole[:, rows, columns])
        assert got.flags.c_contiguous and not np.shares_memory(got, result)
