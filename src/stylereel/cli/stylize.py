"""`stylereel stylize`: a video, a picture or a folder of pictures, in a look."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stylereel.actions.presets import PRESETS
from stylereel.cli.console import print_json, progress_bar, say, show_notices

if TYPE_CHECKING:
    from stylereel.actions.stylize import StylizeSummary

EPILOG = (
    """[bold]Examples[/bold]

  stylereel stylize in.mp4 out.mp4 --style ukiyoe

  stylereel stylize in.mov out.mov --style vangogh --strength 0.7 --keep-colors

  stylereel stylize in.mp4 calm.mp4 --style vangogh --stabilize 0.7

  stylereel stylize in.mkv clip.webm --style wave --start 1:05 --end 1:20 --max-side 1280

  stylereel stylize in.mp4 changing.mp4 --style atelier --timeline looks.toml

  stylereel stylize huge.mov painted.mp4 --style wave --memory-limit 4GB

  stylereel stylize photo.jpg painted.png --style ./my-style

  stylereel stylize "frames/*.png" film.mp4 --style ukiyoe --fps 24

  stylereel stylize in.mp4 out.mp4 --reference painting.jpg

  stylereel stylize in.mp4 out.mp4 --style atelier:vangogh --variation 7

  stylereel stylize film.mkv painted.mkv --style ukiyoe --resume

  stylereel stylize in.mp4 portrait.mp4 --style ukiyoe --mask mask.mp4 --outside wave

  stylereel stylize in.mp4 short.mp4 --style wave --preset vertical

  stylereel stylize lecture.mp4 drawn.mp4 --style ukiyoe --preset lecture

  ffmpeg -i in.mp4 -f yuv4mpegpipe - | stylereel stylize - - --style wave | ffmpeg -i - out.mov

[bold]Presets[/bold]

"""
    + "\n\n".join(f"  {preset.name}: {preset.line}" for preset in PRESETS.values())
    + """

