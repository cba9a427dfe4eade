import numpy as np
import pytest
import torch

from stylereel.core.errors import PackError
from stylereel.core.registry import family
from stylereel.export.onnx import INPUT_NAME, OUTPUT_NAME, check_parity, export_onnx

GENERATORS = family("stylereel.networks.generators")


@pytest.fixture(scope="module")
def light() -> torch.nn.Module:
    module = GENERATORS.load("light")
    torch.manual_seed(1)
    return module.Generator(module.Config(detail_channels=8, trunk_channels=8, blocks=1)).eval()


@pytest.fixture(scope="module")
def content(light: torch.nn.Module) -> bytes:
    return export_onnx(light)


def test_the_exported_network_agrees_with_the_trained_one_at_several_sizes(
    light: torch.nn.Module, content: bytes
) -> None:
    parity = check_parity(light, content)
    assert parity.of_export < 1e-4 and parity.largest < 2 / 255
    assert len({size for size in parity.sizes}) == 3


def test_batch_height_and_width_are_free(content: bytes) -> None:
    import onnx

    graph = onnx.load_from_string(content).graph
    (frames,), (stylized,) = graph.input, graph.output
    assert (frames.name, stylized.name) == (INPUT_NAME, OUTPUT_NAME)
    dims = frames.type.tensor_type.shape.dim
    assert [bool(dim.dim_param) for dim in dims] == [True, False, True, True]
    assert dims[1].dim_value == 3


def test_a_network_that_differs_is_not_accepted(light: torch.nn.Module, content: bytes) -> None:
    other = type(light)(light.config).eval()  # type: ignore[call-arg]
    with pytest.raises(PackError, match=r"differs from the (folded|trained) one by"):
        check_parity(other, content)


def test_outputs_that_are_not_finite_are_not_accepted(light: torch.nn.Module, content: bytes) -> None:
    def broken(_: bytes, frames: np.ndarray) -> np.ndarray:
        return np.full_like(frames, np.nan)

    with pytest.raises(PackError, match="expected finite values"):
        check_parity(light, content, broken)


def test_the_exported_network_tells_nothing_of_the_machine_that_made_it(light: torch.nn.Module) -> None:
    content = export_onnx(light)
    assert b".py" not in content and b"stack_trace" not in content
