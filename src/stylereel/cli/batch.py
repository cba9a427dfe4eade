"""`stylereel batch`: many files in many looks at many sizes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stylereel.actions.presets import PRESETS
from stylereel.cli.console import plain, print_json, progress_bar, say, show_notices
from stylereel.cli.evaluate import print_table

if TYPE_CHECKING:
    from stylereel.actions.batch import BatchProgress, BatchSummary, VariantResult

EPILOG = """[bold]Examples[/bold]

  stylereel batch clips --style wave --style ukiyoe --output variants

  stylereel batch clips --style wave --size vertical --size square --size 1280 --output variants

  stylereel batch clips --set reference=painting.jpg --output variants

  stylereel batch jobs.toml --dry-run

  stylereel batch jobs.toml --workers 2 --resume

[bold]JOBS.toml[/bold]

  styles = ["wave", "ukiyoe"]

  output = "variants/{style}/{name}-{size}"

  \\[\\[job]]

  source = "clips/*.mp4"

  sizes = ["vertical", "square", 1280]

  strength = 0.8

Above the first \\[\\[job]] stand defaults; every option of stylereel stylize goes by its name. Looks take
turns, so that each network is loaded once. What fails is told, and the others are made.
"""
RESULTS = {"planned": "would be made", "made": "made", "kept": "finished before", "failed": "failed"}
COLORS = {"planned": "", "made": "green", "kept": "dim", "failed": "red"}
SIZES = ", ".join(name for name, preset in PRESETS.items() if preset.size is not None)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "batch",
        epilog=EPILOG,
        help="Many files in many looks at many sizes: every file in a folder, or what JOBS.toml says.",
    )(_batch)


def _batch(
    jobs: Annotated[
        Path,
        typer.Argument(
            metavar="JOBS.toml|FOLDER",
            help="A file of jobs; or a folder (or pattern, or file), whose videos and pictures are all made.",
            show_default=False,
        ),
    ],
    style: Annotated[
        list[str] | None,
        typer.Option("--style", "-s", help="Name of a style, or the folder of one; repeatable."),
    ] = None,
    size: Annotated[
        list[str] | None,
        typer.Option(
            help=f"{SIZES}, a longest side in pixels, or source; repeatable. The source's where not given."
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER|PATTERN",
            help="A folder, made where it is missing, or a name with {name}, {style} and {size} in it.",
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="Any option of stylize, as --set strength=0.7; repeatable."
        ),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(help="Make so many files at the same time; they share the cores and the memory."),
    ] = 1,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Keep what is finished of the same source, style and options, and go on with the rest where "
            "it stopped.",
        ),
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace outputs that exist; with --resume only those that differ."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything, list what would be made, make nothing.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a summary as JSON on stdout; all else goes to stderr.")
    ] = False,
) -> None:
    from stylereel.actions.batch import batch
    from stylereel.core.settings import with_overrides

    with progress_bar() as show:

        def tell(progress: BatchProgress) -> None:
            show(progress.overall)
            if progress.result is not None:
                say(f"{progress.done}/{progress.count} {_line(progress.result)}")

        summary = batch(
            jobs,
            styles=style or (),
            sizes=size or (),
            output=output,
            options=with_overrides({}, set_ or ()),
            workers=workers,
            resume=resume,
            overwrite=overwrite,
            dry_run=dry_run,
            on_progress=tell,
        )
    _tell_notices(summary)
    if as_json:
        print_json(summary.as_dict())
    else:
        _print(summary)
    if summary.exit_code:
        say(
            f"{summary.count('failed')} of {len(summary.results)} cannot be made. Mend what they tell of, "
            "then say the same with --resume: the others are kept."
        )
        raise typer.Exit(summary.exit_code)


def _line(result: VariantResult) -> str:
    """One file, for people."""
    name = plain(result.output)
    if result.state == "failed":
        return f"{name}: failed. {plain(result.reason)}"
    facts = f"{name}: {RESULTS[result.state]}, {_frames(result)} of {result.width}x{result.height}"
    if result.state == "made":
        facts += f", {result.frames_per_second:.1f} fps"
    return facts + _resumed(result)


def _frames(result: VariantResult) -> str:
    return "1 frame" if result.frames == 1 else f"{result.frames} frames"


def _resumed(result: VariantResult) -> str:
    return f" ({result.resumed_frames} frames by an earlier run)" if result.resumed_frames else ""


def _tell_notices(summary: BatchSummary) -> None:
    """Each notice once, with how many files it is about."""
    counts: dict[str, int] = dict.fromkeys(summary.notices, 0)
    for result in summary.results:
        for notice in result.notices:
            counts[notice] = counts.get(notice, 0) + 1
    show_notices(f"{text} ({count} files)" if count > 1 else text for text, count in counts.items())


def _print(summary: BatchSummary) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("file", overflow="fold")
    table.add_column("look", overflow="fold")
    table.add_column("size", no_wrap=True)
    table.add_column("frames", justify="right", no_wrap=True)
    table.add_column("fps", justify="right", no_wrap=True)
    table.add_column("result", overflow="fold")
    folder = os.path.commonpath([os.path.dirname(result.output) or "." for result in summary.results])
    for result in summary.results:
        table.add_row(
            plain(os.path.relpath(result.output, folder)),
            plain(result.style),
            _size(result),
            "" if result.state == "failed" or result.frames is None else str(result.frames),
            f"{result.frames_per_second:.1f}" if result.state == "made" else "",
            Text(_result(result), COLORS[result.state]),
        )
    print_table(table)
    counts = [f"{summary.count(state)} {RESULTS[state]}" for state in RESULTS if summary.count(state)]  # type: ignore[arg-type]
    seconds = f" in {summary.elapsed_seconds:.1f} s" if summary.count("made") else ""
    typer.echo(f"{plain(folder)}: {', '.join(counts)}{seconds}")


def _size(result: VariantResult) -> str:
    shown = f"{result.width}x{result.height}" if result.width else ""
    return " ".join(filter(None, [result.size, shown]))


def _result(result: VariantResult) -> str:
    if result.state == "failed":
        return f"failed: {result.error}"
    return RESULTS[result.state] + _resumed(result)
