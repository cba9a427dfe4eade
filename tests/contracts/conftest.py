"""Packs of random weights for every generator of the family, exported as trained ones are."""

import importlib

import pytest

from stylereel.core.registry import family
from stylereel.packs.card import GeneratorSpec
from stylereel.packs.store import ONNX_NAME, WEIGHTS_NAME, save_pack
from toy_generators import SMALL
from toy_packs import toy_card

GENERATORS = family("stylereel.networks.generators")


def export(generator) -> bytes:
    """ONNX bytes of a generator."""
    exporter = importlib.import_module("stylereel.export.onnx")
    return exporter.export_onnx(generator)


def variants() -> list[str]:
    """Every generator, and again with anchors where it can take them."""
    names = list(GENERATORS.names())
    pytest.importorskip("torch")
    fields = {name: GENERATORS.load(name).Config.model_fields for name in names}
    # What takes codes runs as one of its looks, which is `light`: see tests/unit/packs/test_looks.py.
    names = [name for name in names if "code_size" not in fields[name]]
    return names + [f"{name}-anchors" for name in names if "anchor_channels" in fields[name]]


@pytest.fixture(scope="session", params=variants())
def generator_pack(request, tmp_path_factory):
    """A pack of random weights for each generator in the family, exported as a trained one is."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("stylereel.export.onnx")
    from safetensors.torch import save

    name, _, with_anchors = request.param.partition("-")
    module = GENERATORS.load(name)
    torch.manual_seed(3)
    config = module.Config(**SMALL.get(name, {}), **({"anchor_channels": 4} if with_anchors else {}))
    generator = module.Generator(config).eval()
    card = toy_card(
        request.param,
        anchor_channels=4 if with_anchors else 0,
        generator=GeneratorSpec(key=name, config=config.model_dump(mode="json")),
        size_multiple=generator.size_multiple,
        receptive_field_px=generator.receptive_field_px,
    )
    state = {key: value.contiguous() for key, value in generator.state_dict().items()}
    files = {WEIGHTS_NAME: save(state), ONNX_NAME: export(generator)}
    return save_pack(tmp_path_factory.mktemp("packs") / request.param, card, files)
