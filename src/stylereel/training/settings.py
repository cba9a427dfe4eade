"""Everything a training run can be told, resolved into one frozen object that is saved beside the run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import BaseModel, Field, field_validator

from stylereel.core.errors import UsageError
from stylereel.core.registry import family, unknown_name
from stylereel.core.settings import Settings, make_settings, read_toml, with_overrides
from stylereel.data.settings import DataSettings
from stylereel.training.health_settings import HealthSettings
from stylereel.training.loop import LoopSettings

RECIPES = family("stylereel.training.recipes", "recipe")
PRESETS_FOLDER = Path(__file__).resolve().parent.parent / "bundled" / "presets"


class SourceSettings(Settings):
    """One folder or file to learn from."""

    path: Path
    """Folder, picture or video."""
    license: str | None = None
    """Licence of all of it; index files beside the pictures are asked where this is not given."""
    credit: str | None = None
    """Whom to name for it."""
    look: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    """Which of several looks it shows, where a recipe learns several; the folder's name by default."""
    style_scales: tuple[float, float] | None = None
    """Of this look, instead of `data.style_scales`."""
    weight: int = Field(default=1, ge=1, le=16)
    """How many times as often as a look of weight 1 it is trained on, where a recipe learns several."""
    teacher: str | None = None
    """Pack whose network paints this look already: a recipe that learns several looks learns from it too."""

    @property
    def look_name(self) -> str:
        """The look's name: as given, or made of the path."""
        return self.look or re.sub(r"[^A-Za-z0-9._-]+", "-", self.path.stem).strip("-._")[:64] or "look"


class TrainSettings(Settings):
    """A training run. In TOML, the recipe's own settings stand in a table named like the recipe."""

    content: tuple[SourceSettings, ...] = ()
    """Photos and videos whose scenes the look will be put on."""
    style: tuple[SourceSettings, ...] = ()
    """The look: a folder of pictures, one picture, or a video."""
    name: str | None = None
    """Name of the pack; the output folder's name by default."""
    title: str | None = None
    """What people read in a list of styles."""
    description: str = ""
    """The look in a sentence."""
    author: str = ""
    """Who trains it."""
    license: str | None = None
    """Licence of the style pictures where they do not state one themselves."""
    credit: str | None = None
    """Whom to name when results are shown."""
    refused_licenses: tuple[str, ...] = ()
    """Files whose licence contains one of these words are left out; "uncertain" leaves out doubted ones."""
    recipe: str = "unpaired"
    """Training method."""
    minutes: float | None = Field(default=None, gt=0.0)
    """Time to train; fixes the number of steps from the pace that is measured first."""
    steps: int | None = Field(default=None, ge=1)
    """Number of steps, instead of minutes."""
    seed: int = Field(default=1, ge=0)
    """Seed of everything random."""
    init: str | None = None
    """Pack, or .safetensors file of a run's modules, to start from."""
    data: DataSettings = DataSettings()
    """Crops and memory."""
    loop: LoopSettings = LoopSettings()
    """Precision, clipping, how often to save."""
    health: HealthSettings = HealthSettings()
    """What the watches look at and when they speak."""

    @field_validator("content", "style", mode="before")
    @classmethod
    def _paths_are_sources(cls, value: Any) -> Any:
        entries = [value] if isinstance(value, str | Path | Mapping) else list(value)
        return [{"path": entry} if isinstance(entry, str | Path) else entry for entry in entries]


@dataclass(frozen=True)
class Resolved:
    """Settings of a run and of its recipe.

    Attributes:
        settings: the run's.
        recipe_config: the recipe's `Config`.
        recipe: the recipe's module: exports `Config` and `Recipe`.
    """

    settings: TrainSettings
    recipe_config: BaseModel
    recipe: ModuleType

    def as_json(self) -> dict[str, Any]:
        """Plain values, in the form that `resolve` reads."""
        values = self.settings.model_dump(mode="json", exclude_none=True)
        return {**values, self.settings.recipe: self.recipe_config.model_dump(mode="json")}


def resolve(values: Mapping[str, Any], where: str, assignments: Sequence[str] = ()) -> Resolved:
    """Validate what was written, with the recipe's table taken apart.

    Args:
        values: as in a preset.
        where: named in errors.
        assignments: `a.b=value` overrides.

    Raises:
        UsageError: an unknown key, recipe or value.
    """
    merged = with_overrides(values, assignments)
    if assignments:
        where = f"{where} with --set"
    recipe_name = str(merged.get("recipe", "unpaired"))
    recipe = RECIPES.load(recipe_name)
    own = merged.pop(recipe_name, {})
    for other in RECIPES.names():
        if other in merged:
            raise UsageError(f"{where}: table '{other}' is another recipe's than '{recipe_name}'.")
    settings = make_settings(TrainSettings, merged, where)
    if "styles" in recipe.Config.model_fields and settings.style:
        own = {**own, "styles": _looks_of(settings, where)}
    if "look" in recipe.Config.model_fields and settings.style:
        own = {"look": settings.style[0].look_name, **own}
    if hasattr(recipe, "from_pack") and settings.init is not None:
        own = {**own, **recipe.from_pack(settings.init)}
    return Resolved(settings, make_settings(recipe.Config, own, f"{where}, table {recipe_name}"), recipe)


def looks_of(resolved: Resolved) -> tuple[str, ...]:
    """Names of the looks that a run learns for a pack of many; none for a pack of one."""
    config = resolved.recipe_config
    added = getattr(config, "look", None)
    return (added,) if added else tuple(getattr(config, "styles", ()))


def _looks_of(settings: TrainSettings, where: str) -> list[str]:
    """Names of the looks that a recipe learns which learns several, one per source.

    Raises:
        UsageError: there is but one, or two have the same name.
    """
    names = [source.look_name for source in settings.style]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"{where}: two styles are named '{twice[0]}': give their folders different names.")
    if len(names) < 2:
        raise UsageError(
            f"{where}: the recipe '{settings.recipe}' learns several looks, and one was named ({names[0]}). "
            "Give --styles a folder that holds a folder for each look, or use the recipe 'unpaired'."
        )
    return names


def preset_names() -> list[str]:
    """Presets that ship."""
    return sorted(path.stem for path in PRESETS_FOLDER.glob("*.toml"))


def read_preset(name_or_path: str) -> dict[str, Any]:
    """The values of a shipped preset, or of a TOML file.

    Raises:
        UsageError: no such preset; the text lists the known.
        MissingInputError: no such file.
    """
    if name_or_path.endswith(".toml"):
        return read_toml(Path(name_or_path))
    if name_or_path not in preset_names():
        raise UsageError(unknown_name("preset", name_or_path, preset_names()))
    return read_toml(PRESETS_FOLDER / f"{name_or_path}.toml")


def changed_keys(before: dict[str, Any], now: dict[str, Any], prefix: str = "") -> list[str]:
    """Dotted names of the values that differ between two trees of settings."""
    changed: list[str] = []
    for key in {*before, *now}:
        first, second = before.get(key), now.get(key)
        if isinstance(first, dict) and isinstance(second, dict):
            changed += changed_keys(first, second, f"{prefix}{key}.")
        elif first != second:
            changed.append(prefix + key)
    return changed