Sound, subtitles, chapters and metadata come along. `stylereel styles` lists the looks.
"""
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "stylize", epilog=EPILOG, help="Turn INPUT into a look and write it to OUTPUT, with its sound."
    )(_stylize)


def _stylize(
    input: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            help="A video, a GIF, a picture, a folder or pattern of pictures, or - for stdin.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Argument(
            metavar="OUTPUT",
            help="Its ending chooses the container (.mp4, .mov, .mkv, .webm, .gif); a folder takes pictures; "
            "- is stdout.",
            show_default=False,
        ),
    ],
    style: Annotated[
        str | None,
        typer.Option(
            "--style",
            "-s",
            help="Name of a style, or the folder of one; of a pack of many looks PACK:LOOK or a mixture, "
            "PACK:LOOK*0.7+OTHER*0.3.",
            show_default=False,
        ),
    ] = None,
    reference: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PICTURE|VIDEO|FOLDER",
            help="Take the look of this picture or clip, which no training saw; repeatable, then averaged. "
            "--style PACK may name the pack of many looks that reads it.",
            show_default=False,
        ),
    ] = None,
    variation: Annotated[
        int | None,
        typer.Option(
            metavar="SEED",
            help="A variation of the look, the same for the same number; for packs of many looks.",
        ),
    ] = None,
    adapt: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Fit the look to the reference first, on frames of INPUT, for so long: 60 does much. "
            "Needs torch: pip install 'stylereel[train]'.",
        ),
    ] = None,
    timeline: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.toml",
            help="How the look changes over time: a [[key]] for each moment, with at (seconds, HH:MM:SS or "
            '"50%"), look, strength, keep_colors and easing. Looks are mixed in between.',
            show_default=False,
        ),
    ] = None,
    strength: Annotated[
        float,
        typer.Option(
            help="How much of the look: 0 is the source exactly, 1 the whole look. Packs of many looks "
            "paint less, too, where there is less of it."
        ),
    ] = 1.0,
    keep_colors: Annotated[
        bool, typer.Option("--keep-colors", help="The look's light and texture with the source's colours.")
    ] = False,
    scale: Annotated[
        float,
        typer.Option(
            help="How large the network sees the frames, 0.25 to 1: at 0.5 it does a quarter of the work and "
            "strokes are twice as large. The output keeps its size, and fine edges."
        ),
    ] = 1.0,
    stabilize: Annotated[
        float | None,
        typer.Option(
            help="How much each frame leans on the one before, along the source's motion, so that the look "
            "flickers less: 0 is off, 0.7 calms strong strokes, 1 is the most that leaves no ghosts."
        ),
    ] = None,
    protect_text: Annotated[
        bool | None,
        typer.Option(
            "--protect-text/--no-protect-text",
            help="Let the source's light and dark through where there is text, so that it stays legible.",
            show_default=False,
        ),
    ] = None,
    mask: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Where the look is laid: a video, a picture or a folder of pictures, white for the look, "
            "black for the source, grey between. It is stretched over the source and runs on its time line.",
        ),
    ] = None,
    mask_invert: Annotated[
        bool, typer.Option("--mask-invert", help="Black in the mask is the look, and white the source.")
    ] = False,
    mask_feather: Annotated[
        float | None,
        typer.Option(
            metavar="PX",
            help="How far the mask's edges are softened to each side, in the output's pixels: 0 is hard; 1 % "
            "of the shorter side where not given.",
        ),
    ] = None,
    outside: Annotated[
        str | None,
        typer.Option(metavar="STYLE", help="Another style, where the mask is black, instead of the source."),
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help=f"{', '.join(PRESETS)}: see below. What is said beside it wins.")
    ] = None,
    fit: Annotated[
        str | None,
        typer.Option(help="How a picture of another shape comes to the preset's size: crop or pad."),
    ] = None,
    crop: Annotated[
        str | None, typer.Option(help="Keep this part: 640x480 (centred), 640x480+X+Y, or a shape as 9:16.")
    ] = None,
    max_side: Annotated[
        int | None, typer.Option(help="Shrink so that the longer side is at most this many pixels.")
    ] = None,
    codec: Annotated[
        str | None,
        typer.Option(
            help="h264, hevc, av1, vp9, prores, ffv1, gif or png; else what the container usually has."
        ),
    ] = None,
    quality: Annotated[
        int | None, typer.Option(help="From 0 (smallest file) to 100 (best); 75 where not given.")
    ] = None,
    bit_depth: Annotated[
        int | None,
        typer.Option(
            help="8, or 10 (16 for PNG, TIFF and ffv1) for smooth gradients, from the source to the output."
        ),
    ] = None,
    start: Annotated[str | None, typer.Option(help="Begin here: seconds or HH:MM:SS.mmm.")] = None,
    end: Annotated[str | None, typer.Option(help="Stop here: seconds or HH:MM:SS.mmm.")] = None,
    fps: Annotated[
        str | None,
        typer.Option(
            help="Frames per second, such as 24 or 30000/1001: the pace of pictures and raw frames; a video "
            "is brought to it."
        ),
    ] = None,
    input_format: Annotated[
        str | None, typer.Option(help="What comes through stdin: y4m (yuv4mpeg, as it is) or raw.")
    ] = None,
    size: Annotated[
        str | None, typer.Option(metavar="WxH", help="Of raw frames on stdin, such as 1280x720.")
    ] = None,
    pixel_format: Annotated[
        str | None, typer.Option(help="Of raw frames on stdin: rgb24, yuv420p, ... as FFmpeg names them.")
    ] = None,
    output_format: Annotated[str | None, typer.Option(help="What goes to stdout: y4m or raw.")] = None,
    output_pixel_format: Annotated[
        str | None, typer.Option(help="Of raw frames on stdout; rgb24 where not given.")
    ] = None,
    runner: Annotated[
        str,
        typer.Option(help="What executes the network: auto (measured once), openvino, onnxruntime or torch."),
    ] = "auto",
    device: Annotated[str, typer.Option(help="Where it runs: auto, cpu, cuda or mps.")] = "auto",
    threads: Annotated[
        int | None, typer.Option(help="CPU threads for the network; else the runner decides.")
    ] = None,
    precision: Annotated[
        str,
        typer.Option(
            help="How exactly the network computes: auto, fp32, bf16 or int8. Each is quicker than the one "
            "before where the processor is made for it."
        ),
    ] = "auto",
    memory_limit: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            help="Most memory to use, such as 4GB; else what the machine has available. Frames that need "
            "more are stylised in tiles, without a seam.",
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite", help="Replace OUTPUT if it exists, and drop what an interrupted run left of it."
        ),
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on where an interrupted run of the same job stopped: at most the last 250 frames (of "
            "large pictures fewer) are done again. Begins anew where nothing was left.",
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a summary as JSON on stdout; all else goes to stderr.")
    ] = False,
) -> None:
    from stylereel.actions.stylize import stylize

    with progress_bar() as show:
        summary = stylize(
            input,
            output,
            style=style,
            reference=reference,
            variation=variation,
            adapt_seconds=adapt,
            timeline=timeline,
            strength=strength,
            keep_colors=keep_colors,
            scale=scale,
            stabilize=stabilize,
            protect_text=protect_text,
            mask=mask,
            mask_invert=mask_invert,
            mask_feather_px=mask_feather,
            outside=outside,
            preset=preset,
            fit=fit,
            crop=crop,
            max_side=max_side,
            codec=codec,
            quality=quality,
            bit_depth=bit_depth,
            start=start,
            end=end,
            fps=fps,
            input_format=input_format,
            size=size,
            pixel_format=pixel_format,
            output_format=output_format,
            output_pixel_format=output_pixel_format,
            runner=runner,
            device=device,
            threads=threads,
            precision=precision,
            memory_limit=memory_limit,
            overwrite=overwrite,
            resume=resume,
            on_progress=show,
        )
    _render(summary, as_json, pictures_on_stdout=str(output) == "-")


def _render(summary: StylizeSummary, as_json: bool, *, pictures_on_stdout: bool) -> None:
    show_notices(summary.notices)
    count = "1 frame" if summary.frames == 1 else f"{summary.frames} frames"
    line = (
        f"{summary.output}: {count} of {summary.width}x{summary.height} in the style '{summary.style}', "
        f"{summary.codec}, {summary.size_bytes / 1e6:.1f} MB, "
        f"{summary.frames_per_second:.1f} fps ({summary.runner} on {summary.device}, {summary.precision})"
    )
    if as_json:
        say(line)
        print_json(summary.as_dict(), on_stderr=pictures_on_stdout)
    else:
        typer.echo(line, err=pictures_on_stdout)
