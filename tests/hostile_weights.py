"""Packs for the torch runner that nobody should trust: weights and configs that are not what they say."""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from changed_bytes import CHANGES
from hostile_packs import STRANGE_VALUES, sealed_pack
from stylereel.packs.store import WEIGHTS_NAME
from toy_generators import SMALL
from toy_packs import toy_files

CONFIGS: dict[str, dict[str, Any]] = {
    "light": {"edge_channels": 4, "detail_channels": 8, "trunk_channels": 8, "blocks": 1},
    "resnet": SMALL["resnet"],
}
KEYS = ("resnet", "light", "Light", "../light", "light.Generator", "os", "", "__init__", "a" * 10_000, "\0")
TYPES = ("float16", "float64", "int64", "int8", "uint8", "bool")
"""numpy's, of a tensor that should be float32."""

Weights = dict[str, np.ndarray]


@functools.cache
def _sound(key: str) -> bytes:
    import torch
    from safetensors.torch import save as save_tensors

    from stylereel.networks.generators import light, resnet

    module = {"light": light, "resnet": resnet}[key]
    torch.manual_seed(3)
    generator = module.Generator(module.Config.model_validate(CONFIGS[key]))
    return save_tensors({name: tensor.contiguous() for name, tensor in generator.state_dict().items()})


def _odd_number(weights: Weights, rng: random.Random) -> str:
    name = rng.choice(sorted(weights))
    value = rng.choice((np.nan, np.inf, -np.inf, 3e38, -3e38, 1e-45))
    everywhere = rng.random() < 0.5
    weights[name] = weights[name].astype(np.float32)
    weights[name].reshape(-1)[slice(None) if everywhere else slice(1)] = value
    return f"{name} holds {value}"


def _other_type(weights: Weights, rng: random.Random) -> str:
    name, kind = rng.choice(sorted(weights)), rng.choice(TYPES)
    weights[name] = weights[name].astype(kind)
    return f"{name} is {kind}"


def _other_shape(weights: Weights, rng: random.Random) -> str:
    name = rng.choice(sorted(weights))
    before = weights[name]
    weights[name] = rng.choice(
        (before.reshape(-1), before[..., None], before[:0], before.T.copy(), np.repeat(before, 9, 0))
    )
    return f"{name} has the shape {weights[name].shape}"


def _other_names(weights: Weights, rng: random.Random) -> str:
    name = rng.choice(sorted(weights))
    new = rng.choice(("", "x" * 10_000, "../x", f"{name}.more", "forward", "__class__", "\u202e"))
    if rng.random() < 0.5:
        weights[new] = weights[name]
        return f"{new[:30]!r} is there too"
    del weights[name]
    return f"{name} is missing"


def _emptied(weights: Weights, rng: random.Random) -> str:
    weights.clear()
    return "no weights at all"


CHANGED: tuple[Callable[[Weights, random.Random], str], ...] = (
    _odd_number, _odd_number, _other_type, _other_type, _other_shape, _other_names, _emptied,
)  # fmt: skip


def hostile_weights(folder: Path, rng: random.Random) -> str:
    """Write a pack whose weights or generator are wrong, under a card that agrees with the files."""
    key = rng.choice(tuple(CONFIGS))
    data, spec, notes = _sound(key), {"key": key, "config": dict(CONFIGS[key])}, []
    kind = rng.choice(("tensors", "tensors", "bytes", "header", "config", "config", "key"))
    if kind == "tensors":
        weights = load(data)
        notes = [rng.choice(CHANGED)(weights, rng) for _ in range(rng.choice((1, 1, 2))) if weights]
        data = save(weights)
    elif kind == "bytes":
        changed = bytearray(data)
        notes = [rng.choice(CHANGES)(changed, rng) for _ in range(rng.choice((1, 1, 2, 4)))]
        data = bytes(changed)
    elif kind == "header":
        data, note = _lying_header(data, rng)
        notes = [note]
    elif kind == "config":
        name = rng.choice((*spec["config"], "blocks", "anchor_channels", "unknown"))
        spec["config"][name] = rng.choice((*STRANGE_VALUES, 1, 2, 3, 4096, 4097))
        notes = [f"{name} is {str(spec['config'][name])[:40]!r}"]
    else:
        spec["key"] = rng.choice(KEYS)
        notes = [f"the generator is {spec['key'][:40]!r}"]
    multiple = rng.choice((8, 8, 8, 1, 4))
    sealed_pack(folder, {**toy_files("conv"), WEIGHTS_NAME: data}, generator=spec, size_multiple=multiple)
    return f"{key}, sizes in {multiple}: {'; '.join(notes)}"


def _lying_header(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    """One tensor of many says what is not so of its type, shape or place."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    name = rng.choice([name for name in sorted(header) if name != "__metadata__"])
    fact, value = rng.choice(
        (("dtype", "F64"), ("dtype", "BF16"), ("dtype", "F8_E4M3"), ("dtype", "I64"), ("dtype", "x"),
         ("shape", [2**40, 2**40]), ("shape", [-1]), ("shape", []), ("shape", [0]),
         ("data_offsets", [0, 2**62]), ("data_offsets", [8, 0]), ("data_offsets", [0, 0]))
    )  # fmt: skip
    header[name][fact] = value
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data[8 + length :], f"{name}: {fact} is {value}"
