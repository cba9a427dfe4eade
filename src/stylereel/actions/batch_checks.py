"""What can be known to go wrong before a batch begins: asked of every variant as `stylize` asks it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from stylereel.actions.batch_journal import Journals
from stylereel.actions.batch_making import style_to_load
from stylereel.actions.batch_plan import Variant
from stylereel.actions.chosen_style import chosen_style
from stylereel.actions.long_job import style_identity
from stylereel.actions.masking import check_masking
from stylereel.actions.option_checks import check_size, checked_rate, checked_times
from stylereel.actions.presets import preset_of
from stylereel.actions.run_memory import checked_limit
from stylereel.actions.shaping import (
    Shaping,
    caption_notices,
    check_preset_output,
    expected_frames,
    rate_to_bring_to,
)
from stylereel.actions.stylize import is_unconnected
from stylereel.actions.stylizer import check_stabilize, checked_strength
from stylereel.actions.timeline import Stretch, keyed_style
from stylereel.actions.timeline_file import read_timeline
from stylereel.core.errors import EnvironmentMissingError, OutputError, ResumeError, StylereelError
from stylereel.inference.runner import DEVICES, PREFERENCE, RUNNERS, check_choice
from stylereel.video.framing import Crop
from stylereel.video.info import SourceInfo
from stylereel.video.parts import Parts, is_published
from stylereel.video.plan import plan_output
from stylereel.video.probe import probe

MOST_TOLD = 8


@dataclass(frozen=True)
class Checked:
    """A variant that may be made.

    Attributes:
        variant: that was checked.
        facts: what it is made of, for the journal.
        frames: that it will have, as far as the header tells; 0 where the source cannot be read.
        is_finished: an earlier batch made it.
        fault: why the source cannot be read; None where it can.
    """

    variant: Variant
    facts: dict[str, str]
    frames: int | None
    is_finished: bool
    fault: StylereelError | None = None


def check_all(
    variants: Sequence[Variant], journals: Journals, *, resume: bool, overwrite: bool
) -> list[Checked]:
    """Look at every style, source, option and output; decode the first frame of each source.

    A source that cannot be read is let through, since the others can be made: its turn tells what it has.

    Raises:
        StylereelError: of the first problem's kind; the text has the first few of all.
    """
    looks = _Looks()
    infos: dict[str, SourceInfo | StylereelError] = {}
    checked, problems = [], []
    for variant in variants:
        try:
            key = str(variant.source)
            if key not in infos:
                infos[key] = _info(variant)
            style = looks.version(variant)
            facts = journals.facts(variant, style)
            finished = _is_finished(variant, facts, journals, resume=resume, overwrite=overwrite)
            info, fault = _parted(infos[key])
            frames = _frames(variant, info, may_exist=finished or resume or overwrite)
        except StylereelError as error:
            problems.append((variant, error))
            continue
        checked.append(Checked(variant, facts, frames, finished, fault))
    if problems:
        _tell(problems, len(variants))
    return checked


class _Looks:
    """Styles, runners and devices, each looked at once."""

    def __init__(self) -> None:
        self._versions: dict[str, str | StylereelError] = {}
        self._machines: dict[tuple[str, str], StylereelError | None] = {}

    def version(self, variant: Variant) -> str:
        """Name and hash of the style; raises what is wrong with it, or with what is to execute it."""
        said = variant.options
        named = {name: said[name] for name in ("reference", "variation") if name in said}
        look = json.dumps([variant.style, said.get("timeline"), named])
        if look not in self._versions:
            try:
                chosen = chosen_style(style_to_load(variant), **named)
                self._versions[look] = style_identity(chosen.card)  # type: ignore[union-attr]
            except StylereelError as error:
                self._versions[look] = error
        machine = variant.options.get("runner", "auto"), variant.options.get("device", "auto")
        if machine not in self._machines:
            try:
                self._machines[machine] = _check_machine(*machine)
            except StylereelError as error:
                self._machines[machine] = error
        for found in (self._versions[look], self._machines[machine]):
            if isinstance(found, StylereelError):
                raise found
        return str(self._versions[look])


def _check_machine(runner: str, device: str) -> None:
    check_choice("runner", runner, ("auto", *RUNNERS.names()))
    check_choice("device", device, DEVICES)
    reasons = []
    for name in PREFERENCE if runner == "auto" else (runner,):
        report = RUNNERS.load(name).report()
        if report.version is not None and device in ("auto", *report.devices):
            return
        reasons.append(report.problem or f"'{name}' has no device '{device}' here.")
    raise EnvironmentMissingError(" ".join(reasons))


def _info(variant: Variant) -> SourceInfo | StylereelError:
    try:
        return probe(variant.source)
    except StylereelError as error:
        return error


def _parted(found: SourceInfo | StylereelError) -> tuple[SourceInfo | None, StylereelError | None]:
    return (None, found) if isinstance(found, StylereelError) else (found, None)


def _is_finished(
    variant: Variant, facts: dict[str, str], journals: Journals, *, resume: bool, overwrite: bool
) -> bool:
    """Whether the output is there and is what is asked for.

    Raises:
        OutputError: it is there, or half of it is, and nothing says what is to become of it.
        ResumeError: it is there, and is something else or nobody knows what.
    """
    output = variant.output
    if not resume:
        if not overwrite and Parts.folder_of(output).exists() and (left := Parts.find(output)) is not None:
            raise OutputError(
                f"an interrupted run left {left.frames} finished frames of {output} in {left.folder}. Add "
                "--resume to go on with them, or --overwrite to begin anew"
            )
        return False
    if not output.exists():
        return False
    differing = journals.difference(variant, facts)
    if differing is None:
        return True
    if overwrite or is_published(output, Parts.find(output)):
        return False
    raise ResumeError(
        f"{output} is there, and {differing}. Move it away, or add --overwrite to make it again: what is "
        "finished is kept then too"
    )


def _frames(variant: Variant, info: SourceInfo | None, *, may_exist: bool) -> int | None:
    """How many there will be; raises what `stylize` raises before its first frame."""
    said = variant.options
    start, end = checked_times(said.get("start"), said.get("end"))
    rate = checked_rate(said.get("fps"))
    check_size(said.get("max_side"))
    checked_strength(said.get("strength", 1.0))
    chosen = preset_of(said.get("preset"))
    check_preset_output(chosen, variant.output)
    check_stabilize(said.get("stabilize", 0.0))
    checked_limit(said.get("memory_limit"))
    check_masking(said, variant.output)
    written = read_timeline(said.get("timeline"))
    crop = Crop.parsed(said.get("crop"))
    if info is None:
        return 0
    shaping = Shaping.planned(
        info,
        chosen,
        crop=crop,
        fit=said.get("fit"),
        max_side=said.get("max_side") if crop is not None or chosen.size is not None else None,
        rate=rate_to_bring_to(info, rate, None),
        to_pipe=False,
    )
    if written is not None:
        stretch = Stretch(info, start, shaping.rate, rate, is_unconnected(info, rate))
        keyed_style(
            style_to_load(variant),
            written.model_copy(update={"snap_seconds": 0.0}),  # cuts are looked for when its turn comes
            stretch,
            strength=said.get("strength", 1.0),
            keep_colors=said.get("keep_colors", False),
            scale=said.get("scale", 1.0),
        )
    plan = plan_output(
        variant.output,
        shaping.info,
        codec=said.get("codec", chosen.codec),
        quality=said.get("quality", chosen.quality),
        overwrite=may_exist,
        bit_depth=said.get("bit_depth"),
        makes_folder=True,
    )
    list(caption_notices(chosen, plan, shaping.info))
    return 1 if info.kind == "image" else expected_frames(shaping.info, start, end)


def _tell(problems: list[tuple[Variant, StylereelError]], count: int) -> None:
    """Raise one error of them all, each text once."""
    by_text: dict[str, Variant] = {}
    for variant, error in problems:
        by_text.setdefault(str(error).strip(), variant)
    told = [f"{variant.place}: {text.rstrip('.')}." for text, variant in by_text.items()]
    more = f" And {len(told) - MOST_TOLD} more." if len(told) > MOST_TOLD else ""
    raise type(problems[0][1])(
        f"{len(problems)} of {count} cannot be made, so nothing was begun. {' '.join(told[:MOST_TOLD])}{more}"
    )
