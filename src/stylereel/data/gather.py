"""Turns what the user named into decoded pictures, split into a part to train on and a part held out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from stylereel.core.errors import DatasetError, VideoOpenError
from stylereel.core.tile_names import whole_name
from stylereel.data.credits import UNKNOWN, Credit, CreditBook
from stylereel.data.media import MediaFile, find_media, read_picture, with_short_side
from stylereel.data.pool import Picture, Pool, PoolOverflow
from stylereel.data.video_frames import sample_frames

LEAST_GROUPS_TO_HOLD_OUT_WHOLE = 5
"""From so many pictures on, whole pictures are held out; of fewer, a strip of each."""
VIDEO_GROUPS = 10
"""A video's frames are held out in contiguous stretches of this fraction."""
VIDEO_WEIGHT = 24
"""A video counts as at most this many pictures when crops are drawn."""


@dataclass(frozen=True)
class Named:
    """One thing the user named.

    Attributes:
        path: folder or file.
        license: stated for all of it; wins over index files; None leaves it to them.
        credit: whom to name, likewise.
    """

    path: Path
    license: str | None = None
    credit: str | None = None


@dataclass(frozen=True)
class GatherRules:
    """What is kept.

    Attributes:
        role: "content" or "style".
        short_side_px: larger pictures are reduced to this when read.
        smallest_side_px: pictures with a smaller short side are skipped.
        least_pictures: fewer usable ones are an error (a video counts as enough).
        budget_bytes: decoded pictures kept in memory.
        held_out: fraction held out.
        frames_per_video: frames kept of each video.
        refused_licenses: pictures whose licence contains one of these words are left out.
        seed: order of reading, choice of what is held out.
    """

    role: str
    short_side_px: int
    smallest_side_px: int
    least_pictures: int
    budget_bytes: int
    held_out: float = 0.1
    frames_per_video: int = 96
    refused_licenses: tuple[str, ...] = ()
    seed: int = 0


@dataclass(frozen=True)
class Gathered:
    """Training material of one role.

    Attributes:
        training: what crops are drawn from.
        held_out: never trained on; same kind of pool.
        credits: one per file used.
        notices: sentences for the user: skipped files, memory, what is held out.
        files: files used.
    """

    training: Pool
    held_out: Pool
    credits: list[Credit]
    notices: list[str]
    files: list[MediaFile]


@dataclass(frozen=True)
class GatheredLooks(Gathered):
    """Material of several looks; as a whole it is that of all of them together.

    Attributes:
        looks: the material of each.
    """

    looks: tuple[Gathered, ...] = ()

    @classmethod
    def of(cls, looks: Sequence[Gathered]) -> GatheredLooks:
        """All of these; what does not fit into memory is drawn from in the looks themselves alone."""
        pools = [
            Pool([picture for look in looks for picture in getattr(look, part).pictures])
            for part in ("training", "held_out")
        ]
        return cls(
            *pools,
            credits=[credit for look in looks for credit in look.credits],
            notices=[notice for look in looks for notice in look.notices],
            files=[file for look in looks for file in look.files],
            looks=tuple(looks),
        )


@dataclass
class _Loaded:
    pictures: list[Picture] = field(default_factory=list)
    waiting: list[PoolOverflow] = field(default_factory=list)
    used: list[MediaFile] = field(default_factory=list)
    unreadable: list[Path] = field(default_factory=list)
    too_small: list[Path] = field(default_factory=list)
    bytes: int = 0


def gather(
    named: Sequence[Named],
    rules: GatherRules,
    book: CreditBook,
    on_file: Callable[[int, int], None] | None = None,
) -> Gathered:
    """Read and split the material of one role.

    Args:
        named: folders and files.
        rules: what is kept.
        book: where credits are looked up.
        on_file: told (files read, files in all) while reading.

    Raises:
        MissingInputError: a path does not exist.
        DatasetError: nothing usable, or too little of it.
    """
    allowed, refused, credits = credited_files(named, rules, book)
    order = np.random.default_rng([rules.seed, 101]).permutation(len(allowed))
    loaded = _Loaded()
    for done, index in enumerate(order):
        _load(allowed[index], rules, loaded)
        if on_file:
            on_file(done + 1, len(allowed))
    _make_room(loaded, rules)
    notices = _notices(rules, loaded, refused)
    _check_enough(rules, loaded, refused)
    training, held_out, how = _split(loaded, rules)
    notices.append(how)
    return Gathered(training, held_out, [credits[file.path] for file in loaded.used], notices, loaded.used)


