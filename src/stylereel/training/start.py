"""Where a run begins: the weights of a pack, or of another run's modules; and the packs that teach it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from stylereel.core.errors import MissingInputError, PackError, UsageError
from stylereel.packs.card import Card
from stylereel.packs.codes import CODES_NAME
from stylereel.packs.find import find_pack
from stylereel.packs.store import ENCODER_NAME, WEIGHTS_NAME, Pack
from stylereel.training.card import generator_key
from stylereel.training.phases import Recipe
from stylereel.training.settings import TrainSettings

SUFFIX = ".safetensors"


def start_from(name: str, recipe: Recipe, read_code: Callable[[Pack], Any] | None = None) -> None:
    """Begin with the weights of a pack, or of a file of a run's modules.

    Args:
        name: of the pack or file.
        recipe: fresh.
        read_code: what a pack's encoder reads off the style pictures, `(S,)`; asked where a look is added to
            a pack that has an encoder.

    Raises:
        MissingInputError, UsageError, PackError: there is none, or it has another shape.
    """
    if hasattr(recipe, "extend"):
        pack = find_pack(name)
        reads = read_code is not None and ENCODER_NAME in pack.card.files
        recipe.extend(pack, read_code(pack) if reads else None)  # type: ignore[attr-defined, misc]
    elif name.endswith(SUFFIX):
        start_from_modules(Path(name), recipe)
    else:
        start_from_pack(find_pack(name), name, recipe)


def teach(recipe: Recipe, settings: TrainSettings) -> None:
    """Give a recipe the packs that paint some of its looks already, where the settings name any.

    Raises:
        UsageError: the recipe takes no teachers, or there is no such pack.
        PackError: a pack cannot teach this network.
    """
    named = {label: source.teacher for label, source in enumerate(settings.style) if source.teacher}
    if not named:
        return
    if not hasattr(recipe, "teach"):
        raise UsageError(f"The recipe '{settings.recipe}' takes no teachers: leave `teacher` out.")
    student = recipe.modules["generator"]
    teachers = {label: teacher_of(find_pack(name), name, student) for label, name in named.items()}
    recipe.teach(teachers)  # type: ignore[attr-defined]


def start_from_pack(pack: Pack, name: str, recipe: Recipe) -> None:
    """Load what a pack holds of a recipe's modules: the generator; of a pack of several looks also the
    encoder, and the codes of the looks that both have.

    Args:
        pack: to start from.
        name: as the user named it.
        recipe: fresh.

    Raises:
        PackError: its network has another shape.
    """
    modules = recipe.modules
    generator = modules["generator"]
    _check_shape(pack, name, generator)
    generator.load_state_dict(safetensors.torch.load(pack.read(WEIGHTS_NAME)))
    if not pack.card.code_size or "codes" not in modules:
        return
    _load(modules["encoder"], safetensors.torch.load(pack.read(ENCODER_NAME)), name, "encoder")
    codes = safetensors.torch.load(pack.read(CODES_NAME))
    codes.pop("offsets", None)  # of looks that were added with the network at rest; here it learns them
    codes["named"] = _known_rows(modules["codes"].named.detach(), codes["named"], recipe, pack.card)  # pyright: ignore
    _load(modules["codes"], codes, name, "codes")


def start_from_modules(path: Path, recipe: Recipe) -> None:
    """Load a recipe's modules from a file of tensors named `MODULE.TENSOR`; modules it lacks stay fresh.

    Raises:
        MissingInputError: there is no such file.
        UsageError: it is no such file, or of other shapes.
    """
    if not path.is_file():
        raise MissingInputError(f"--init {path}: there is no such file. Give a pack or a {SUFFIX} file.")
    try:
        tensors = safetensors.torch.load_file(path)
    except (SafetensorError, OSError) as error:
        raise UsageError(f"--init {path} cannot be read as {SUFFIX}: {error}.") from error
    found: dict[str, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        module, _, tensor = name.partition(".")
        found.setdefault(module, {})[tensor] = value
    if "generator" not in found:
        raise UsageError(
            f"--init {path} holds no generator: expected tensors named 'generator.NAME', got "
            f"{', '.join(sorted(found)[:4])}."
        )
    for module, state in found.items():
        if module in recipe.modules:
            _load(recipe.modules[module], state, str(path), module)


def teacher_of(pack: Pack, name: str, student: nn.Module) -> nn.Module:
    """The network of a pack of one look, ready to teach a network of several.

    Args:
        pack: of one look.
        name: as the user named it.
        student: the generator that takes codes.

    Raises:
        PackError: the pack's network is none that can teach it.
    """
    from stylereel.networks.generators import light

    spec = pack.card.generator
    if spec.key != "light":
        raise PackError(f"The teacher {name} is a network '{spec.key}': only packs of 'light' can teach.")
    config = light.Config(**{"anchor_channels": pack.card.anchor_channels, **spec.config})
    wanted = int(student.config.anchor_channels)  # type: ignore[union-attr]
    if config.anchor_channels not in (0, wanted):
        raise PackError(
            f"The teacher {name} takes {config.anchor_channels} anchor channels, the network to be taught "
            f"{wanted}: give the run the same with --set conditional.generator.anchor_channels="
            f"{config.anchor_channels}."
        )
    teacher = light.Generator(config)
    teacher.load_state_dict(safetensors.torch.load(pack.read(WEIGHTS_NAME)))
    return teacher


def _check_shape(pack: Pack, name: str, generator: nn.Module) -> None:
    spec = pack.card.generator
    config = generator.config.model_dump(mode="json")  # type: ignore[union-attr]
    known = {key: value for key, value in spec.config.items() if key != "padding"}  # fits any weights
    if "anchor_channels" in config:  # packs of before there were anchors do not speak of them
        known.setdefault("anchor_channels", pack.card.anchor_channels)
    if spec.key != generator_key(generator) or {**config, **known} != config:
        raise PackError(
            f"--init {name}: the pack's network is {spec.key} {known}, this run's is "
            f"{generator_key(generator)} {config}. Give the run the same shape with --set, or start from "
            "another pack."
        )


def _known_rows(fresh: Tensor, codes: Tensor, recipe: Recipe, card: Card) -> Tensor:
    """The run's named codes, those of the pack's looks taken from there."""
    rows = fresh.clone()
    for row, look in enumerate(recipe.config.styles):
        if look in card.styles:
            rows[row] = codes[card.styles.index(look)]
    return rows


def _load(module: nn.Module, state: dict[str, Any], name: str, part: str) -> None:
    own = module.state_dict()
    for key, value in state.items():
        if key in own and own[key].shape != value.shape:
            raise UsageError(
                f"--init {name}: its {part} has '{key}' of {tuple(value.shape)}, this run's is "
                f"{tuple(own[key].shape)}. Give the run the same looks and shapes."
            )
    try:
        module.load_state_dict({key: value.to(torch.float32) for key, value in state.items()})
    except RuntimeError as error:
        raise UsageError(f"--init {name}: its {part} is of another kind: {error}") from error
