"""Which generator a recipe trains: a setting that names a file of `networks/generators/`.

In TOML and with `--set` it is one table, the shape beside the name:

    [unpaired.generator]
    name = "resnet"
    blocks = 6
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, PlainSerializer, ValidationError
from torch import nn

from stylereel.core.registry import family
from stylereel.core.settings import explain_validation

GENERATORS = family("stylereel.networks.generators")
DEFAULT_GENERATOR = "light"


def name_of(config: BaseModel) -> str:
    """The generator that a `Config` belongs to: the name of its file."""
    return type(config).__module__.rpartition(".")[2]


def build_generator(config: BaseModel) -> Any:
    """A new generator of the shape that its `Config` states, with random weights."""
    made: nn.Module = GENERATORS.load(name_of(config)).Generator(config)
    return made


def _read(value: Any) -> Any:
    """A table with `name` (`light` where not given) as that generator's `Config`."""
    if not isinstance(value, Mapping):
        return value
    shape = dict(value)
    name = str(shape.pop("name", DEFAULT_GENERATOR))
    config = GENERATORS.load(name).Config
    if "code_size" in config.model_fields:
        raise ValueError(f"the generator '{name}' takes style codes: train it with the recipe 'conditional'")
    try:
        return config.model_validate(shape)
    except ValidationError as error:
        raise ValueError(
            f"for the generator '{name}', {explain_validation(config, error).rstrip('.')}"
        ) from error


def _written(config: BaseModel) -> dict[str, Any]:
    return {"name": name_of(config), **config.model_dump(mode="json")}


GeneratorConfig = Annotated[BaseModel, BeforeValidator(_read), PlainSerializer(_written)]
"""A generator's `Config`; read from and written as a table with its name."""
