"""A training as somebody wishes for it who knows no recipes: pictures, a name, minutes. Needs no torch.

What suits the material is chosen here, and said; `actions/wished_training.py` trains it.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from stylereel.core.errors import DatasetError, EnvironmentMissingError, MissingInputError, UsageError
from stylereel.core.registry import family
from stylereel.data.media import PICTURE_ENDINGS, VIDEO_ENDINGS
from stylereel.packs.card import NAME_PATTERN
from stylereel.packs.find import list_packs

NEEDED = ("torch", "onnx", "onnxscript", "tensorboard")
INSTALL = 'pip install "stylereel[train]"'
LEAST_CONTENT_PICTURES = 4
FEW_PICTURES = 8
LONGEST_MINUTES = 7 * 24 * 60.0
SETTINGS_TABLES = ("data", "loop", "health")
WEIGHTS_OF_ONE = "wave"
"""The shipped look that was learned from one picture."""


@dataclass(frozen=True)
class Material:
    """One picture or video to learn from.

    Attributes:
        path: where it lies.
        label: its name for people; never used as a path as it stands.
        kind: picture or video.
    """

    path: Path
    label: str
    kind: Literal["picture", "video"]


@dataclass(frozen=True)
class TrainingWish:
    """What is wished for.

    Attributes:
        name: of the pack.
        style: what shows the look.
        content: what the videos look like that it will be put on.
        minutes: to train.
        recipe: training method; None chooses.
        extends: name of a pack of several looks that the look is added to.
        look: what it is called in that pack; the pack's name where "".
        title: what people read in a list; made of the name where "".
        description: the look in a sentence.
        author: who trains it.
        license: of the style pictures, unknown where "".
        credit: whom to name when results are shown.
        brush_size: 1 is as large as in the pictures as stored, 2 twice as large.
        gentle: half the learning rates, for a run that diverged.
        settings: further ones as "data.crop_px=64", of the tables data, loop, health and the recipe's.
    """

    name: str
    style: tuple[Material, ...]
    content: tuple[Material, ...]
    minutes: float = 20.0
    recipe: str | None = None
    extends: str | None = None
    look: str = ""
    title: str = ""
    description: str = ""
    author: str = ""
    license: str = ""
    credit: str = ""
    brush_size: float = 1.0
    gentle: bool = False
    settings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """How a wish is trained.

    Attributes:
        recipe: training method.
        weights: the preset whose weights are taken, None for the recipe's own.
        why: what was chosen and for which reason, for people.
        advice: sentences on the material that may disappoint.
    """

    recipe: str
    weights: str | None
    why: str
    advice: tuple[str, ...] = ()


def missing_for_training() -> tuple[str, ...]:
    """Packages that training needs and that are not installed."""
    return tuple(name for name in NEEDED if find_spec(name) is None)


def require_training() -> None:
    """Refuse where training cannot work.

    Raises:
        EnvironmentMissingError: with the line that installs what is missing.
    """
    if missing := missing_for_training():
        raise EnvironmentMissingError(
            f"Training needs {', '.join(missing)}, which this installation lacks: {INSTALL}"
        )


def check_pack_name(text: str, what: str = "look") -> str:
    """A name that a pack can have: letters, digits, dots, hyphens, underscores; at most 64.

    Raises:
        UsageError: it is not one; the text suggests one that is.
    """
    if re.fullmatch(NAME_PATTERN, text):
        return text
    better = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._")[:64] or "my-look"
    raise UsageError(
        f"'{text[:80]}' cannot be the name of a {what}: letters, digits, '-', '_' and '.' can, up to 64, "
        f"beginning with a letter or a digit. '{better}' would do."
    )


def choose(wish: TrainingWish) -> Choice:
    """The recipe that suits a wish, after its material was checked.

    Raises:
        UsageError: a name, a recipe, a setting or minutes that cannot be.
        DatasetError: too little to learn from; the text says what is needed.
    """
    check_pack_name(wish.name, "pack" if wish.extends else "look")
    if not 0.1 <= wish.minutes <= LONGEST_MINUTES:
        raise UsageError(
            f"{wish.minutes:g} minutes cannot be trained: 0.1 to {LONGEST_MINUTES:g}, 20 is a start."
        )
    if not 0.25 <= wish.brush_size <= 4:
        raise UsageError(f"The size of strokes is {wish.brush_size:g}: 0.25 to 4, 1 is as in the pictures.")
    _check_material(wish)
    choice = _chosen(wish)
    _check_settings(wish.settings, choice.recipe)
    return choice


def lay_out(material: Sequence[Material], folder: Path) -> Path:
    """Give loose files names that training knows, side by side in a new folder; returns what to learn from.

    Files are linked where the disk can, else copied, so that a run can go on when the originals are gone.
    A single file is returned itself, several as their folder.

    Raises:
        MissingInputError: a file is gone.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    placed: list[Path] = []
    for piece in material:
        target = folder / _file_name(piece, {path.name.casefold() for path in placed})
        try:
            os.link(piece.path, target)
        except FileNotFoundError:
            raise MissingInputError(f"'{piece.label}' is gone: give it again.") from None
        except OSError:
            shutil.copyfile(piece.path, target)
        placed.append(target)
    return placed[0] if len(placed) == 1 else folder


def _file_name(piece: Material, taken: set[str]) -> str:
    """A file name made of the label: plain characters, an ending that fits its kind, not twice."""
    endings, usual = (PICTURE_ENDINGS, ".png") if piece.kind == "picture" else (VIDEO_ENDINGS, ".mp4")
    ending = Path(piece.label).suffix.lower()
    if ending not in endings:
        ending = piece.path.suffix.lower() if piece.path.suffix.lower() in endings else usual
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(piece.label).stem).strip("-._")[:80] or piece.kind
    name, number = f"{stem}{ending}", 2
    while name.casefold() in taken:
        name, number = f"{stem}-{number}{ending}", number + 1
    return name


