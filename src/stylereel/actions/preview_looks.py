"""Looks that stay loaded: a preview in another look, mixture or strength is one run of a network."""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stylereel.actions.loaded_style import LoadedStyle
from stylereel.actions.preview_pace import Pace
from stylereel.actions.runner_choice import choose_runner
from stylereel.actions.stylizer import Stylizer, checked_strength
from stylereel.core.errors import PackError, UsageError
from stylereel.inference.painter import Look, Painter
from stylereel.inference.runner import run_network
from stylereel.packs.find import find_folder
from stylereel.packs.looks import parse_mixture
from stylereel.packs.steerable import Steerable
from stylereel.packs.store import CARD_NAME, Pack, load_pack

MOST_NETWORKS = 8
KEPT_PX = 4_000_000
"""Of all frame sizes that networks stay compiled for, together; about 60 bytes each in bf16, 110 in fp32."""
_LARGEST_KEPT_PX = 2_200_000
"""What was compiled for a larger frame is let go at once."""
QUICK_PX = {"fp32": 520_000}
QUICK_PX_ELSE = 921_600
"""Pixels of a frame, by precision, that two quiet cores paint in about 80 ms: 960x540, or 1280x720."""
QUICK_PX_GPU = 2_100_000
_ENDS_KEPT = 64
_SERIALS = itertools.count()


@dataclass(frozen=True)
class PreviewLook:
    """A look with its settings, as a person chooses it.

    Attributes:
        style: name or folder of a pack of one look, `PACK:LOOK`, or a mixture, as `stylize` takes it.
        mix: a second look of the same pack, by its name or as `PACK:LOOK`; None for none.
        share: of the second look, 0 to 1.
        strength: 0 (the source) to 1 (the look).
        keep_colors: take the look's light and texture, and the source's colours.
    """

    style: str
    mix: str | None = None
    share: float = 0.5
    strength: float = 1.0
    keep_colors: bool = False

    def as_style(self) -> str:
        """What `stylize` takes as `style` for the same look: `atelier:vangogh*0.7+ukiyoe*0.3`.

        Raises:
            UsageError: a share out of range, or looks that cannot be mixed.
        """
        if isinstance(self.share, bool) or not (math.isfinite(self.share) and 0 <= self.share <= 1):
            raise UsageError(f"share is {self.share}: it goes from 0 (the first look) to 1 (the second).")
        if self.mix is None:
            return self.style
        first, second = _split(self.style), _split(self.mix)
        pack = second[0] or first[0]
        if pack != first[0] or not first[0] or "+" in self.style + self.mix or "*" in self.style + self.mix:
            raise UsageError(
                f"'{self.style}' and '{self.mix}' cannot be mixed: looks of one pack can, each named "
                "alone, such as atelier:vangogh and atelier:ukiyoe."
            )
        if self.share == 0 or first[1] == second[1]:
            return self.style
        if self.share == 1:
            return f"{pack}:{second[1]}"
        return f"{pack}:{first[1]}*{1 - self.share:.6g}+{second[1]}*{self.share:.6g}"


def _split(style: str) -> tuple[str, str]:
    pack, _, look = style.rpartition(":")
    return pack, look