def credited_files(
    named: Sequence[Named], rules: GatherRules, book: CreditBook
) -> tuple[list[MediaFile], int, dict[Path, Credit]]:
    """Every file that may be learned from, how many are refused by licence, and whom each is owed to."""
    credits: dict[Path, Credit] = {}
    files: list[MediaFile] = []
    seen: set[Path] = set()
    for item in named:
        for file in find_media([item.path], rules.role):
            if file.path.resolve() not in seen:
                seen.add(file.path.resolve())
                found = book.credit_of(file)
                credits[file.path] = Credit(
                    item.license or found.license, item.credit or found.credit, found.source, found.certain
                )
                files.append(file)
    allowed, refused = _by_license(files, credits, rules.refused_licenses)
    return allowed, refused, credits


def _by_license(
    files: list[MediaFile], credits: dict[Path, Credit], refused_words: tuple[str, ...]
) -> tuple[list[MediaFile], int]:
    """Leave out files by words in their licence; "uncertain" leaves out what the index itself doubts."""
    words = [word.casefold() for word in refused_words]
    allowed = []
    for file in files:
        credit = credits[file.path]
        stated = credit.license.casefold()
        if any(word in stated for word in words) or ("uncertain" in words and not credit.certain):
            continue
        allowed.append(file)
    return allowed, len(files) - len(allowed)


def _load(file: MediaFile, rules: GatherRules, loaded: _Loaded) -> None:
    if file.kind == "video":
        try:
            frames = sample_frames(file.path, rules.frames_per_video, rules.short_side_px)
        except VideoOpenError:
            frames = []
        if not frames:
            loaded.unreadable.append(file.path)
            return
        if min(frames[0].shape[:2]) < rules.smallest_side_px:
            loaded.too_small.append(file.path)
            return
        weight = min(len(frames), VIDEO_WEIGHT) / len(frames)
        for index, pixels in enumerate(frames):
            group = f"{file.path}#{index * VIDEO_GROUPS // len(frames)}"
            loaded.pictures.append(Picture(pixels, group, weight))
            loaded.bytes += pixels.nbytes
        loaded.used.append(file)
        return
    group = str(file.path.with_name(whole_name(file.path.stem)).name)
    if loaded.bytes >= rules.budget_bytes:
        loaded.waiting.append(PoolOverflow(file.path, group, rules.short_side_px))
        loaded.used.append(file)
        return
    pixels = read_picture(file.path)
    if pixels is None:
        loaded.unreadable.append(file.path)
    elif min(pixels.shape[:2]) < rules.smallest_side_px:
        loaded.too_small.append(file.path)
    else:
        pixels = with_short_side(pixels, rules.short_side_px)
        loaded.pictures.append(Picture(pixels, group, path=file.path))
        loaded.bytes += pixels.nbytes
        loaded.used.append(file)


def _make_room(loaded: _Loaded, rules: GatherRules) -> None:
    """When not all fits, half of the memory holds a fixed part and half what is exchanged in."""
    if not loaded.waiting:
        return
    kept, held_bytes = [], 0
    for picture in loaded.pictures:
        if picture.path is not None and held_bytes > rules.budget_bytes // 2:
            loaded.waiting.append(PoolOverflow(picture.path, picture.group, rules.short_side_px))
        else:
            kept.append(picture)
            held_bytes += picture.pixels.nbytes
    loaded.pictures = kept


