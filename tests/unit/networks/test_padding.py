"""What a network sees beyond the frame."""

import pytest
import torch

from stylereel.export.onnx import check_parity, export_onnx
from stylereel.networks.blocked import between_levels
from stylereel.networks.generators import conditional, light

SHAPE = {"blocks": 2, "trunk_channels": 16, "anchor_channels": 4}


def _flat(height: int = 48, width: int = 64) -> torch.Tensor:
    return torch.tensor([0.3, -0.2, 0.5])[None, :, None, None].expand(1, 3, height, width)


def _with_biases(network: torch.nn.Module) -> torch.nn.Module:
    for name, value in network.named_parameters():
        if name.endswith("bias"):
            value.data.uniform_(-0.5, 0.5)
    return network.eval()


@pytest.fixture
def light_network() -> light.Generator:
    torch.manual_seed(1)
    return _with_biases(light.Generator(light.Config(**SHAPE, padding="replicate")))  # pyright: ignore


@torch.no_grad()
def test_a_flat_frame_stays_flat_to_its_edges_where_the_last_pixels_are_repeated(light_network):
    for network in (light_network, light_network.folded()):
        shown = network(_flat())
        middle = shown[..., 24:25, 32:33]
        assert (shown - middle).abs().max() < 2e-3  # of the folded head, rounded to bf16 on purpose
    zeros = _with_biases(light.Generator(light.Config(**SHAPE)))
    zeros.load_state_dict(light_network.state_dict())
    shown = zeros(_flat())
    assert (shown - shown[..., 24:25, 32:33]).abs().max() > 0.05


@torch.no_grad()
def test_far_from_the_edges_padding_changes_nothing():
    shape = {**SHAPE, "blocks": 1}
    networks = [
        light.Generator(light.Config(**shape, padding=padding)).eval() for padding in ("zeros", "replicate")
    ]
    networks[1].load_state_dict(networks[0].state_dict())
    margin = networks[0].receptive_field_px
    frames = torch.rand(1, 3, 2 * margin + 24, 2 * margin + 24) * 2 - 1
    inside = slice(margin, -margin)
    first, second = (network(frames)[..., inside, inside] for network in networks)
    assert torch.equal(first, second)


def test_exported_it_is_the_trained_network(light_network):
    check_parity(light_network, export_onnx(light_network))


@torch.no_grad()
def test_arranged_for_graphics_cards_it_is_the_same_to_the_last_pixel(light_network):
    levels = torch.randint(0, 256, (1, 40, 56, 3), dtype=torch.uint8)
    anchors = torch.randn(1, 10, 14, 4)
    folded = light_network.folded()
    expected = folded(levels.permute(0, 3, 1, 2).float() / 127.5 - 1, anchors.permute(0, 3, 1, 2))
    expected = expected.mul(127.5).add(127.5).round().clamp(0, 255).permute(0, 2, 3, 1)
    found = between_levels(folded, torch.float32)(levels, anchors).float()
    assert (found - expected).abs().max() <= 1


@torch.no_grad()
def test_a_look_of_many_is_folded_with_the_padding_of_the_whole():
    torch.manual_seed(2)
    config = conditional.Config(**SHAPE, code_size=8, padding="replicate")
    network = _with_biases(conditional.Generator(config))
    code = torch.nn.functional.pad(torch.randn(7), (0, 1))
    plain = network.baked(code)
    assert plain.config.padding == "replicate"
    frames = torch.rand(1, 3, 40, 48) * 2 - 1
    expected = network(frames, code[None])
    for same in (plain.eval()(frames), network.folded()(frames, code[None])):
        assert (same - expected).abs().max() < 1e-4