class LoadedNetwork:
    """A pack's network at work: one look, or all of a pack that holds many.

    Attributes:
        pack: the pack; one of many looks as a `Steerable`.
        stylizer: its network within its memory.
        quick_px: frames of so many pixels are painted quickly.
        compiled_px: of the frame sizes that it holds.
        serial: no other network has it, whatever became of this one.
    """

    def __init__(self, pack: Pack) -> None:
        """Open it as `stylize` would, measuring nothing first. Errors as those of `LoadedStyle.of`."""
        choice = choose_runner(pack, "auto", "auto", "auto", None, begun_with=None, px_to_come=0)
        self.pack = Steerable.of(pack) if pack.card.code_size else pack
        opened = LoadedStyle.of(
            self.pack, runner=choice.runner, device=choice.device, precision=choice.precision
        )
        self.stylizer, self.serial = Stylizer.load(opened), next(_SERIALS)
        runner = self.stylizer.runner
        on_cpu = QUICK_PX.get(runner.precision, QUICK_PX_ELSE)
        self._pace = Pace(on_cpu if runner.device == "cpu" else QUICK_PX_GPU)
        self._lock = threading.Lock()
        self._sizes: OrderedDict[tuple[int, int], None] = OrderedDict()
        self._ends: OrderedDict[tuple[bytes, float], np.ndarray] = OrderedDict()

    @property
    def quick_px(self) -> int:
        """Pixels of a frame that it paints while a slider moves, as it has turned out here."""
        return self._pace.quick_px

    @property
    def compiled_px(self) -> int:
        """Of the frame sizes that it was run with last."""
        return sum(height * width for height, width in self._sizes)

    def look(self, shares: Mapping[str, float] | None, strength: float, keep_colors: bool) -> Look:
        """How its result is laid over a frame.

        Args:
            shares: of the looks of a pack of many, which sum to 1; None of a pack of one.
            strength: 0 to 1.
            keep_colors: keep the source's colours.
        """
        code = None
        if isinstance(self.pack, Steerable) and shares is not None and strength > 0:
            code = self._ends_of(self.pack, self.pack.code(shares), strength)
        return Look(checked_strength(strength), keep_colors, code=code)

    def _ends_of(self, pack: Steerable, code: np.ndarray, strength: float) -> np.ndarray:
        key = code.tobytes(), strength
        found = self._ends.get(key)
        if found is None:
            found = self._ends[key] = pack.ends(code, strength)
            while len(self._ends) > _ENDS_KEPT:
                self._ends.pop(next(iter(self._ends)), None)
        return found

    def make_ready(self, size: tuple[int, int]) -> None:
        """Run once at `(width, height)`, so that the next frame of that size takes no longer than others."""
        with self._lock:
            if size[::-1] in self._sizes:
                return
            runner = self.stylizer.runner
            code = np.ones((1, runner.ends_size), np.float32) if runner.ends_size else None
            run_network(runner, np.zeros((1, size[1], size[0], 3), np.uint8), code, None)
            self._note((size[1], size[0]))

    def paint(self, pixels: np.ndarray, look: Look) -> np.ndarray:
        """One `(H, W, 3)` frame in a look, as `Painter.still` paints it."""
        with self._lock:
            began, size = time.perf_counter(), (pixels.shape[0], pixels.shape[1])
            result = Painter(self.stylizer.runner, look).still(pixels)
            if look.leaves_source:
                return result
            if size in self._sizes:
                self._pace.took(size[0] * size[1], 1000 * (time.perf_counter() - began))
            self._note(size)
            return result

    def _note(self, size: tuple[int, int]) -> None:
        if size[0] * size[1] > _LARGEST_KEPT_PX:
            self.stylizer.runner.forget()
            self._sizes.clear()
            return
        self._sizes[size] = None
        self._sizes.move_to_end(size)
        while len(self._sizes) > 1 and self.compiled_px > _LARGEST_KEPT_PX:
            self._sizes.popitem(last=False)


class LookShelf:
    """Networks of looks, a bounded number loaded; for several threads.

    A pack that changes on the disk, as one that is trained again does, is loaded anew by itself.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loading: dict[tuple[str, int, int], threading.Lock] = {}
        self._networks: OrderedDict[tuple[str, int, int], LoadedNetwork] = OrderedDict()

    def named(self, style: str) -> tuple[LoadedNetwork, dict[str, float] | None]:
        """The network for a style, and the shares of its looks where it holds many.

        Args:
            style: as `stylize` takes it: `wave`, `atelier:vangogh`, a mixture, the folder of a pack.

        Raises:
            UsageError, PackError: as `packs.find.find_pack`; also one look must be chosen of a pack of many.
            EnvironmentMissingError: no runner is installed.
        """
        folder, look = find_folder(style)
        network = self._network(folder)
        looks = network.pack.card.styles
        if not isinstance(network.pack, Steerable):
            if look is not None:
                name = style.rpartition(":")[0]
                raise UsageError(f"The style '{name}' holds one look: name it without ':{look}'.")
            return network, None
        if look is None:
            raise UsageError(f"The style '{style}' holds {len(looks)} looks: choose one, {style}:{looks[0]}.")
        return network, parse_mixture(look, looks)

    def close(self) -> None:
        """Let go of all networks."""
        with self._lock:
            self._networks.clear()

    def trim(self, at_work: LoadedNetwork) -> None:
        """Let go of those that were longest not used, as far as they are too many or hold too much."""
        with self._lock:
            while len(self._networks) > 1 and (
                len(self._networks) > MOST_NETWORKS
                or sum(network.compiled_px for network in self._networks.values()) > KEPT_PX
            ):
                key, oldest = next(iter(self._networks.items()))
                if oldest is at_work:
                    self._networks.move_to_end(key)
                    continue
                del self._networks[key]

    def _network(self, folder: Path) -> LoadedNetwork:
        key = _as_it_is(folder)
        with self._lock:
            found = self._networks.get(key)
            if found is not None:
                self._networks.move_to_end(key)
                return found
            loading = self._loading.setdefault(key, threading.Lock())
        with loading:  # once, whoever asks meanwhile
            with self._lock:
                found = self._networks.get(key)
            if found is None:
                found = LoadedNetwork(load_pack(folder))
            with self._lock:
                for old in [known for known in self._networks if known[0] == key[0] and known != key]:
                    del self._networks[old]
                self._networks[key] = found
                self._loading.pop(key, None)
        return found


def _as_it_is(folder: Path) -> tuple[str, int, int]:
    """A pack as it lies there now: its card, which is written last, names the hash of each of its files."""
    try:
        found = (folder / CARD_NAME).stat()
    except OSError as error:
        raise PackError(f"The style pack in {folder} is gone: {error.strerror or error}.") from error
    return str(folder.resolve()), found.st_mtime_ns, found.st_size
