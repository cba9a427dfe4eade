"""`stylereel demo`: a look on a sample clip or on one's own video, and a picture of before and after."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from stylereel.cli.console import print_json, progress_bar, say, show_notices

EPILOG = """[bold]Examples[/bold]

  stylereel demo

  stylereel demo holiday.mp4 --style ukiyoe
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "demo", epilog=EPILOG, help="Put a look on a sample clip, or on VIDEO, and show before and after."
    )(_demo)


def _demo(
    video: Annotated[
        Path | None,
        typer.Argument(metavar="[VIDEO]", help="Your own video; else a sample is made.", show_default=False),
    ] = None,
    style: Annotated[
        str, typer.Option("--style", "-s", help="Name of a style, or the folder of one.")
    ] = "vangogh",
    folder: Annotated[Path, typer.Option("--output", "-o", help="Folder for what is made.")] = Path("demo"),
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a summary as JSON on stdout; all else goes to stderr.")
    ] = False,
) -> None:
    from stylereel.actions.demo import demo

    with progress_bar() as show:
        summary = demo(video, style=style, folder=folder, on_notice=say, on_progress=show)
    show_notices(summary.stylized.notices)
    if as_json:
        print_json(asdict(summary))
        return
    stylized = summary.stylized
    typer.echo(
        f"{stylized.frames} frames of {stylized.width}x{stylized.height}, "
        f"{stylized.frames_per_second:.1f} fps ({stylized.runner} on {stylized.device}, {stylized.precision})"
    )
    typer.echo(f"before        {summary.source}")
    typer.echo(f"after         {stylized.output}")
    typer.echo(f"side by side  {summary.comparison}")
