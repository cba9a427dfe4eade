"""A pack of many looks whose network is given the look with each frame, so that it may change over time.

`looks.py` folds one code into a plain network. Here the network (`steered.onnx`) has an input `code`: what
the code makes of the ends of every layer (`looks.ends_of`), computed in numpy once for each code that comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from stylereel.core.errors import PackError
from stylereel.packs.codes import Weights, between, from_photograph, photograph_of, rows_of, tensors_in
from stylereel.packs.looks import FOLDED_NAME, ends_of
from stylereel.packs.store import Pack

STEERED_NAME = "steered.onnx"


@dataclass(frozen=True, eq=False)
class Steerable(Pack):
    """A pack of many looks, as one network that every runner steers.

    Attributes:
        folded: the tensors of `folded.safetensors`.
        rows: the codes of the card's `styles`, as `codes.rows_of` gives them.
        photograph: where the strength begins, as `codes.photograph_of` gives it.
        shown: the looks that it is steered through, for people; "" where nobody says.
    """

    folded: Weights = field(default_factory=dict, repr=False)
    rows: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.float32), repr=False)
    photograph: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32), repr=False)

    shown: str = ""

    @property
    def look_name(self) -> str:
        """See `Pack.look_name`: `atelier:vangogh, ukiyoe`."""
        return f"{self.card.name}:{self.shown}" if self.shown else self.card.name

    @classmethod
    def of(cls, pack: Pack) -> Steerable:
        """The pack, to be steered.

        Raises:
            PackError: it holds one look, or lacks what is needed to choose another.
        """
        if not pack.card.code_size:
            raise PackError(f"The style '{pack.card.name}' holds one look: there is nothing to steer.")
        folded = tensors_in(pack, FOLDED_NAME)
        steerable = cls(pack.card, pack.folder, folded, rows_of(pack), photograph_of(pack))
        steerable.check_fits()
        return steerable

    def check_fits(self) -> None:
        """`PackError` where codes and network are not of one size."""
        try:
            self.ends(np.zeros(self.card.code_size, np.float32))
        except (KeyError, ValueError, IndexError) as error:
            raise PackError(f"The networks of {self.folder} do not fit together: {error}.") from error

    @property
    def ends_size(self) -> int:
        """See `Pack.ends_size`."""
        return len(self.ends(np.zeros(self.card.code_size, np.float32)))

    @property
    def has_int8(self) -> bool:
        """See `Pack.has_int8`: looks are rounded one by one."""
        return False

    def network_name(self, precision: str) -> str:
        """See `Pack.network_name`."""
        return STEERED_NAME

    def read(self, name: str) -> bytes:
        """See `Pack.read`."""
        if name == STEERED_NAME and name not in self.card.files:
            raise PackError(
                f"The pack '{self.card.name}' in {self.folder} has no {STEERED_NAME}, which looks that "
                "change over time need: an earlier Stylereel wrote it. Train it again, or use --runner "
                "torch, which needs its weights alone: pip install 'stylereel[train]'"
            )
        return super().read(name)

    def code(self, shares: Mapping[str, float]) -> np.ndarray:
        """The code of a look or of a mixture, by shares that sum to 1.

        Returns:
            `(S,)` float32, or `(S + L,)` where any look of the pack is wide: all of one length, to be mixed.
        """
        code = between(self.card, self.rows, shares)
        return np.pad(code, (0, self.rows.shape[1] - len(code)))

    def ends(self, code: np.ndarray, strength: float = 1.0) -> np.ndarray:
        """What the network is given for a code.

        Args:
            code: `(S,)` or `(S + L,)`.
            strength: how far from the photograph's code to this one to go, 0 to 1.

        Returns:
            `(E,)` float32.
        """
        begins = code if strength >= 1 else from_photograph(self.photograph, code, strength)
        return ends_of(self.folded, begins)
