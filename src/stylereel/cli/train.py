"""`stylereel train RECIPE`: renders a training run; the work is in `actions/train.py`."""

from __future__ import annotations

import json
import signal
import sys
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from stylereel.cli import train_options as options
from stylereel.core.errors import EnvironmentMissingError, UsageError
from stylereel.core.progress import Progress

if TYPE_CHECKING:
    from stylereel.actions.train import TrainEvents, TrainSummary

TRAIN_EXTRA = 'pip install "stylereel[train]"'

WHAT_IT_WRITES = (
    "OUTPUT becomes a style pack; the state of the run, previews and TensorBoard figures lie in OUTPUT/run. "
    "Ctrl-C leaves a run that --resume goes on with. Needs no pretrained network and downloads nothing."
)
HELP = {
    "unpaired": (
        "Learn a look from pictures that show other things than the content does.",
        "The one to begin with: strokes and palette from a folder, a single picture or a video, held still "
        "in time.",
        "stylereel train unpaired --content my-photos --style my-paintings --output my-style",
    ),
    "cyclegan": (
        "Learn a look as CycleGAN does: the field's baseline for pictures.",
        "Two networks, content to style and back, must undo each other and please two discriminators. It "
        "wants two folders with much in them. Nothing in it looks at motion: it is here to compare with.",
        "stylereel train cyclegan --content my-photos --style my-paintings --output my-style",
    ),
    "recycle": (
        "Learn a look from a film as Recycle-GAN does: the field's baseline for videos.",
        "Content and style must both be videos. Besides the look it learns how both go on from frame to "
        "frame: what is stylized and guessed on must, brought back, be the content's next frame. It is here "
        "to compare with.",
        "stylereel train recycle --content in.mp4 --style animation.mp4 --output my-style",
    ),
    "conditional": (
        "Learn several looks in one network, to choose from and to mix.",
        "Every folder in --styles is a look; each is learned as often as the others, however many pictures "
        "it has. Looks are chosen as my-atelier:LOOK and mixed as my-atelier:LOOK*0.7+OTHER*0.3.",
        "stylereel train conditional --content my-photos --styles my-looks --output my-atelier",
    ),
    "extend": (
        "Add a look to a pack of many looks, in a quarter of an hour.",
        "The network of the pack that --init names and the codes of its looks stay as they are, byte for "
        "byte; one code more is learned. OUTPUT is a new pack of all looks; the folder's name is the look's.",
        "stylereel train extend --content my-photos --style my-paintings --init my-atelier --minutes 15 "
        "--output my-larger-atelier",
    ),
}
"""What `--help` says, by recipe: a line, how it learns, an example."""

app = typer.Typer(no_args_is_help=True, help="Train a look of your own.")


@app.callback()
def train() -> None:
    """Train a look of your own."""


def _register(said: str, help: str) -> None:
    """The command of one recipe; all have the same options."""

    @app.command(said, help=help)
    def command(
        output: options.Output,
        content: options.Content = None,
        style: options.Style = None,
        styles: options.Styles = None,
        add_style: options.AddStyle = None,
        minutes: options.Minutes = None,
        steps: options.Steps = None,
        resume: options.Resume = False,
        init: options.Init = None,
        preset: options.Preset = None,
        data: options.Data = None,
        brush_size: options.BrushSize = None,
        crop: options.Crop = None,
        batch: options.Batch = None,
        adversarial: options.Adversarial = None,
        seed: options.Seed = None,
        assignments: options.Assignments = None,
        name: options.Name = None,
        license: options.License = None,
        credit: options.Credit = None,
        author: options.Author = None,
        device: options.Device = "auto",
        threads: options.Threads = None,
        overwrite: options.Overwrite = False,
        as_json: options.AsJson = False,
    ) -> None:
        _require_torch()
        from stylereel.actions import train as action

        recipe = _recipe_for(said, add_style)
        given: dict[str, Any] = {
            "content": content,
            "style": style if add_style is None else [add_style],
            "minutes": minutes,
            "steps": steps,
            "init": init,
            "seed": seed,
            "name": name,
            "license": license,
            "credit": credit,
            "author": author,
            "data.brush_size": brush_size,
            "data.crop_px": crop,
            "data.batch_size": batch,
            f"{recipe}.adversarial": adversarial,
        }
        if styles is not None:
            given["style"] = [*(style or []), *action.looks_in(styles, recipe)]
        resolved = action.resolve_options(
            recipe, given, assignments or [], preset=preset, data_root=data, may_be_empty=resume
        )
        try:
            with _Screen(quiet=not sys.stderr.isatty()) as screen, _StopOnInterrupt() as stop:
                summary = action.train(
                    resolved,
                    output,
                    recipe=recipe,
                    resume=resume,
                    overwrite=overwrite,
                    data_root=data,
                    device=device,
                    threads=threads,
                    events=screen.events(),
                    should_stop=stop,
                )
        except KeyboardInterrupt:
            if not action.can_resume(output):
                raise
            _say(f"Stopped at once. Go on from the last checkpoint with: {_resume_command(recipe, output)}")
            raise typer.Exit(130) from None
        _conclude(recipe, summary, as_json)


