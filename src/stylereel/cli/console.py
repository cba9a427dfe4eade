"""What every command shares: errors as one paragraph with the right exit code, and where text goes."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from stylereel.core.progress import Progress

INTERRUPTED = 130
OUR_BUG = 70


@contextlib.contextmanager
def errors_as_exit_codes() -> Iterator[None]:
    """Run any command: a deliberate error becomes one paragraph on stderr and its exit code.

    `STYLEREEL_DEBUG=1` shows where an error came from.
    """
    from stylereel.core.errors import StylereelError

    try:
        yield
    except (typer.Exit, typer.Abort):
        raise
    except KeyboardInterrupt as error:
        _complain(f"Stopped. Nothing was left under the output's name.{_notes(error)}")
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        # Whoever read our output left; Python would complain about it once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except StylereelError as error:
        _show_traceback_if_asked()
        _complain(f"Error: {_sentence(str(error))}{_notes(error)}")
        raise typer.Exit(error.exit_code) from None
    except Exception as error:
        if hasattr(error, "show"):  # click's own, about the command line: they know how to show themselves
            raise
        _show_traceback_if_asked()
        detail = " ".join(str(error).split()) or "no more is known"
        _complain(
            f"Error: something went wrong inside Stylereel ({type(error).__name__}: {detail}). This is our "
            f"bug: run it again with STYLEREEL_DEBUG=1 and report what it shows.{_notes(error)}"
        )
        raise typer.Exit(OUR_BUG) from None


def stderr_console() -> Console:
    """A rich console on stderr; plain where stderr is no terminal."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def plain(text: object) -> str:
    """Text from a file without what could steer a terminal; line breaks become spaces."""
    return "".join(character if character.isprintable() else " " for character in str(text))


def say(text: str) -> None:
    """One line for people, on stderr, so that stdout stays for results."""
    typer.echo(text, err=True)


def print_json(value: Any, *, on_stderr: bool = False) -> None:
    """A machine-readable result on stdout, or on stderr where stdout has something else to carry."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str), err=on_stderr)


def show_notices(notices: Iterable[str]) -> None:
    """Each notice as a line of its own, on stderr."""
    for notice in notices:
        say(f"Notice: {_sentence(notice)}")


@contextlib.contextmanager
def progress_bar(unit: str = "frames") -> Iterator[Callable[[Progress], None]]:
    """A bar on stderr with count, pace, time left and what is at work; silent where stderr is no terminal."""
    from stylereel.core.timecode import format_seconds

    console = stderr_console()
    if not console.is_terminal:
        yield lambda progress: None
        return
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(bar_width=None), TextColumn("{task.fields[facts]}"))
    with Bar(*columns, console=console, transient=True, refresh_per_second=8) as bar:
        task = bar.add_task("", total=None, facts="starting")

        def show(progress: Progress) -> None:
            count = f"{progress.done}/{progress.total}" if progress.total is not None else str(progress.done)
            named = progress.unit if progress.unit != "frames" else unit
            pace = "fps" if named == "frames" else f"{named.split()[-1]}/s"
            facts = [f"{count} {named}", f"{progress.per_second:.1f} {pace}"]
            if progress.eta_seconds is not None:
                facts.append(f"{format_seconds(progress.eta_seconds)} left")
            if progress.note:
                facts.append(progress.note)
            bar.update(task, completed=progress.done, total=progress.total, facts=" · ".join(facts))

        yield show


def _complain(text: str) -> None:
    typer.echo(text, err=True)


def _sentence(text: str) -> str:
    """One paragraph that begins with a capital and ends with a full stop."""
    text = plain(" ".join(text.split()))
    if text.split(" ", 1)[0].isalpha():  # a file's name stays as it is
        text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else text + "."


def _notes(error: BaseException) -> str:
    """What was added to an error on its way, such as what is kept and how to go on."""
    return "".join(f" {_sentence(note)}" for note in getattr(error, "__notes__", ()))


def _show_traceback_if_asked() -> None:
    if os.environ.get("STYLEREEL_DEBUG") == "1":
        import traceback

        traceback.print_exc()
