"""What live frames are painted with: looks, settings, and the size that the network sees.

All of it is changed from any thread while frames go by. Of a pack of many looks one network is steered:
another look of it, a mixture and its shares, and the strength in the network come with the next frame. Any
other look is another network, which is made ready in the background.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stylereel.actions.live_looks import LiveLooks, Wanted, ready_stylizer
from stylereel.actions.runner_choice import choose_runner
from stylereel.actions.stylizer import Stylizer, check_stabilize, checked_strength
from stylereel.core.errors import UsageError
from stylereel.core.registry import unknown_name
from stylereel.inference.enlarging import reduced_size
from stylereel.inference.live_size import SCALES, SizeSteps
from stylereel.inference.live_stage import Brush
from stylereel.inference.painter import Look
from stylereel.packs.find import find_pack, find_whole
from stylereel.packs.looks import parse_mixture
from stylereel.packs.steerable import STEERED_NAME, Steerable
from stylereel.packs.store import Pack

SETTINGS = ("style", "strength", "keep_colors", "stabilize")
"""What can be changed while a run lasts."""
_MOST_OTHER_LOOKS = 4
"""Beside those that were named, and those that are at work: each may hold a network."""


@dataclass(frozen=True)
class NamedLook:
    """A look as somebody named it.

    Attributes:
        name: such as `wave`, or `atelier:vangogh*0.7+ukiyoe*0.3`.
        network: whose network paints it: of a steered pack the pack's name, else the look's own.
        pack: to be loaded.
        code: what a steered network is to paint; None for one that paints a single look.
    """

    name: str
    network: str
    pack: Pack = field(compare=False, repr=False)
    code: np.ndarray | None = field(default=None, compare=False, repr=False)


class Easel:
    """Looks and settings of one live run.

    Attributes:
        settings: strength, keep_colors and stabilize, at work from the next frame on.
        steps: follows how long frames take; None before `ready`.
    """

    def __init__(
        self,
        styles: Sequence[str],
        settings: Mapping[str, Any],
        *,
        runner: str = "auto",
        device: str = "auto",
        threads: int | None = None,
        precision: str = "auto",
        adapt: bool = True,
        tell: Callable[[str], object] = lambda text: None,
    ) -> None:
        """Check all, and find the looks; no network is loaded before `ready`.

        Args:
            styles: the looks to go through; the first is at work first.
            settings: strength, keep_colors and stabilize.
            runner, device, threads, precision: as those of `Stylizer.load`.
            adapt: let the size that the network sees follow the pace.
            tell: takes sentences for the user.

        Raises:
            UsageError: a setting out of range, or no such style.
            PackError: a style is refused.
        """
        self._runner: dict[str, Any] = {"runner": runner, "device": device, "precision": precision}
        self._threads, self._adapt, self._tell = threads, adapt, tell
        self.settings = checked_settings(settings)
        self.styles = tuple(styles)
        self._lock = threading.Lock()
        self._steered: dict[str, Steerable] = {}
        found = [self._found(style) for style in self.styles]
        self._named = {look.name: look for look in found}
        self._painting = {look.network: look for look in reversed(found)}
        self._first = self.styles[0]
        self._ends: tuple[NamedLook, float, np.ndarray] | None = None
        self._looks: LiveLooks | None = None
        self.steps: SizeSteps | None = None

    def ready(self, size: tuple[int, int], rate: float, *, measures: bool) -> None:
        """Load the first look, here and now.

        Args:
            size: `(width, height)` of the frames, px.
            rate: frames per second that are to be held.
            measures: find the quickest runner, where that was not done before; it takes two seconds, once.

        Raises:
            PackError, EnvironmentMissingError: it cannot be used here.
        """
        first = self._named[self._first]
        if measures:
            for notice in self._choose(first.pack, None).notices:
                self._tell(notice)
        self.steps = SizeSteps(1 / rate, time.monotonic, SCALES if self._adapt else SCALES[:1])
        looks = LiveLooks(self._load, Wanted(first.network, 1.0, size), self._tell)
        with self._lock:
            self._looks = looks
            looks.want(
                style=self._named[self._first].network
            )  # somebody may have changed their mind meanwhile

    def change(self, settings: Mapping[str, Any]) -> None:
        """Change any of `SETTINGS`, from the next frame on, or none of them.

        Raises:
            UsageError: an unknown setting, a value out of range, or no such style.
            PackError: the style is refused.
        """
        found = checked_settings(settings)
        if "style" in settings:
            self._change_style(settings["style"])
        self.settings = {**self.settings, **found}

    def resize(self, size: tuple[int, int]) -> None:
        """Ask for a network that is ready for frames of that `(width, height)`; the one before paints on."""
        self._at_work.want(size=size)

    def brush(self) -> tuple[Brush, tuple[int, int]]:
        """What the next frame is painted with, and the `(width, height)` that its network is ready for."""
        at_work, stylizer = self._at_work.current()
        settings = self.settings
        named = self._painting[at_work.style]
        code = None if named.code is None else self._ends_of(named, settings["strength"])
        look = Look(settings["strength"], settings["keep_colors"], at_work.scale, code)
        return Brush(stylizer.runner, look, settings["stabilize"]), at_work.size

    def took(self, seconds: float, scale: float) -> None:
        """Let the size follow; while a look is made ready, the machine is busier than it will be."""
        looks, steps = self._at_work, self.steps
        if steps is None or looks.is_loading or not steps.took(seconds, scale):
            return
        looks.want(scale=steps.scale)
        width, height = looks.wanted.size
        seen_height, seen_width = reduced_size(height, width, steps.scale)
        why = "is too slow for the rate" if steps.scale < scale else "has time to spare"
        self._tell(f"The network {why}: it sees frames of {seen_width}x{seen_height} from now on.")

    def close(self) -> None:
        """Load nothing any more."""
        if self._looks is not None:
            self._looks.close()

    @property
    def style(self) -> str:
        """The look at work."""
        return self._painting[self._at_work.at_work.style].name if self._looks else self._first

    @property
    def wanted(self) -> str:
        """The look that will be at work when it is ready."""
        return self._painting[self._at_work.wanted.style].name if self._looks else self._first

    @property
    def loading(self) -> str | None:
        """The look that is being made ready, or None."""
        looks = self._looks
        if looks is None or looks.wanted.style == looks.at_work.style:
            return None
        return self.wanted

    @property
    def stylizer(self) -> Stylizer:
        """The network at work."""
        return self._at_work.current()[1]

    @property
    def network_size(self) -> tuple[int, int]:
        """`(width, height)` of what the network at work sees, px."""
        at_work = self._at_work.at_work
        height, width = reduced_size(at_work.size[1], at_work.size[0], at_work.scale)
        return width, height

    @property
    def packs(self) -> list[Pack]:
        """Those of the looks that were named first."""
        return [self._named[style].pack for style in self.styles]

    @property
    def _at_work(self) -> LiveLooks:
        if self._looks is None:
            raise UsageError("This live run has not begun: its look is not loaded yet.")
        return self._looks

    def _change_style(self, style: Any) -> None:
        if not isinstance(style, str):
            raise UsageError(f"style is {style!r}: expected a name, such as 'ukiyoe'.")
        with self._lock:
            look = self._named.get(style) or self._found(style)
            kept = {*self.styles, self.style, self.wanted}
            others = [name for name in self._named if name not in kept][-_MOST_OTHER_LOOKS:]
            self._named = {n: one for n, one in self._named.items() if n in kept or n in others}
            self._named[style] = look
            networks = {one.network for one in self._named.values()}
            painting = {key: one for key, one in self._painting.items() if key in networks}
            self._painting = {**painting, look.network: look}
            if self._looks is None:
                self._first = style
            else:
                self._looks.want(style=look.network)

    def _found(self, style: str) -> NamedLook:
        network, _, look = style.rpartition(":")
        pack = self._steered.get(network)
        if pack is None:
            whole, chosen = find_whole(style)
            if chosen is None or STEERED_NAME not in whole.card.files:
                return NamedLook(style, style, find_pack(style))
            pack = self._steered[network] = Steerable.of(whole)
        return NamedLook(style, network, pack, pack.code(parse_mixture(look, pack.card.styles)))

    def _load(self, wanted: Wanted) -> Stylizer:
        pack = self._painting[wanted.style].pack
        choice = self._choose(pack, 0.0)
        return ready_stylizer(
            pack,
            wanted,
            runner=choice.runner,
            device=choice.device,
            threads=self._threads,
            precision=choice.precision,
        )

    def _choose(self, pack: Pack, px_to_come: float | None) -> Any:
        return choose_runner(
            pack, **self._runner, threads=self._threads, begun_with=None, px_to_come=px_to_come
        )

    def _ends_of(self, named: NamedLook, strength: float) -> np.ndarray:
        """What a steered network is given; made once for as long as nothing changes."""
        kept = self._ends
        if kept is None or kept[0] is not named or kept[1] != strength:
            assert isinstance(named.pack, Steerable) and named.code is not None
            kept = self._ends = named, strength, named.pack.ends(named.code, strength)
        return kept[2]


def checked_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those of strength, keep_colors and stabilize that are there, each within its range.

    Raises:
        UsageError: an unknown setting or a value out of range.
    """
    unknown = [name for name in settings if name not in SETTINGS]
    if unknown:
        raise UsageError(unknown_name("setting", unknown[0], SETTINGS))
    found: dict[str, Any] = {}
    if "strength" in settings:
        found["strength"] = checked_strength(_number("strength", settings["strength"]))
    if "keep_colors" in settings:
        found["keep_colors"] = _checked_switch("keep_colors", settings["keep_colors"])
    if "stabilize" in settings:
        stabilize = _number("stabilize", settings["stabilize"])
        check_stabilize(stabilize)
        found["stabilize"] = float(stabilize)
    return found


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"{name} is {value!r}: expected a number from 0 to 1.")
    return value


def _checked_switch(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"{name} is {value!r}: expected true or false.")
    return value
