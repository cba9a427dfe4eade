"""Train a look: from what the user named to a style pack, with everything needed to go on after a stop."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from stylereel.actions.references import reference_pictures
from stylereel.actions.trained_pack import pack_of
from stylereel.actions.training_material import cutter_of, gather_role
from stylereel.core.errors import DatasetError, MissingInputError, UsageError
from stylereel.core.memory import available_bytes
from stylereel.core.progress import Meter, Progress
from stylereel.data.credits import CreditBook
from stylereel.data.gather import Gathered
from stylereel.data.stream import BatchStream, Cutter
from stylereel.packs.encoder import code_of_pictures
from stylereel.packs.store import PREVIEW_NAME, save_pack
from stylereel.training.checkpoint import read_checkpoint, write_checkpoint
from stylereel.training.device import device_name, find_device
from stylereel.training.ema import recompute_statistics
from stylereel.training.health import Nurse, health_crops
from stylereel.training.journal import Journal
from stylereel.training.loop import Run, StepReport
from stylereel.training.loop import train as train_steps
from stylereel.training.memory import measure_appetite, plan_memory
from stylereel.training.pace import WARM_UP_STEPS, measure_pace
from stylereel.training.phases import Recipe
from stylereel.training.precision import chosen_precision
from stylereel.training.preview import encoded, fit_for_network, pairs_sheet, stylized_pixels, write_picture
from stylereel.training.run_folder import RunFolder, check_paths, versions
from stylereel.training.settings import RECIPES, Resolved, changed_keys, looks_of, read_preset, resolve
from stylereel.training.start import start_from, teach

MAX_STEPS_VARIABLE = "STYLEREEL_MAX_STEPS"
DEFAULT_MINUTES = 20.0
PACK_SECONDS = 20.0
"""Kept of the minutes for exporting and checking the pack."""
PREVIEW_SHORT_SIDE_PX = 256
TRIAL_TOTAL_STEPS = 10_000
FIRST_CHECKPOINT_SECONDS = 5.0
"""After the one at the start; the time between two doubles up to `loop.checkpoint_seconds`."""


@dataclass(frozen=True)
class TrainEvents:
    """Who is told what while training; the command line renders it."""

    on_notice: Callable[[str], None] = lambda text: None
    on_progress: Callable[[Progress, StepReport], None] = lambda progress, report: None
    on_preview: Callable[[Path], None] = lambda path: None
    on_alarm: Callable[[str], None] = lambda text: None


@dataclass(frozen=True)
class TrainSummary:
    """How a run ended.

    Attributes:
        output: folder of the pack, or of the run that can be resumed.
        finished: True where the pack was written.
        step, total_steps: steps done, and planned.
        minutes: time trained, over all sittings.
        steps_per_second: mean pace of this sitting.
        alarms: what the watches said.
        parity: largest difference between exported and trained network, None when not finished.
        looks: names of the looks, where several were learned.
    """

    output: Path
    finished: bool
    step: int
    total_steps: int
    minutes: float
    steps_per_second: float
    alarms: list[str] = field(default_factory=list)
    parity: float | None = None
    looks: tuple[str, ...] = ()


def train(
    resolved: Resolved | None,
    output: Path,
    *,
    recipe: str | None = None,
    resume: bool = False,
    overwrite: bool = False,
    data_root: Path | None = None,
    device: str = "auto",
    threads: int | None = None,
    events: TrainEvents | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> TrainSummary:
    """Train a look and write it as a style pack.

    Args:
        resolved: settings of a new run; with `resume`, None or the same as the run's.
        output: folder that becomes the pack; the run's state lies in `output/run/`.
        recipe: what a run that is resumed must be of; None for any.
        resume: go on with the run in `output`.
        overwrite: replace a run or pack in `output`.
        data_root: where an index of licences may lie above the named folders.
        device: auto, cpu, cuda or mps.
        threads: of torch; all cores by default.
        events: who is told what.
        should_stop: asked after each step; True leaves a run that can be resumed.

    Raises:
        UsageError, MissingInputError, DatasetError, OutputError: what was asked cannot be; nothing is lost.
        TrainingDivergedError: stopped; the last good checkpoint is kept.
    """
    began = time.monotonic()
    events = events or TrainEvents()
    folder = RunFolder(output)
    resolved, record = _resumed(folder, resolved, recipe) if resume else (_required(resolved), None)
    settings = resolved.settings
    if settings.recipe == "extend" and settings.init is None:
        raise UsageError("A look is added to a pack that holds some: name it, --init PACK.")
    chosen_device = find_device(device)
    torch.set_num_threads(threads or os.cpu_count() or 1)
    check_paths([entry.path for entry in settings.content], [entry.path for entry in settings.style], output)
    if record is None:
        folder.check(overwrite=overwrite)
    if data_root is None and record is not None and record.get("data_root"):
        data_root = Path(record["data_root"])  # the index of licences decides what is learned from
    book = CreditBook(data_root)
    content = gather_role(resolved, "content", book, events.on_notice)
    style = gather_role(resolved, "style", book, events.on_notice)
    if record is None:
        resolved = _fit_memory(resolved, chosen_device, events)
        settings = resolved.settings
        cutter = cutter_of(resolved, content, style, events.on_notice)
        total_steps = _total_steps(resolved, cutter, chosen_device, began, events)
        run = _new_run(resolved, total_steps, chosen_device)  # before the folder: a bad start leaves none
        record = _record(resolved, total_steps, chosen_device)
        record["data_root"] = None if data_root is None else str(data_root.resolve())
        folder.begin(record)
    else:
        resolved = resolve(record["settings"], str(folder.record_path))
        settings = resolved.settings
        cutter = cutter_of(resolved, content, style, events.on_notice)
        run = _new_run(resolved, record["total_steps"], chosen_device)
    next_batch, remembered = 0, {}
    if resume and folder.has_checkpoint():
        checkpoint = read_checkpoint(folder.run)
        run.restore(checkpoint)
        next_batch, remembered = checkpoint.next_batch, checkpoint.health
        events.on_notice(f"Going on at step {run.step} of {run.total_steps}.")
    stream = BatchStream(cutter, start=next_batch)
    try:
        session = _Session(folder, run, stream, resolved, content, style, events)
        session.nurse.load_state_dict(remembered)
        return session.train(should_stop)
    finally:
        stream.close()


def can_resume(output: Path) -> bool:
    """Whether `output` holds a run with a checkpoint to go on from."""
    return RunFolder(output).has_checkpoint()


def looks_in(folder: Path, recipe: str) -> list[Path]:
    """The folders in `folder`, each a look.

    Raises:
        UsageError: the recipe learns one look.
        MissingInputError: there is no such folder.
        DatasetError: it holds no folders.
    """
    if "styles" not in RECIPES.load(recipe).Config.model_fields:
        raise UsageError(f"--styles is for the recipe 'conditional': '{recipe}' learns one look, --style.")
    if not folder.is_dir():
        raise MissingInputError(f"The folder of styles {folder} does not exist: check the path.")
    found = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not found:
        raise DatasetError(f"{folder} holds no folders: --styles wants a folder of pictures for each look.")
    return found


def resolve_options(
    recipe: str,
    given: Mapping[str, Any],
    assignments: Sequence[str],
    *,
    preset: str | None = None,
    data_root: Path | None = None,
    may_be_empty: bool = False,
) -> Resolved | None:
    """Settings from a preset and from what was given beside it, which wins.

    Args:
        recipe: its name.
        given: options by dotted name; None where not given.
        assignments: `a.b=value`.
        preset: name or .toml file.
        data_root: folder below which the preset's paths lie.
        may_be_empty: nothing at all is fine (a resumed run knows its settings): returns None.

    Raises:
        UsageError: unknown or contradicting options.
    """
    chosen = {key: value for key, value in given.items() if value is not None}
    if may_be_empty and not chosen and not assignments and preset is None:
        return None
    if "minutes" in chosen and "steps" in chosen:
        raise UsageError("--minutes and --steps both fix the length of the run: give one of them.")
    values = read_preset(preset) if preset else {"recipe": recipe}
    if values.get("recipe", recipe) != recipe:
        raise UsageError(f"The preset {preset} is for the recipe '{values['recipe']}', not for '{recipe}'.")
    values = _below(values, data_root)
    if "minutes" in chosen or "steps" in chosen:
        values = {key: value for key, value in values.items() if key not in ("minutes", "steps")}
    for key, value in chosen.items():
        *tables, last = key.split(".")
        table = values
        for part in tables:
            table = table.setdefault(part, {})
        table[last] = value
    return resolve(values, f"preset {preset}" if preset else "the command line", assignments)


def _below(values: dict[str, Any], data_root: Path | None) -> dict[str, Any]:
    """A preset's relative paths, below the data folder."""
    result = dict(values)
    for role in ("content", "style"):
        entries = values.get(role, [])
        placed = []
        for entry in [entries] if isinstance(entries, str | Mapping) else entries:
            source = {"path": entry} if isinstance(entry, str) else dict(entry)
            if data_root is not None:
                source["path"] = str(data_root / source["path"])
            placed.append(source)
        if placed:
            result[role] = placed
    return result


