"""One look of a pack that holds many: its code folded into the network, without torch.

A pack of a conditional generator holds, beside the trained weights, that network folded
(`folded.safetensors`: plain kernels, and what a code makes of their ends), the codes of its looks
(`codes.safetensors`) and a plain network of the same shape (`generator.onnx`, its first look). A style code
only scales the inputs and outputs of convolutions, so one look is the plain network with other numbers in
it: the same speed in every runner. `codes` says what a code is and where codes come from.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from safetensors.numpy import save

from stylereel.core.errors import PackError, UsageError
from stylereel.core.registry import unknown_name
from stylereel.packs.codes import Weights, at_strength, mixed, tensors_in
from stylereel.packs.onnx_scan import tensors_of
from stylereel.packs.store import ONNX_NAME, PREVIEW_NAME, WEIGHTS_NAME, Pack

FOLDED_NAME = "folded.safetensors"
ENDS = ("scale", "gain", "shift")
"""What a code makes of a layer: scales of its inputs, gains and shifts of its outputs."""
_BEFORE_TRUNK, _AFTER_TRUNK = ("edges", "stem", "grain", "anchor", "down"), ("up", "up_edges", "head")


@dataclass(frozen=True)
class FittedCode:
    """A code that was fitted to a reference for some time: fitted again it would come out otherwise.

    Attributes:
        name: the same where it was fitted to the same for as long.
        code: `(S + L,)` float32.
    """

    name: str
    code: np.ndarray = field(repr=False, compare=False)

    @property
    def text(self) -> str:
        """The code as ASCII, exactly."""
        return base64.b64encode(self.code.astype("<f4").tobytes()).decode("ascii")

    @classmethod
    def parsed(cls, name: str, text: str) -> FittedCode:
        """From its name and `text`; `ValueError` where that is none."""
        return cls(name, np.frombuffer(base64.b64decode(text, validate=True), "<f4").astype(np.float32))


@dataclass(frozen=True)
class OneLook(Pack):
    """A pack of which one look, or a mixture, was chosen: a plain style pack to all who use it.

    Attributes:
        baked: content of the files that stand in for the pack's own.
        whole: the pack that it was chosen from.
        look: what it is called beside the pack's name.
        code: `(S,)` or `(S + L,)` float32, of the whole look.
        strength: how far the folded code is on its way from the photograph's to the look's.
        fitted: the fit that it was made of; None where it was read or trained.
    """

    baked: Mapping[str, bytes] = field(repr=False)
    whole: Pack
    look: str
    code: np.ndarray = field(repr=False, compare=False)
    strength: float = 1.0
    fitted: FittedCode | None = field(default=None, repr=False, compare=False)

    @property
    def look_name(self) -> str:
        """See `Pack.look_name`: `atelier:vangogh`."""
        return f"{self.whole.card.name}:{self.look}"

    def own_hash(self, name: str) -> str | None:
        """See `Pack.own_hash`."""
        return self.whole.own_hash(name)

    def at(self, strength: float) -> OneLook:
        """The same look, its network painting it with this strength, above 0 to 1."""
        return self if strength == self.strength else baked(self.whole, self.code, self.look, strength)

    def read(self, name: str) -> bytes:
        """See `Pack.read`."""
        return self.baked[name] if name in self.baked else super().read(name)


def choose_look(pack: Pack, wanted: str) -> OneLook:
    """The look `wanted` of a pack that holds many.

    Args:
        pack: with style codes.
        wanted: a name, or a mixture: `vangogh*0.7+ukiyoe*0.3`; shares are divided by their sum.

    Raises:
        UsageError: an unknown name or a share that is none.
        PackError: the pack lacks what is needed to choose.
    """
    return baked(pack, mixed(pack, parse_mixture(wanted, pack.card.styles)), wanted)


def parse_mixture(text: str, known: list[str]) -> dict[str, float]:
    """`vangogh*0.7+ukiyoe*0.3` as shares by name that sum to 1.

    Raises:
        UsageError: an unknown name, a share that is no number above 0, or a name twice.
    """
    shares: dict[str, float] = {}
    for term in text.split("+"):
        name, star, share = (part.strip() for part in term.partition("*"))
        if name not in known:
            raise UsageError(unknown_name("look", name, known))
        if name in shares:
            raise UsageError(f"The look '{name}' is named twice in '{text}': give it one share.")
        try:
            shares[name] = float(share) if star else 1.0
        except ValueError:
            raise UsageError(f"The share of '{name}' in '{text}' is '{share}': expected a number.") from None
        if not 0 < shares[name] < 1e6:
            raise UsageError(f"The share of '{name}' in '{text}' is {share}: expected a number above 0.")
    total = sum(shares.values())
    return {name: share / total for name, share in shares.items()}


def baked(pack: Pack, code: np.ndarray, look: str, strength: float = 1.0) -> OneLook:
    """The pack with a code folded into its network.

    Args:
        pack: with style codes.
        code: `(S,)` or `(S + L,)` float32 of the whole look; none of the source shows.
        look: what it is called.
        strength: how far from the photograph's code to the look's to go, above 0 to 1.

    Raises:
        PackError: the pack's files do not fit together.
    """
    folded_in = at_strength(pack, code, strength)
    try:
        onnx = with_numbers(pack.read(ONNX_NAME), _plain_kernels(tensors_in(pack, FOLDED_NAME), folded_in))
        weights = save(_plain_weights(tensors_in(pack, WEIGHTS_NAME), folded_in))
    except (KeyError, ValueError, IndexError) as error:
        raise PackError(f"The networks of {pack.folder} do not fit together: {error}.") from error
    files = {ONNX_NAME: onnx, WEIGHTS_NAME: weights}
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    hashes |= {name: pack.card.files[name] for name in (PREVIEW_NAME,) if name in pack.card.files}
    config = {key: value for key, value in pack.card.generator.config.items() if key != "code_size"}
    card = pack.card.model_copy(
        update={
            "title": f"{pack.card.title}: {look}",
            "generator": pack.card.generator.model_copy(update={"key": "light", "config": config}),
            "styles": [],
            "code_size": 0,
            "files": hashes,
        }
    )
    return OneLook(card, pack.folder, files, pack, look, code, strength)


def _ends(weights: Weights, layer: str, code: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scales of the inputs, gains and shifts of the outputs of one layer, of a code `(S,)` or `(S + L,)`."""
    size = weights[f"{layer}.modulation.scale.weight"].shape[1] + 1
    ends = []
    at = size + _offsets_before(weights, layer)
    if len(code) not in (size, size + _offsets_before(weights)):
        raise ValueError(f"a code of {len(code)} numbers")
    for what in ENDS:
        bias = weights[f"{layer}.modulation.{what}.bias"]
        end = weights[f"{layer}.modulation.{what}.weight"].astype(np.float64) @ code[: size - 1] + bias
        ends.append(end + code[at : at + len(bias)] if len(code) > size else end)
        at += len(bias)
    scale, gain, shift = ends
    return 1 + scale, 1 + gain, shift


