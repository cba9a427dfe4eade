"""The child that does a job: `python -m stylereel.studio.job_child FOLDER`.

It reads `order.json` there, calls the kind's `run`, and writes lines of JSON to stdout: `progress`, `notice`,
`facts` (of a training or a comparison), and at last `result` or `error`.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from stylereel.core.errors import (
    DatasetError,
    EnvironmentMissingError,
    MemoryShortError,
    MissingInputError,
    OutputError,
    PackError,
    StylereelError,
    TrainingDivergedError,
    UsageError,
)
from stylereel.studio.children import LAST_SECONDS, obey_server
from stylereel.studio.folder import only_child
from stylereel.studio.job_kind import kind_named
from stylereel.studio.job_work import Work

_NICENESS = 5
"""Exports leave the processor to previews and live sessions first."""

_HINTS: tuple[tuple[type[StylereelError], str], ...] = (
    (UsageError, "Change the settings and start it again."),
    (DatasetError, "Give other pictures or videos, and start it again."),
    (
        TrainingDivergedError,
        "Start it again, gently, which halves the learning rates; more pictures help too.",
    ),
    (MissingInputError, "Upload it again."),
    (OutputError, "Free some space on the disk of the studio's folder, then start it again."),
    (PackError, "Choose another look, or install this one again."),
    (EnvironmentMissingError, "Choose other settings, or install what is missing."),
    (MemoryShortError, "Choose a smaller size, or close other programs, then start it again."),
)


def main(arguments: list[str]) -> None:
    """Do the job in the folder that is named."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints is no answer
    folder = Path(arguments[0])
    work = Work(folder, answers)
    kind = kind_named(work.kind)
    try:
        obey_server()
        if not kind.IS_QUICK and hasattr(os, "nice"):
            os.nice(_NICENESS)
        with only_child(folder, LAST_SECONDS + 5):
            work.tell("result", kind.run(work))
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):
            work.tell("interrupted", True)
    except StylereelError as error:
        work.tell("error", {"text": work.shown(str(error)), "hint": _hint(error)})
    except MemoryError:
        work.tell("error", {"text": "Memory ran out.", "hint": _HINTS[-1][1]})
    except Exception as error:
        import traceback

        traceback.print_exc()
        text = f"Something went wrong inside Stylereel ({type(error).__name__}: {error}). This is our bug."
        hint = f"Report it with what {folder / 'child.log'} holds."
        work.tell("error", {"text": work.shown(text), "hint": hint})


def _hint(error: StylereelError) -> str:
    return next((hint for kind, hint in _HINTS if isinstance(error, kind)), "")


if __name__ == "__main__":
    main(sys.argv[1:])
