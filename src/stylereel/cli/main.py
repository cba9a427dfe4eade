"""`stylereel`: the command line's entry.

A command is a file beside this one, named in `COMMANDS`. It exports `register(app)`, or, where it has
commands of its own, a `typer.Typer` named `app`. Errors are rendered here for all of them.
"""

from __future__ import annotations

import importlib
import signal
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from stylereel.cli.console import INTERRUPTED, errors_as_exit_codes

COMMANDS = (
    *("stylize", "live", "preview", "batch", "styles", "train", "quantize"),
    *("evaluate", "compare", "demo", "studio", "serve", "doctor", "benchmark"),
)

HELP = """Turn real video into a look that a GAN learned from pictures, with its sound, on an ordinary CPU.

[bold]Examples[/bold]

  stylereel stylize holiday.mp4 holiday-ukiyoe.mp4 --style ukiyoe

  stylereel styles

  stylereel train unpaired --content my-photos --style my-paintings --output my-style

  stylereel studio

  stylereel doctor

Each command has examples of its own: stylereel stylize --help
"""


class _Commands(TyperGroup):
    """Lists commands in our order, and runs any so that what goes wrong is told in one paragraph."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [name for name in COMMANDS if name in self.commands]

    def invoke(self, ctx: Any) -> Any:
        with errors_as_exit_codes():
            return super().invoke(ctx)


def build_app() -> typer.Typer:
    """The whole command line, with every command that is there."""
    app = typer.Typer(
        name="stylereel",
        cls=_Commands,
        help=HELP,
        no_args_is_help=True,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        pretty_exceptions_enable=False,
    )

    @app.callback()
    def _root(
        version: Annotated[
            bool,
            typer.Option(
                "--version", help="Show the version and leave.", is_eager=True, callback=_show_version
            ),
        ] = False,
    ) -> None: ...

    for name in COMMANDS:
        command = importlib.import_module(f"stylereel.cli.{name}")
        if hasattr(command, "register"):
            command.register(app)
        else:
            app.add_typer(command.app, name=name)
    return app


def main() -> None:
    """Run the command line with the process's arguments."""
    signal.signal(signal.SIGTERM, _stop_as_ctrl_c_does)
    try:
        build_app()()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _show_version(wanted: bool) -> None:
    if wanted:
        from stylereel import __version__

        typer.echo(f"stylereel {__version__}")
        raise typer.Exit


def _stop_as_ctrl_c_does(*_: object) -> None:
    raise KeyboardInterrupt
