"""A runner that keeps within its memory: frames that are too large for it are cut into tiles."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from stylereel.core.anchors import CELL_PX, anchors_at, still_places
from stylereel.core.errors import MemoryShortError, StylereelError, UsageError
from stylereel.core.memory import as_text
from stylereel.inference.memory_plan import Beside, MemoryPlan, plan_memory
from stylereel.inference.runner import ManyAtOnce, Runner, State
from stylereel.inference.runners._live_values import UNKNOWN, live_values
from stylereel.inference.tiling import Cutter, Tiles, in_tiles
from stylereel.packs.store import ONNX_NAME, Pack

WEIGHT_COPIES = 3
"""Of the network's file: as it is read, as a runner arranges it, and while it does so."""
HELD_BY_A_LANE = 12.0
"""Bytes per pixel: a frame that waits for it, its anchors, a result that waits for its turn."""
DEVICE_SHARE = 0.9
"""Of a device's free memory."""
_NO_MEMORY = (
    "out of memory",
    "failed to allocate",
    "can't allocate",
    "cannot allocate",
    "could not allocate",
    "can't alloc",
    "could not create a primitive",
    "could not execute a primitive",
    "bad alloc",
    "bad_alloc",
    "insufficient memory",
    "not enough memory",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a library, whichever it is, says that memory ran out, the machine's or a device's."""
    if isinstance(error, StylereelError):
        return isinstance(error, MemoryError)
    return isinstance(error, MemoryError) or any(word in str(error).casefold() for word in _NO_MEMORY)


@contextlib.contextmanager
def memory_told(height: int, width: int) -> Iterator[None]:
    """Whatever says within that memory ran out becomes one error that says what to do.

    Raises:
        MemoryShortError: with frames of that size, px.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, StylereelError) or not is_out_of_memory(error):
            raise
        raise MemoryShortError(
            f"Memory ran out with frames of {width}x{height}: {_first_line(error)} Close other programs, or "
            "make the frames smaller with --max-side."
        ) from error


