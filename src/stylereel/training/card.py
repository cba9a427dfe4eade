"""The card of what a run made: every fact that the run knows, nothing guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from torch import nn

from stylereel.data.credits import UNKNOWN, Credit, summarize
from stylereel.data.gather import Gathered, license_of
from stylereel.packs.card import Card, GeneratorSpec, SourceCredit
from stylereel.training.settings import TrainSettings

LONGEST_LINE = 500


def generator_key(generator: nn.Module) -> str:
    """File name of the generator's module: its name in the registry."""
    return type(generator).__module__.rpartition(".")[2]


def make_card(
    settings: TrainSettings,
    folder_name: str,
    generator: nn.Module,
    content: Gathered,
    style: Gathered,
    training: dict[str, Any],
    metrics: dict[str, Any],
) -> Card:
    """The card, without the files' hashes (`save_pack` adds them).

    Args:
        settings: of the run.
        folder_name: of the output, for the pack's name.
        generator: trained, with `config`, `size_multiple` and `receptive_field_px`.
        content, style: what was learned from.
        training: recipe, steps, minutes, device, seed, settings, versions.
        metrics: figures at the end.
    """
    name = settings.name or valid_name(folder_name)
    credits = sorted({credit.credit for credit in style.credits if credit.credit})
    joined = settings.credit or (", ".join(credits) if len(credits) <= 5 else "")
    return Card(
        name=name,
        title=settings.title or name.replace("-", " ").replace("_", " ").capitalize(),
        description=settings.description,
        author=settings.author,
        license=(settings.license or license_of(style.credits))[:LONGEST_LINE],
        credit=joined[:LONGEST_LINE],
        generator=GeneratorSpec(
            key=generator_key(generator),
            config=generator.config.model_dump(mode="json"),  # type: ignore[union-attr]
        ),
        anchor_channels=int(getattr(generator.config, "anchor_channels", 0)),
        size_multiple=int(generator.size_multiple),  # type: ignore[arg-type]
        receptive_field_px=int(generator.receptive_field_px),  # type: ignore[arg-type]
        content_sources=_sources(content, "pictures and clips"),
        style_sources=_sources(style, "pictures"),
        training=training,
        metrics=metrics,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def valid_name(text: str) -> str:
    """A folder's name as a pack's name: other characters become hyphens."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._")[:64] or "style"


def _sources(gathered: Gathered, what: str) -> list[str | SourceCredit]:
    roots = {file.root.name: 0 for file in gathered.files}
    for file in gathered.files:
        roots[file.root.name] += 1
    title = ", ".join(f"{name} ({count} {what})" if count > 1 else name for name, count in roots.items())
    return [_source(credit, count, title) for credit, count in summarize(gathered.credits)]


def _source(credit: Credit, count: int, named: str) -> SourceCredit:
    return SourceCredit(
        title=(credit.source or named)[:LONGEST_LINE],
        author=credit.credit[:LONGEST_LINE],
        license=(credit.license or UNKNOWN)[:LONGEST_LINE],
        count=count,
    )


def all_unknown(credits: Sequence[Credit]) -> bool:
    """True where not one file states a licence."""
    return all(credit.license == UNKNOWN for credit in credits)
