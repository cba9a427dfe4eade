"""What every runner is, and how one is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from stylereel.core.errors import (
    EnvironmentMissingError,
    PackError,
    RunnerFailedError,
    StylereelError,
    UsageError,
)
from stylereel.core.registry import family, unknown_name
from stylereel.inference.cpu import cpu_features
from stylereel.packs.store import Pack

RUNNERS = family("stylereel.inference.runners", "runner")
PREFERENCE = ("openvino", "onnxruntime", "torch")
DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("auto", "fp32", "bf16", "int8")
INT8_FEATURES = frozenset({"avx512_vnni", "avx_vnni", "amx_int8", "asimddp"})
"""Without them, int8 is no quicker than fp32, and on older x86 sums may overflow."""

State = Any


@dataclass(frozen=True)
class Footprint:
    """What a runner holds while a network runs, measured; memory is planned with it.

    Attributes:
        per_value_bytes: for each value that the network keeps alive at once, per pixel of the frame.
        per_px_bytes: for each pixel besides: frames in and out, conversions, what an allocator wastes.
    """

    per_value_bytes: float
    per_px_bytes: float

    def bytes_per_px(self, live_values: float) -> float:
        """Of a network with so many values per pixel alive at once."""
        return self.per_value_bytes * live_values + self.per_px_bytes


class Runner(Protocol):
    """An executable network.

    A runner's file exports `Runner(pack, device, *, threads, precision)` and `report()`.

    Attributes:
        name: the runner's name, as `--runner` takes it.
        device: where it runs: "cpu", "cuda" or "mps"; never "auto".
        precision: what it computes with: "fp32", "bf16" or "int8".
        anchor_channels: of the anchors that the network takes; 0 for none.
        ends_size: length E of what the network takes of a style code; 0 for none.
        footprint: how much memory it takes.
    """

    name: str
    device: str
    precision: str
    anchor_channels: int
    ends_size: int
    footprint: Footprint

    def run(
        self, frames: np.ndarray, code: np.ndarray | None, state: State, anchors: np.ndarray | None = None
    ) -> tuple[np.ndarray, State]:
        """Apply the network.

        Args:
            frames: `(N, H, W, 3)` uint8 RGB, any H and W.
            code: `(N, E)` float32, for each frame what its style code is to the network (`Steerable.ends`);
                None where the network takes none.
            state: what the call before returned, None at first; an unconditional network keeps none.
            anchors: `(N, ceil(H/4), ceil(W/4), C)` float32 for a network that takes anchors (the card's
                `anchor_channels`): where they lie now. None is a picture that stands still.

        Returns:
            `(N, H, W, 3)` uint8 RGB that the caller may keep, and the state for the next call.
        """
        ...

    def forget(self) -> None:
        """Give back what is kept for the sizes seen so far: memory is short."""
        ...

    def free_bytes(self) -> int | None:
        """Free memory of a device that has its own, or None where the machine's is what counts."""
        ...


@runtime_checkable
class ManyAtOnce(Protocol):
    """A runner whose `run` may be called again while it is at work, from other threads.

    Attributes:
        most_lanes: how many calls may be worth while.
        lanes_from_px: with frames of fewer pixels they are not.
    """

    most_lanes: int
    lanes_from_px: int

    def use_lanes(self, count: int) -> None:
        """Make ready for so many calls at a time, each with its part of the threads; before the first one."""
        ...


@dataclass(frozen=True)
class RunnerReport:
    """What `doctor` tells of a runner.

    Attributes:
        name: as `--runner` takes it.
        version: of the library behind it, or None when it is not installed.
        devices: what it can use here.
        precision: what it would compute with, by device.
        problem: what is missing, with the line that installs it, or None.
    """

    name: str
    version: str | None
    devices: tuple[str, ...]
    precision: str = ""
    problem: str | None = None


