"""`stylereel styles suggest`: looks ranked for a video or a picture, with the reason."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stylereel.cli.console import plain, print_json, progress_bar, show_notices

if TYPE_CHECKING:
    from stylereel.actions.suggest import StyleSuggestions

EPILOG = """[bold]Examples[/bold]

  stylereel styles suggest holiday.mp4

  stylereel styles suggest photo.jpg --count 5 --json

  stylereel styles suggest holiday.mp4 --styles atelier,ukiyoe --at 1:05

Each look is laid over a few reduced frames. Palette, texture and contrast go from 0 to 1 and say how much of
the video's own is left; change says how much of the picture becomes another.
"""


def register(styles: typer.Typer) -> None:
    """Add the command to `stylereel styles`."""
    styles.command(
        "suggest",
        epilog=EPILOG,
        help="Rank the looks by how well they suit VIDEO, and say why: palette, texture, contrast.",
    )(_suggest)


def _suggest(
    video: Annotated[
        Path,
        typer.Argument(
            metavar="VIDEO", help="A video, a picture or a folder of pictures.", show_default=False
        ),
    ],
    count: Annotated[int, typer.Option(help="Suggest so many, the best first.")] = 3,
    styles: Annotated[
        str,
        typer.Option("--styles", "-s", help="Try these: all, or names and folders with commas between them."),
    ] = "all",
    at: Annotated[
        list[str] | None,
        typer.Option(
            help="Look at this moment: seconds or HH:MM:SS.mmm; repeatable. Else spread over VIDEO."
        ),
    ] = None,
    frames: Annotated[int, typer.Option(help="Look at so many moments, 1 to 12; --at chooses instead.")] = 3,
    runner: Annotated[
        str, typer.Option(help="What executes the networks: auto, openvino, onnxruntime or torch.")
    ] = "auto",
    device: Annotated[str, typer.Option(help="Where they run: auto, cpu, cuda or mps.")] = "auto",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print everything as JSON on stdout; all else goes to stderr.")
    ] = False,
) -> None:
    from stylereel.actions.suggest import suggest_styles

    with progress_bar("looks") as show:
        found = suggest_styles(
            video,
            styles,
            count=count,
            at=at or (),
            frames=frames,
            runner=runner,
            device=device,
            on_progress=show,
        )
    show_notices(found.notices)
    if as_json:
        print_json(found.as_dict())
    else:
        _print(found)


def _print(found: StyleSuggestions) -> None:
    for each in found.suggestions:
        typer.echo(f"{each.rank}. {plain(each.style)}  suits by {each.score:.2f}, changes {each.change:.0%}")
        for name in ("palette", "texture", "contrast"):
            part = getattr(each, name)
            typer.echo(f"   {name:9}{part.score:.2f}  {plain(part.reason)}")
    names = ",".join(each.style for each in found.suggestions)
    line = shlex.join(["stylereel", "preview", found.source, "--styles", names])
    typer.echo(f"{found.looked_at} look(s) were tried. To see these:")
    typer.echo(f"  {plain(line)}")
