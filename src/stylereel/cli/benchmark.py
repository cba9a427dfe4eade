"""`stylereel benchmark`: how fast this machine is with a look, and what limits it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from stylereel.cli.console import plain, print_json, progress_bar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stylereel.actions.benchmark import BenchmarkReport, SizeFigures

EPILOG = """[bold]Examples[/bold]

  stylereel benchmark --style vangogh

  stylereel benchmark --style wave --size 640x360 --stabilize 0.7 --json

Close what else is at work first: the figures are those of this machine at this moment.

Fps is from file to file, after start-up. The network's milliseconds are it alone, pictures in and out.

The whole is over its parts, reading, painting and writing by themselves, and below 1 where they overlap.
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "benchmark",
        epilog=EPILOG,
        help="Measure this machine with a style: reading, network, writing, all together.",
    )(_benchmark)


def _benchmark(
    style: Annotated[
        str, typer.Option("--style", "-s", help="Style to measure: a name or a folder.")
    ] = "vangogh",
    size: Annotated[
        list[str] | None,
        typer.Option(
            help="Size to measure; repeatable.",
            show_default="640x360, 1280x720, 1920x1080; 3840x2160 on CUDA",
        ),
    ] = None,
    runner: Annotated[str, typer.Option(help="auto measures every runner that is installed.")] = "auto",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    stabilize: Annotated[float, typer.Option(min=0, max=1, help="As for stylize.")] = 0.0,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads for the network.")] = None,
    seconds: Annotated[float, typer.Option(help="Length of each clip.")] = 2.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    from stylereel.actions.benchmark import benchmark

    with progress_bar() as show:
        report = benchmark(
            style,
            sizes=size,
            runner=runner,
            device=device,
            stabilize=stabilize,
            threads=threads,
            seconds=seconds,
            on_progress=show,
        )
    if as_json:
        print_json(report.as_dict())
    else:
        _print(report)


def _print(report: BenchmarkReport) -> None:
    from rich import box
    from rich.table import Table

    from stylereel.cli.evaluate import print_table

    cores = "one core" if report.cores == 1 else f"{report.cores} cores"
    at_work = f"{report.runner} on {report.device}, {report.precision}"
    steadied = f", --stabilize {report.stabilize:g}" if report.stabilize else ""
    typer.echo(f"{plain(report.style)} on {report.cpu}, {cores}: {at_work}{steadied}")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for row in report.sizes:
        table.add_column(f"{row.width}x{row.height}", justify="right", no_wrap=True)
    for title, figures in _lines(report.sizes):
        table.add_row(title, *figures)
    print_table(table)
    for row in report.sizes:
        typer.echo(f"{row.width}x{row.height}: what limits it is {row.limit}.")
    for name, why in report.absent.items():
        typer.echo(f"{name} was not measured: {why}")


def _lines(sizes: Sequence[SizeFigures]) -> Iterator[tuple[str, list[str]]]:
    """A line of the table: what was measured, and its figure at each size."""
    yield "frames per second, file to file", [f"{size.frames_per_second:.1f}" for size in sizes]
    yield "ms a frame: reading", [f"{size.reading_ms:.1f}" for size in sizes]
    for name in sizes[0].network_ms:
        yield f"  the network, {name}", [f"{size.network_ms[name]:.1f}" for size in sizes]
    yield "  painting (network, motion)", [f"{size.painting_ms:.1f}" for size in sizes]
    yield "  writing", [f"{size.writing_ms:.1f}" for size in sizes]
    yield "  the whole", [f"{size.whole_ms:.1f}" for size in sizes]
    yield "the whole over its parts", [f"{size.whole_over_parts:.2f}" for size in sizes]
    yield "start-up, seconds", [f"{size.startup_seconds:.1f}" for size in sizes]
    yield "memory at most, MB", ["-" if size.peak_mb is None else f"{size.peak_mb:.0f}" for size in sizes]
