"""Trains what a `TrainingWish` wishes for, and tells it in words: a studio's job, or a program's."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from stylereel.actions.train import TrainEvents, TrainSummary, can_resume, resolve_options, train
from stylereel.actions.training_wish import Choice, TrainingWish, choose, lay_out, require_training
from stylereel.actions.training_words import TrainingWords
from stylereel.core.progress import Progress
from stylereel.training.checkpoint import CHECKPOINT_NAME, PREVIOUS_NAME
from stylereel.training.loop import StepReport
from stylereel.training.run_folder import RunFolder
from stylereel.training.settings import Resolved, read_preset

PREVIEWS_WANTED = 16
PREVIEW_SECONDS = (15.0, 120.0)
CHECKPOINT_SECONDS = 30.0
HISTORY_NAME = "words.json"
READING_SECONDS = 2.0
KEEPING_SECONDS = 20.0
MOST_NOTICES = 40
KEPT_FIELDS = ("step", "total_steps", "minutes_done", "headline", "terms", "alarms", "previews")


@dataclass
class TrainingStory:
    """A training as it is told; plain values, `as_json` is what a page shows.

    Attributes:
        choice: recipe, and why.
        step, total_steps: steps done, and planned.
        minutes_done: trained, over all sittings.
        minutes_left: at the pace of now, None while it is not known.
        steps_per_second: pace.
        headline: how the whole stands.
        terms: each loss in words, as `TermReading`.
        alarms: what the health watches said, with the step.
        previews: steps at which a sheet was drawn.
        notices: what else was said.
        finished: the pack is written.
        looks: of a pack of several, the one that was added.
    """

    choice: Choice
    step: int = 0
    total_steps: int = 0
    minutes_done: float = 0.0
    minutes_left: float | None = None
    steps_per_second: float = 0.0
    headline: str = ""
    terms: list[dict[str, Any]] = field(default_factory=list)
    alarms: list[dict[str, Any]] = field(default_factory=list)
    previews: list[int] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    finished: bool = False
    looks: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        values = asdict(self)
        choice = values.pop("choice")
        return {"recipe": choice["recipe"], "why": choice["why"], "advice": list(choice["advice"]), **values}


def wished_settings(wish: TrainingWish, choice: Choice, content: Path, style: Path) -> Resolved:
    """A wish as the settings of a run; what it does not speak of is as the command line has it.

    Args:
        wish: what is wished for.
        choice: how it is trained.
        content, style: where the material was laid out.

    Raises:
        UsageError: a further setting that cannot be.
    """
    given: dict[str, Any] = {
        "content": [{"path": content}],
        "style": [{"path": style, "look": wish.look or wish.name}],
        "minutes": wish.minutes,
        "init": wish.extends,
        "name": wish.name,
        "title": wish.title or None,
        "description": wish.description or None,
        "author": wish.author or None,
        "license": wish.license or None,
        "credit": wish.credit or None,
        "data.brush_size": wish.brush_size if wish.brush_size != 1 else None,
        "loop.preview_seconds": min(
            max(wish.minutes * 60 / PREVIEWS_WANTED, PREVIEW_SECONDS[0]), PREVIEW_SECONDS[1]
        ),
        "loop.checkpoint_seconds": CHECKPOINT_SECONDS,
    }
    if choice.weights is not None:
        table = read_preset(choice.weights).get(choice.recipe, {})
        given |= {f"{choice.recipe}.{name}": value for name, value in table.items()}
    resolved = resolve_options(choice.recipe, given, wish.settings)
    if wish.gentle and resolved is not None:
        rates = {
            f"{choice.recipe}.{name}": value / 2
            for name, value in resolved.recipe_config.model_dump().items()
            if name.endswith("_rate") and isinstance(value, float)
        }
        resolved = resolve_options(choice.recipe, given | rates, wish.settings)
    assert resolved is not None  # nothing at all was not given
    return resolved


def train_wished(
    wish: TrainingWish,
    folder: Path,
    *,
    resume: bool = False,
    device: str = "auto",
    threads: int | None = None,
    on_story: Callable[[Progress, TrainingStory], None] = lambda progress, story: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> TrainSummary:
    """Train it in `folder`: the material is laid out in `folder/material`, the pack becomes `folder/pack`.

    A run that ended without a checkpoint begins anew; the state of the story is kept beside the run's.

    Args:
        wish: what is wished for.
        folder: exists; whatever training writes lies in it.
        resume: go on with the run that lies there.
        device, threads: as of `train`.
        on_story: told after each step, and of each notice.
        should_stop: asked after each step; True leaves a run that can be resumed.

    Raises:
        EnvironmentMissingError: training is not installed.
        UsageError, DatasetError: a wish that cannot be; nothing is lost.
        TrainingDivergedError: it was stopped; the last good checkpoint is kept.
    """
    require_training()
    choice = choose(wish)
    output = folder / "pack"
    goes_on = resume and can_resume(output)
    if goes_on:
        resolved = None
    else:
        content = lay_out(wish.content, folder / "material" / "content")
        style = lay_out(wish.style, folder / "material" / "style")
        resolved = wished_settings(wish, choice, content, style)
    teller = _Teller(folder, choice, on_story, goes_on=goes_on)
    try:
        summary = train(
            resolved,
            output,
            recipe=choice.recipe,
            resume=goes_on,
            overwrite=not goes_on,
            device=device,
            threads=threads,
            events=teller.events(),
            should_stop=should_stop,
        )
    finally:
        teller.keep()
    teller.end(summary)
    return summary


def forget_material(folder: Path) -> None:
    """Remove what a finished training in `folder` needs no more: what it learned from, and its state."""
    shutil.rmtree(folder / "material", ignore_errors=True)
    for name in (CHECKPOINT_NAME, PREVIOUS_NAME):
        (RunFolder(folder / "pack").run / name).unlink(missing_ok=True)


def preview_sheet(folder: Path, step: int | None = None) -> Path | None:
    """The sheet that was drawn at a step, or the newest; None where there is none."""
    sheets = _sheets(folder)
    return sheets.get(max(sheets, default=0) if step is None else step)


def _sheets(folder: Path) -> dict[int, Path]:
    """Preview sheets by the step at which they were drawn."""
    found = RunFolder(folder / "pack").previews.glob("step_*.png")
    return {int(path.stem.removeprefix("step_")): path for path in found}


def _kept(folder: Path) -> dict[str, Any]:
    """What an earlier sitting heard; nothing where it cannot be read: words are a comfort, no more."""
    try:
        state = json.loads((folder / HISTORY_NAME).read_text("utf-8"))
        return {"words": dict(state["words"]), "story": {name: state["story"][name] for name in KEPT_FIELDS}}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


class _Teller:
    """Turns what the loop says into a story."""

    def __init__(
        self,
        folder: Path,
        choice: Choice,
        on_story: Callable[[Progress, TrainingStory], None],
        *,
        goes_on: bool,
    ) -> None:
        self.folder, self.on_story = folder, on_story
        self.before = _kept(folder) if goes_on else {}
        self.story = TrainingStory(choice, **self.before.get("story", {}))
        self.progress = Progress(self.story.step, self.story.total_steps or None, unit="steps")
        self.words: TrainingWords | None = None
        self.seconds = 60 * self.story.minutes_done
        self.read_at = self.kept_at = -KEEPING_SECONDS

    def events(self) -> TrainEvents:
        return TrainEvents(self._notice, self._step, self._preview, self._alarm)

    def keep(self) -> None:
        """Write what was heard, so that the next sitting goes on with it."""
        if self.words is None:
            return
        story = {name: getattr(self.story, name) for name in KEPT_FIELDS}
        state = {"story": story, "words": self.words.as_json()}
        path = self.folder / HISTORY_NAME
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps(state), "utf-8")
        os.replace(partial, path)
        self.kept_at = time.monotonic()

    def end(self, summary: TrainSummary) -> None:
        story = self.story
        if self.words is not None:
            self._read(self.words)
        story.finished, story.looks = summary.finished, summary.looks
        story.step, story.total_steps = summary.step, summary.total_steps
        story.minutes_done, story.minutes_left = summary.minutes, 0.0 if summary.finished else None
        self.on_story(self.progress, story)

    def _begin(self, first: StepReport) -> TrainingWords:
        record = RunFolder(self.folder / "pack").read_record()["settings"]
        recipe = str(record.get("recipe", self.story.choice.recipe))
        words = TrainingWords(recipe, record.get(recipe, {}), first.total_steps)
        self.story.previews = sorted(step for step in _sheets(self.folder) if step <= first.step)
        self.story.alarms = [alarm for alarm in self.story.alarms if alarm["step"] <= first.step]
        words.remember(self.before.get("words", {}), first.step)
        return words

    def _step(self, progress: Progress, report: StepReport) -> None:
        self.words = self.words or self._begin(report)
        self.words.add(report.step, report.losses, report.seconds)
        self.seconds += report.seconds
        story = self.story
        story.step, story.total_steps = report.step + 1, report.total_steps
        story.minutes_done, story.steps_per_second = self.seconds / 60, progress.per_second
        story.minutes_left = None if progress.eta_seconds is None else progress.eta_seconds / 60
        self.progress = progress
        if time.monotonic() - self.read_at >= READING_SECONDS or progress.done == progress.total:
            self._read(self.words)
        if time.monotonic() - self.kept_at >= KEEPING_SECONDS:
            self.keep()
        self.on_story(progress, story)

    def _read(self, words: TrainingWords) -> None:
        reading = words.read()
        self.story.headline, self.story.terms = reading.headline, [asdict(term) for term in reading.terms]
        self.read_at = time.monotonic()

    def _notice(self, text: str) -> None:
        self.story.notices = [*self.story.notices, text][-MOST_NOTICES:]
        self.on_story(self.progress, self.story)

    def _preview(self, path: Path) -> None:
        step = int(path.stem.removeprefix("step_"))
        self.story.previews = sorted({*self.story.previews, step})
        self.on_story(self.progress, self.story)

    def _alarm(self, text: str) -> None:
        self.story.alarms.append({"step": self.story.step, "says": text})
        self.on_story(self.progress, self.story)
