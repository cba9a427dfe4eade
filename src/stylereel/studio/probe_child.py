"""The child that looks into an upload: `python -m stylereel.studio.probe_child FILE`."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys

from stylereel.core.errors import StylereelError

MOST_ADDRESS_BYTES = 6_000_000_000
MOST_CPU_SECONDS = 90
MOST_OPEN_FILES = 64


def main(arguments: list[str]) -> None:
    """Examine one file under limits, and answer with one line of JSON."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        from stylereel.actions.media_facts import examine_media

        set_limits()
        answer = {"facts": examine_media(arguments[0]).as_dict()}
    except StylereelError as error:
        answer = {"error": str(error)}
    except MemoryError:
        answer = {"error": f"{arguments[0]} needs more memory than a check may take. Shrink it first"}
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def set_limits() -> None:
    """From here on: no file can be written, little memory and time; where the platform has such limits."""
    try:
        import resource
    except ImportError:  # Windows; the server's clock is the limit there
        return
    limits = {
        resource.RLIMIT_AS: MOST_ADDRESS_BYTES,
        resource.RLIMIT_CPU: MOST_CPU_SECONDS,
        resource.RLIMIT_NOFILE: MOST_OPEN_FILES,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in limits.items():
        with contextlib.suppress(ValueError, OSError):  # macOS knows some by name alone
            resource.setrlimit(kind, (most, most))


if __name__ == "__main__":
    main(sys.argv[1:])
