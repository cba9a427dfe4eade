"""FID and KID with a feature network of the user's."""

from __future__ import annotations

import numpy as np
import pytest

from moving_scenes import scene, textured
from stylereel.core.errors import InputError, MissingInputError, UsageError
from stylereel.metrics._features import FeatureNetwork, crops_of
from stylereel.metrics.fid import frechet
from stylereel.metrics.kid import mmd


def direct_frechet(first: np.ndarray, second: np.ndarray) -> float:
    """By the eigenvalues of the product of the covariances."""
    covariances = [np.cov(features.T) for features in (first, second)]
    roots = np.sqrt(np.maximum(np.linalg.eigvals(covariances[0] @ covariances[1]).real, 0)).sum()
    means = ((first.mean(0) - second.mean(0)) ** 2).sum()
    return float(means + sum(np.trace(c) for c in covariances) - 2 * roots)


def test_the_frechet_distance_is_that_of_the_covariances():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(80, 6)), rng.normal(size=(60, 6)) @ rng.normal(size=(6, 6)) + 1
    assert frechet(first, second) == pytest.approx(direct_frechet(first, second), rel=1e-6)
    assert frechet(first, first) == pytest.approx(0, abs=1e-8)


def test_the_kernel_distance_has_no_bias_and_tells_sets_apart():
    rng = np.random.default_rng(0)
    same = [mmd(rng.normal(size=(30, 4)), rng.normal(size=(20, 4))) for _ in range(60)]
    assert abs(np.mean(same)) < 0.1 < mmd(rng.normal(size=(30, 4)), rng.normal(1, 1, size=(20, 4)))


def test_crops_cover_a_frame_evenly():
    assert len(crops_of(np.zeros((360, 640, 3), np.uint8))) == 6
    assert crops_of(np.zeros((100, 150, 3), np.uint8))[0].shape == (100, 100, 3)


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    onnx = pytest.importorskip("onnx", reason="the training extra is not installed")
    helper, weights = onnx.helper, np.random.default_rng(0).normal(size=(5, 3, 7, 7)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["c"], strides=[4, 4]),
            helper.make_node("Relu", ["c"], ["r"]),
            helper.make_node("GlobalAveragePool", ["r"], ["y"]),
        ],
        "features",
        [helper.make_tensor_value_info("x", 1, [1, 3, 224, 224])],
        [helper.make_tensor_value_info("y", 1, [1, 5, 1, 1])],
        [onnx.numpy_helper.from_array(weights, "w")],
    )
    path = tmp_path_factory.mktemp("network") / "features.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


def test_a_network_of_the_users_tells_textures_apart(network):
    features = FeatureNetwork(network)
    assert (features.side_px, features.width) == (224, 5)
    plain, drawn = (features(crops_of(picture)) for picture in (scene(1), textured(scene(1))))
    assert frechet(plain, plain) < 1e-6 < frechet(plain, drawn) or len(plain) < 2


def test_what_is_no_network_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(MissingInputError, match="does not exist"):
        FeatureNetwork(tmp_path / "none.onnx")
    (tmp_path / "weights.pt").write_bytes(b"x")
    with pytest.raises(UsageError, match=r"torch\.onnx\.export"):
        FeatureNetwork(tmp_path / "weights.pt")
    (tmp_path / "broken.onnx").write_bytes(b"not a network")
    with pytest.raises(InputError, match=r"broken\.onnx"):
        FeatureNetwork(tmp_path / "broken.onnx")
