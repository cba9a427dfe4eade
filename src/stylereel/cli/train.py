"""`stylereel train RECIPE`: renders a training run; the work is in `actions/train.py`."""

from __future__ import annotations

import json
import signal
import sys
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stylereel.core.errors import EnvironmentMissingError
from stylereel.core.progress import Progress

if TYPE_CHECKING:
    from stylereel.actions.train import TrainEvents, TrainSummary

TRAIN_EXTRA = 'pip install "stylereel[train]"'

app = typer.Typer(no_args_is_help=True, help="Train a look of your own.")


@app.callback()
def train() -> None:
    """Train a look of your own."""


@app.command("unpaired")
def unpaired(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder that becomes the style pack.")],
    content: Annotated[
        list[Path] | None,
        typer.Option("--content", help="Folder, photo or video whose scenes the look is put on; repeatable."),
    ] = None,
    style: Annotated[
        list[Path] | None,
        typer.Option("--style", help="The look: a folder of pictures, one picture, or a video; repeatable."),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option("--minutes", min=0.1, help="Time to train.", show_default="20"),
    ] = None,
    steps: Annotated[
        int | None, typer.Option("--steps", min=1, help="Number of steps, instead of --minutes.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --output.")] = False,
    init: Annotated[
        str | None, typer.Option("--init", help="Style pack to start from, by name or folder.")
    ] = None,
    preset: Annotated[
        str | None, typer.Option("--preset", help="Settings of a shipped look by name, or a .toml file.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", envvar="STYLEREEL_DATA", help="Folder below which a preset's paths lie."),
    ] = None,
    brush_size: Annotated[
        float | None, typer.Option("--brush-size", help="Size of strokes: 1 as stored, 2 twice as large.")
    ] = None,
    crop: Annotated[
        int | None, typer.Option("--crop", help="Side of the training crops in px.", show_default="128")
    ] = None,
    batch: Annotated[int | None, typer.Option("--batch", help="Crops in one step.", show_default="4")] = None,
    adversarial: Annotated[
        str | None, typer.Option("--adversarial", help="Objective: minimax, nonsaturating, lsgan or hinge.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Seed of everything random.", show_default="1")
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Any other setting, such as unpaired.nce_weight=2."),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="Name of the pack.", show_default="the output folder's")
    ] = None,
    license: Annotated[
        str | None, typer.Option("--license", help="Licence of the style pictures; unknown when not stated.")
    ] = None,
    credit: Annotated[
        str | None, typer.Option("--credit", help="Whom to name when results are shown.")
    ] = None,
    author: Annotated[str | None, typer.Option("--author", help="Who trains it.")] = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")] = "auto",
    threads: Annotated[
        int | None, typer.Option("--threads", min=1, help="Threads of torch.", show_default="all")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the run or style in --output.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A machine-readable summary on stdout.")] = False,
) -> None:
    """Learn a look from pictures that show other things than the content does.

    Needs no pretrained network and downloads nothing. OUTPUT becomes a style pack; the state of the run,
    previews and TensorBoard figures lie in OUTPUT/run. Ctrl-C leaves a run that --resume goes on with.
    """
    _require_torch()
    from stylereel.actions import train as action

    given: dict[str, Any] = {
        "content": content,
        "style": style,
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
        "unpaired.adversarial": adversarial,
    }
    resolved = action.resolve_options(
        "unpaired", given, assignments or [], preset=preset, data_root=data, may_be_empty=resume
    )
    try:
        with _Screen(quiet=not sys.stderr.isatty()) as screen, _StopOnInterrupt() as stop:
            summary = action.train(
                resolved,
                output,
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
        _say(f"Stopped at once. Go on from the last checkpoint with: {_resume_command(output)}")
        raise typer.Exit(130) from None
    _conclude(summary, as_json)


def _require_torch() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("torch", "onnx", "onnxscript", "tensorboard") if find_spec(name) is None]
    if missing:
        raise EnvironmentMissingError(
            f"Training needs {', '.join(missing)}, which this installation lacks: {TRAIN_EXTRA}"
        )


def _conclude(summary: TrainSummary, as_json: bool) -> None:
    if as_json:
        from dataclasses import asdict

        typer.echo(json.dumps({**asdict(summary), "output": str(summary.output)}))
    if not summary.finished:
        _say(
            f"Stopped at step {summary.step} of {summary.total_steps}. Go on with: "
            f"{_resume_command(summary.output)}"
        )
        raise typer.Exit(130)
    _say(
        f"{summary.output} is a style now: {summary.total_steps} steps in {summary.minutes:.1f} minutes. "
        f"Try it: stylereel stylize VIDEO OUTPUT --style {summary.output}"
    )


def _resume_command(output: Path) -> str:
    return f"stylereel train unpaired --output {output} --resume"


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
