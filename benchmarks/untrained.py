"""A style pack with random weights, to measure a shape before anything is trained on it (needs torch)."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from stylereel.packs.card import Card, GeneratorSpec
from stylereel.packs.store import ONNX_NAME, PREVIEW_NAME, WEIGHTS_NAME, Pack, save_pack


def untrained_pack(folder: Path, key: str = "light", config: dict[str, Any] | None = None) -> Pack:
    """Write a pack of an untrained generator into `folder`.

    Args:
        folder: made when absent.
        key: file name of the generator in `networks/generators/`.
        config: its `Config`; the default shape when None.
    """
    import safetensors.torch
    import torch

    from stylereel.export.onnx import export_onnx

    module = importlib.import_module(f"stylereel.networks.generators.{key}")
    torch.manual_seed(0)
    generator = module.Generator(module.Config(**(config or {}))).eval()
    weights = {name: value.contiguous() for name, value in generator.state_dict().items()}
    card = Card(
        name="untrained",
        title="Untrained",
        license="CC0-1.0",
        generator=GeneratorSpec(key=key, config=generator.config.model_dump(mode="json")),
        anchor_channels=getattr(generator.config, "anchor_channels", 0),
        size_multiple=generator.size_multiple,
        receptive_field_px=generator.receptive_field_px,
        training={"parameters": sum(value.numel() for value in generator.parameters())},
    )
    files = {
        WEIGHTS_NAME: safetensors.torch.save(weights),
        ONNX_NAME: export_onnx(generator),
        PREVIEW_NAME: b"\xff\xd8",
    }
    return save_pack(folder, card, files, overwrite=True)
