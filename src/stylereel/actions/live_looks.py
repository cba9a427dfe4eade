"""The look of a live run: made ready in the background, and exchanged from one frame to the next."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from stylereel.actions.stylizer import Stylizer
from stylereel.core.errors import StylereelError
from stylereel.inference.enlarging import reduced_size
from stylereel.inference.runner import run_network
from stylereel.packs.store import Pack

READY_KEPT = 4
"""Networks that stay loaded: the one at work, and those that were last."""


@dataclass(frozen=True)
class Wanted:
    """A network at a size.

    Attributes:
        style: whose network it is: a look as it was named, or a pack of many looks that is steered.
        scale: of the frame that it sees.
        size: `(width, height)` of the frames, px.
    """

    style: str
    scale: float = 1.0
    size: tuple[int, int] = (0, 0)


class LiveLooks:
    """The look at work, those that are ready, and the one that is being made ready.

    Attributes:
        at_work: what frames are painted with.
        stylizer: its network.
    """

    def __init__(
        self,
        load: Callable[[Wanted], Stylizer],
        first: Wanted,
        tell: Callable[[str], object] = lambda text: None,
    ) -> None:
        """Load the first look, here and now.

        Args:
            load: makes a look ready, so that its next frame takes no longer than any other; slow.
            first: to begin with.
            tell: takes sentences for the user.

        Raises:
            StylereelError: whatever `load` raises.
        """
        self._load, self._tell = load, tell
        self._changed = threading.Condition()
        self._ready: OrderedDict[Wanted, Stylizer] = OrderedDict({first: load(first)})
        self.at_work, self.stylizer = first, self._ready[first]
        self._wanted = first
        self._is_closed = False
        self._worker: threading.Thread | None = None

    @property
    def wanted(self) -> Wanted:
        """What will be at work when it is ready."""
        return self._wanted

    @property
    def is_loading(self) -> bool:
        """Something else than what is at work is being made ready."""
        return self._wanted != self.at_work

    def current(self) -> tuple[Wanted, Stylizer]:
        """What is at work, both of one moment."""
        with self._changed:
            return self.at_work, self.stylizer

    def want(
        self,
        *,
        style: str | None = None,
        scale: float | None = None,
        size: tuple[int, int] | None = None,
    ) -> None:
        """Ask for another look or size; returns at once. What is ready is at work from the next frame on."""
        asked = {"style": style, "scale": scale, "size": size}
        found: dict[str, Any] = {key: one for key, one in asked.items() if one is not None}
        with self._changed:
            self._wanted = replace(self._wanted, **found)
            if self._wanted in self._ready:
                self._take(self._wanted)
            elif self._worker is None and not self._is_closed:
                self._worker = threading.Thread(target=self._work, name="stylereel-live-look", daemon=True)
                self._worker.start()
            self._changed.notify_all()

    def close(self) -> None:
        """Load nothing any more, and wait for what is being loaded: Python must not end in its middle."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        if self._worker is not None:
            self._worker.join()

    def _take(self, wanted: Wanted) -> None:
        self._ready.move_to_end(wanted)
        self.at_work, self.stylizer = wanted, self._ready[wanted]

    def _forget_oldest(self) -> None:
        """Let go of what was longest not at work; not while `current` waits, since that takes a moment."""
        old = []
        with self._changed:
            for wanted in list(self._ready)[: max(0, len(self._ready) - READY_KEPT)]:
                if wanted not in (self.at_work, self._wanted):
                    old.append(self._ready.pop(wanted))
        old.clear()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_closed or self._wanted not in self._ready)
                if self._is_closed:
                    return
                wanted = self._wanted
            try:
                made = self._load(wanted)
            except Exception as error:
                with self._changed:
                    if self._wanted == wanted:
                        self._wanted = self.at_work
                told = str(error) if isinstance(error, StylereelError) else f"{type(error).__name__}: {error}"
                self._tell(f"The look '{wanted.style}' cannot be used, the one before stays: {told}")
                continue
            with self._changed:
                self._ready[wanted] = made
                if self._wanted == wanted:
                    self._take(wanted)
            del made
            self._forget_oldest()


def ready_stylizer(
    pack: Pack,
    wanted: Wanted,
    *,
    runner: str,
    device: str,
    threads: int | None,
    precision: str,
) -> Stylizer:
    """A look whose network has run once at the size that it will see.

    Args:
        pack: the look.
        wanted: its scale and size count.
        runner, device, threads, precision: as those of `Stylizer.load`, with its errors.
    """
    made = Stylizer.load(
        pack, runner=runner, device=device, threads=threads, precision=precision, scale=wanted.scale
    )
    height, width = reduced_size(wanted.size[1], wanted.size[0], wanted.scale)
    code = np.zeros((1, pack.ends_size), np.float32) if pack.ends_size else None
    run_network(made.runner, np.zeros((1, height, width, 3), np.uint8), code, None)
    return made
