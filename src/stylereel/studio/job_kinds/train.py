"""A look learned from pictures, a video or one picture, as `stylereel train` learns it, told in words."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from stylereel.studio.job_kind import Plan, WantedJob
from stylereel.studio.models import ID_PATTERN, Media

if TYPE_CHECKING:
    from stylereel.actions.training_wish import Material, TrainingWish
    from stylereel.actions.wished_training import TrainingStory
    from stylereel.core.progress import Progress
    from stylereel.studio.job_work import Work
    from stylereel.studio.shelf import MediaShelf

IS_QUICK = False
KEEPS_FOLDER = True
KEEPS_MATERIAL = True
"""Once begun, it goes on also where what it was given is gone from the shelf."""
MOST_FILES = 2000
TELL_SECONDS = 1.0
MediaId = Annotated[str, Field(pattern=ID_PATTERN)]
Sentence = Annotated[str, Field(max_length=500)]


class Wanted(WantedJob):
    """A training."""

    kind: Literal["train"]
    name: str = Field(max_length=200)
    """Of the look: letters, digits, '-', '_' and '.', up to 64."""
    pictures: list[MediaId] = Field(max_length=MOST_FILES)
    """What shows the look: pictures, one picture, or videos."""
    content: list[MediaId] = Field(default=[], max_length=MOST_FILES)
    """What it will be put on: videos, or four photographs or more. None: the uploaded videos."""
    minutes: float = 20.0
    """To train, 0.1 or more."""
    recipe: str | None = Field(default=None, max_length=40)
    """Training method: unpaired, cyclegan or recycle; None for what suits the material."""
    extends: str | None = Field(default=None, max_length=80)
    """A pack of several looks that the look is added to, in a new pack of this name."""
    look: str = Field(default="", max_length=80)
    """What the look is called in that pack; as the pack where it is empty."""
    title: Sentence = ""
    """What people read in a list; made of the name where it is empty."""
    description: Sentence = ""
    """The look in a sentence."""
    author: Sentence = ""
    """Who trains it."""
    license: Sentence = ""
    """Of the pictures; unknown where it is empty."""
    credit: Sentence = ""
    """Whom to name when results are shown."""
    brush_size: float = 1.0
    """Of strokes: 1 is as in the pictures as stored, 2 twice as large."""
    gentle: bool = False
    """Half the learning rates, for a training that diverged."""
    threads: int | None = Field(default=None, ge=1, le=256)
    """Of the processor; None for all."""
    settings: list[Annotated[str, Field(max_length=200)]] = Field(default=[], max_length=60)
    """Further settings as `--set` takes them, such as "data.crop_px=96"."""


def plan(wanted: Wanted, shelf: MediaShelf) -> Plan:
    """See `job_kind.Kind`: what cannot be trained is refused here, before it waits."""
    from stylereel.actions.training_wish import choose, require_training

    require_training()
    pictures = [shelf.get(one) for one in dict.fromkeys(wanted.pictures)]
    content = [shelf.get(one) for one in dict.fromkeys(wanted.content)] or _uploaded_videos(shelf, pictures)
    given = wanted.model_dump(exclude={"kind", "pictures", "content"})
    order = {
        **given,
        "style": [_material(shelf, media) for media in pictures],
        "content": [_material(shelf, media) for media in content],
    }
    choose(wish_of(order))
    used = (*pictures, *content)
    names = {str(shelf.path(media.id)): media.name for media in used}
    return Plan(f"Learning '{wanted.look or wanted.name}'", order, tuple(media.id for media in used), names)


def wish_of(order: dict[str, Any]) -> TrainingWish:
    """The wish that a plan's order holds."""
    from stylereel.actions.training_wish import TrainingWish

    values = {name: value for name, value in order.items() if name != "threads"}
    values |= {"style": _pieces(order["style"]), "content": _pieces(order["content"])}
    return TrainingWish(**{**values, "settings": tuple(order["settings"])})


def run(work: Work) -> dict[str, Any]:
    """See `job_kind.Kind`: asked to stop, it ends after the step, with everything that it can go on with."""
    from stylereel.actions.wished_training import forget_material, train_wished

    wish, teller = wish_of(work.order), _Teller(work)
    try:
        with _StopAfterStep() as stop:
            summary = train_wished(
                wish,
                work.folder,
                resume=work.is_resumed,
                threads=work.order["threads"],
                on_story=teller.hear,
                should_stop=stop,
            )
    finally:
        teller.tell()
    if not summary.finished:
        raise KeyboardInterrupt
    forget_material(work.folder)
    size = sum(path.stat().st_size for path in summary.output.iterdir() if path.is_file())
    return {"name": wish.name, "bytes": size}


def _uploaded_videos(shelf: MediaShelf, pictures: list[Media]) -> list[Media]:
    """What a look is learned for where nobody says it: the videos that were brought here."""
    shown = {media.id for media in pictures}
    return [m for m in shelf.all() if m.kind == "video" and m.origin == "upload" and m.id not in shown]


def _material(shelf: MediaShelf, media: Media) -> list[str]:
    return [str(shelf.path(media.id)), media.name, media.kind]


def _pieces(told: list[list[str]]) -> tuple[Material, ...]:
    from pathlib import Path

    from stylereel.actions.training_wish import Material

    return tuple(Material(Path(path), label, kind) for path, label, kind in told)  # type: ignore[arg-type]


class _StopAfterStep:
    """The first SIGINT lets the step finish and saves; the second one ends at once."""

    def __init__(self) -> None:
        self._asked = False
        self._before: Any = None

    def __call__(self) -> bool:
        return self._asked

    def __enter__(self) -> _StopAfterStep:
        self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _ask(self, number: int, frame: object) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True


class _Teller:
    """Passes a story on, once a second and whenever something is said."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._story: TrainingStory | None = None
        self._told_at, self._said, self._alarms = 0.0, 0, 0

    def hear(self, progress: Progress, story: TrainingStory) -> None:
        """Told after each step and of each notice."""
        self._story = story
        said = len(story.notices) + len(story.previews) + len(story.alarms)
        if said != self._said or time.monotonic() - self._told_at >= TELL_SECONDS:
            self._said = said
            self.tell()
        self._work.progress(progress)

    def tell(self) -> None:
        """The story as it is now."""
        if self._story is not None:
            self._told_at = time.monotonic()
            self._work.facts("training", self._story.as_json())