def _offsets_before(weights: Weights, layer: str | None = None) -> int:
    """How many numbers of a wide code's offsets come before those of a layer, or are there in all.

    The layers lie there in the order of their names; see `networks.generators.conditional`.
    """
    ending = ".modulation.scale.bias"
    layers = sorted(name.removesuffix(ending) for name in weights if name.endswith(ending))
    before = layers if layer is None else layers[: layers.index(layer)]
    return sum(len(weights[f"{name}.modulation.{what}.bias"]) for name in before for what in ENDS)


def _layer_ends(folded: Weights, layer: str, code: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scales of the inputs, factors and shifts of the outputs of one layer of the folded network."""
    scale, gain, shift = _ends(folded, layer, code)
    energy = folded[f"{layer}.energy"].astype(np.float64)
    factor = gain * folded[f"{layer}.gain"] / np.sqrt(scale**2 @ energy + 1e-8)
    return scale, factor, shift + folded[f"{layer}.bias"]


def steered_layers(folded: Weights) -> list[str]:
    """The layers that a code steers, in the order that they have in `ends_of`."""
    names = {name.removesuffix(".conv.weight") for name in folded if name.endswith(".conv.weight")}
    trunk = sorted((name for name in names if name.startswith("trunk.")), key=_numbers_in)
    order = (*_BEFORE_TRUNK, *trunk, *_AFTER_TRUNK)
    return [name for name in order if name in names]


def _numbers_in(name: str) -> list[int]:
    return [int(part) for part in name.split(".")[1:]]


def ends_of(folded: Weights, code: np.ndarray) -> np.ndarray:
    """All that a code is to the network: what `steered.onnx` takes as its input `code`, for one frame.

    Layer by layer, in the order of `steered_layers` (`edges`, `stem`, `grain`, `anchor` where there is one,
    `down`, `trunk.0.0`, `trunk.0.1`, ..., `up`, `up_edges`, `head`): the scales of its I inputs, the factors
    of its O outputs and their O shifts. The last number is the share of the source, 0 to 1.

    Args:
        folded: the tensors of `folded.safetensors`.
        code: `(S,)` or `(S + L,)`, whose entry S - 1 is the share of the source.

    Returns:
        `(E,)` float32.
    """
    layers = steered_layers(folded)
    parts = [end for layer in layers for end in _layer_ends(folded, layer, code)]
    share = folded[f"{layers[0]}.modulation.scale.weight"].shape[1]
    return np.concatenate([*parts, code[share : share + 1]]).astype(np.float32)


def _plain_weights(weights: Weights, code: np.ndarray) -> Weights:
    """The trained weights of `light` that a code makes of those of `conditional`."""
    plain: Weights = {}
    for name, value in weights.items():
        layer, inside, part = name.rpartition(".layer.")
        if not inside:
            if ".modulation." not in name:
                plain[name] = value
            continue
        scale, gain, shift = _ends(weights, layer, code)
        if part == "weight":
            value = value * scale[None, :, None, None]
        else:
            value = value * gain if part == "gain" else value + shift
        plain[f"{layer}.{part}"] = np.ascontiguousarray(value, np.float32)
    return plain


def _plain_kernels(folded: Weights, code: np.ndarray) -> Weights:
    """Kernels and biases of the folded `light` network, by the names that its ONNX file has."""
    plain: Weights = {}
    for layer in steered_layers(folded):
        scale, factor, bias = _layer_ends(folded, layer, code)
        kernel = folded[f"{layer}.conv.weight"].astype(np.float64)
        phases = len(kernel) // len(factor)
        kernel = kernel * scale[None, :, None, None] * np.repeat(factor, phases)[:, None, None, None]
        plain[f"{layer}.weight"] = kernel.astype(np.float32)
        plain[f"{layer}.bias"] = np.repeat(bias, phases).astype(np.float32)
    for part in ("weight", "bias"):
        plain[f"stem.{part}"] = np.concatenate([plain[f"stem.{part}"], folded[f"filters.{part}"]])
    plain["head.weight"] = rounded_to_bf16(plain["head.weight"])
    return plain


def rounded_to_bf16(kernel: np.ndarray) -> np.ndarray:
    """As `networks.blocks.rounded_to_bf16`: values that bf16 holds, each window's sum kept.

    Args:
        kernel: `(O, I, k, k)` float32.
    """
    taps = kernel.reshape(*kernel.shape[:2], -1).astype(np.float32)
    order = np.argsort(-np.abs(taps), axis=2, kind="stable")
    rounded, error = np.empty_like(taps), np.zeros((*taps.shape[:2], 1), np.float32)
    for at in range(taps.shape[2]):
        place = order[:, :, at : at + 1]
        wanted = np.take_along_axis(taps, place, 2) + error
        bits = wanted.view(np.uint32)
        even = bits + 0x7FFF + ((bits >> 16) & 1)  # to the nearest, ties to even
        value = (even & np.uint32(0xFFFF0000)).astype(np.uint32).view(np.float32)
        np.put_along_axis(rounded, place, value, 2)
        error = wanted - value
    return rounded.reshape(kernel.shape)


def with_numbers(onnx: bytes, numbers: Weights) -> bytes:
    """An ONNX file with other numbers in the tensors of these names; all else is left as it is.

    Raises:
        ValueError: it has no such float32 tensor of that size.
    """
    content = bytearray(onnx)
    found = {name: where for name, where in tensors_of(onnx)}
    for name, values in numbers.items():
        where = found.get(name)
        data = np.ascontiguousarray(values, "<f4").tobytes()
        if where is None or where.stop - where.start != len(data):
            raise ValueError(f"{ONNX_NAME} has no tensor '{name}' of {len(data)} bytes")
        content[where] = data
    return bytes(content)
