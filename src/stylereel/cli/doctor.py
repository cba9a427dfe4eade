"""`stylereel doctor`: what this machine has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from stylereel.cli.console import print_json

if TYPE_CHECKING:
    from stylereel.actions.doctor import MachineReport


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "doctor", help="Show what this machine has: processor, runners, codecs, graphics card, styles."
    )(_doctor)


def _doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    from stylereel.actions.doctor import examine_machine

    report = examine_machine()
    if as_json:
        print_json(report.as_dict())
    else:
        _print(report)


def _print(report: MachineReport) -> None:
    for name, value in _lines(report):
        typer.echo(f"{name:12} {value}")


def _lines(report: MachineReport) -> list[tuple[str, str]]:
    lines = [
        ("stylereel", f"{report.stylereel} on Python {report.python}, {report.system}"),
        ("cpu", f"{report.cpu}, {report.cores} cores for us"),
        ("features", ", ".join(report.cpu_features) or "none that matter here"),
        ("gpu", report.gpu or "none that a runner can use"),
    ]
    for runner in report.runners:
        if runner.version is None:
            state = runner.problem or "not installed"
        else:
            state = f"{runner.version} on {', '.join(runner.devices)}, {runner.precision}"
        chosen = "  <- what --runner auto takes" if runner.name == report.chosen_runner else ""
        lines.append(("runner", f"{runner.name}: {state}{chosen}"))
    missing = [name for name, present in report.codecs.items() if not present]
    lines.append(("codecs", ", ".join(name for name, present in report.codecs.items() if present) or "none"))
    if missing:
        lines.append(("", f"cannot write: {', '.join(missing)}"))
    versions = (f"{name} {version or 'not installed'}" for name, version in report.libraries.items())
    lines.append(("libraries", ", ".join(versions)))
    lines.append(("styles", ", ".join(report.styles) or "none found"))
    lines.append(("", f"your own are looked for in {report.styles_folder}"))
    lines += [("problem", problem) for problem in report.problems]
    return lines
