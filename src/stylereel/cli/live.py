"""`stylereel live`: a look over a camera, a stream or a file, while it happens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stylereel.cli.console import print_json, say
from stylereel.cli.live_keys import KEYS_LINE, keys_to
from stylereel.cli.live_pages import show_on_pages, with_pages
from stylereel.cli.live_screen import LiveScreen

if TYPE_CHECKING:
    from stylereel.actions.live_report import LiveSummary

OUTPUT_FAILED = 3

EPILOG = f"""[bold]Examples[/bold]

  stylereel live --input camera:0 --style ukiyoe --output call.mkv

  stylereel live --input camera:0 --style vangogh --style wave --output camera

  stylereel live --input camera:0 --style atelier:vangogh --output page

  stylereel live --input clip.mp4 --loop --style vangogh --output - | ffplay -i -

  stylereel live --input rtsp://192.168.1.20/stream --style wave --output site/index.m3u8

  stylereel live --input camera:0 --style ukiyoe --output rtmp://localhost/live/KEY --output keep.mkv

  stylereel live --input clip.mp4 --style ukiyoe --seconds 20 --json

[bold]While it runs[/bold]

  {KEYS_LINE}.

  --control live.sock takes lines of JSON: {{"set": {{"strength": 0.7}}}}, {{"get": "status"}}

What is late is dropped and counted, never queued. Sound is left out. Ctrl-C ends the run and finishes
its files.
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("live", epilog=EPILOG, help="Lay a look over a camera, a stream or a file in real time.")(
        _live
    )


def _live(
    input: Annotated[
        str,
        typer.Option(
            "--input",
            "-i",
            help="camera:0, an address (rtmp://, rtsp://, http://, udp://, also HLS), or a video, which is "
            "played at its own pace.",
            show_default=False,
        ),
    ],
    style: Annotated[
        list[str],
        typer.Option(
            "--style",
            "-s",
            help="Name of a style, the folder of one, PACK:LOOK, or a mixture such as "
            "atelier:vangogh*0.7+ukiyoe*0.3. Name several to go through them with the keys n and p.",
            show_default=False,
        ),
    ],
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            help="Where it goes, as often as you like: a video (.mp4, .mkv, .mov, .webm), folder/index.m3u8 "
            "(HLS), rtmp://..., - (stdout), camera or camera:/dev/video2 (a virtual camera), page or "
            "page:8000 (for browsers of this machine, with look and sliders), or null (shows it nowhere).",
            show_default="null",
        ),
    ] = None,
    strength: Annotated[
        float, typer.Option(help="How much of the look: 0 is the source exactly, 1 the whole look.")
    ] = 1.0,
    keep_colors: Annotated[
        bool, typer.Option("--keep-colors", help="The look's light and texture with the source's colours.")
    ] = False,
    stabilize: Annotated[
        float,
        typer.Option(help="How much each frame leans on the one before, 0 to 1; 0.7 calms strong strokes."),
    ] = 0.0,
    target_fps: Annotated[
        str | None,
        typer.Option(
            help="Frames per second to hold, at most the source's, which is taken where not given. Where the "
            "network cannot hold it, it sees smaller frames, and larger ones again when it can."
        ),
    ] = None,
    max_side: Annotated[
        int | None, typer.Option(help="Shrink frames so that the longer side is at most this many pixels.")
    ] = None,
    adapt: Annotated[
        bool,
        typer.Option(
            "--adapt/--no-adapt",
            help="Let the size that the network sees follow the pace; without, frames are dropped instead.",
        ),
    ] = True,
    loop: Annotated[bool, typer.Option("--loop", help="Play a file again and again.")] = False,
    seconds: Annotated[
        float | None, typer.Option(help="Stop after so long; else at the end of a file, with q or Ctrl-C.")
    ] = None,
    camera_size: Annotated[
        str | None, typer.Option(metavar="WxH", help="Ask the camera for this size, such as 1280x720.")
    ] = None,
    codec: Annotated[
        str | None, typer.Option(help="Of files: h264, hevc, av1, vp9 or another that the container holds.")
    ] = None,
    quality: Annotated[
        int | None, typer.Option(help="Of files and streams, 0 (smallest) to 100 (best); 75 where not given.")
    ] = None,
    output_format: Annotated[str | None, typer.Option(help="What goes to stdout: y4m or raw.")] = None,
    output_pixel_format: Annotated[
        str | None, typer.Option(help="Of raw frames on stdout; rgb24 where not given.")
    ] = None,
    control: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="Make a Unix socket there that takes lines of JSON: ask for the status, change style, "
            "strength, keep_colors and stabilize, quit.",
        ),
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
        str, typer.Option(help="How exactly the network computes: auto, fp32, bf16 or int8.")
    ] = "auto",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace outputs that exist.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a summary as JSON on stdout; all else goes to stderr.")
    ] = False,
) -> None:
    from stylereel.actions.live import LiveSession

    outputs = with_pages(output or ["null"])
    session = LiveSession(
        input,
        style=style,
        outputs=outputs,
        strength=strength,
        keep_colors=keep_colors,
        stabilize=stabilize,
        target_fps=target_fps,
        max_side=max_side,
        adapt=adapt,
        loop=loop,
        seconds=seconds,
        camera_size=camera_size,
        codec=codec,
        quality=quality,
        output_format=output_format,
        output_pixel_format=output_pixel_format,
        overwrite=overwrite,
        runner=runner,
        device=device,
        threads=threads,
        precision=precision,
    )
    show_on_pages(session, outputs)
    screen = LiveScreen()
    with keys_to(session, screen.tell) as listens:
        if listens:
            say(f"{KEYS_LINE}.")
        try:
            summary = session.run(screen.show, on_notice=screen.notice, control=control)
        finally:
            screen.clear()
    _render(summary, as_json, pictures_on_stdout="-" in outputs)
    if summary.failed:
        raise typer.Exit(OUTPUT_FAILED)


def _render(summary: LiveSummary, as_json: bool, *, pictures_on_stdout: bool) -> None:
    for output in summary.outputs:
        why = f" ({output.reason})" if output.reason else ""
        say(f"{output.name}: {output.state}, {output.frames} frames, {output.dropped} dropped{why}")
    latency = (
        ""
        if summary.latency_p50_ms is None
        else f", latency {summary.latency_p50_ms:.0f} ms, 95 % at most {summary.latency_p95_ms:.0f} ms"
    )
    line = (
        f"{summary.input}: {summary.seconds:.1f} s, {summary.frames_out} of {summary.frames_in} frames of "
        f"{summary.width}x{summary.height} in the style '{summary.style}', {summary.dropped} dropped "
        f"({100 * summary.dropped_share:.1f} %), {summary.fps_out:.1f} fps{latency} "
        f"({summary.runner} on {summary.device}, {summary.precision})"
    )
    if as_json:
        say(line)
        print_json(summary.as_dict(), on_stderr=pictures_on_stdout)
    else:
        typer.echo(line, err=pictures_on_stdout)
