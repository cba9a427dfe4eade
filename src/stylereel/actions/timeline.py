"""A written timeline on a source and a style: times in seconds, keys on cuts, looks as codes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from stylereel.actions.loaded_style import LoadedStyle, pack_of
from stylereel.actions.timeline_file import WrittenKey, WrittenTimeline, check_order
from stylereel.core.errors import InputError, UsageError
from stylereel.core.frames import Frame
from stylereel.inference.look_timeline import LookKey, LookTimeline
from stylereel.inference.painter import Look
from stylereel.packs.looks import OneLook, parse_mixture
from stylereel.packs.steerable import Steerable
from stylereel.packs.store import Pack
from stylereel.temporal.cut_times import first_frames
from stylereel.video.info import SourceInfo
from stylereel.video.reader import FrameReader
from stylereel.video.timeline import Cut

LEAD_SECONDS = 1.0
"""Looked at before a key's surroundings, so that a cut at their edge has something before it."""
MOST_NAMED = 12
"""Looks of a timeline that are told by name."""
SEEN_PX = 192
"""Longest side of the frames that cuts are looked for in."""


@dataclass(frozen=True)
class Stretch:
    """Which frames of a source come, and how their times are counted.

    Attributes:
        info: of the source.
        start_seconds: where they begin; None where they keep the source's times.
        rate: that they are brought to; None where they keep theirs.
        pictures_rate: of pictures that are the frames of a film; None elsewhere.
        alone: they are single pictures.
        can_be_read_twice: it is a file.
    """

    info: SourceInfo
    start_seconds: float | None = None
    rate: Fraction | None = None
    pictures_rate: Fraction | None = None
    alone: bool = False
    can_be_read_twice: bool = True

    def seconds(self, frame: Frame) -> float:
        """The time of a frame on the source's clock, which begins at 0."""
        return float(frame.pts * frame.time_base + self._ahead)

    @property
    def _ahead(self) -> Fraction:
        origin, start = self.info.origin_seconds, Cut.checked(self.start_seconds, None).start
        if start is None:
            return -origin
        return round((origin + start) / self.info.time_base) * self.info.time_base - origin

    @property
    def duration_seconds(self) -> float | None:
        """Of the whole source, where it is known."""
        if self.info.duration_seconds is not None:
            return self.info.duration_seconds
        count = self.info.frame_count_estimate
        return None if count is None else float(count / self.info.frame_rate)


@dataclass(frozen=True)
class KeyedStyle:
    """A style, and the look of each frame where a timeline says so.

    Attributes:
        style: to be loaded; of many looks one pack that is steered.
        look_of: gives the look of a frame; None where all have the same.
        notices: sentences for the user.
    """

    style: str | Path | LoadedStyle | Pack | None
    look_of: Callable[[Frame], Look] | None = None
    notices: tuple[str, ...] = field(default=())

    def begins_anew(self, begins_part: Callable[[Frame], bool]) -> Callable[[Frame], bool]:
        """Whether a frame that is shown again is made again: where it may have got another look."""
        return begins_part if self.look_of is None else lambda frame: True


def style_named(
    style: str | Path | LoadedStyle | Pack | None, timeline: WrittenTimeline | None
) -> str | Path | LoadedStyle | Pack:
    """The style that was asked for: beside the timeline, or else in it.

    Raises:
        UsageError: nobody names one.
    """
    if style is not None:
        return style
    if timeline is not None and timeline.style is not None:
        return timeline.style
    also = "" if timeline is None else ' Or name it in the timeline, above its first key: style = "NAME".'
    raise UsageError(
        "style is missing: name one, --style NAME, or --reference PICTURE; `stylereel styles` lists them."
        f"{also}"
    )


def keyed_style(
    style: str | Path | LoadedStyle | Pack | None,
    timeline: WrittenTimeline | None,
    stretch: Stretch,
    *,
    strength: float,
    keep_colors: float,
    scale: float,
) -> KeyedStyle:
    """A timeline laid on a source and a style; without one, the style as it is.

    Args:
        style: name of a pack, the folder of one, a pack, or one that is loaded; with a timeline never None.
        timeline: as it was written.
        stretch: of the source.
        strength, keep_colors: of keys that say none.
        scale: of the frame that the network sees.

    Raises:
        UsageError: the source or the style cannot have such a timeline, or keys name what is not there.
        PackError: the pack cannot be steered.
    """
    if timeline is None:
        return KeyedStyle(style)
    if stretch.alone:
        raise UsageError(
            f"A timeline is for what takes time, and {stretch.info.path} is pictures that do not. For "
            "pictures that are the frames of a film, say at which pace: --fps 24."
        )
    pack = steered(style.pack if isinstance(style, LoadedStyle) else pack_of(style or ""))
    shares = [_shares(key, pack) for key in timeline.keys]
    placed = _placed(timeline, stretch)
    seconds, snapped = _snapped(timeline, placed, stretch)
    keys = [
        LookKey(
            seconds=at,
            strength=strength if key.strength is None else key.strength,
            keep_colors=float(keep_colors if key.keep_colors is None else key.keep_colors),
            easing=key.easing,
            code=pack.code(mixture) if isinstance(pack, Steerable) and mixture is not None else None,
        )
        for key, at, mixture in zip(timeline.keys, seconds, shares, strict=True)
    ]
    looks = LookTimeline(keys, scale, pack.ends if isinstance(pack, Steerable) else None)
    for at in seconds:  # what a pack lacks is told before anything runs
        looks.at(at)
    notices = (*snapped, *_beyond(timeline.keys, seconds, stretch.duration_seconds))
    if isinstance(pack, Steerable):
        pack = replace(pack, shown=_named(timeline))
    return KeyedStyle(
        replace(style, pack=pack) if isinstance(style, LoadedStyle) else pack,
        lambda frame: looks.at(stretch.seconds(frame)),
        notices,
    )


