"""What each loss of a training means to somebody who never heard of losses: read back to its own scale.

The loop reports weighted terms, and some weights rise or fall over the run. Here a term is divided by its
weight at that step, and told as what it measures: a share of the brightness range, a correlation, places that
are found again. What is said of a term is what its file in `losses/` computes, and nothing beyond it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

Role = Literal["game", "look", "keeps", "calm", "codes", "other"]
Scale = Literal["range", "relative", "correlation", "places", "critic", "plain"]

KNOWS_NOTHING = {"hinge": 2.0, "minimax": 2 * math.log(2), "nonsaturating": 2 * math.log(2), "lsgan": 0.25}
"""Loss of a discriminator that says the same of everything, by form of the game."""
RAMP_END = 0.6
"""The part of the run over which the motion terms' weights rise."""


@dataclass(frozen=True)
class Meaning:
    """One loss term, for people.

    Attributes:
        title: in a few words.
        asks: what it measures, a sentence.
        role: "game" (critic against painter), "look" (how near the style), "keeps" (what is left of the
            content), "calm" (in motion), "codes" (of packs of many looks), "other".
        scale: how its value is told, see `figure`.
        weights: names of the recipe's settings whose product is its weight; none for 1.
        ramp: "rises" and "falls" change the weight over the run.
        moves: what it is compared with changes while training, so that its course says little.
    """

    title: str
    asks: str
    role: Role = "other"
    scale: Scale = "plain"
    weights: tuple[str, ...] = ()
    ramp: Literal["", "rises", "falls"] = ""
    moves: bool = False


@dataclass(frozen=True)
class Figure:
    """A term's value as people read it.

    Attributes:
        value: on the term's own scale.
        text: with its unit.
        less_is_better: which way it should go; None where neither way is better.
    """

    value: float
    text: str
    less_is_better: bool | None


MEANINGS: dict[str, Meaning] = {
    "discriminator/adversarial": Meaning(
        "Critic against painter",
        "How well the critic tells results from your pictures; neither of the two may win.",
        "game",
        "critic",
        moves=True,
    ),
    "discriminator/temporal": Meaning(
        "Critic of motion",
        "How well a second critic, which sees three frames, tells results from the style.",
        "game",
        "critic",
        moves=True,
    ),
    "discriminator/r1": Meaning(
        "Calm of the critic",
        "How steeply the critic's verdict changes from one picture to its neighbours.",
        "game",
        "plain",
        ("r1_weight",),
    ),
    "generator/adversarial": Meaning(
        "Pleasing the critic",
        "What the critic thinks of the results; lower pleases it more, and it gets harder to please.",
        "game",
        "plain",
        ("adversarial_weight",),
        moves=True,
    ),
    "generator/temporal": Meaning(
        "Pleasing the critic of motion",
        "What the critic of three frames thinks of the results; lower pleases it more.",
        "calm",
        "plain",
        ("temporal_weight",),
        moves=True,
    ),
    "generator/features": Meaning(
        "Strokes as the critic sees them",
        "How far strokes and colours are from your pictures', in what the critic has learned to see.",
        "look",
        "relative",
        ("features_weight",),
        moves=True,
    ),
    "generator/filters": Meaning(
        "Strokes and texture",
        "How far the results' small patterns are from your pictures', by a measure that stands still.",
        "look",
        "relative",
        ("filters_weight",),
    ),
    "generator/texture": Meaning(
        "Texture, patch by patch",
        "How far small patches of the results are from patches of your pictures.",
        "look",
        "relative",
        ("texture_weight",),
    ),
    "generator/palette": Meaning(
        "Palette",
        "How far the results' broad colours are from your pictures' colours, and how often each is used.",
        "look",
        "range",
        ("palette_weight",),
    ),
    "generator/identity": Meaning(
        "A style picture stays itself",
        "How much a picture that is in the style already is changed.",
        "look",
        "range",
        ("identity_weight",),
    ),
    "generator/taught": Meaning(
        "As its teachers paint",
        "How far the results, and their edges, are from what a network of that one look paints.",
        "look",
        "plain",
        ("teacher_weight",),
    ),
    "generator/nce": Meaning(
        "Things stay where they are",
        "How surely a place of the source is found again in the result, among many others of it.",
        "keeps",
        "places",
        ("nce_weight",),
    ),
    "generator/tone": Meaning(
        "Dark stays dark",
        "Whether light and shade keep their order.",
        "keeps",
        "correlation",
        ("tone_weight",),
    ),
    "generator/hue": Meaning(
        "Blue stays blue",
        "Whether broad hues keep their order; asked for once the palette is found.",
        "keeps",
        "correlation",
        ("hue_weight",),
    ),
    "generator/photograph": Meaning(
        "The photograph itself",
        "How much a photograph is changed where no look is asked for.",
        "keeps",
        "range",
        ("photograph_weight",),
    ),
    "generator/cycle": Meaning(
        "There and back again",
        "How much of a picture is lost on the way into the style and back.",
        "keeps",
        "range",
        ("cycle_weight",),
    ),
    "generator/recycle": Meaning(
        "The film goes on",
        "How far the next frame, guessed in the style and brought back, is from the real one.",
        "keeps",
        "range",
        ("recycle_weight",),
    ),
    "generator/prediction": Meaning(
        "Guessing the next frame",
        "How far a guessed frame of a film is from the real one.",
        "calm",
        "range",
        ("prediction_weight",),
    ),
    "generator/motion": Meaning(
        "Paint holds still",
        "How much the paint changes when a picture is only moved.",
        "calm",
        "range",
        ("motion_weight",),
        "rises",
    ),
    "generator/real_motion": Meaning(
        "Paint follows your videos",
        "How much the paint changes along the motion in your own videos.",
        "calm",
        "range",
        ("real_motion_weight",),
        "rises",
    ),
    "generator/code": Meaning(
        "Looks can be told apart",
        "How far the look that is read off a result is from the look that was asked for.",
        "codes",
        "plain",
        ("code_weight",),
    ),
    "generator/near": Meaning(
        "Pictures of a look agree",
        "How far the look that is read off a style picture is from that of its set.",
        "codes",
        "plain",
        ("near_weight",),
    ),
    "generator/diversity": Meaning(
        "Variations differ",
        "How far two variations of a look are apart; asked for less and less.",
        "codes",
        "range",
        ("diversity_weight",),
        "falls",
    ),
    "generator/small": Meaning(
        "No more than needed",
        "How far the new look bends the network of the others.",
        "codes",
        "plain",
        ("small_weight",),
    ),
}
"""Every term of every recipe, as "phase/term"; what is not here is told by its name."""

