"""A pack of many looks with one more: its own files, and a longer list of codes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import safetensors.torch
import torch
from safetensors.numpy import load, save

from stylereel.core.errors import PackError, UsageError
from stylereel.data.gather import Gathered
from stylereel.export.onnx import check_parity
from stylereel.packs.card import Card
from stylereel.packs.codes import CODES_NAME, Weights, rows_of
from stylereel.packs.find import find_pack
from stylereel.packs.looks import baked
from stylereel.packs.store import ONNX_NAME, PREVIEW_NAME, WEIGHTS_NAME, Pack
from stylereel.training.card import LONGEST_LINE, make_card
from stylereel.training.one_code import OneCode
from stylereel.training.settings import Resolved


def extended_pack(
    resolved: Resolved,
    folder_name: str,
    generator: OneCode,
    content: Gathered,
    style: Gathered,
    training: dict[str, Any],
) -> tuple[Card, dict[str, bytes], float]:
    """The card, the files but for the preview, and how far the look without torch is from the trained one.

    Args:
        resolved: settings of the run, which name the pack.
        folder_name: of the output.
        generator: its averaged code, on the CPU.
        content, style: what was learned from.
        training: what the card says of the run.

    Raises:
        UsageError: the run named no pack.
        PackError: the pack is another one by now, or the look came out otherwise.
    """
    if resolved.settings.init is None:
        raise UsageError("A look is added to a pack: name it, --init PACK.")
    pack = find_pack(resolved.settings.init)
    _check_same(pack, generator)
    look, code = resolved.recipe_config.look, generator.code().detach()  # type: ignore[attr-defined]
    parity = check_parity(generator.baked(code).eval(), baked(pack, code.numpy(), look).read(ONNX_NAME))
    files = {name: pack.read(name) for name in pack.card.files if name != PREVIEW_NAME}
    files[CODES_NAME] = save(_with_row(pack, code))
    figures = {"onnx_difference": round(parity.largest, 7)}
    added = make_card(resolved.settings, folder_name, generator, content, style, training, figures)
    return _joined(pack.card, added, look), files, parity.largest


def _check_same(pack: Pack, generator: OneCode) -> None:
    """The other looks stay what they are only where the weights are those that the code was learned with."""
    theirs, mine = safetensors.torch.load(pack.read(WEIGHTS_NAME)), generator.shared()
    same = theirs.keys() == mine.keys() and all(torch.equal(theirs[name], mine[name]) for name in mine)
    if not same:
        raise PackError(
            f"The pack in {pack.folder} is not the one that this run began with: put that one back, then "
            "--resume."
        )


def _with_row(pack: Pack, code: torch.Tensor) -> Weights:
    """The pack's codes, with one more; offsets of plain ones are 0."""
    size, rows, tensors = pack.card.code_size, rows_of(pack), load(pack.read(CODES_NAME))
    wide = torch.zeros(len(rows) + 1, len(code))
    wide[: len(rows), : rows.shape[1]] = torch.from_numpy(rows)
    wide[-1] = code
    tensors["named"] = wide[:, : size - 1].contiguous().numpy()
    tensors["offsets"] = wide[:, size:].contiguous().numpy()
    return tensors


def _joined(card: Card, added: Card, look: str) -> Card:
    """The pack's card, with what the new look adds to it."""
    license = card.license if card.license == added.license else f"{card.license}; {look}: {added.license}"
    credit = ", ".join(dict.fromkeys(filter(None, (card.credit, added.credit))))
    values = card.model_dump()
    values |= {
        "name": added.name,
        "title": added.title,
        "author": added.author or card.author,
        "license": license[:LONGEST_LINE],
        "credit": credit[:LONGEST_LINE],
        "styles": [*card.styles, look],
        "content_sources": _all_of(card.content_sources, added.content_sources),
        "style_sources": _all_of(card.style_sources, added.style_sources),
        "training": {**added.training, "extended": {"name": card.name, "training": card.training}},
        "metrics": added.metrics,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return Card.model_validate(values)


def _all_of(first: list[Any], second: list[Any]) -> list[Any]:
    return [*first, *(source for source in second if source not in first)]
