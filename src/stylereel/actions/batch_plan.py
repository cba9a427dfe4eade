"""What a batch makes: every file in every look at every size, and under which name."""

from __future__ import annotations

import fnmatch
import glob
import os
import string
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stylereel.actions.batch_jobs import JobTable
from stylereel.actions.batch_names import LookNames, reference_part, safe_name
from stylereel.actions.content_frames import FRAME_OPTIONS
from stylereel.actions.presets import PRESETS, Preset, preset_of
from stylereel.actions.references import reference_name
from stylereel.actions.timeline import style_named
from stylereel.actions.timeline_file import read_timeline
from stylereel.core.errors import InputError, MissingInputError, OutputError, UsageError
from stylereel.core.paths import check_can_be
from stylereel.core.registry import unknown_name
from stylereel.packs.find import list_packs
from stylereel.video.codecs import CODECS
from stylereel.video.containers import CONTAINERS, IMAGE_ENDINGS
from stylereel.video.images import IMAGE_SUFFIXES, is_picture, natural_key

VIDEO_SUFFIXES = frozenset(
    {ending for container in CONTAINERS for ending in container.endings}
    | {".3g2", ".3gp", ".asf", ".divx", ".dv", ".f4v", ".flv", ".m2ts", ".m2v", ".mjpeg", ".mjpg", ".mpe"}
    | {".mpeg", ".mpg", ".mts", ".mxf", ".nut", ".ogm", ".ogv", ".qt", ".rm", ".rmvb", ".ts", ".vob", ".wmv"}
    | {".y4m"}
)
"""What is taken from a folder as a video; a file that is named itself may end as it likes."""
MEDIA_SUFFIXES = VIDEO_SUFFIXES | IMAGE_SUFFIXES
SOURCE_SIZE = "source"
FIELDS = ("name", "style", "size")
NETWORK_OPTIONS = ("runner", "device", "precision", "threads")
"""Options that decide how a network is loaded."""
LOOK_OPTIONS = ("reference", "variation", "adapt_seconds")
"""Options that decide which look is in it."""


@dataclass(frozen=True)
class Variant:
    """One file in one look at one size.

    Attributes:
        source: that is read.
        output: that is written.
        style: what `stylize` takes.
        look: what people read: the style's name, or `reference painting.jpg`.
        size: the same of the size: a preset, the longest side in px, or "source".
        options: of `stylize`, by name.
        place: where it was asked for, for people.
    """

    source: Path
    output: Path
    style: str | None
    look: str
    size: str
    options: dict[str, Any] = field(default_factory=dict)
    place: str = ""


@dataclass(frozen=True)
class Expanded:
    """The variants in the order in which they are made, and what is to be told of them.

    Attributes:
        variants: those of one look in a row, so that each network is loaded once, and of these those of one
            size in a row.
        notices: sentences for the user.
    """

    variants: tuple[Variant, ...]
    notices: tuple[str, ...] = ()


def expand(jobs: Sequence[tuple[str, JobTable]], base: Path) -> Expanded:
    """Lay the jobs out.

    Args:
        jobs: each with where it stands.
        base: the folder that their paths begin at.

    Raises:
        UsageError: a size that is none, a pattern with an unknown field, options that exclude each other,
            outputs of one name.
        MissingInputError: a source that is not there.
        OutputError: an output that is a source, or would be taken for one the next time.
    """
    variants: list[Variant] = []
    notices: list[str] = []
    names = LookNames()
    for place, job in jobs:
        found, left_out = _variants(place, job, base, names)
        variants += found
        notices += left_out
    if not variants:
        raise UsageError(" ".join(["There is nothing to make.", *notices]))
    _refuse_shared_outputs(variants)
    _refuse_outputs_as_sources(variants)
    return Expanded(_in_good_order(variants), tuple(dict.fromkeys(notices)))


def _variants(place: str, job: JobTable, base: Path, names: LookNames) -> tuple[list[Variant], list[str]]:
    if not job.styles and job.reference is None and job.timeline is None:
        raise UsageError(f"{place}: no style is named; `stylereel styles` lists them.")
    sizes = [_size(size, place) for size in job.sizes] or [(SOURCE_SIZE, {})]
    options = job.options
    if "reference" in options:
        options["reference"] = tuple(str(base / Path(path).expanduser()) for path in options["reference"])
    _check_sizes_beside(options, sizes, place)
    sources, notices = _sources(job.source, base, place)
    pattern = _pattern(job, place)
    variants = []
    for source, is_named in sources:
        for style in job.styles or (None,):
            taken, look, called = _look(style, options, base, pattern, names)
            for size, of_size in sizes:
                chosen = {**options, **of_size, **_beside(options, source, base)}
                preset = preset_of(chosen.get("preset"))
                is_still = _is_still(source)
                if is_still and preset.endings and not is_named:
                    notices.append(f"{source.name} is left out of {preset.name}, which makes videos.")
                    continue
                text = pattern.format(name=source.stem, style=called, size=size)
                output = Path(os.path.normpath(base / Path(text).expanduser()))
                if not _has_ending(pattern):
                    ending = _ending(source, is_still, preset, chosen.get("codec"))
                    output = output.with_name(output.name + ending)
                check_can_be(output)
                _refuse_as_later_source(output, job.source, base, place)
                variants.append(Variant(source, output, taken, look, size, chosen, place))
    return variants, notices


