"""`stylereel preview`: a contact sheet of a video in every look."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stylereel.cli.console import plain, print_json, progress_bar, show_notices

if TYPE_CHECKING:
    from stylereel.actions.preview import PreviewSheet

EPILOG = """[bold]Examples[/bold]

  stylereel preview holiday.mp4

  stylereel preview holiday.mp4 --styles ukiyoe,wave,./my-style --output sheet.png

  stylereel preview holiday.mp4 --at 0:12 --at 1:05 --strength 0.7

  stylereel preview holiday.mp4 --styles "atelier,atelier:vangogh*0.7+ukiyoe*0.3"

The names on the sheet are what --style takes. Frames are reduced to a short side of 360 before the network,
so strokes are larger against the picture than in the finished video.
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "preview", epilog=EPILOG, help="Show a few frames of VIDEO in every look on one sheet, in seconds."
    )(_preview)


def _preview(
    video: Annotated[
        Path,
        typer.Argument(
            metavar="VIDEO", help="A video, a picture or a folder of pictures.", show_default=False
        ),
    ],
    styles: Annotated[
        str,
        typer.Option(
            "--styles",
            "-s",
            help="all, or names and folders of styles with commas between them; a pack of many looks gives "
            "each of them, PACK:LOOK one, PACK:LOOK*0.7+OTHER*0.3 a mixture.",
        ),
    ] = "all",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The sheet, .png or .jpg; else VIDEO-looks.jpg, here."),
    ] = None,
    at: Annotated[
        list[str] | None,
        typer.Option(help="Show this moment: seconds or HH:MM:SS.mmm; repeatable. Else spread over VIDEO."),
    ] = None,
    frames: Annotated[
        int, typer.Option(help="So many moments, 1 to 12, different and not black; --at chooses instead.")
    ] = 3,
    strength: Annotated[float, typer.Option(help="0 (the source) to 1 (the look).")] = 1.0,
    keep_colors: Annotated[
        bool, typer.Option("--keep-colors", help="The look's light and texture, the source's colours.")
    ] = False,
    runner: Annotated[
        str, typer.Option(help="What executes the networks: auto, openvino, onnxruntime or torch.")
    ] = "auto",
    device: Annotated[str, typer.Option(help="Where they run: auto, cpu, cuda or mps.")] = "auto",
    show_sheet: Annotated[
        bool, typer.Option("--open", help="Open the sheet in the system's viewer when it is there.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the sheet if it exists.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a summary as JSON on stdout; all else goes to stderr.")
    ] = False,
) -> None:
    from stylereel.actions.preview import preview_styles

    with progress_bar("looks") as show:
        made = preview_styles(
            video,
            styles,
            output=output,
            at=at or (),
            frames=frames,
            strength=strength,
            keep_colors=keep_colors,
            runner=runner,
            device=device,
            overwrite=overwrite,
            on_progress=show,
        )
    show_notices(made.notices)
    next_line = _next_line(made, strength, keep_colors)
    if as_json:
        print_json({**made.as_dict(), "next": next_line})
    else:
        moments = "one picture" if made.is_picture else f"{len(made.times)} moment(s)"
        typer.echo(
            f"{len(made.styles)} look(s) of {moments} in {made.elapsed_seconds:.1f} s, "
            f"each frame seen at {made.seen_width}x{made.seen_height}"
        )
        typer.echo(f"sheet  {plain(made.sheet)}")
        typer.echo(f"next   {plain(next_line)}" + ("  (or any other name on it)" if made.styles[1:] else ""))
    if show_sheet:
        typer.launch(made.sheet)


def _next_line(made: PreviewSheet, strength: float, keep_colors: bool) -> str:
    """The command that makes the whole of it in the sheet's first look."""
    style, source = made.styles[0], Path(made.source)
    name = re.sub(r"[^A-Za-z0-9.]+", "-", re.split(r"[:/\\]", style)[-1]).strip("-.") or "stylized"
    output = f"{source.stem}-{name}{'.png' if made.is_picture else '.mp4'}"
    words = ["stylereel", "stylize", made.source, output, "--style", style]
    words += ["--strength", f"{strength:g}"] if strength != 1 else []
    return shlex.join(words + (["--keep-colors"] if keep_colors else []))
