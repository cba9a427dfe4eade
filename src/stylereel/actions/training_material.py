"""What a training learns from: the settings' sources read, split, and cut into batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from stylereel.data.clip_crops import CONTENT_CLIPS, STYLE_CLIPS, ClipSampler, ClipWish
from stylereel.data.clips import FlowBook, gather_clips, without
from stylereel.data.credits import CreditBook
from stylereel.data.crops import CropSampler, StylePool
from stylereel.data.films import GatheredFilms, film_cutter, gather_films
from stylereel.data.gather import Gathered, GatheredLooks, GatherRules, Named, gather
from stylereel.data.stream import Cutter
from stylereel.training.settings import Resolved

LEAST_CONTENT_PICTURES = 4
WITHOUT_CLIPS = {
    "content": "motion is learned from pictures that are moved",
    "style": "three frames of it are shown by a camera that moves over its pictures",
}
OnNotice = Callable[[str], None]


def gather_role(resolved: Resolved, role: str, book: CreditBook, on_notice: OnNotice) -> Gathered:
    """Read what the settings name as "content" or as "style".

    Raises:
        MissingInputError, DatasetError: it is not there, or too little of it can be used.
    """
    settings, data = resolved.settings, resolved.settings.data
    is_style = role == "style"
    rules = GatherRules(
        role=role,
        short_side_px=data.style_max_short_side_px if is_style else data.content_short_side_px[1],
        smallest_side_px=max(32, data.crop_px // 2),
        least_pictures=1 if is_style else LEAST_CONTENT_PICTURES,
        budget_bytes=int(data.memory_gb * 2**30 * (0.4 if is_style else 0.6)),
        held_out=data.held_out,
        frames_per_video=data.frames_per_video,
        refused_licenses=settings.refused_licenses,
        seed=settings.seed,
    )
    named = [
        Named(entry.path, entry.license or (settings.license if is_style else None), entry.credit)
        for entry in (settings.style if is_style else settings.content)
    ]
    wish: ClipWish | None = resolved.recipe_config.clips  # pyright: ignore[reportAttributeAccessIssue]
    films = wish is not None and wish.alone
    if is_style and hasattr(resolved.recipe_config, "styles"):
        gathered = _gather_looks(named, rules, book)
    else:
        gathered = gather_films(named, rules, book) if films else gather(named, rules, book)
    for notice in gathered.notices:
        on_notice(notice)
    return gathered


def _gather_looks(named: list[Named], rules: GatherRules, book: CreditBook) -> GatheredLooks:
    """Each look by itself, with its part of the memory; sentences say which look they are about."""
    each = replace(rules, budget_bytes=rules.budget_bytes // len(named))
    looks = []
    for source in named:
        found = gather([source], each, book)
        notices = [f"{source.path.name}: {notice}" for notice in found.notices]
        looks.append(replace(found, notices=notices))
    return GatheredLooks.of(looks)


def cutter_of(resolved: Resolved, content: Gathered, style: Gathered, on_notice: OnNotice) -> Cutter:
    """What cuts batches: crops of pictures and, where the recipe wants them, windows of clips."""
    settings = resolved.settings
    wish: ClipWish | None = resolved.recipe_config.clips  # pyright: ignore[reportAttributeAccessIssue]
    if wish is not None and isinstance(content, GatheredFilms) and isinstance(style, GatheredFilms):
        return film_cutter(content, style, settings.data, settings.seed, wish)
    looks = style.looks if isinstance(style, GatheredLooks) else ()
    styles = [
        StylePool(look.training, source.style_scales, source.weight)
        for look, source in zip(looks, settings.style, strict=False)
    ]
    pictures = CropSampler(content.training, style.training, settings.data, settings.seed, styles)
    if wish is None:
        return Cutter(pictures)
    clips = _clip_sampler(resolved, "content", content, wish, on_notice)
    if not wish.style:
        return Cutter(pictures, clips)
    return Cutter(pictures, clips, _clip_sampler(resolved, "style", style, wish, on_notice))


def _clip_sampler(
    resolved: Resolved, role: str, gathered: Gathered, wish: ClipWish, on_notice: OnNotice
) -> ClipSampler | None:
    settings, data = resolved.settings, resolved.settings.data
    videos = [file.path for file in gathered.files if file.kind == "video"]
    if videos:
        on_notice(f"{role}: reading runs of consecutive frames from {len(videos)} video(s) ...")
    pool = gather_clips(videos, budget_bytes=int(data.clips_gb * 2**30))
    held_out = [picture.pixels for picture in gathered.held_out.pictures if picture.path is None]
    unseen = without(pool, held_out)
    pool = unseen if unseen.clips else pool  # where nothing ever changes, nothing can be held out
    if not pool.clips:
        on_notice(f"{role}: no video to see it move in; {WITHOUT_CLIPS[role]}.")
        return None
    on_notice(f"{role}: {len(pool)} runs of consecutive frames from {len(videos)} video(s).")
    stream = STYLE_CLIPS if role == "style" else CONTENT_CLIPS
    return ClipSampler(pool, FlowBook(int(data.flows_gb * 2**30)), data, settings.seed, wish, stream)
