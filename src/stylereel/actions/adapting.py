"""Fits a look to its reference on frames of the very input, and remembers the code that came out.

The code is kept in the cache folder under a hash of all that it was made of: the same command takes it from
there. A long job keeps it among its parts as well, so that a run that is resumed goes on in exactly the look
that it began in, whatever became of the cache.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
from collections.abc import Sequence
from numbers import Real
from pathlib import Path

import numpy as np
from safetensors.numpy import load, save

from stylereel.actions.content_frames import Content
from stylereel.core.caches import cache_folder
from stylereel.core.errors import EnvironmentMissingError, ResumeError, UsageError
from stylereel.core.progress import OnProgress, Progress
from stylereel.packs.looks import FittedCode
from stylereel.packs.store import Pack

FRAMES = 12
_OF_FITTING = 3
"""Raised when a fit would come out otherwise, so that what was fitted before is fitted again."""
INSTALL = "pip install 'stylereel[train]'"


def adapted(
    pack: Pack,
    code: np.ndarray,
    references: Sequence[Sequence[np.ndarray]],
    content: Content | None,
    seconds: float,
    on_progress: OnProgress | None = None,
    begun_with: FittedCode | None = None,
) -> FittedCode:
    """The code fitted to the references for so long, or as it was fitted before.

    Args:
        pack: of many looks.
        code: `(S,)` float32, as the encoder reads it.
        references: the pictures of each.
        content: what the look will be laid over.
        seconds: how long to fit.
        on_progress: told after each step.
        begun_with: what an interrupted run was fitted with, which is gone on with.

    Raises:
        ResumeError: that was fitted to something else.
        UsageError: nothing to fit on.
        EnvironmentMissingError: torch is absent.
        TrainingDivergedError: it came to nothing.
    """
    if content is None:
        raise UsageError(
            "adapt_seconds fits the look to frames of what it will be laid over, and nothing says of what: "
            "name the video or picture, adapt_to=VIDEO, or leave adapt_seconds out."
        )
    if not content.is_file:
        raise UsageError("--adapt fits the look to frames of the input: name a file, a pipe is read once.")
    with content.opened() as opened:
        name = _name(pack, code, references, [*opened.facts, float(seconds)])
        if begun_with is not None:
            return _gone_on_with(begun_with, name)
        place = cache_folder("codes") / f"{name}.safetensors"
        kept = _kept(place, pack)
        if kept is not None:
            return FittedCode(name, kept)
        frames = opened.few(FRAMES)
    fitted = _fitted(pack, code, references, frames, seconds, on_progress)
    _keep(place, fitted)
    return FittedCode(name, fitted)


def _gone_on_with(begun_with: FittedCode, name: str) -> FittedCode:
    """No minute is spent on a fit that could not go on with what is there."""
    if begun_with.name != name:
        raise ResumeError(
            "What an interrupted run left is in a look that was fitted otherwise: another reference, style "
            "or input, other seconds of --adapt, or options that make other frames. Say --resume with those "
            "of before, or begin anew with --overwrite instead."
        )
    return begun_with


def check_fitting_time(seconds: float | None) -> None:
    """`UsageError` unless it is None or seconds from above 0 to a day."""
    is_number = isinstance(seconds, Real) and not isinstance(seconds, bool)
    if seconds is not None and not (is_number and math.isfinite(seconds) and 0 < seconds <= 86400):
        got = seconds if is_number else f"{seconds!r} ({type(seconds).__name__})"
        raise UsageError(f"--adapt {got}: expected seconds to fit the look for, such as 60.")


def _fitted(
    pack: Pack,
    code: np.ndarray,
    references: Sequence[Sequence[np.ndarray]],
    frames: Sequence[np.ndarray],
    seconds: float,
    on_progress: OnProgress | None,
) -> np.ndarray:
    try:
        from stylereel.inference.runners.torch import load_generator
        from stylereel.training.adaptation import fit_code
    except ImportError as error:
        raise EnvironmentMissingError(f"--adapt needs torch, which is absent: {INSTALL}") from error

    def tell(step: int, elapsed: float) -> None:
        if on_progress is not None:
            pace = step / max(elapsed, 1e-6)
            total = max(step, round(pace * seconds))
            left = max(0.0, seconds - elapsed)
            on_progress(Progress(step, total, pace, left, "steps", "fitting the look to the reference"))

    pictures = [picture for several in references for picture in several]
    return fit_code(load_generator(pack), code, frames, pictures, seconds=seconds, on_step=tell)


def _name(
    pack: Pack, code: np.ndarray, references: Sequence[Sequence[np.ndarray]], facts: Sequence[object]
) -> str:
    hashed = hashlib.sha256(json.dumps([_OF_FITTING, dict(sorted(pack.card.files.items())), *facts]).encode())
    hashed.update(code.tobytes())
    for picture in (picture for several in references for picture in several):
        hashed.update(f"{picture.shape}".encode())
        hashed.update(np.ascontiguousarray(picture).tobytes())
    return f"code-{hashed.hexdigest()[:24]}"


def _kept(place: Path, pack: Pack) -> np.ndarray | None:
    try:
        code = load(place.read_bytes())["code"]
    except Exception:  # not there, or not whole: it is fitted again
        return None
    sound = code.ndim == 1 and len(code) > pack.card.code_size and bool(np.isfinite(code).all())
    return code.astype(np.float32) if sound else None


def _keep(place: Path, code: np.ndarray) -> None:
    with contextlib.suppress(OSError):  # a folder that cannot be written costs the time each time
        place.parent.mkdir(parents=True, exist_ok=True)
        staged = place.with_name(f".{place.name}.{os.getpid()}")
        staged.write_bytes(save({"code": code}))
        os.replace(staged, place)
