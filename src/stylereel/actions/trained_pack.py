"""The style pack that a finished run becomes: exported, checked against torch, with its facts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import safetensors.torch
import torch
from safetensors.numpy import load
from torch import nn

from stylereel.actions.extended_pack import extended_pack
from stylereel.actions.quantize import chosen_frames, in_int8
from stylereel.data.gather import Gathered
from stylereel.export.onnx import (
    anchor_channels,
    check_parity,
    code_size,
    evaluator,
    export_onnx,
    input_names,
)
from stylereel.networks.steered import Steered
from stylereel.packs.card import Card
from stylereel.packs.codes import CODES_NAME, Weights
from stylereel.packs.looks import FOLDED_NAME, ends_of
from stylereel.packs.steerable import STEERED_NAME
from stylereel.packs.store import ENCODER_NAME, ONNX_NAME, WEIGHTS_NAME
from stylereel.training.card import make_card
from stylereel.training.one_code import OneCode
from stylereel.training.phases import Recipe
from stylereel.training.settings import Resolved


def pack_of(
    resolved: Resolved,
    folder_name: str,
    generator: nn.Module,
    recipe: Recipe,
    content: Gathered,
    style: Gathered,
    training: dict[str, Any],
    on_notice: Callable[[str], None],
) -> tuple[Card, dict[str, bytes], float]:
    """The card, the files but for the preview, and how far the exported network is from the trained one.

    Args:
        resolved: settings of the run.
        folder_name: of the output.
        generator: averaged weights, on the CPU, in evaluation mode.
        recipe: of the run; where the generator takes codes it has the modules `codes` and `encoder`.
        content, style: what was learned from.
        training: what the card says of the run.
        on_notice: told what is done.

    Raises:
        PackError: the exported network is not the trained one.
    """
    if isinstance(generator, OneCode):
        return extended_pack(resolved, folder_name, generator, content, style, training)
    files = {WEIGHTS_NAME: saved(generator)}
    plain, many = generator, code_size(generator) > 0
    if many:
        plain = first_look(generator, recipe.modules["codes"])
        files |= files_of_looks(generator, recipe)
    onnx = export_onnx(plain)
    parity = check_parity(plain, onnx)
    figures: dict[str, Any] = {"onnx_difference": round(parity.largest, 7)}
    if not many:  # int8 is calibrated on a look's own frames
        rounded, measured = _in_int8(onnx, plain, content, on_notice)
        files |= rounded
        figures |= measured
    card = make_card(resolved.settings, folder_name, generator, content, style, training, figures)
    if many:
        card = with_looks(card, generator, recipe.config.styles)
    return card, files | {ONNX_NAME: onnx}, parity.largest


def first_look(generator: nn.Module, codes: nn.Module) -> nn.Module:
    """The plain network of the first look: the shape that all looks have."""
    code = torch.nn.functional.pad(codes.named[0].detach().cpu(), (0, 1))  # pyright: ignore
    return generator.baked(code).eval()  # type: ignore[operator]


def files_of_looks(generator: nn.Module, recipe: Recipe) -> dict[str, bytes]:
    """What a pack of many looks holds beside its weights: the folded networks, the codes, the encoder."""
    folded = saved(generator.folded())  # type: ignore[operator]
    return {
        FOLDED_NAME: folded,
        CODES_NAME: saved(recipe.modules["codes"]),
        ENCODER_NAME: saved(recipe.modules["encoder"]),
        STEERED_NAME: steered_network(generator, load(folded)),
    }


def steered_network(generator: nn.Module, folded: Weights) -> bytes:
    """The network that is given its look with each frame, as ONNX, compared with the trained one.

    Args:
        generator: `conditional`, on the CPU, in evaluation mode.
        folded: the tensors of its folded network.

    Raises:
        PackError: it is not the trained one.
    """
    network = Steered(generator).eval()  # pyright: ignore[reportArgumentType]
    content = export_onnx(network)
    run = evaluator(input_names(network))

    def ends(codes: np.ndarray) -> np.ndarray:
        return np.stack([ends_of(folded, code) for code in codes])

    def evaluate(content: bytes, frames: np.ndarray, codes: np.ndarray, *more: np.ndarray) -> np.ndarray:
        return run(content, frames, ends(codes), *more)

    check_parity(generator, content, evaluate, _ByCode(network, ends))
    return content


class _ByCode(nn.Module):
    """A steered network that is given codes."""

    def __init__(self, network: Steered, ends: Callable[[np.ndarray], np.ndarray]) -> None:
        super().__init__()
        self.network, self.ends = network, ends

    def forward(self, x: torch.Tensor, codes: torch.Tensor, *more: torch.Tensor) -> torch.Tensor:
        return self.network(x, torch.from_numpy(self.ends(codes.numpy())), *more)


def with_looks(card: Card, generator: nn.Module, styles: Sequence[str]) -> Card:
    """The card of a generator that takes codes, with the names of its looks."""
    return Card.model_validate(
        {**card.model_dump(), "styles": list(styles), "code_size": code_size(generator)}
    )


def saved(module: nn.Module) -> bytes:
    """A module's weights as safetensors, float32 as they are."""
    state = {name: value.detach().cpu().contiguous() for name, value in module.state_dict().items()}
    return safetensors.torch.save(state)


def _in_int8(
    onnx: bytes, generator: nn.Module, content: Gathered, on_notice: Callable[[str], None]
) -> tuple[dict[str, bytes], dict[str, Any]]:
    pictures = [*content.held_out.pictures, *content.training.pictures]
    frames = chosen_frames([picture.pixels for picture in pictures], int(generator.size_multiple))  # type: ignore[arg-type]
    return in_int8(onnx, frames, anchor_channels(generator), on_notice)