for _recipe, (_what, _how, _example) in HELP.items():
    _register(_recipe, f"{_what}\n\n{_how}\n\n{WHAT_IT_WRITES}\n\nExample: {_example}")


def _recipe_for(said: str, add_style: Path | None) -> str:
    """The recipe that is meant: adding a look to a pack is one of its own."""
    if add_style is None:
        return said
    if said not in ("conditional", "extend"):
        raise UsageError(f"--add-style is for the recipe 'conditional': '{said}' learns one look, --style.")
    return "extend"


def _require_torch() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("torch", "onnx", "onnxscript", "tensorboard") if find_spec(name) is None]
    if missing:
        raise EnvironmentMissingError(
            f"Training needs {', '.join(missing)}, which this installation lacks: {TRAIN_EXTRA}"
        )


def _conclude(recipe: str, summary: TrainSummary, as_json: bool) -> None:
    if as_json:
        from dataclasses import asdict

        typer.echo(json.dumps({**asdict(summary), "output": str(summary.output)}))
    if not summary.finished:
        _say(
            f"Stopped at step {summary.step} of {summary.total_steps}. Go on with: "
            f"{_resume_command(recipe, summary.output)}"
        )
        raise typer.Exit(130)
    look = f":{summary.looks[0]}" if summary.looks else ""
    named = "Its looks" if len(summary.looks) > 1 else "The added look"
    many = f" {named}: {', '.join(summary.looks)}." if summary.looks else ""
    took = f"{summary.total_steps} steps in {summary.minutes:.1f} minutes"
    _say(
        f"{summary.output} is a style now: {took}.{many} "
        f"Try it: stylereel stylize VIDEO OUTPUT --style {summary.output}{look}"
    )


def _resume_command(recipe: str, output: Path) -> str:
    return f"stylereel train {recipe} --output {output} --resume"


def _say(text: str) -> None:
    typer.echo(text, err=True)


class _StopOnInterrupt:
    """The first Ctrl-C (or SIGTERM) lets the step finish and saves; the second one ends at once."""

    def __init__(self) -> None:
        self._asked = False
        self._before: dict[int, Any] = {}

    def __call__(self) -> bool:
        return self._asked

    def __enter__(self) -> _StopOnInterrupt:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: object) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        _say("\nStopping after this step; a second Ctrl-C ends at once.")


class _Screen:
    """Progress on stderr: a live bar and the losses on a terminal, a line now and then elsewhere."""

    def __init__(self, *, quiet: bool) -> None:
        from rich.console import Console

        self._console = Console(stderr=True, highlight=False)
        self._quiet = quiet
        self._recent: dict[str, deque[float]] = {}
        self._bar: Any = None
        self._task: Any = None
        self._losses: Any = None
        self._live: Any = None
        self._next_line = 0

    def events(self) -> TrainEvents:
        """Callbacks for the action."""
        from stylereel.actions.train import TrainEvents

        return TrainEvents(
            on_notice=self.notice,
            on_progress=self.progress,
            on_preview=lambda path: self.notice(f"Preview: {path}"),
            on_alarm=self.alarm,
        )

    def notice(self, text: str) -> None:
        """A sentence above the bar."""
        self._console.print(text, markup=False, soft_wrap=True)

    def alarm(self, text: str) -> None:
        """A sentence that should be seen."""
        self._console.print(f"[bold yellow]Watch:[/] {text}", soft_wrap=True)

    def progress(self, progress: Progress, report: Any) -> None:
        """Move the bar; losses are means of the last 50 steps."""
        for key, value in report.losses.items():
            self._recent.setdefault(key, deque(maxlen=50)).append(value)
        means = {_short(key): sum(values) / len(values) for key, values in self._recent.items()}
        losses = "  ".join(f"{key} {value:.3g}" for key, value in means.items())
        pace = f"{progress.per_second:.1f} steps/s"
        if self._quiet:
            if progress.done >= self._next_line:
                self._next_line = progress.done + max(1, (progress.total or 100) // 40)
                eta = f", {_clock(progress.eta_seconds)} left" if progress.eta_seconds is not None else ""
                self.notice(f"step {progress.done}/{progress.total}, {pace}{eta}: {losses}")
            return
        self._bar.update(self._task, completed=progress.done, total=progress.total, pace=pace)
        self._losses.plain = losses

    def __enter__(self) -> _Screen:
        if self._quiet:
            return self
        from rich.console import Group
        from rich.live import Live
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.progress import (
            Progress as Bar,
        )
        from rich.text import Text

        self._bar = Bar(
            TextColumn("training"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[pace]}"),
        )
        self._task = self._bar.add_task("training", total=None, pace="")
        self._losses = Text(no_wrap=True, overflow="ellipsis")
        self._live = Live(Group(self._bar, self._losses), console=self._console, transient=True)
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()


def _short(key: str) -> str:
    phase, _, term = key.partition("/")
    return f"{phase[0]}:{term}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}" if minutes >= 60 else f"{minutes}:{rest:02d}"


if __name__ == "__main__":
    app()
