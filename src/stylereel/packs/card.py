"""The card of a style pack: every fact about a look, written down and bounded."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    field_validator,
    model_validator,
)

SCHEMA_VERSION = 1
UNKNOWN_LICENSE = "unknown"
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"

LARGEST_INTEGER = 4096
LARGEST_FLOAT = 1e6
MOST_ENTRIES = 64
LONGEST_STRING = 64

PackName = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
MemberName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Line = Annotated[str, StringConstraints(max_length=500)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


class SourceCredit(_Part):
    """One source that a look learned from."""

    title: Line
    """What it is: a picture, a set of pictures, a clip."""
    author: Line = ""
    """Who made it."""
    license: Line = UNKNOWN_LICENSE
    """Its licence, or "unknown"."""
    url: Line = ""
    """Where it comes from."""
    count: int = Field(default=1, ge=1)
    """How many pictures or clips it stands for."""


class GeneratorSpec(_Part):
    """Which network a pack's weights belong to."""

    key: MemberName
    """File name of the generator in `networks/generators/`."""
    config: dict[str, JsonValue] = Field(default_factory=dict)
    """Its `Config`: plain values; whole numbers within 4096, so that no card can ask for a giant network."""

    @field_validator("config")
    @classmethod
    def _bounded(cls, config: dict[str, Any]) -> dict[str, Any]:
        _check_bounds(config, "config", depth=0)
        return config


class Card(_Part):
    """Everything that is known of a style pack; written as `card.json`."""

    schema_version: int = SCHEMA_VERSION
    """Version of this schema."""
    name: PackName
    """The pack's name; the same as its folder's by custom."""
    title: Line
    """What people read in a list."""
    description: Line = ""
    """The look, in a sentence."""
    version: Line = "1"
    """Version of the pack."""
    author: Line = ""
    """Who trained it."""
    license: Line = UNKNOWN_LICENSE
    """Licence of the style pictures, or "unknown"."""
    credit: Line = ""
    """Whom to name when results are shown."""
    generator: GeneratorSpec
    """The network and its shape."""
    styles: list[Line] = Field(default_factory=list, max_length=1024)
    """Names of the style codes; empty when the network takes none."""
    code_size: int = Field(default=0, ge=0, le=LARGEST_INTEGER)
    """Length S of a style code; 0 when the network takes none."""
    anchor_channels: int = Field(default=0, ge=0, le=4)
    """Channels of the anchors that the network takes beside the frame; 0 where it takes none."""
    size_multiple: int = Field(ge=1, le=256)
    """Heights and widths must be multiples of this (runners pad and crop)."""
    receptive_field_px: int = Field(ge=1, le=16384)
    """How far to each side, in source pixels, one output pixel can see."""
    content_sources: list[Line | SourceCredit] = Field(default_factory=list, max_length=10000)
    """Photos and videos that it was trained on."""
    style_sources: list[Line | SourceCredit] = Field(default_factory=list, max_length=10000)
    """Pictures that the look was learned from."""
    training: dict[str, JsonValue] = Field(default_factory=dict)
    """Recipe, steps, minutes, device ("CPU", or the graphics card's name), seed, settings, versions."""
    metrics: dict[str, JsonValue] = Field(default_factory=dict)
    """Measured figures by name."""
    created: Line = ""
    """When it was written, ISO 8601, UTC."""
    files: dict[FileName, Sha256] = Field(default_factory=dict, max_length=32)
    """SHA-256 of every file beside the card."""

    @model_validator(mode="after")
    def _anchors_agree(self) -> Card:
        stated = self.generator.config.get("anchor_channels", self.anchor_channels)
        if stated != self.anchor_channels:
            raise ValueError(
                f"anchor_channels is {self.anchor_channels}, and {stated} in the generator's config"
            )
        if self.anchor_channels and self.size_multiple % 4:
            raise ValueError(
                f"size_multiple is {self.size_multiple}: a network with anchors needs a multiple of 4"
            )
        return self

    @property
    def license_is_unknown(self) -> bool:
        """True where the licence of the style pictures, or of a part of them, was never stated."""
        license = self.license.strip().casefold()
        return not license or UNKNOWN_LICENSE in license


def _check_bounds(value: Any, where: str, depth: int) -> None:
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise ValueError(f"{where} is {value}, out of range: at most {LARGEST_INTEGER}")
    elif isinstance(value, float):
        if not math.isfinite(value) or abs(value) > LARGEST_FLOAT:
            raise ValueError(f"{where} is {value}, out of range: finite and at most {LARGEST_FLOAT:g}")
    elif isinstance(value, str):
        if len(value) > LONGEST_STRING:
            raise ValueError(f"{where} is {len(value)} characters long: at most {LONGEST_STRING}")
    else:
        items = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
        if len(items) > MOST_ENTRIES or depth >= 3:
            raise ValueError(f"{where} has too many entries or levels: at most {MOST_ENTRIES} on 3 levels")
        for key, item in items:
            _check_bounds(item, f"{where}.{key}", depth + 1)