def open_runner(
    pack: Pack,
    runner: str = "auto",
    device: str = "auto",
    *,
    threads: int | None = None,
    precision: str = "auto",
) -> Runner:
    """Open the runner of that name, or the first of `PREFERENCE` that can use the device.

    Args:
        pack: the look.
        runner: "auto" or a file name in `runners/`.
        device: one of `DEVICES`; what is named and absent is an error, never another device.
        threads: CPU threads for the network; None leaves it to the runner.
        precision: one of `PRECISIONS`; "auto" takes int8 where the pack holds it and the processor multiplies
            it quickest, then bf16 where the device is made for it.

    Raises:
        UsageError: an unknown name, or threads below 1.
        EnvironmentMissingError: the runner or device is absent; the text carries the install line.
        PackError: the pack's network cannot be read, or it has none in int8.
    """
    check_choice("runner", runner, ("auto", *RUNNERS.names()))
    check_choice("device", device, DEVICES)
    check_choice("precision", precision, PRECISIONS)
    if threads is not None and threads < 1:
        raise UsageError(f"threads is {threads}: at least 1.")
    if pack.card.code_size and not pack.ends_size:
        name, looks = pack.card.name, pack.card.styles
        raise UsageError(
            f"The style '{name}' holds {len(looks)} looks: choose one, such as {name}:{looks[0]}, or mix "
            f"some, such as {name}:{looks[0]}*0.7+{looks[-1]}*0.3. It holds: {', '.join(looks)}."
            if looks
            else f"The pack '{name}' takes style codes and names none: it cannot be used."
        )
    if precision == "int8" and pack.ends_size:
        raise PackError(
            f"The looks of '{pack.card.name}' compute in fp32 or bf16 where they change over time: leave "
            "--precision int8 out."
        )
    if precision == "int8" and not pack.has_int8:
        raise PackError(
            f"The pack '{pack.card.name}' has no network in int8. Add one with: "
            f"stylereel quantize {pack.card.name} --content PHOTOS"
        )
    if runner != "auto":
        return RUNNERS.load(runner).Runner(pack, device, threads=threads, precision=precision)
    reasons = []
    for name in PREFERENCE:
        try:
            return RUNNERS.load(name).Runner(pack, device, threads=threads, precision=precision)
        except EnvironmentMissingError as error:
            reasons.append(f"{name}: {error}")
    raise EnvironmentMissingError(f"No runner here can use device '{device}'. " + " ".join(reasons))


def run_network(
    runner: Runner,
    frames: np.ndarray,
    code: np.ndarray | None,
    state: State,
    anchors: np.ndarray | None = None,
) -> tuple[np.ndarray, State]:
    """`runner.run`, whose libraries each fail with errors of their own.

    Raises:
        RunnerFailedError: the network broke off.
    """
    try:
        return runner.run(frames, code, state, anchors)
    except StylereelError:
        raise
    except Exception as error:
        count, height, width = frames.shape[:3]
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise RunnerFailedError(
            f"The runner '{runner.name}' on {runner.device} broke off at {count} frame(s) of {width}x{height}"
            f": {what}. Where memory ran out, a smaller --max-side helps; otherwise try another --runner or "
            "--device."
        ) from error


def check_choice(title: str, value: str, known: tuple[str, ...]) -> None:
    """Raise UsageError unless `value` is one of `known`."""
    if value not in known:
        raise UsageError(unknown_name(title, value, known))


def takes_int8(pack: Pack) -> bool:
    """True where "auto" takes int8: the pack holds it, and the processor has instructions for it."""
    return pack.has_int8 and not INT8_FEATURES.isdisjoint(cpu_features())


def check_inputs(pack: Pack, found: int, lengths: Sequence[Any] = ()) -> None:
    """Raise PackError where the network takes other inputs than the card says.

    Args:
        pack: the look.
        found: how many inputs the network has.
        lengths: of the second input's axes, where it takes a look with each frame.
    """
    expected = 1 + (pack.ends_size > 0) + (pack.card.anchor_channels > 0)
    if found != expected:
        network = pack.folder / pack.network_name("fp32")
        raise PackError(
            f"The network of {network} takes {found} input(s), and its card says {expected} "
            f"(anchor_channels is {pack.card.anchor_channels}): the pack is damaged, get it again."
        )
    if pack.ends_size and list(lengths)[1:] != [pack.ends_size]:
        raise PackError(
            f"The networks of {pack.folder} do not fit together: one takes looks of {[*lengths]} numbers, "
            f"the other makes {pack.ends_size} of a code. The pack is damaged, get it again."
        )


def checked_code(code: np.ndarray | None, count: int, ends_size: int) -> np.ndarray:
    """What a network takes of the style codes of `count` frames, `(count, ends_size)` float32.

    Raises:
        UsageError: it is of another shape, or none was given.
    """
    if code is None or code.shape != (count, ends_size):
        got = "none" if code is None else f"one of shape {code.shape}"
        raise UsageError(
            f"This network takes a look with each frame, a code of shape {(count, ends_size)}; got {got}."
        )
    return np.ascontiguousarray(code, np.float32)


def check_shape(found: tuple[int, ...], given: tuple[int, ...]) -> None:
    """Raise PackError where the network's result has another shape than its frames."""
    if tuple(found) != tuple(given):
        raise PackError(
            f"The network gives a result of shape {tuple(found)} for frames of shape {tuple(given)}, and a "
            "look keeps the shape: the pack is damaged or no look, get it again."
        )


def refuse_device(runner: str, device: str, known: tuple[str, ...], advice: str) -> None:
    """Raise EnvironmentMissingError unless `device` is "auto" or one that `runner` has here."""
    if device not in ("auto", *known):
        raise EnvironmentMissingError(
            f"The runner '{runner}' has no device '{device}' here (it has: {', '.join(known)}). {advice}"
        )