class TiledRunner:
    """Any runner, held to a memory plan; frames that fit run whole, as they would without.

    Where memory runs out all the same, the tile is halved and the frame done again; that is told once. Tiles
    are for networks that keep no state from frame to frame, as all do: it would have to be cut as well.

    Attributes:
        name, device, precision, anchor_channels, ends_size, footprint: the runner's.
        plan: what may be held.
        lanes: how many calls of `run` may be at work at a time.
        notices: sentences for the user.
    """

    def __init__(self, inner: Runner, pack: Pack, plan: MemoryPlan | None = None) -> None:
        self._inner, self.plan = inner, plan or plan_memory(None)
        self.name, self.device, self.precision = inner.name, inner.device, inner.precision
        self.anchor_channels, self.footprint = inner.anchor_channels, inner.footprint
        self.ends_size = pack.ends_size
        self.notices: list[str] = []
        self._pack = pack
        self._cutter = Cutter(pack.card.receptive_field_px, pack.card.size_multiple)
        self._tiles: dict[tuple[int, int, int], Tiles] = {}
        self._most_px = math.inf
        self._values: float | None = None
        self.lanes, self._lock = 1, threading.Lock()

    def prepare(self, height: int, width: int, plan: MemoryPlan, *, many_at_once: bool = False) -> MemoryPlan:
        """Hold to another plan, for frames of that size; call it before the first of them.

        Args:
            height, width: px.
            plan: what may be held.
            many_at_once: nobody waits for a single frame, so that several may be at work, where that pays.

        Returns:
            The plan, with queues as short as it takes.

        Raises:
            UsageError: a limit that was stated is too low even for the smallest tile.
        """
        whole = self._needed_bytes(self._cutter.tiles(height, width, math.inf), UNKNOWN)
        if (left := plan.network_bytes(height, width)) is not None and left < whole:
            whole = self._needed_bytes(self._cutter.tiles(height, width, math.inf), self._live_values())
        self.plan = plan.with_short_queues(height, width, whole)
        self._tiles.clear()
        whole_frames = self.tiles_of(height, width).is_whole
        if many_at_once and whole_frames:
            self._open_lanes(height, width)
        return self.plan

    def _open_lanes(self, height: int, width: int) -> None:
        """Let several frames be at work at a time, where the runner can and there is room for them."""
        inner = self._inner
        if not isinstance(inner, ManyAtOnce) or height * width < inner.lanes_from_px:
            return
        whole = self._cutter.tiles(height, width, math.inf)
        for lanes in range(inner.most_lanes, 1, -1):
            held = lanes * height * width * HELD_BY_A_LANE
            if self._fits(held, self._needed_bytes(whole, self._live_values(), lanes), height, width):
                inner.use_lanes(lanes)
                self.lanes = lanes
                return

    def _fits(self, held_bytes: float, network_bytes: float, height: int, width: int) -> bool:
        """Whether there is room for so much beside the network and in it, which a device may have apart."""
        if self._inner.free_bytes() is None:
            return held_bytes + network_bytes <= self._left_bytes(height, width)
        of_machine = self.plan.network_bytes(height, width)
        fits_machine = of_machine is None or held_bytes <= of_machine
        return fits_machine and network_bytes <= self._left_bytes(height, width)

    def hold_beside(self, beside: Beside) -> None:
        """Count with something else beside the network, within the room that was planned."""
        self.plan = replace(self.plan, beside=beside)
        self._tiles.clear()

    def tiles_of(self, height: int, width: int, count: int = 1) -> Tiles:
        """How frames of that size are cut, where `count` run at a time."""
        key = height, width, count
        found = self._tiles.get(key)
        if found is None:
            found = self._cut(height, width, count)
            self._tiles = {key: found}
        return found

    def tile_of(self, height: int, width: int) -> tuple[int, int] | None:
        """`(width, height)` of the tiles of frames of that size, or None where they stay whole."""
        tiles = self.tiles_of(height, width)
        return None if tiles.is_whole else (tiles.size[1], tiles.size[0])

    def run(
        self, frames: np.ndarray, code: np.ndarray | None, state: State, anchors: np.ndarray | None = None
    ) -> tuple[np.ndarray, State]:
        """Apply the network, in tiles where it must be; see `inference.runner.Runner.run`.

        Raises:
            MemoryShortError: not even the smallest tile fits.
            UsageError: a stated limit is too low even for the smallest tile.
        """
        count, height, width = frames.shape[:3]
        while True:
            tiles = self.tiles_of(height, width, count)
            try:
                if tiles.is_whole:
                    return self._inner.run(frames, code, state, anchors)
                return self._run_tiles(frames, code, anchors, tiles), state
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                reason = _first_line(error)
            # Outside of the handler: the error would hold on to what the failed attempt has made.
            with self._lock:
                if self.tiles_of(height, width, count) is tiles:  # else another lane has halved them
                    self._halve(tiles, (height, width, count), reason)

    def forget(self) -> None:
        """See `inference.runner.Runner.forget`."""
        self._inner.forget()

    def free_bytes(self) -> int | None:
        """See `inference.runner.Runner.free_bytes`."""
        return self._inner.free_bytes()

    def _run_tiles(
        self, frames: np.ndarray, code: np.ndarray | None, anchors: np.ndarray | None, tiles: Tiles
    ) -> np.ndarray:
        if anchors is None and self.anchor_channels:
            rows, columns = (-(-side // CELL_PX) * CELL_PX for side in frames.shape[1:3])
            still = anchors_at(still_places(rows, columns), self.anchor_channels)
            anchors = np.broadcast_to(still, (len(frames), *still.shape))
        return in_tiles(
            frames, anchors, tiles, lambda tile, cells: self._inner.run(tile, code, None, cells)[0]
        )

    def _cut(self, height: int, width: int, count: int) -> Tiles:
        whole = self._cutter.tiles(height, width, math.inf)
        left = self._left_bytes(height, width)
        if math.isinf(self._most_px) and self._needed_bytes(whole, UNKNOWN, count) <= left:
            return whole  # without counting the network's values, which takes a moment
        most_px = self._most_px
        if not math.isinf(left):
            per_px = self.footprint.bytes_per_px(self._live_values()) * count
            most_px = min(most_px, max(0.0, (left - self._fixed_bytes()) / per_px))
        tiles = self._cutter.tiles(height, width, most_px)
        if self._needed_bytes(tiles, self._live_values(), count) > left:
            self._tell_too_little(height, width, tiles, count)
        return tiles

    def _left_bytes(self, height: int, width: int) -> float:
        """For the network, where it runs."""
        left = self.plan.network_bytes(height, width)
        of_device = self._inner.free_bytes()
        if of_device is not None:
            return of_device * DEVICE_SHARE / self.plan.networks
        return math.inf if left is None else left

    def _needed_bytes(self, tiles: Tiles, values: float, count: int = 1) -> float:
        return self._fixed_bytes() + count * tiles.area_px * self.footprint.bytes_per_px(values)

    def _fixed_bytes(self) -> int:
        return WEIGHT_COPIES * (self._pack.folder / ONNX_NAME).stat().st_size

    def _live_values(self) -> float:
        if self._values is None:
            self._values = live_values(self._pack)
        return self._values

    def _tell_too_little(self, height: int, width: int, tiles: Tiles, count: int) -> None:
        network = self._needed_bytes(tiles, self._live_values(), count)
        beside = self.plan.beside_bytes(height, width)
        needs = (
            f"Frames of {width}x{height} need about {as_text(network + beside)} more than is held already: "
            f"{as_text(beside)} to read, keep and write them, {as_text(network)} for the smallest tile of "
            f"the network, and {as_text(self.plan.room_bytes or 0)} are left."
        )
        advice = "--max-side makes frames smaller, and h264 takes less than hevc, av1 and vp9."
        if self.plan.is_stated:
            raise UsageError(f"memory-limit is too low. {needs} Raise it; or else: {advice}")
        notice = f"Memory is short: close other programs. {needs} {advice}"
        if notice not in self.notices:
            self.notices.append(notice)

    def _halve(self, tiles: Tiles, size: tuple[int, int, int], reason: str) -> None:
        height, width, _ = size
        self._inner.forget()
        smaller = self._cutter.tiles(height, width, tiles.area_px / 2)
        if smaller.area_px >= tiles.area_px:
            raise MemoryShortError(
                f"Memory ran out, also with the smallest tiles of frames of {width}x{height}: {reason} Close "
                "other programs, or make the frames smaller with --max-side."
            )
        if math.isinf(self._most_px):
            what = "whole frames" if tiles.is_whole else "tiles"
            self.notices.append(
                f"Memory ran out with {what} of {_as_size(tiles)}: the frame was done again in smaller "
                "tiles, and so are those that follow. They look the same. --memory-limit plans with less."
            )
        self._most_px = tiles.area_px / 2
        self._tiles = {size: smaller}


def _as_size(tiles: Tiles) -> str:
    height, width = tiles.size
    return f"{width}x{height}"


def _first_line(error: BaseException) -> str:
    text = " ".join(str(error).split())[:200].rstrip(".")
    return f"{text or type(error).__name__}."
