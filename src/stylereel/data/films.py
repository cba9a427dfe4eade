"""Videos as training material for recipes that learn how frames follow one another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from stylereel.core.errors import DatasetError
from stylereel.data.clip_crops import CONTENT_CLIPS, STYLE_CLIPS, ClipSampler, ClipWish
from stylereel.data.clips import CLIP_SHORT_SIDE_PX, Clip, ClipPool, FlowBook, gather_clips
from stylereel.data.credits import CreditBook
from stylereel.data.gather import Gathered, GatherRules, Named, credited_files
from stylereel.data.media import MediaFile
from stylereel.data.pool import Picture, Pool
from stylereel.data.settings import DataSettings
from stylereel.data.stream import Cutter

RUN_FRAMES = 12
"""Consecutive frames of a run: half a second, short enough to fit between the cuts of a trailer."""


@dataclass(frozen=True)
class GatheredFilms(Gathered):
    """Training material of one role, of videos alone; `training` and `held_out` hold the runs' frames.

    Attributes:
        runs: what is trained on.
    """

    runs: ClipPool


def gather_films(named: Sequence[Named], rules: GatherRules, book: CreditBook) -> GatheredFilms:
    """Read runs of consecutive frames of every video that was named; pictures are left out.

    Of each video, runs in its middle are held out, and so few that each keeps one to train on. The runs of a
    video of a second overlap, and what is held out of it is no better than a neighbour of what is trained on.

    Raises:
        MissingInputError: a path does not exist.
        DatasetError: no video among what was named, or none with enough frames.
    """
    files, refused, credits = credited_files(named, rules, book)
    videos = [file for file in files if file.kind == "video"]
    if not videos:
        raise _no_video(named, rules, len(files), refused)
    short_side_px = min(rules.short_side_px, CLIP_SHORT_SIDE_PX)
    found = gather_clips(
        [file.path for file in videos],
        budget_bytes=rules.budget_bytes,
        frames=RUN_FRAMES,
        short_side_px=short_side_px,
    ).clips
    runs = [run for run in found if min(run.frames.shape[1:3]) >= rules.smallest_side_px]
    used = [file for file in videos if any(run.path == file.path for run in runs)]
    if not runs:
        raise _none_usable(videos, rules)
    training, held_out = _split(runs, rules.held_out)
    return GatheredFilms(
        training=Pool(_pictures(training)),
        held_out=Pool(_pictures(held_out)),
        credits=[credits[file.path] for file in used],
        notices=_notices(rules, files, videos, used, refused, len(training), len(held_out)),
        files=used,
        runs=ClipPool(training),
    )


def film_cutter(
    content: GatheredFilms, style: GatheredFilms, settings: DataSettings, seed: int, wish: ClipWish
) -> Cutter:
    """Cuts batches of windows of films alone."""
    low, high = settings.content_short_side_px
    # A look's film is cut as content is; a brush twice as large is a film whose frames are twice as large.
    larger = (round(low * settings.brush_size), round(high * settings.brush_size))
    as_large = settings.model_copy(update={"content_short_side_px": larger})
    flows = FlowBook(int(settings.flows_gb * 2**30))
    return Cutter(
        None,
        ClipSampler(content.runs, flows, settings, seed, wish, CONTENT_CLIPS),
        ClipSampler(style.runs, flows, as_large, seed, wish, STYLE_CLIPS),
    )


def _split(runs: Sequence[Clip], held_out: float) -> tuple[list[Clip], list[Clip]]:
    training: list[Clip] = []
    away: list[Clip] = []
    for path in dict.fromkeys(run.path for run in runs):
        own = [run for run in runs if run.path == path]
        count = min(max(1, round(held_out * len(own))), len(own) - 1)
        first = (len(own) - count) // 2
        away += own[first : first + count]
        training += own[:first] + own[first + count :]
    return training, away or training  # one run alone must serve for both


def _pictures(runs: Sequence[Clip]) -> list[Picture]:
    """Every frame by itself; each video is drawn as often as any other."""
    count = Counter(run.path for run in runs)
    return [
        Picture(frame, f"{run.path}#{run.index}", 1.0 / (count[run.path] * len(run.frames)))
        for run in runs
        for frame in run.frames
    ]


def _notices(
    rules: GatherRules,
    files: Sequence[MediaFile],
    videos: Sequence[MediaFile],
    used: Sequence[MediaFile],
    refused: int,
    training: int,
    held_out: int,
) -> list[str]:
    notices = []
    if pictures := len(files) - len(videos):
        notices.append(f"{rules.role}: {pictures} picture(s) left out: this recipe learns from videos alone")
    if skipped := [file.path.name for file in videos if file not in used]:
        notices.append(
            f"{rules.role}: {len(skipped)} video(s) skipped, which cannot be read, are smaller than "
            f"{rules.smallest_side_px} px, or show nowhere {RUN_FRAMES} frames without a cut: "
            f"{', '.join(skipped[:8])}"
        )
    if refused:
        words = ", ".join(rules.refused_licenses)
        notices.append(f"{rules.role}: {refused} file(s) left out by their licence ({words})")
    notices.append(
        f"{rules.role}: {training} runs of {RUN_FRAMES} consecutive frames of {len(used)} video(s) to train "
        f"on, {held_out} held out for the watches"
    )
    return notices


def _no_video(named: Sequence[Named], rules: GatherRules, pictures: int, refused: int) -> DatasetError:
    listing = ", ".join(str(item.path) for item in named)
    left_out = f", {refused} file(s) left out by licence" if refused else ""
    return DatasetError(
        f"No video for {rules.role} in {listing}: got {pictures} picture(s){left_out}. This recipe learns "
        "how frames follow one another: name a video, or a folder with videos. From pictures alone learn "
        "`train unpaired` and `train cyclegan`."
    )


def _none_usable(videos: Sequence[MediaFile], rules: GatherRules) -> DatasetError:
    names = ", ".join(file.path.name for file in videos[:5])
    return DatasetError(
        f"No usable video for {rules.role}: {names} cannot be read, or show nowhere {RUN_FRAMES} consecutive "
        f"frames without a cut, of at least {rules.smallest_side_px} px. Name longer or larger videos."
    )
