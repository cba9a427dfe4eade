"""One variant after the other through `stylize`, each look's network loaded once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stylereel.actions.batch_plan import LOOK_OPTIONS, NETWORK_OPTIONS, Variant, network_key
from stylereel.actions.chosen_style import chosen_style
from stylereel.actions.content_frames import Content
from stylereel.actions.loaded_style import LoadedStyle, pack_of
from stylereel.actions.long_job import fitted_with
from stylereel.actions.runner_choice import choose_runner
from stylereel.actions.stylize import StylizeSummary, stylize
from stylereel.actions.timeline import steered, style_named
from stylereel.actions.timeline_file import read_timeline
from stylereel.core.errors import InputError, ResumeError, StylereelError
from stylereel.core.progress import OnProgress
from stylereel.packs.looks import FittedCode
from stylereel.packs.store import Pack
from stylereel.video.parts import Parts

OUR_BUG = 70
ANY: dict[str, Any] = {"runner": "auto", "device": "auto", "precision": "auto", "threads": None}


@dataclass(frozen=True)
class Failure:
    """Why a variant could not be made.

    Attributes:
        kind: the error's class, such as "VideoOpenError".
        text: what it says.
        exit_code: of a run that ends with it.
    """

    kind: str
    text: str
    exit_code: int

    @classmethod
    def of(cls, error: Exception) -> Failure:
        """What an error comes to, with what was added to it on its way."""
        text = " ".join([str(error).rstrip(".") + ".", *getattr(error, "__notes__", ())])
        if isinstance(error, StylereelError):
            return cls(type(error).__name__, text, error.exit_code)
        kind = type(error).__name__
        told = f"Something went wrong inside Stylereel ({kind}: {text}) This is our bug: report it, please."
        return cls(kind, told, OUR_BUG)


def style_to_load(variant: Variant) -> str | Pack | None:
    """The style of a variant; one that a timeline steers, of a pack of many looks, as one to be steered.

    Raises:
        UsageError, PackError: nobody names one, it is not there, or it cannot be steered.
    """
    if "timeline" not in variant.options:
        return variant.style
    return steered(pack_of(style_named(variant.style, read_timeline(variant.options["timeline"]))))  # type: ignore[arg-type]


class VariantMaker:
    """Makes variants one at a time and holds the network of the last look, no other."""

    def __init__(self) -> None:
        self._key: tuple[Any, ...] | None = None
        self._loaded: LoadedStyle | None = None

    def make(
        self, variant: Variant, *, resume: bool, overwrite: bool, on_progress: OnProgress | None = None
    ) -> StylizeSummary:
        """Make one.

        Args:
            variant: what to make; the folder of its output is there.
            resume: go on with what an interrupted run left of it.
            overwrite: replace an output that exists, and what is left of another job.
            on_progress: called after each frame.

        Raises:
            StylereelError: as `stylize`.
        """
        try:
            is_fitted = "adapt_seconds" in variant.options
            kept = fitted_with(Parts.find(variant.output)) if resume and is_fitted else None
            loaded = self._network(variant, kept, on_progress)
        except ResumeError:
            if not overwrite:
                raise
            loaded = self._network(variant, None, on_progress)
        options = {name: value for name, value in variant.options.items() if name not in LOOK_OPTIONS}

        def run(*, resume: bool, overwrite: bool) -> StylizeSummary:
            return stylize(
                variant.source,
                variant.output,
                style=loaded,
                resume=resume,
                overwrite=overwrite,
                on_progress=on_progress,
                **options,
            )

        try:
            return self._made(variant, run, resume=resume, overwrite=overwrite)
        except InputError:
            raise
        except Exception:
            self._loaded = None  # a network that broke off may not be fit for the next file
            raise

    @staticmethod
    def _made(
        variant: Variant, run: Callable[..., StylizeSummary], *, resume: bool, overwrite: bool
    ) -> StylizeSummary:
        try:
            if resume and Parts.find(variant.output) is not None:
                return run(resume=True, overwrite=overwrite)
        except ResumeError:
            if not overwrite:
                raise
        return run(resume=False, overwrite=overwrite)

    def _network(
        self, variant: Variant, kept: FittedCode | None, on_progress: OnProgress | None
    ) -> LoadedStyle:
        key = (*network_key(variant), None if kept is None else kept.text)
        if self._loaded is None or key != self._key:
            self._loaded, self._key = None, key  # the one before goes before the next one comes
            said = {name: variant.options[name] for name in NETWORK_OPTIONS if name in variant.options}
            options = variant.options
            strength = options.get("strength", 1.0) if "timeline" not in options else 1.0
            pack = chosen_style(
                style_to_load(variant),
                **{name: options[name] for name in LOOK_OPTIONS if name in options},
                strength=strength,
                content=Content.of({**options, "input": variant.source}),
                begun_with=kept,
                on_progress=on_progress,
            )
            choice = choose_runner(pack, **{**ANY, **said}, begun_with=None, px_to_come=0)
            assert not isinstance(pack, LoadedStyle)  # a variant names its style
            self._loaded = LoadedStyle.load(
                pack,
                strength=strength,
                device=choice.device,
                runner=choice.runner,
                threads=said.get("threads"),
                precision=choice.precision,
            )
        elif "memory_limit" in variant.options:
            self._loaded.runner.forget()  # what it keeps of other sizes would count as held
        return self._loaded
