"""`stylereel evaluate`: how good a stylised video is, as a table, a report and JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stylereel.cli.console import plain, print_json, progress_bar, show_notices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stylereel.actions.evaluation import Evaluation, Finding, LeftOut

EPILOG = """[bold]Examples[/bold]

  stylereel evaluate in.mp4 out.mp4

  stylereel evaluate in.mp4 out.mp4 --style my-paintings --photos my-photos --report out.html

  stylereel evaluate holiday.mp4 clip.mp4 --start 1:05 --json

  stylereel evaluate photo.jpg painted.png --style my-paintings

Calm, motion and structure need the two files alone.

Texture and colours need the style's pictures (--style).

Likeness needs photographs as well (--photos): a critic is trained, once.

Frames are matched in order. What the figures mean: docs/evaluate.md.
"""
COLORS = {"good": "green", "fair": "yellow", "poor": "red", "unknown": "dim"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "evaluate", epilog=EPILOG, help="Judge STYLIZED against its SOURCE: look, calm, structure, faults."
    )(_evaluate)


def _evaluate(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE", help="The video, picture or folder of pictures before.", show_default=False
        ),
    ],
    stylized: Annotated[Path, typer.Argument(metavar="STYLIZED", help="The same after.", show_default=False)],
    style: Annotated[
        list[Path] | None,
        typer.Option("--style", "-s", help="The style's pictures: a folder or a file; repeatable."),
    ] = None,
    photos: Annotated[
        Path | None,
        typer.Option(help="Folder of ordinary photographs; else `photos` below STYLEREEL_DATA, where set."),
    ] = None,
    features: Annotated[
        Path | None, typer.Option(help="An ONNX feature network of yours, for FID and KID.")
    ] = None,
    timing: Annotated[
        Path | None, typer.Option(help="File with the summary of stylize --json, for the speed.")
    ] = None,
    start: Annotated[
        str | None, typer.Option(help="Where in SOURCE the result begins: seconds or HH:MM:SS.mmm.")
    ] = None,
    frames: Annotated[int | None, typer.Option(help="Compare so many frames at most.")] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write an HTML report here; it needs no network.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the report if it exists.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print everything as JSON on stdout; all else goes to stderr.")
    ] = False,
) -> None:
    from stylereel.actions.evaluate import evaluate
    from stylereel.actions.evaluate_report import check_report, write_report

    if report is not None:
        check_report(report, (source, stylized), overwrite=overwrite)
    with progress_bar() as show:
        found = evaluate(
            source,
            stylized,
            style=style or (),
            photos=photos,
            features=features,
            timing=timing,
            start=start,
            frames=frames,
            on_progress=show,
        )
    if report is not None:
        write_report(report, found, overwrite=overwrite)
    show_notices(found.notices)
    if as_json:
        print_json(found.as_dict())
    else:
        _print(found)
    if report is not None:
        typer.echo(f"report  {report}", err=as_json)


def _print(found: Evaluation) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from stylereel.actions.evaluate_report import bounds, figure, references

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("metric", no_wrap=True)
    table.add_column("figure", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("good", no_wrap=True)
    table.add_column("beside", overflow="fold")
    for finding in found.findings:
        table.add_row(
            finding.title,
            f"{figure(finding.value)} {finding.unit}".rstrip(),
            Text(f"● {finding.verdict}", COLORS[finding.verdict]),
            bounds(finding),
            Text(references(finding), "dim"),
        )
    count = "one picture" if found.frames == 1 else f"{found.frames} frames"
    typer.echo(
        f"{plain(found.stylized)}: {count} of {found.width}x{found.height}, against {plain(found.source)}"
    )
    print_table(table)
    print_left_out(found.left_out)


def print_table(table: Any) -> None:
    """A rich table on stdout."""
    from rich.console import Console

    Console(highlight=False).print(table)


def print_left_out(left_out: Sequence[LeftOut]) -> None:
    """What was not measured, each with what it needs."""
    by_why: dict[str, list[str]] = {}
    for item in left_out:
        by_why.setdefault(item.why, []).append(item.title)
    for why, titles in by_why.items():
        typer.echo(f"not measured  {', '.join(titles)}: {plain(why)}")


def cell(finding: Finding, *, is_best: bool) -> Any:
    """A figure in the colour of its verdict; the best of a row is bold and starred."""
    from rich.text import Text

    from stylereel.actions.evaluate_report import figure

    text = ("* " if is_best else "") + f"{figure(finding.value)} {finding.unit}".rstrip()
    return Text(text, f"bold {COLORS[finding.verdict]}" if is_best else COLORS[finding.verdict])
