"""`stylereel compare`: several results of one source, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stylereel.cli.console import plain, print_json, progress_bar, show_notices
from stylereel.cli.evaluate import cell, print_left_out, print_table

if TYPE_CHECKING:
    from stylereel.actions.compare import Comparison

EPILOG = """[bold]Examples[/bold]

  stylereel compare in.mp4 vangogh.mp4 ukiyoe.mp4

  stylereel compare in.mp4 first.mp4 second.mp4 --style my-paintings --sheet sheet.jpg

  stylereel compare in.mp4 first.mp4 second.mp4 --video side-by-side.mp4 --layout slices

The same metrics as stylereel evaluate, over the frames that all have; the best of each row is starred.
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "compare", epilog=EPILOG, help="Set several results of one SOURCE side by side, figures and pictures."
    )(_compare)


def _compare(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE", help="The video, picture or folder of pictures before.", show_default=False
        ),
    ],
    results: Annotated[
        list[Path],
        typer.Argument(metavar="RESULT...", help="The same after, two to eight.", show_default=False),
    ],
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
    start: Annotated[
        str | None, typer.Option(help="Where in SOURCE the results begin: seconds or HH:MM:SS.mmm.")
    ] = None,
    frames: Annotated[int | None, typer.Option(help="Compare so many frames at most.")] = None,
    sheet: Annotated[Path | None, typer.Option(help="Write a contact sheet here, .png or .jpg.")] = None,
    video: Annotated[
        Path | None, typer.Option(help="Write source and results as one video here, with the sound.")
    ] = None,
    layout: Annotated[
        str, typer.Option(help="Of the video: columns (whole frames) or slices (a strip of one frame each).")
    ] = "columns",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the sheet and the video if they exist.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print everything as JSON on stdout; all else goes to stderr.")
    ] = False,
) -> None:
    from stylereel.actions.compare import compare

    with progress_bar() as show:
        found = compare(
            source,
            results,
            style=style or (),
            photos=photos,
            features=features,
            start=start,
            frames=frames,
            sheet=sheet,
            video=video,
            layout=layout,  # type: ignore[arg-type]
            overwrite=overwrite,
            on_progress=show,
        )
    show_notices(found.notices)
    if as_json:
        print_json(found.as_dict())
    else:
        _print(found)
    for name, path in (("sheet", found.sheet), ("video", found.video)):
        if path is not None:
            typer.echo(f"{name}  {path}", err=as_json)


def _print(found: Comparison) -> None:
    from rich import box
    from rich.table import Table

    from stylereel.actions.evaluate_report import bounds

    first = found.evaluations[0]
    count = "one picture" if first.frames == 1 else f"{first.frames} frames of each"
    typer.echo(f"{len(found.names)} results against {plain(found.source)}: {count}")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("metric", no_wrap=True)
    for name in found.names:
        table.add_column(plain(name), justify="right", overflow="fold")
    table.add_column("good", no_wrap=True)
    for row in found.rows:
        cells = [cell(f, is_best=index in row.best) for index, f in enumerate(row.findings)]
        table.add_row(row.title, *cells, bounds(row.findings[0]))
    print_table(table)
    # How fast each result was made is not asked here: evaluate takes the summary of one run.
    print_left_out([item for item in first.left_out if item.metric != "throughput"])
