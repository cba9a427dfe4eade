"""What metrics need beside the frames: the style's pictures, a critic, a feature network, the run's pace."""

from __future__ import annotations

import importlib.util
import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2

from stylereel.core.errors import DatasetError, InputError, MissingInputError, UsageError
from stylereel.core.progress import Meter, OnProgress
from stylereel.metrics._critic_store import train_or_load
from stylereel.metrics._critic_training import STEPS
from stylereel.metrics._facts import Material
from stylereel.metrics._features import FeatureNetwork, style_features
from stylereel.metrics._style_set import list_pictures, style_energies, style_floor, style_patches

DATA_VARIABLE = "STYLEREEL_DATA"
LEAST_STYLE_PX = 110
MAX_STEPS_VARIABLE = "STYLEREEL_MAX_STEPS"
FEWEST_CRITIC_STEPS = 20


@dataclass(frozen=True)
class Wanted:
    """What the user named, for the metrics that need more than two files.

    Attributes:
        style: folders and files of the style's pictures.
        photos: folder of ordinary photographs, for the critic; None takes `photos` below STYLEREEL_DATA.
        features: an ONNX feature network.
        timing: summary of the run, as `stylize --json` prints it.
    """

    style: Sequence[Path] = ()
    photos: Path | None = None
    features: Path | None = None
    timing: Path | None = None


@dataclass(frozen=True)
class Prepared:
    """Material for the metrics, and a sentence for each thing that is absent."""

    material: Material
    absent: dict[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


def prepare(wanted: Wanted, on_progress: OnProgress | None = None) -> Prepared:
    """Read the style's pictures, and train the critic where it is not known yet (two to three minutes).

    Raises:
        MissingInputError: something named does not exist.
        UsageError, InputError, DatasetError: it is not what it should be.
    """
    network_why = (
        "needs a feature network of yours and the style's pictures: --features network.onnx --style FOLDER"
    )
    absent = {
        "style": "needs the style's pictures: --style FOLDER",
        "critic": "needs the style's pictures and photographs: --style FOLDER --photos FOLDER",
        "features": network_why,
        "style_features": network_why,
        "run_frames_per_second": "needs the run's pace: --timing SUMMARY.json, as stylize --json prints it",
        "source_frames_per_second": "needs a video, whose pace is known",
    }
    pace = read_pace(wanted.timing) if wanted.timing else None
    network = FeatureNetwork(wanted.features) if wanted.features else None
    paths = style_files(wanted.style)
    if not paths:
        return Prepared(Material(run_frames_per_second=pace, features=network), absent)
    paths, skipped = _usable(paths)
    critic, why, notices = _critic(paths, wanted.photos, on_progress)
    if why:
        absent["critic"] = why
    tell = _counter(2 * len(paths) + (len(paths) if network else 0), "style pictures", on_progress)
    material = Material(
        critic=critic,
        style=style_patches(paths, on_picture=tell),
        energies=critic.energies if critic else style_energies(paths),
        floor=style_floor(paths, on_picture=tell),
        features=network,
        style_features=style_features(network, paths, tell) if network else None,
        run_frames_per_second=pace,
    )
    return Prepared(material, absent, (*skipped, *notices))


def style_files(named: Sequence[Path]) -> list[Path]:
    """Picture files of folders and files.

    Raises:
        MissingInputError: one does not exist.
        UsageError: one is a style pack.
        DatasetError: a folder without pictures.
    """
    found: list[Path] = []
    for path in named:
        if (path / "card.json").is_file():
            raise UsageError(
                f"{path} is a style pack, which does not hold the pictures that it learned from: name those"
            )
        if not path.exists():
            raise MissingInputError(f"{path} does not exist: --style names the style's pictures, not a pack")
        found += [file for file in list_pictures(path) if file not in found]
    return found


def _usable(paths: Sequence[Path]) -> tuple[list[Path], tuple[str, ...]]:
    """Pictures that every metric can use, and a notice of those left out; all where none can be used."""
    kept = [path for path in paths if _short_side(path) >= LEAST_STYLE_PX]
    if not kept or len(kept) == len(paths):
        return list(paths), ()
    names = [path.name for path in paths if path not in kept]
    listing = ", ".join(names[:5]) + (" and others" if len(names) > 5 else "")
    return kept, (
        f"{len(names)} style picture(s) left out, unreadable or below {LEAST_STYLE_PX} px: {listing}",
    )


def _short_side(path: Path) -> int:
    picture = cv2.imread(str(path), cv2.IMREAD_REDUCED_GRAYSCALE_2)
    return 0 if picture is None else 2 * min(picture.shape)


def read_pace(path: Path) -> float:
    """Frames per second of a run, from the summary that `stylize --json` prints.

    Raises:
        MissingInputError, InputError: no such file, or no such summary.
    """
    if not path.is_file():
        raise MissingInputError(f"{path} does not exist: --timing names the summary of stylize --json")
    try:
        pace = json.loads(path.read_text("utf-8"))["frames_per_second"]
        if isinstance(pace, bool) or not (math.isfinite(pace) and pace > 0):
            raise ValueError(f"frames_per_second is {pace}")
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise InputError(
            f"{path} is no summary of stylize --json: expected an object with frames_per_second above 0, "
            f"got {type(error).__name__}: {error}"
        ) from error
    return float(pace)


def _critic(paths: list[Path], photos: Path | None, on_progress: OnProgress | None):
    """The critic or None, why there is none, and notices."""
    if photos is None and os.environ.get(DATA_VARIABLE):
        folder = Path(os.environ[DATA_VARIABLE]) / "photos"
        photos = folder if folder.is_dir() else None
    if photos is None:
        why = "needs photographs, to tell a look from the ordinary world: --photos FOLDER, 20 or more"
        return None, why, ()
    if importlib.util.find_spec("torch") is None:
        return None, "needs torch: pip install 'stylereel[train]'", ()
    if not photos.exists():
        raise MissingInputError(f"{photos} does not exist: --photos names a folder of photographs")
    tell = _steps(on_progress)
    photographs = list_pictures(photos)
    try:
        critic = train_or_load(paths, photographs, steps=_critic_steps(), on_step=tell)
    except DatasetError as error:
        return None, f"cannot be trained: {error}", ()
    recall = ", ".join(f"{share:.0%}" for share in critic.recall)
    notices = [f"the critic of this style takes {recall} of the style's held-out crops for style"]
    if _critic_steps() < STEPS:
        notices.append(
            f"the critic was trained for {_critic_steps()} steps in place of {STEPS}, since "
            f"{MAX_STEPS_VARIABLE} is set: its likeness is not the protocol's"
        )
    if len(photographs) < 20:
        notices.append(f"{len(photographs)} photographs are few for a critic: 20 or more make it just")
    return critic, "", tuple(notices)


def _critic_steps() -> int:
    """As many as the protocol fixes; the variable that shortens trainings in tests shortens this one too."""
    most = os.environ.get(MAX_STEPS_VARIABLE, "")
    return max(FEWEST_CRITIC_STEPS, min(STEPS, int(most))) if most.isdigit() else STEPS


def _steps(on_progress: OnProgress | None):
    meter: list[Meter] = []

    def tell(done: int, total: int) -> None:
        if not meter:
            meter.append(Meter(total, unit="steps", note="training the critic of this style, once"))
        progress = meter[0].advance(done - meter[0].done)
        if on_progress:
            on_progress(progress)

    return tell


def _counter(total: int, unit: str, on_progress: OnProgress | None):
    meter = Meter(total, unit=unit, note="reading the style")

    def tell() -> None:
        progress = meter.advance()
        if on_progress:
            on_progress(progress)

    return tell
