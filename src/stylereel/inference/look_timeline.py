"""A look that changes over time: keys, and what lies between them."""

from __future__ import annotations

import bisect
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from stylereel.inference.painter import Look

EASINGS: dict[str, Callable[[float], float]] = {
    "linear": lambda x: x,
    "smooth": lambda x: x * x * (3 - 2 * x),
    "ease-in": lambda x: x * x,
    "ease-out": lambda x: x * (2 - x),
    "hold": lambda x: 0.0,
}
"""How the way from one key to the next is gone, 0 to 1 of its time to 0 to 1 of its change: evenly; slow at
both ends; slow at first; slow at last; not at all, until the next key is there. All but the last are 0 at 0,
1 at 1 and never fall."""


@dataclass(frozen=True)
class LookKey:
    """What holds at one moment.

    Attributes:
        seconds: on the source's clock.
        strength: 0 to 1.
        keep_colors: 0 to 1.
        easing: of the way to the next key, a name in `EASINGS`.
        code: `(S,)` or `(S + L,)` float32, the style code, all keys' of one length; None for a network of one
            look.
    """

    seconds: float
    strength: float = 1.0
    keep_colors: float = 0.0
    easing: str = "smooth"
    code: np.ndarray | None = field(default=None, compare=False, repr=False)


class LookTimeline:
    """The look at any time; a pure function of the time.

    Args:
        keys: at least one, each later than the one before.
        scale: of the frame that the network sees; see `Look`.
        ends: what a code `(S,)` or `(S + L,)` of a strength above 0 to 1 is to the network, `(E,)`; None for
            a network of one look.
    """

    def __init__(
        self,
        keys: Sequence[LookKey],
        scale: float = 1.0,
        ends: Callable[[np.ndarray, float], np.ndarray] | None = None,
    ) -> None:
        self.keys = tuple(keys)
        self._seconds = [key.seconds for key in self.keys]
        self._scale = scale
        # A few, for all lanes: a look that holds still is computed once.
        self._look = functools.lru_cache(16)(self._between)
        self._made, self._ends = ends, functools.lru_cache(16)(self._ends_of)

    def at(self, seconds: float) -> Look:
        """The look at a time: that of the first key before it, of the last after it, a mixture between."""
        index = max(0, bisect.bisect_right(self._seconds, seconds) - 1)
        key = self.keys[index]
        if index + 1 == len(self.keys) or seconds <= key.seconds:
            return self._look(index, 0.0)
        passed = (seconds - key.seconds) / (self.keys[index + 1].seconds - key.seconds)
        return self._look(index, EASINGS[key.easing](passed))

    def _between(self, index: int, share: float) -> Look:
        """The look of a key with a share of the next, 0 to 1."""
        key, following = self.keys[index], self.keys[min(index + 1, len(self.keys) - 1)]
        strength, code = _between(key.strength, following.strength, share), None
        if key.code is not None and following.code is not None and strength > 0:
            mixed = key.code + (following.code - key.code) * np.float32(share)
            code = self._ends(mixed.astype(np.float32).tobytes(), strength)
        colors = _between(key.keep_colors, following.keep_colors, share)
        return Look(strength, colors, self._scale, code)

    def _ends_of(self, code: bytes, strength: float) -> np.ndarray:
        assert self._made is not None
        return self._made(np.frombuffer(code, np.float32), strength)


def _between(first: float, second: float, share: float) -> float:
    return first + (second - first) * share