def steered(pack: Pack) -> Pack:
    """The pack; one of many looks as one network that a timeline steers. `PackError` where it cannot be."""
    return Steerable.of(pack) if pack.card.code_size and not pack.ends_size else pack


def _named(timeline: WrittenTimeline) -> str:
    """The looks of a timeline, each once, in their order."""
    looks = list(dict.fromkeys(key.look for key in timeline.keys if key.look is not None))
    more = f" and {len(looks) - MOST_NAMED} more" if len(looks) > MOST_NAMED else ""
    return ", ".join(looks[:MOST_NAMED]) + more


def _shares(key: WrittenKey, pack: Pack) -> dict[str, float] | None:
    """The mixture that a key names, of a pack that holds more than one look."""
    name = pack.card.name
    if not isinstance(pack, Steerable):
        if key.look is None:
            return None
        many = f" For keys with looks say --style {name}." if isinstance(pack, OneLook) else ""
        raise UsageError(
            f"{key.where}: look is '{key.look}', and the style is one look: its keys have strength and "
            f"keep_colors alone.{many}"
        )
    if key.look is None:
        raise UsageError(
            f"{key.where}: 'look' is missing, and '{name}' holds {len(pack.card.styles)}: write which one, "
            f"or a mixture. It holds: {', '.join(pack.card.styles)}."
        )
    try:
        return parse_mixture(key.look, pack.card.styles)
    except UsageError as error:
        raise UsageError(f"{key.where}: {error}") from None


def _placed(timeline: WrittenTimeline, stretch: Stretch) -> list[float]:
    """The times of the keys in seconds, those that are shares of the duration too."""
    seconds: list[float] = []
    for key in timeline.keys:
        at = key.seconds
        if at is None:
            if stretch.duration_seconds is None:
                raise UsageError(
                    f"{key.where}: at is '{key.at}', and nothing says how long {stretch.info.path} is: write "
                    "seconds."
                )
            at = (key.share or 0.0) * stretch.duration_seconds
        seconds.append(at)
    check_order(timeline.keys, [*seconds])
    return seconds


def _snapped(
    timeline: WrittenTimeline, seconds: Sequence[float], stretch: Stretch
) -> tuple[list[float], list[str]]:
    """The times with keys moved onto cuts, and what was moved. Of two keys the nearer gets a cut."""
    moved, notices = [*seconds], list[str]()
    if not timeline.snap_seconds:
        return moved, notices
    if not stretch.can_be_read_twice:
        raise UsageError("snap_to_cuts looks for cuts before the run, and a pipe is read once: leave it out.")
    near = {
        index: [(abs(cut - at), cut) for cut in cuts_near(stretch, at, timeline.snap_seconds)]
        for index, at in enumerate(seconds)
    }
    # A frame that is brought to a rate may be shown half a frame before its time.
    early = 0.0 if stretch.rate is None else float(1 / (2 * stretch.rate))
    taken: dict[float, int] = {}
    for _, cut, index in sorted((min(found)[0], min(found)[1], i) for i, found in near.items() if found):
        key = timeline.keys[index]
        if cut in taken:
            other = timeline.keys[taken[cut]].where
            notices.append(f"{key.where} stays at {seconds[index]:.3f} s: {other} is nearer to the cut")
            continue
        taken[cut] = index
        moved[index] = max(0.0, cut - early)
        if moved[index] != seconds[index]:
            notices.append(f"{key.where} moved from {seconds[index]:.3f} s to the cut at {cut:.3f} s")
    check_order(timeline.keys, [*moved])
    return moved, notices


def cuts_near(stretch: Stretch, at: float, within: float) -> list[float]:
    """Times of the cuts within so many seconds of a time, on the source's clock; reads that part, small."""
    start = at - within - LEAD_SECONDS
    cut_out = replace(stretch, start_seconds=start if start > 0 else None)
    with contextlib.suppress(InputError):  # nothing there: the key lies past the end
        reader = FrameReader(
            stretch.info.path,
            start_seconds=cut_out.start_seconds,
            end_seconds=at + within + float(stretch.info.time_base),
            max_side=SEEN_PX,
            fps=stretch.pictures_rate,
        )
        with reader:
            times = [cut_out.seconds(frame) for frame in first_frames(reader)]
        return [time for time in times if abs(time - at) <= within]
    return []


def _beyond(keys: Sequence[WrittenKey], seconds: Sequence[float], duration: float | None) -> Iterator[str]:
    if duration is None:
        return
    for key, at in zip(keys, seconds, strict=True):
        if at > duration:
            yield (
                f"{key.where}: at is {key.at} ({at:g} s), past the end of the source ({duration:.3f} s): "
                "what it says is not reached"
            )