def _check_material(wish: TrainingWish) -> None:
    if not wish.style:
        raise DatasetError(
            "There is nothing that shows the look: give 20 to 100 pictures in one manner, one strong "
            "picture, or a video."
        )
    if not wish.content:
        raise DatasetError(
            "There is nothing that shows what the look will be put on: add a video of yours, or at least "
            f"{LEAST_CONTENT_PICTURES} photographs. They are what the look learns to paint on."
        )
    photographs = sum(piece.kind == "picture" for piece in wish.content)
    if photographs == len(wish.content) < LEAST_CONTENT_PICTURES:
        raise DatasetError(
            f"{photographs} photograph(s) are too few to learn painting on: give at least "
            f"{LEAST_CONTENT_PICTURES}, or one video."
        )
    both = {piece.path.resolve() for piece in wish.style} & {piece.path.resolve() for piece in wish.content}
    if both:
        label = next(piece.label for piece in wish.style if piece.path.resolve() in both)
        raise DatasetError(
            f"'{label}' stands on both sides: a look is learned from pictures that show it, and put on "
            "pictures that do not. Take it out of one of them."
        )


def _chosen(wish: TrainingWish) -> Choice:
    pictures = sum(piece.kind == "picture" for piece in wish.style)
    videos = len(wish.style) - pictures
    advice = _advice(wish, pictures, videos)
    if wish.extends is not None:
        if wish.recipe not in (None, "extend"):
            raise UsageError(f"A look is added to a pack by the recipe 'extend', not by '{wish.recipe}'.")
        return _extending(wish, advice)
    if wish.recipe is not None:
        return _asked(wish, videos, advice)
    if pictures == 1 and not videos:
        return Choice(
            "unpaired",
            WEIGHTS_OF_ONE,
            f"One picture: the recipe 'unpaired' with the weights of the shipped look '{WEIGHTS_OF_ONE}', "
            "which was learned from one picture too. They lean on strokes and palette, so that it does not "
            "wash out.",
            advice,
        )
    what = (
        f"{pictures} pictures" if not videos else "A video" if len(wish.style) == 1 else "Pictures and videos"
    )
    return Choice(
        "unpaired",
        None,
        f"{what}: the recipe 'unpaired', which learns strokes and palette and holds them still in time.",
        advice,
    )


def _asked(wish: TrainingWish, videos: int, advice: tuple[str, ...]) -> Choice:
    names = family("stylereel.training.recipes", "recipe").names()
    if wish.recipe not in names or wish.recipe == "extend":
        raise UsageError(
            f"'{wish.recipe}' is no recipe for a look of its own: leave it out, or name 'unpaired', "
            "'cyclegan' or 'recycle'."
        )
    if wish.recipe == "conditional":
        raise UsageError(
            "The recipe 'conditional' learns several looks at once, from a folder for each: train it with "
            "`stylereel train conditional --styles FOLDER`, and add single looks here."
        )
    if wish.recipe == "recycle" and not (videos and any(piece.kind == "video" for piece in wish.content)):
        raise DatasetError("The recipe 'recycle' learns from films: give a video on both sides.")
    return Choice(wish.recipe, None, f"The recipe '{wish.recipe}', as you asked.", advice)


def _extending(wish: TrainingWish, advice: tuple[str, ...]) -> Choice:
    check_pack_name(wish.look or wish.name)
    packs = {listing.name: listing for listing in list_packs()}
    many = [name for name, listing in packs.items() if listing.card is not None and listing.card.code_size]
    if wish.extends not in many:
        raise UsageError(
            f"'{wish.extends}' is no pack of several looks, to which one could be added. There "
            f"{'is ' + ', '.join(many) if many else 'is none'}."
        )
    card = packs[wish.extends].card
    look = wish.look or wish.name
    if card is not None and look in card.styles:
        raise UsageError(f"The pack '{wish.extends}' has a look '{look}' already: give yours another name.")
    return Choice(
        "extend",
        None,
        f"One look more for '{wish.extends}': the recipe 'extend' leaves its network and its looks as they "
        f"are, and learns one code. The new pack '{wish.name}' holds all of them, to be mixed with yours.",
        advice,
    )


def _advice(wish: TrainingWish, pictures: int, videos: int) -> tuple[str, ...]:
    said = []
    if 1 < pictures < FEW_PICTURES and not videos:
        said.append(f"{pictures} pictures are few: 20 to 100 in one manner teach strokes best.")
    if not any(piece.kind == "video" for piece in wish.content):
        said.append(
            "There is no video in the content: calm in motion is learned from pictures that are moved."
        )
    if wish.minutes < 10 and wish.extends is None:
        said.append("In less than ten minutes the palette comes, the strokes hardly do: 20 are a start.")
    if not wish.license:
        said.append("The licence of the pictures is not stated: the look's card will say 'unknown'.")
    return tuple(said)


def _check_settings(settings: Sequence[str], recipe: str) -> None:
    allowed = (*SETTINGS_TABLES, recipe)
    for setting in settings:
        name, equals, _ = setting.partition("=")
        if not equals or name.strip().partition(".")[0] not in allowed or "." not in name:
            raise UsageError(
                f"The setting '{setting[:80]}' cannot be given here: NAME=VALUE of the tables "
                f"{', '.join(allowed)}, such as data.crop_px=96."
            )
