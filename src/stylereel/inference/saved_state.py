"""What goes from one frame to the next, as bytes: safetensors with a little JSON, checked on reading."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from stylereel.core.errors import ResumeError
from stylereel.inference.painter import PainterState
from stylereel.inference.text_guard import TextState
from stylereel.temporal.anchor_track import AnchorTrack, still_track
from stylereel.temporal.cuts import CutState
from stylereel.temporal.follower import FollowState
from stylereel.temporal.stabilizer import StabilizerState
from stylereel.video.retime import Place

_FORMAT = 1
_LONGEST_SIDE_PX = 1 << 17
_OUTSIDE = "outside."


@dataclass(frozen=True)
class RunState:
    """All that a run needs to know before a frame; its size does not grow.

    Attributes:
        painter: the painter's.
        text: the text guard's; None where no text is protected, and before the first frame.
        outside: the painter's of the look outside of a mask; None where there is none.
        place: where a video that is brought to a rate stands; None where frames keep their times.
    """

    painter: PainterState = field(default_factory=PainterState)
    text: TextState | None = None
    place: Place | None = None
    outside: PainterState | None = None


def dump_state(run: RunState) -> bytes:
    """A state as bytes, exactly: `load_state` gives the same arrays and numbers back.

    Raises:
        ResumeError: the runner keeps a state of its own, which nobody knows how to save.
    """
    arrays, facts = _of_painter(run.painter)
    facts["format"] = _FORMAT
    if run.outside is not None:
        outside, facts["outside"] = _of_painter(run.outside)
        arrays |= {_OUTSIDE + name: array for name, array in outside.items()}
    if (text := run.text) is not None:
        arrays |= {"text.mask": text.mask, "text.thumbnail": text.scene.thumbnail}
        facts["text"] = _told_of(text.scene)
    if run.place is not None:
        facts["place"] = asdict(run.place)
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    return save(contiguous, metadata={"facts": json.dumps(facts)})


def _of_painter(state: PainterState) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    if state.runner is not None:
        raise ResumeError(
            f"This runner keeps a state ({type(state.runner).__name__}) that cannot be saved, so a long job "
            "could not be gone on with. Choose another --runner."
        )
    arrays: dict[str, np.ndarray] = {}
    facts: dict[str, Any] = {}
    if (motion := state.motion) is not None:
        arrays |= {"motion.view": motion.view, "motion.thumbnail": motion.scene.thumbnail}
        facts["motion"] = {"size": list(motion.size), **_told_of(motion.scene)}
    if (anchors := state.anchors) is not None:
        arrays |= {"anchors.places": anchors.places, "anchors.fresh": anchors.fresh}
        arrays["anchors.faded"] = anchors.faded
    if (stabilizer := state.stabilizer) is not None:
        arrays |= {f"stabilizer.{channel}": plane for channel, plane in enumerate(stabilizer.result)}
        facts["stabilizer"] = {"detail": stabilizer.detail}
    return arrays, facts


def load_state(data: bytes) -> RunState:
    """The state that was saved.

    Raises:
        ResumeError: it is damaged, or its parts do not fit each other.
    """
    try:
        arrays, facts = _opened(data)
        if facts.get("format") != _FORMAT:
            raise ValueError(f"format {facts.get('format')!r}, expected {_FORMAT}")
        beyond = [name for name in arrays if name.startswith(_OUTSIDE)]
        outside_arrays = {name.removeprefix(_OUTSIDE): arrays.pop(name) for name in beyond}
        state, outside = _painter(arrays, facts), None
        if "outside" in facts:
            outside = _painter(outside_arrays, facts["outside"])
        arrays |= outside_arrays
        text, place = _text(arrays, facts), _place(facts)
        if arrays:
            raise ValueError(f"unknown arrays {', '.join(sorted(arrays))}")
        return RunState(state, text, place, outside)
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


def _painter(arrays: dict[str, np.ndarray], facts: Mapping[str, Any]) -> PainterState:
    motion = _motion(arrays, facts)
    if motion is None:
        return PainterState()
    anchors = _anchors(arrays, motion.size)
    return PainterState(None, motion, anchors, _stabilizer(arrays, facts, motion.size))


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
    return FollowState(view, (height, width), _scene(arrays, "motion", told))


def _text(arrays: dict[str, np.ndarray], facts: Mapping[str, Any]) -> TextState | None:
    if "text" not in facts:
        return None
    mask = _taken(arrays, "text.mask", np.float32, None)
    if mask.ndim != 2 or not mask.size or mask.min() < 0 or mask.max() > 1:
        raise ValueError(f"text.mask has the shape {mask.shape}, or leaves 0 to 1")
    return TextState(mask, _scene(arrays, "text", facts["text"]))


def _place(facts: Mapping[str, Any]) -> Place | None:
    if "place" not in facts:
        return None
    place = Place(**facts["place"])
    counts = (place.taken, place.shown, place.jumped)
    if not all(type(number) is int for number in (*counts, place.tick)) or min(counts) < 0:
        raise ValueError(f"place is {facts['place']}")
    return place


def _told_of(scene: CutState) -> dict[str, float | int]:
    return {"light": scene.light, "flash_frames": scene.flash_frames}


def _scene(arrays: dict[str, np.ndarray], name: str, told: Mapping[str, Any]) -> CutState:
    thumbnail = _taken(arrays, f"{name}.thumbnail", np.float32, (32, 48))
    return CutState(thumbnail, float(told["light"]), int(told["flash_frames"]))


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
