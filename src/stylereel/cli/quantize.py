"""`stylereel quantize`: add to a style its network in int8."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stylereel.cli.console import print_json, say

EPILOG = """[bold]Examples[/bold]

  stylereel quantize ./my-style --content my-photos

  stylereel quantize ukiyoe --content my-photos --content holiday.mp4 --output ukiyoe-quick

Training adds it by itself. `--runner auto` takes it where it is the quickest, `--precision fp32` never.
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "quantize",
        epilog=EPILOG,
        help="Add to STYLE its network rounded to int8, calibrated on real frames.",
    )(_quantize)


def _quantize(
    style: Annotated[
        str,
        typer.Argument(metavar="STYLE", help="Name of a style, or the folder of one.", show_default=False),
    ],
    content: Annotated[
        list[Path],
        typer.Option(
            help="Photos, videos or a folder of them, of the kind that the look is laid over; repeatable.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Folder of the pack to write; else the style's own.", show_default=False
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a summary as JSON on stdout; all else goes to stderr.")
    ] = False,
) -> None:
    from stylereel.actions.quantize import quantize

    summary = quantize(style, content, output=output, overwrite=overwrite, on_notice=say)
    line = (
        f"{summary.output}: '{summary.style}' in int8, {summary.psnr_db:.1f} dB to fp32 over "
        f"{summary.frames} frames, {summary.size_bytes / 1e6:.1f} MB"
    )
    if as_json:
        say(line)
        print_json(summary.as_dict())
    else:
        typer.echo(line)
