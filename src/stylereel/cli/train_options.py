"""The options of `stylereel train RECIPE`, the same for every recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Output = Annotated[Path, typer.Option("--output", "-o", help="Folder that becomes the style pack.")]
Content = Annotated[
    list[Path] | None,
    typer.Option("--content", help="Folder, photo or video whose scenes the look is put on; repeatable."),
]
Style = Annotated[
    list[Path] | None,
    typer.Option("--style", help="The look: a folder of pictures, one picture, or a video; repeatable."),
]
Styles = Annotated[
    Path | None,
    typer.Option("--styles", help="Folder that holds a folder of pictures or videos for each look."),
]
AddStyle = Annotated[
    Path | None,
    typer.Option(
        "--add-style",
        metavar="FOLDER",
        help="Add this look to the pack --init names, whose other looks stay as they are: `train extend`.",
    ),
]
Minutes = Annotated[
    float | None, typer.Option("--minutes", min=0.1, help="Time to train.", show_default="20")
]
Steps = Annotated[int | None, typer.Option("--steps", min=1, help="Number of steps, instead of --minutes.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the run in --output.")]
Init = Annotated[str | None, typer.Option("--init", help="Style pack to start from, by name or folder.")]
Preset = Annotated[
    str | None, typer.Option("--preset", help="Settings of a shipped look by name, or a .toml file.")
]
Data = Annotated[
    Path | None,
    typer.Option("--data", envvar="STYLEREEL_DATA", help="Folder below which a preset's paths lie."),
]
BrushSize = Annotated[
    float | None, typer.Option("--brush-size", help="Size of strokes: 1 as stored, 2 twice as large.")
]
Crop = Annotated[
    int | None, typer.Option("--crop", help="Side of the training crops in px.", show_default="128")
]
Batch = Annotated[int | None, typer.Option("--batch", help="Crops in one step.", show_default="4")]
Adversarial = Annotated[
    str | None, typer.Option("--adversarial", help="Objective: minimax, nonsaturating, lsgan or hinge.")
]
Seed = Annotated[
    int | None, typer.Option("--seed", min=0, help="Seed of everything random.", show_default="1")
]
Assignments = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Any other setting, such as data.memory_gb=4."),
]
Name = Annotated[
    str | None, typer.Option("--name", help="Name of the pack.", show_default="the output folder's")
]
License = Annotated[
    str | None, typer.Option("--license", help="Licence of the style pictures; unknown when not stated.")
]
Credit = Annotated[str | None, typer.Option("--credit", help="Whom to name when results are shown.")]
Author = Annotated[str | None, typer.Option("--author", help="Who trains it.")]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")]
Threads = Annotated[
    int | None, typer.Option("--threads", min=1, help="Threads of torch.", show_default="all")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the run or style in --output.")]
AsJson = Annotated[bool, typer.Option("--json", help="A machine-readable summary on stdout.")]
