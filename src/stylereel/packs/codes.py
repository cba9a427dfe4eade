"""Style codes of a pack of many looks: what they are, and where they come from, without torch.

    code = [steering (S - 1) | share of the source (1) | offsets (L)]

The steering part goes through the network's affine layers; the source's share is 0 in every look. A code
without offsets, `(S,)`, is a plain one. Offsets are added to what those layers make of the steering part:
they let one look be fitted that no plain code has, while the shared weights stay as they are. Their order is
told in `networks.generators.conditional`.

`codes.safetensors` holds `named` `(styles, S - 1)`, `photograph` `(S - 1,)`, perhaps `offsets` `(styles, L)`,
and the mapping network `first`, `second`, `third`, which moves a code by noise.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from safetensors.numpy import load

from stylereel.core.errors import PackError
from stylereel.packs.card import Card
from stylereel.packs.store import Pack

CODES_NAME = "codes.safetensors"
Weights = dict[str, np.ndarray]
VARIATION_REACH = 1.0
"""As `networks.style_codes.StyleCodes.REACH`."""
STRENGTH_POWER = 0.5
"""Of the strength, in the way of the code. The result is laid over the source as well, by the strength: so
the code hurries ahead, and strokes are there at a half, when their weight is a half too."""


def mixed(pack: Pack, shares: Mapping[str, float]) -> np.ndarray:
    """The code of a look, or of a mixture.

    Args:
        pack: with style codes.
        shares: of its looks, which sum to 1.

    Returns:
        `(S,)` float32, or `(S + L,)` where one of them is wide.

    Raises:
        PackError: its codes are missing or do not fit the card.
    """
    return between(pack.card, rows_of(pack), shares)


def rows_of(pack: Pack) -> np.ndarray:
    """The codes of a pack's looks in the card's order: `(looks, S)` float32, `(looks, S + L)` if any is wide.

    Raises:
        PackError: as `mixed`.
    """
    codes = tensors_in(pack, CODES_NAME)
    named, styles, size = entry(codes, "named", pack), pack.card.styles, pack.card.code_size
    offsets = codes.get("offsets", np.zeros((len(styles), 0), np.float32))
    if named.shape != (len(styles), size - 1) or offsets.ndim != 2 or len(offsets) != len(styles):
        raise PackError(
            f"{pack.folder / CODES_NAME} holds codes of shape {named.shape}, not those of its looks."
        )
    return np.concatenate([named, np.zeros((len(styles), 1), np.float32), offsets], axis=1)


def between(card: Card, rows: np.ndarray, shares: Mapping[str, float]) -> np.ndarray:
    """The code between looks; `rows` as `rows_of` gives them, `shares` by name and of sum 1."""
    chosen = [card.styles.index(name) for name in shares]
    code = np.array(list(shares.values())) @ rows[chosen].astype(np.float64)
    return np.asarray(code if code[card.code_size :].any() else code[: card.code_size], np.float32)


def varied(pack: Pack, code: np.ndarray, seed: int) -> np.ndarray:
    """A variation of a look that stays that look: the code moved by the mapping network.

    Args:
        pack: with style codes.
        code: `(S,)` or `(S + L,)`; its offsets stay as they are.
        seed: of the noise, from numpy's PCG64: the same on every machine.

    Returns:
        The same shape, float32.

    Raises:
        PackError: the pack holds no mapping network, or one of another shape.
    """
    codes, size = tensors_in(pack, CODES_NAME), pack.card.code_size
    layers = [
        (entry(codes, f"{name}.weight", pack), entry(codes, f"{name}.bias", pack))
        for name in ("first", "second", "third")
    ]
    steering = code[: size - 1]
    noise = np.random.Generator(np.random.PCG64(seed)).standard_normal(layers[0][0].shape[1] - len(steering))
    h = np.concatenate([noise, steering])
    try:
        for weight, bias in layers[:-1]:
            h = leaky(weight @ h + bias)
        moved = steering + VARIATION_REACH * np.tanh(layers[-1][0] @ h + layers[-1][1])
        return np.concatenate([moved, code[size - 1 :]]).astype(np.float32)
    except ValueError as error:
        raise PackError(f"The mapping network in {pack.folder / CODES_NAME} does not fit: {error}.") from None


def at_strength(pack: Pack, code: np.ndarray, strength: float) -> np.ndarray:
    """The code on the way from the photograph's to a look's; smooth and monotone, the look's own at 1.

    Args:
        pack: with style codes.
        code: `(S,)` or `(S + L,)`, of the whole look.
        strength: 0 to 1.

    Raises:
        PackError: the pack holds no photograph's code.
    """
    return code if strength >= 1 else from_photograph(photograph_of(pack), code, strength)


def photograph_of(pack: Pack) -> np.ndarray:
    """The steering part of the code that leaves a photograph as it is, `(S - 1,)` float32.

    Raises:
        PackError: the pack holds none.
    """
    photograph = entry(tensors_in(pack, CODES_NAME), "photograph", pack)
    if photograph.shape != (pack.card.code_size - 1,):
        raise PackError(f"{pack.folder / CODES_NAME} holds a photograph's code of shape {photograph.shape}.")
    return photograph


def from_photograph(photograph: np.ndarray, code: np.ndarray, strength: float) -> np.ndarray:
    """As `at_strength`, with the photograph's code at hand."""
    start = np.zeros_like(code)
    start[: len(photograph)] = photograph
    return np.asarray(start + strength**STRENGTH_POWER * (code - start), np.float32)


def leaky(x: np.ndarray) -> np.ndarray:
    """`F.leaky_relu(x, 0.2)`."""
    return np.where(x > 0, x, 0.2 * x)


def tensors_in(pack: Pack, name: str) -> Weights:
    """The tensors in a pack's safetensors file.

    Raises:
        PackError: it has none of that name, or the file was changed.
    """
    if name not in pack.card.files:
        raise PackError(f"The pack '{pack.card.name}' holds no {name}, so no look of it can be chosen.")
    return load(pack.read(name))


def entry(tensors: Weights, name: str, pack: Pack) -> np.ndarray:
    """One tensor.

    Raises:
        PackError: it is not there.
    """
    if name not in tensors:
        raise PackError(f"{pack.folder / CODES_NAME} holds no '{name}'.")
    return tensors[name]