def _split(loaded: _Loaded, rules: GatherRules) -> tuple[Pool, Pool, str]:
    pictures = loaded.pictures
    groups = sorted({picture.group for picture in pictures})
    if len(groups) >= LEAST_GROUPS_TO_HOLD_OUT_WHOLE:
        count = max(1, round(rules.held_out * len(groups)))
        chosen = np.random.default_rng([rules.seed, 102]).permutation(len(groups))[:count]
        held = {groups[index] for index in chosen}
        kept = [picture for picture in pictures if picture.group not in held]
        away = [picture for picture in pictures if picture.group in held]
        waiting = [item for item in loaded.waiting if item.group not in held]
        how = f"{rules.role}: {len(kept)} pictures to train on, {len(away)} held out for the watches"
    else:
        strips = [_strip(picture, rules) for picture in pictures]
        kept, away = [strip[0] for strip in strips], [strip[1] for strip in strips]
        waiting = loaded.waiting
        how = f"{rules.role}: {len(kept)} picture(s) to train on, a strip of each held out for the watches"
    return Pool(kept, waiting), Pool(away), how


def _strip(picture: Picture, rules: GatherRules) -> tuple[Picture, Picture]:
    """Cut a strip off the longer side's end: to train on, held out."""
    height, width = picture.pixels.shape[:2]
    longer = max(height, width)
    strip = min(max(round(1.5 * rules.held_out * longer), rules.smallest_side_px), longer // 3)
    if width >= height:
        kept, away = picture.pixels[:, : width - strip], picture.pixels[:, width - strip :]
    else:
        kept, away = picture.pixels[: height - strip], picture.pixels[height - strip :]
    return replace(picture, pixels=kept), replace(picture, pixels=away)


def _notices(rules: GatherRules, loaded: _Loaded, refused: int) -> list[str]:
    notices = []
    for paths, why in (
        (loaded.unreadable, "could not be read"),
        (loaded.too_small, f"are smaller than {rules.smallest_side_px} px"),
    ):
        if paths:
            named = ", ".join(path.name for path in paths[:8])
            more = f" and {len(paths) - 8} more" if len(paths) > 8 else ""
            notices.append(f"{rules.role}: {len(paths)} file(s) {why} and are skipped: {named}{more}")
    if refused:
        words = ", ".join(rules.refused_licenses)
        notices.append(f"{rules.role}: {refused} file(s) left out by their licence ({words})")
    if loaded.waiting:
        notices.append(
            f"{rules.role}: {len(loaded.pictures)} pictures fill the {rules.budget_bytes / 2**30:.1f} GB "
            f"kept in "
            f"memory; {len(loaded.waiting)} more are exchanged in while training (raise data.memory_gb to "
            f"keep all)"
        )
    return notices


def _check_enough(rules: GatherRules, loaded: _Loaded, refused: int) -> None:
    has_video = any(file.kind == "video" for file in loaded.used)
    if loaded.pictures and (has_video or len(loaded.pictures) >= rules.least_pictures):
        return
    skipped = [
        f"{len(loaded.unreadable)} could not be read" if loaded.unreadable else "",
        f"{len(loaded.too_small)} have a side below {rules.smallest_side_px} px" if loaded.too_small else "",
        f"{refused} left out by licence" if refused else "",
    ]
    why = "; ".join(text for text in skipped if text)
    names = [path.name for path in (loaded.unreadable + loaded.too_small)[:5]]
    raise DatasetError(
        f"Too few usable {rules.role} pictures: got {len(loaded.pictures)}, expected at least "
        f"{rules.least_pictures}"
        f"{' or a video' if rules.least_pictures > 1 else ''}. "
        f"{why + ': ' + ', '.join(names) + '. ' if why else ''}"
        f"Add pictures of at least {rules.smallest_side_px} px, or name another folder."
    )


def license_of(credits: Sequence[Credit]) -> str:
    """One licence for all: the single one that is stated, several joined, or "unknown" if any is unknown."""
    stated = sorted({credit.license for credit in credits})
    if not stated or UNKNOWN in stated:
        return UNKNOWN
    return stated[0] if len(stated) == 1 else "; ".join(stated)