def _size(size: str, place: str) -> tuple[str, dict[str, Any]]:
    """Its name, and the options of `stylize` that it stands for."""
    if size == SOURCE_SIZE:
        return size, {}
    sized = [name for name, preset in PRESETS.items() if preset.size is not None]
    if size in sized:
        return size, {"preset": size}
    if size.isascii() and size.isdigit():
        return str(int(size)), {"max_side": int(size)}
    known = [*sized, SOURCE_SIZE]
    raise UsageError(
        f"{place}: {unknown_name('size', size, known)} A longest side in pixels is one too: 1280."
    )


def _check_sizes_beside(options: dict[str, Any], sizes: list[tuple[str, dict[str, Any]]], place: str) -> None:
    for size, stands_for in sizes:
        for name in stands_for:
            if name in options:
                raise UsageError(
                    f"{place}: the size {size} and {name} = {options[name]} both say the "
                    f"{name.replace('_', '-')}: leave one of them out."
                )


def _sources(sources: Sequence[str], base: Path, place: str) -> tuple[list[tuple[Path, bool]], list[str]]:
    """The files, each with whether it was named itself, and what a folder has besides."""
    found: dict[Path, bool] = {}
    notices = []
    for text in sources:
        check_can_be(text)
        path = Path(os.path.normpath(base / Path(text).expanduser()))
        if path.is_dir():
            files = sorted((f for f in path.iterdir() if f.is_file() and f.name[0] != "."), key=natural_key)
            media = [file for file in files if file.suffix.lower() in MEDIA_SUFFIXES]
            others = [file.name for file in files if file.suffix.lower() not in MEDIA_SUFFIXES]
            if others:
                shown = ", ".join(others[:5]) + (", ..." if len(others) > 5 else "")
                notices.append(
                    f"The folder {path} has other files than videos and pictures, left out: {shown}."
                )
            if not media:
                raise MissingInputError(f"{place}: the folder {path} has no video and no picture.")
            found.update({file: found.get(file, False) for file in media})
        elif path.exists():
            found[path] = True
        elif glob.has_magic(text):
            names = glob.glob(_below(base, text), recursive=True)
            matching = sorted((Path(name) for name in names if Path(name).is_file()), key=natural_key)
            if not matching:
                raise MissingInputError(f"{place}: no file matches {path}: check the folder and the name.")
            found.update({file: found.get(file, False) for file in matching})
        else:
            raise MissingInputError(f"{place}: there is no file or folder {path}: check the path.")
    return list(found.items()), notices


def _below(base: Path, pattern: str) -> str:
    """The pattern as seen from the current folder; what `base` is called is no part of it."""
    return os.path.normpath(os.path.join(glob.escape(str(base)), os.path.expanduser(pattern)))


def _style(style: str, base: Path) -> tuple[str, str]:
    """What `stylize` takes, and the name of the look; a folder is one below `base`."""
    check_can_be(style)
    path = base / Path(style).expanduser()
    is_path = style != Path(style).name or style.startswith("~")
    if is_path or (path.is_dir() and style not in {listing.name for listing in list_packs()}):
        return str(path), path.resolve().name
    return style, style


def _look(
    style: str | None, options: dict[str, Any], base: Path, pattern: str, names: LookNames
) -> tuple[str | None, str, str]:
    """What `stylize` takes, what people read, and `{style}`; a timeline goes by its file's name."""
    taken, look = (None, "") if style is None else _style(style, base)
    called = safe_name(look)
    reference = options.get("reference")
    if reference is not None:
        look, called = reference_name([Path(path) for path in reference]), reference_part(reference)
    elif style is None:
        look = called = safe_name(Path(options["timeline"]).stem)
    key = (taken, *(str(options.get(name)) for name in LOOK_OPTIONS))
    return taken, look, names.of(key, called, pattern, is_read=reference is not None)


def _beside(options: dict[str, Any], source: Path, base: Path) -> dict[str, Any]:
    """What else is read, from `base` on; {name} in the name of a mask or timeline stands for the source's."""
    found: dict[str, Any] = {}
    if "mask" in options:
        text = options["mask"].replace("{name}", source.stem)
        found["mask"] = os.path.normpath(base / Path(text).expanduser())
    if "timeline" in options:
        text = options["timeline"].replace("{name}", source.stem)
        found["timeline"] = os.path.normpath(base / Path(text).expanduser())
    if "outside" in options:
        found["outside"] = _style(options["outside"], base)[0]
    return found


