"""What goes from one frame to the next, as bytes: safetensors with a little JSON, checked on reading."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from stylereel.core.errors import ResumeError
from stylereel.inference.painter import PainterState
from stylereel.temporal.anchor_track import AnchorTrack, still_track
from stylereel.temporal.cuts import CutState
from stylereel.temporal.follower import FollowState
from stylereel.temporal.stabilizer import StabilizerState

_FORMAT = 1
_LONGEST_SIDE_PX = 1 << 17


def dump_state(state: PainterState) -> bytes:
    """A state as bytes, exactly: `load_state` gives the same arrays and numbers back.

    Raises:
        ResumeError: the runner keeps a state of its own, which nobody knows how to save.
    """
    if state.runner is not None:
        raise ResumeError(
            f"This runner keeps a state ({type(state.runner).__name__}) that cannot be saved, so a long job "
            "could not be gone on with. Choose another --runner."
        )
    arrays: dict[str, np.ndarray] = {}
    facts: dict[str, Any] = {"format": _FORMAT}
    if (motion := state.motion) is not None:
        arrays |= {"motion.view": motion.view, "motion.thumbnail": motion.scene.thumbnail}
        facts["motion"] = {
            "size": list(motion.size),
            "light": motion.scene.light,
            "flash_frames": motion.scene.flash_frames,
        }
    if (anchors := state.anchors) is not None:
        arrays |= {"anchors.places": anchors.places, "anchors.fresh": anchors.fresh}
        arrays["anchors.faded"] = anchors.faded
    if (stabilizer := state.stabilizer) is not None:
        arrays |= {f"stabilizer.{channel}": plane for channel, plane in enumerate(stabilizer.result)}
        facts["stabilizer"] = {"detail": stabilizer.detail}
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    return save(contiguous, metadata={"facts": json.dumps(facts)})


def load_state(data: bytes) -> PainterState:
    """The state that was saved.

    Raises:
        ResumeError: it is damaged, or its parts do not fit each other.
    """
    try:
        arrays, facts = _opened(data)
        if facts.get("format") != _FORMAT:
            raise ValueError(f"format {facts.get('format')!r}, expected {_FORMAT}")
        motion = _motion(arrays, facts)
        state = PainterState(None, motion)
        if motion is not None:
            anchors = _anchors(arrays, motion.size)
            state = PainterState(None, motion, anchors, _stabilizer(arrays, facts, motion.size))
        if arrays:
            raise ValueError(f"unknown arrays {', '.join(sorted(arrays))}")
        return state
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ResumeError(
            f"The saved state of an interrupted run cannot be read ({error}). Begin anew with --overwrite "
            "instead of --resume."
        ) from error


def _opened(data: bytes) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    facts = json.loads(header["__metadata__"]["facts"])
    if not isinstance(facts, dict):
        raise ValueError(f"facts are {type(facts).__name__}")
    return load(data), facts


def _motion(arrays: dict[str, np.ndarray], facts: Mapping[str, Any]) -> FollowState | None:
    if "motion" not in facts:
        return None
    told = facts["motion"]
    height, width = (int(side) for side in told["size"])
    if not (0 < height <= _LONGEST_SIDE_PX and 0 < width <= _LONGEST_SIDE_PX):
        raise ValueError(f"frames of {width}x{height}")
    view = _taken(arrays, "motion.view", np.uint8, None)
    if view.ndim != 2 or not view.size:
        raise ValueError(f"motion.view has the shape {view.shape}")
    thumbnail = _taken(arrays, "motion.thumbnail", np.float32, (32, 48))
    scene = CutState(thumbnail, float(told["light"]), int(told["flash_frames"]))
    return FollowState(view, (height, width), scene)


def _anchors(arrays: dict[str, np.ndarray], size: tuple[int, int]) -> AnchorTrack | None:
    if "anchors.places" not in arrays:
        return None
    shape = still_track(*size).places.shape
    return AnchorTrack(
        _taken(arrays, "anchors.places", np.float32, shape),
        _taken(arrays, "anchors.fresh", np.float32, shape),
        _taken(arrays, "anchors.faded", np.float32, shape[:2]),
    )


def _stabilizer(
    arrays: dict[str, np.ndarray], facts: Mapping[str, Any], size: tuple[int, int]
) -> StabilizerState | None:
    if "stabilizer" not in facts:
        return None
    red, green, blue = (_taken(arrays, f"stabilizer.{channel}", np.float32, size) for channel in range(3))
    return StabilizerState((red, green, blue), float(facts["stabilizer"]["detail"]))


def _taken(
    arrays: dict[str, np.ndarray], name: str, kind: type[np.generic], shape: tuple[int, ...] | None
) -> np.ndarray:
    array = arrays.pop(name)
    if array.dtype != kind or (shape is not None and array.shape != shape):
        raise ValueError(f"{name} is {array.dtype} {array.shape}, expected {np.dtype(kind)} {shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds what is no number")
    return array
