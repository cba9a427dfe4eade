"""Looks into an upload in a child process with limits, before anything else may."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from stylereel.studio.children import start_child
from stylereel.studio.problem import Problem

MOST_SECONDS = 60.0
_WHAT_TO_GIVE = "Give a video (MP4, MOV, MKV, WebM, AVI, GIF) or a picture (JPEG, PNG, WebP, TIFF)."


def examined(path: Path, name: str, seconds: float = MOST_SECONDS) -> dict[str, Any]:
    """The fields of `actions.media_facts.MediaFacts` of a file.

    Args:
        path: the file, which may hold anything.
        name: what its owner calls it, for texts.
        seconds: that the check may take.

    Raises:
        Problem: 422, it is no video or picture, refused, too large, or its decoder crashes or hangs on it.
    """
    child = start_child("stylereel.studio.probe_child", str(path), stderr=subprocess.DEVNULL)
    try:
        answer, _ = child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        raise Problem(
            422,
            f"'{name}' took over {seconds:g} seconds to look into.",
            "It is damaged: convert it first.",
        ) from None
    lines = answer.splitlines()
    if not lines or child.returncode:
        raise Problem(
            422,
            f"'{name}' cannot be decoded: it made its decoder break off ({_ending(child.returncode)}).",
            f"It is damaged, or made to do harm. {_WHAT_TO_GIVE}",
        )
    found = json.loads(lines[-1])
    if "error" in found:
        text = str(found["error"]).replace(str(path.absolute()), f"'{name}'").replace(str(path), f"'{name}'")
        raise Problem(422, text, _WHAT_TO_GIVE)
    return found["facts"]


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