def _pattern(job: JobTable, place: str) -> str:
    """The output's name with fields in it."""
    try:
        parsed = [(name, spec, how) for _, name, spec, how in string.Formatter().parse(job.output)]
    except ValueError as error:
        raise UsageError(f"{place}: output '{job.output}' is no pattern: {error}.") from error
    fields = [name for name, _, _ in parsed if name is not None]
    for name, spec, how in parsed:
        if name is not None and name not in FIELDS:
            raise UsageError(f"{place}: output '{job.output}': {unknown_name('field', name, FIELDS)}")
        if spec or how:
            raise UsageError(
                f"{place}: output '{job.output}': write {{{name}}} and nothing else in the braces."
            )
    if fields:
        return job.output
    plain = "{name}-{style}-{size}" if job.sizes else "{name}-{style}"
    return str(Path(job.output) / plain)


def _has_ending(pattern: str) -> bool:
    return "." in Path(pattern).name.rpartition("}")[2]


def _is_still(source: Path) -> bool:
    try:
        return is_picture(source)
    except (InputError, OSError):
        return source.suffix.lower() in IMAGE_SUFFIXES


def _ending(source: Path, is_still: bool, preset: Preset, codec: str | None) -> str:
    """The source's own where it can be written and holds what is asked for."""
    own = source.suffix.lower()
    if preset.endings:
        return own if own in preset.endings else preset.endings[0]
    if is_still:
        return own if own in IMAGE_ENDINGS and codec != "png" else ".png"
    codec = codec or preset.codec
    holding = [c for c in CONTAINERS if codec not in CODECS or codec in c.codecs]
    return own if any(own in c.endings for c in holding) else holding[0].endings[0]


def _refuse_shared_outputs(variants: Sequence[Variant]) -> None:
    seen: dict[str, Variant] = {}
    for variant in variants:
        key = _key(variant.output)
        if key in seen:
            other = seen[key]
            differing = [
                title
                for title, ours, theirs in (
                    ("{name}", variant.source.stem, other.source.stem),
                    ("{style}", variant.look, other.look),
                    ("{size}", variant.size, other.size),
                )
                if ours != theirs
            ]
            advice = (
                f"put {' and '.join(differing)} into its name" if differing else "give each its own folder"
            )
            raise UsageError(
                f"Two would be written to one file, {variant.output}: {_told(other)} and {_told(variant)}. "
                f"Nothing was begun; {advice}."
            )
        seen[key] = variant


def _refuse_outputs_as_sources(variants: Sequence[Variant]) -> None:
    sources = {_key(variant.source) for variant in variants}
    sources |= {
        _key(Path(variant.options[name]))
        for variant in variants
        for name in ("mask", "timeline")
        if name in variant.options
    }
    for variant in variants:
        if _key(variant.output) in sources:
            raise OutputError(
                f"{variant.output} is written ({_told(variant)}) and read by the same batch, so it would be "
                "lost. Choose another folder or name"
            )


def _refuse_as_later_source(output: Path, sources: Sequence[str], base: Path, place: str) -> None:
    """The same batch said again, to resume it, must find the same sources."""
    for text in sources:
        path = Path(os.path.normpath(base / Path(text).expanduser()))
        if path.is_dir():
            is_taken = output.parent.resolve() == path.resolve() and output.suffix.lower() in MEDIA_SUFFIXES
        elif path.exists() or not glob.has_magic(text):
            is_taken = False
        elif "**" in text:
            is_taken = fnmatch.fnmatch(str(output), _below(base, text))
        else:
            is_taken = output.match(_below(base, text))
        if is_taken:
            raise OutputError(
                f"{place}: {output} would lie among its sources ({text}) and be stylised itself the next "
                "time. Choose another folder for the output"
            )


def _in_good_order(variants: Sequence[Variant]) -> tuple[Variant, ...]:
    networks: dict[Any, int] = {}
    sizes: dict[str, int] = {}
    for variant in variants:
        networks.setdefault(network_key(variant), len(networks))
        sizes.setdefault(variant.size, len(sizes))
    return tuple(sorted(variants, key=lambda v: (networks[network_key(v)], sizes[v.size])))


def network_key(variant: Variant) -> tuple[Any, ...]:
    """Equal for variants that one loaded network serves."""
    options = variant.options
    # A pack of many looks paints its strength inside; a look is fitted to the video that it is laid over.
    paints_strength = ":" in (variant.style or "") or "reference" in options
    strength = options.get("strength") if paints_strength else None
    is_steered = "timeline" in options
    seen = tuple(options.get(name) for name in FRAME_OPTIONS)
    fitted_to = (variant.source, *seen) if "adapt_seconds" in options else None
    style = variant.style
    if style is None and is_steered:
        style = style_named(None, read_timeline(options["timeline"]))
    return (
        style,
        is_steered,
        strength,
        fitted_to,
        *(options.get(name) for name in NETWORK_OPTIONS + LOOK_OPTIONS),
    )


def _told(variant: Variant) -> str:
    return f"{variant.source.name} in {variant.look} at {variant.size}, {variant.place}"


def _key(path: Path) -> str:
    return os.path.normcase(path.resolve())