OF_RECIPE: dict[str, dict[str, tuple[str, ...]]] = {
    "cyclegan": {"generator/identity": ("cycle_weight", "identity_weight")},
}
"""Weights that are called otherwise in a recipe."""
BACK = "_back"


def meaning_of(key: str, recipe: str = "") -> Meaning:
    """What the term `phase/term` of a recipe means; one that nobody knows keeps its name."""
    known = MEANINGS.get(key.removesuffix(BACK))
    if known is None:
        phase, _, term = key.partition("/")
        return Meaning((term or phase).replace("_", " ").capitalize(), f"The term '{key}' of this recipe.")
    weights = OF_RECIPE.get(recipe, {}).get(key.removesuffix(BACK), known.weights)
    if key.endswith(BACK):
        way = "On the way back, from the style to a photograph: "
        return replace(
            known,
            title=f"{known.title}, the way back",
            asks=way + known.asks[0].lower() + known.asks[1:],
            weights=weights,
        )
    return replace(known, weights=weights)


def weight_at(meaning: Meaning, settings: Mapping[str, Any], step: int, total_steps: int) -> float | None:
    """The weight of a term at a step, 0 or None where it cannot be told."""
    product = 1.0
    for name in meaning.weights:
        value = settings.get(name)
        if not isinstance(value, int | float):
            return None
        product *= value
    part = step / max(1, total_steps)
    if meaning.ramp == "rises":
        start = min(float(settings.get("motion_start", product)), product)
        return start + (product - start) * min(1.0, part / RAMP_END)
    return product * (1 - part) if meaning.ramp == "falls" else product


def figure(meaning: Meaning, raw: float, settings: Mapping[str, Any]) -> Figure:
    """A term's value without its weight, on the scale that people read.

    range: mean difference of values in [-1, 1], as a share of the whole range. relative: as a share of the
    style's own figure. correlation: 1 - it, so that 1 is the same order. places: 0 is a guess, 1 is sure.
    critic: over the loss of one that knows nothing.
    """
    if not math.isfinite(raw):
        return Figure(raw, "not a number", None)
    if meaning.scale == "range":
        share = abs(raw) / 2
        return Figure(share, f"{percent(share)} of the full range", None if meaning.ramp == "falls" else True)
    if meaning.scale == "relative":
        return Figure(raw, f"{percent(raw)} away", True)
    if meaning.scale == "correlation":
        return Figure(1 - raw, f"{1 - raw:.2f}, where 1 is the same order", False)
    if meaning.scale == "places":
        guess = math.log(max(2, int(settings.get("nce_patches", 128))))
        return Figure(1 - raw / guess, f"{percent(1 - raw / guess)} sure, where 0 is a guess", False)
    if meaning.scale == "critic":
        nothing = KNOWS_NOTHING.get(str(settings.get("adversarial", "hinge")), 2.0)
        return Figure(raw / nothing, f"errs {percent(raw / nothing)} as much as by guessing", None)
    return Figure(raw, f"{raw:.3g}", True)


def percent(share: float) -> str:
    """A share for people: two digits that matter."""
    hundred = 100 * share
    return f"{hundred:.0f} %" if abs(hundred) >= 10 or hundred == 0 else f"{hundred:.1f} %"