class _Session:
    """One sitting at a run: trains, saves, draws, and writes the pack at the end."""

    def __init__(
        self,
        folder: RunFolder,
        run: Run,
        stream: BatchStream,
        resolved: Resolved,
        content: Gathered,
        style: Gathered,
        events: TrainEvents,
    ) -> None:
        self.folder, self.run, self.stream, self.resolved = folder, run, stream, resolved
        self.content, self.style, self.events = content, style, events
        self.alarms: list[str] = []
        self.journal = Journal(folder.tensorboard, run.step)
        health = resolved.settings.health
        self.nurse = Nurse(
            health_crops(content, style, resolved.settings, health.crops),
            health.every_steps,
            on_alarm=self._alarm,
            on_figures=self.journal.add_health,
            looks=getattr(resolved.recipe_config, "styles", ()),
        )
        self.began, self.first_step = time.monotonic(), run.step

    def train(self, should_stop: Callable[[], bool]) -> TrainSummary:
        """Train until the end, a stop or a divergence."""
        run, settings = self.run, self.resolved.settings
        meter = Meter(run.total_steps, unit="steps", done=run.step, window_seconds=20.0)
        saved = drawn = time.monotonic()
        wait = min(FIRST_CHECKPOINT_SECONDS, settings.loop.checkpoint_seconds)
        watches = (self.nurse,) if settings.health.enabled else ()
        if not self.folder.has_checkpoint():
            self._save()
        with self.journal:
            for report in train_steps(run, self.stream, watches, should_stop):
                self.journal.add(report)
                self.events.on_progress(meter.advance(), report)
                now = time.monotonic()
                if now - drawn >= settings.loop.preview_seconds or report.step == 0:
                    self._draw()
                    drawn = now
                if now - saved >= wait:
                    self._save()
                    saved, wait = now, min(2 * wait, settings.loop.checkpoint_seconds)
        if not self._save():
            self.events.on_notice(
                f"The state at step {run.step} is not saved, because its pictures have burnt out: --resume "
                "goes on from the last good checkpoint."
            )
        if run.step < run.total_steps:
            return self._summary(finished=False)
        self._draw()
        return self._summary(finished=True, parity=self._write_pack())

    def _save(self) -> bool:
        """Write a checkpoint, unless the run is diverging: what is kept must be worth going on from."""
        if self.resolved.settings.health.enabled and not self.nurse.finds_sound(self.run):
            return False
        state = self.run.checkpoint(self.stream.next_batch, self.nurse.state_dict())
        write_checkpoint(self.folder.run, state)
        return True

    def _alarm(self, name: str, sentence: str, step: int) -> None:
        self.alarms.append(sentence)
        with self.folder.alarms.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, "watch": name, "says": sentence}) + "\n")
        self.events.on_alarm(sentence)

    def _draw(self) -> None:
        path = self.folder.previews / f"step_{self.run.step:06d}.png"
        write_picture(path, self._sheet(6))
        self.events.on_preview(path)

    def _sheet(self, count: int) -> Any:
        multiple = int(self.run.generator.size_multiple)  # type: ignore[arg-type]
        pictures = self.content.held_out.pictures
        looks = len(getattr(self.resolved.recipe_config, "styles", ()))
        count = max(min(count, len(pictures)), looks)  # each look once
        chosen = [pictures[index * len(pictures) // count] for index in range(count)]
        pairs = []
        for number, picture in enumerate(chosen):
            before = fit_for_network(picture.pixels, PREVIEW_SHORT_SIDE_PX, multiple)
            pairs.append((before, stylized_pixels(self.run.recipe, self.run.generator, before, number)))
        return pairs_sheet(pairs)

    def _write_pack(self) -> float:
        run, settings = self.run, self.resolved.settings
        generator = run.generator
        self.events.on_notice("Writing the pack: weights, ONNX checked against torch, preview.")
        recompute_statistics(generator, (next(self.stream).content.to(run.device) for _ in range(32)))
        generator = generator.cpu().eval()
        training = {
            "recipe": settings.recipe,
            "steps": run.total_steps,
            "minutes": round(run.elapsed_seconds / 60, 1),
            "device": device_name(run.device),
            "seed": settings.seed,
            "settings": _without_paths(self.resolved.as_json()),
            "versions": versions(),
        }
        card, files, parity = pack_of(
            self.resolved,
            self.folder.output.resolve().name,
            generator,
            run.recipe,
            self.content,
            self.style,
            training,
            self.events.on_notice,
        )
        if card.license_is_unknown:
            self.events.on_notice(
                "The licence of the style pictures is unknown and the card says so: state it with --license."
            )
        preview = encoded(self._sheet(4), ".jpg", 88)
        save_pack(self.folder.output, card, {**files, PREVIEW_NAME: preview}, overwrite=True)
        return parity

    def _summary(self, *, finished: bool, parity: float | None = None) -> TrainSummary:
        run = self.run
        seconds = time.monotonic() - self.began
        return TrainSummary(
            output=self.folder.output,
            finished=finished,
            step=run.step,
            total_steps=run.total_steps,
            minutes=run.elapsed_seconds / 60,
            steps_per_second=(run.step - self.first_step) / seconds if seconds else 0.0,
            alarms=self.alarms,
            parity=parity,
            looks=looks_of(self.resolved),
        )


def _required(resolved: Resolved | None) -> Resolved:
    if resolved is None:
        raise UsageError(
            "A new run needs --content and --style (or a --preset); --resume goes on with an old one."
        )
    return resolved


def _resumed(
    folder: RunFolder, resolved: Resolved | None, recipe: str | None
) -> tuple[Resolved, dict[str, Any]]:
    record = folder.read_record()
    known = resolve(record["settings"], str(folder.record_path))
    if recipe not in (None, known.settings.recipe):
        raise UsageError(
            f"The run in {folder.output} is of the recipe '{known.settings.recipe}', not '{recipe}': go on "
            f"with `stylereel train {known.settings.recipe} --output {folder.output} --resume`."
        )
    if resolved is not None:
        before, now = known.as_json(), resolved.as_json()
        changed = sorted(changed_keys(before, now))
        if changed:
            raise UsageError(
                f"The run in {folder.output} has other settings: {', '.join(changed[:6])}. Resume it with "
                "`--output FOLDER --resume` alone, or start anew with --overwrite."
            )
    return known, record


def _fit_memory(resolved: Resolved, device: torch.device, events: TrainEvents) -> Resolved:
    if device.type != "cpu":
        return resolved
    data = resolved.settings.data
    appetite = measure_appetite(lambda: _new_recipe(resolved, TRIAL_TOTAL_STEPS))
    plan = plan_memory(appetite, data.crop_px, data.batch_size, available_bytes())
    if plan.notice is None:
        return resolved
    events.on_notice(plan.notice)
    values = resolved.as_json()
    values["data"] |= {"crop_px": plan.crop_px, "batch_size": plan.batch_size}
    return resolve(values, "the memory plan")


def _total_steps(
    resolved: Resolved, cutter: Cutter, device: torch.device, began: float, events: TrainEvents
) -> int:
    settings = resolved.settings
    most = _most_steps()
    if settings.steps is not None:
        return min(settings.steps, most or settings.steps)
    if most is not None:
        return most
    minutes = settings.minutes or DEFAULT_MINUTES
    events.on_notice("Measuring the pace.")
    trial = _new_run(resolved, TRIAL_TOTAL_STEPS, device)
    stream = BatchStream(cutter)
    try:
        pace = measure_pace(trial, [next(stream) for _ in range(WARM_UP_STEPS)])
    finally:
        stream.close()
    left = minutes * 60 - (time.monotonic() - began) - PACK_SECONDS
    steps = pace.steps_in(max(left, minutes * 15))
    events.on_notice(
        f"{1 / pace.seconds_per_step:.1f} steps a second: {steps} steps fit into {minutes:g} minutes. "
        "The number is fixed now; schedules and --resume keep to it."
    )
    return steps


def _most_steps() -> int | None:
    text = os.environ.get(MAX_STEPS_VARIABLE, "").strip()
    if not text:
        return None
    if not text.isdigit() or int(text) < 1:
        raise UsageError(f"{MAX_STEPS_VARIABLE} is '{text}': expected a whole number of steps of at least 1.")
    return int(text)


def _new_run(resolved: Resolved, total_steps: int, device: torch.device) -> Run:
    settings = resolved.settings
    torch.manual_seed(settings.seed)
    recipe = _new_recipe(resolved, total_steps)
    if settings.init is not None:
        pictures = [entry.path for entry in settings.style]
        start_from(settings.init, recipe, lambda pack: code_of_pictures(pack, reference_pictures(pictures)))
    teach(recipe, settings)
    return Run(recipe, total_steps, device, settings.loop, settings.seed)


def _new_recipe(resolved: Resolved, total_steps: int) -> Recipe:
    return resolved.recipe.Recipe(resolved.recipe_config, total_steps=total_steps)


def _record(resolved: Resolved, total_steps: int, device: torch.device) -> dict[str, Any]:
    settings = resolved.settings
    return {
        "settings": resolved.as_json(),
        "total_steps": total_steps,
        "seed": settings.seed,
        "device": str(device),
        "precision": chosen_precision(settings.loop.precision, device),
        "versions": versions(),
    }


def _without_paths(values: dict[str, Any]) -> dict[str, Any]:
    """Settings for the card: which folders they were on somebody's disk is nobody's business."""
    return {key: value for key, value in values.items() if key not in ("content", "style", "init")}
