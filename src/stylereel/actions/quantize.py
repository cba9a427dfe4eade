"""Add to a style pack its network rounded to int8: up to twice as quick where the processor can."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import JsonValue

from stylereel.core.errors import OutputError, PackError, UsageError
from stylereel.data.credits import CreditBook
from stylereel.data.gather import GatherRules, Named, gather
from stylereel.data.media import with_short_side
from stylereel.export.int8 import LEAST_FRAMES, LEAST_PSNR_DB, quantize_onnx
from stylereel.packs.find import find_pack
from stylereel.packs.store import CARD_NAME, INT8_NAME, ONNX_NAME, Pack, save_pack

FRAMES = 24
SHORT_SIDE_PX = 256
METRIC = "int8_psnr_db"
_BUDGET_BYTES = 1 << 29
_FRAMES_PER_VIDEO = 8


@dataclass(frozen=True)
class QuantizeSummary:
    """What `quantize` did.

    Attributes:
        style: name of the pack.
        output: folder of the pack that has it now.
        psnr_db: int8 beside fp32, of the frame that suffered most among those not calibrated with.
        frames: looked at.
        size_bytes: of the added file.
    """

    style: str
    output: str
    psnr_db: float
    frames: int
    size_bytes: int

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def quantize(
    style: str | Path,
    content: Sequence[str | Path],
    *,
    output: str | Path | None = None,
    overwrite: bool = False,
    on_notice: Callable[[str], None] = lambda text: None,
) -> QuantizeSummary:
    """Round a look's network to int8, calibrated on real frames, and keep it in the pack.

    Args:
        style: name of a pack, or the folder of one.
        content: photos, videos or folders of them, of the kind that the look is laid over.
        output: folder of the pack to write; None adds it to the pack where it lies.
        overwrite: replace what is there.
        on_notice: told of files that cannot be used.

    Raises:
        UsageError: an unknown style, or nothing to calibrate with.
        OutputError: something is there already, or the folder cannot be written.
        PackError: the pack is refused, or int8 is too coarse for it: nothing is written.
        EnvironmentMissingError: `onnx` is absent.
    """
    pack = find_pack(style)
    folder = pack.folder if output is None else Path(output)
    if output is not None and (folder / CARD_NAME).exists() and not overwrite:
        raise OutputError(f"{folder} already holds a style pack: choose another folder, or add --overwrite.")
    if pack.has_int8 and not overwrite:
        raise OutputError(
            f"The pack '{pack.card.name}' has its network in int8 already: --overwrite renews it."
        )
    frames = _frames(pack, content, on_notice)
    found = quantize_onnx(pack.read(ONNX_NAME), frames, anchor_channels=pack.card.anchor_channels)
    if found.psnr_db < LEAST_PSNR_DB:
        raise PackError(
            f"int8 is too coarse for '{pack.card.name}': {found.psnr_db:.1f} dB to fp32 on the frame that "
            f"suffers most, and at least {LEAST_PSNR_DB:g} are asked for. Nothing was written."
        )
    metrics = {**pack.card.metrics, METRIC: round(found.psnr_db, 1)}
    files = {name: pack.read(name) for name in pack.card.files} | {INT8_NAME: found.content}
    saved = save_pack(folder, pack.card.model_copy(update={"metrics": metrics}), files, overwrite=True)
    return QuantizeSummary(
        saved.card.name, str(folder), round(found.psnr_db, 1), len(frames), len(found.content)
    )


def in_int8(
    onnx: bytes, frames: Sequence[np.ndarray], anchor_channels: int, on_notice: Callable[[str], None]
) -> tuple[dict[str, bytes], dict[str, JsonValue]]:
    """What a new pack gets of int8: its file and its figure, or neither, with the reason told."""
    try:
        found = quantize_onnx(onnx, frames, anchor_channels=anchor_channels)
    except PackError as error:
        on_notice(f"The pack goes without a network in int8. {error}")
        return {}, {}
    metrics: dict[str, JsonValue] = {METRIC: round(found.psnr_db, 1)}
    if found.psnr_db < LEAST_PSNR_DB:
        on_notice(
            f"int8 is too coarse for this look, {found.psnr_db:.1f} dB to fp32 (at least {LEAST_PSNR_DB:g} "
            "are asked for): the pack goes without."
        )
        return {}, metrics
    return {INT8_NAME: found.content}, metrics


def chosen_frames(pictures: Sequence[np.ndarray], multiple: int) -> list[np.ndarray]:
    """Up to `FRAMES` of the pictures, evenly: squares out of their middles, all of one size."""
    count = min(FRAMES, len(pictures))
    chosen = [pictures[index * len(pictures) // count] for index in range(count)]
    shortest = min((min(picture.shape[:2]) for picture in chosen), default=0)
    side = max(multiple, min(SHORT_SIDE_PX, shortest) // multiple * multiple)
    return [_square(with_short_side(picture, side), side) for picture in chosen]


def _square(picture: np.ndarray, side: int) -> np.ndarray:
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    return np.ascontiguousarray(picture[top : top + side, left : left + side])


def _frames(pack: Pack, content: Sequence[str | Path], on_notice: Callable[[str], None]) -> list[np.ndarray]:
    if not content:
        raise UsageError(
            "No content was named: give photos or videos of the kind that the look is laid over."
        )
    multiple = pack.card.size_multiple
    rules = GatherRules(
        role="content",
        short_side_px=SHORT_SIDE_PX,
        smallest_side_px=max(32, multiple),
        least_pictures=LEAST_FRAMES,
        budget_bytes=_BUDGET_BYTES,
        frames_per_video=_FRAMES_PER_VIDEO,
    )
    gathered = gather([Named(Path(path)) for path in content], rules, CreditBook())
    for notice in gathered.notices:
        on_notice(notice)
    pictures = [*gathered.training.pictures, *gathered.held_out.pictures]
    return chosen_frames([picture.pixels for picture in pictures], multiple)
