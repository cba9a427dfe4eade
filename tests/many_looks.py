"""A small pack of many looks with random weights, written as a trained one is."""

from __future__ import annotations

from pathlib import Path

import torch

from stylereel.actions.trained_pack import files_of_looks, first_look, saved, with_looks
from stylereel.export.onnx import export_onnx
from stylereel.packs.card import Card, GeneratorSpec
from stylereel.packs.store import Pack, save_pack
from stylereel.training.recipes import conditional
from toy_runs import TINY_RECIPES

STYLES = ["oil", "ink", "chalk"]


def many_recipe() -> conditional.Recipe:
    """A tiny recipe whose generator and codes are random, and whose looks plainly differ."""
    torch.manual_seed(4)
    config = conditional.Config.model_validate({**TINY_RECIPES["conditional"], "styles": STYLES})
    made = conditional.Recipe(config, total_steps=10)
    for parameter in made.generator.parameters():
        parameter.data.add_(0.05 * torch.randn_like(parameter))
    made.generator.eval()
    return made


def many_pack(folder: Path, recipe: conditional.Recipe) -> Pack:
    """Its pack, in `folder`."""
    generator = recipe.generator
    card = Card(
        name=folder.name,
        title="Many",
        license="CC0-1.0",
        generator=GeneratorSpec(key="conditional", config=generator.config.model_dump(mode="json")),
        anchor_channels=4,
        size_multiple=8,
        receptive_field_px=generator.receptive_field_px,
    )
    files = {
        "generator.safetensors": saved(generator),
        "generator.onnx": export_onnx(first_look(generator, recipe.codes)),
        **files_of_looks(generator, recipe),
    }
    return save_pack(folder, with_looks(card, generator, STYLES), files)
