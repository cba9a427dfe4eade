"""A training told in words: what each loss says, where it is going, and how the whole stands.

Fed with the loop's reports, it keeps a bounded history, so a page or a program can be told at any moment.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from stylereel.actions.loss_words import Figure, Meaning, figure, meaning_of, percent, weight_at

Trend = Literal["", "falling", "steady", "rising"]
Verdict = Literal["good", "steady", "watch", "early"]

MOST_BUCKETS = 256
POINTS = 40
"""Of a term's course, as it is told."""
EARLY_STEPS = 40
HELD_STEPS = 400
"""Before, content that is not held is nothing to worry about."""
WINDOW_SECONDS = (20.0, 180.0)
LEAST_CHANGE = 0.03
"""A smaller change of a mean, as a part of it, is none."""
SURE = 2.5
"""Standard errors between two windows that are told apart."""
CRITIC_WINS, CRITIC_LEADS, CRITIC_LOST = 0.05, 0.25, 0.9
"""Shares of the loss of knowing nothing; the first is that of the health watch."""
PLACES_LOST, PLACES_SURE = 0.35, 0.7
TONES_SWAPPED, TONES_KEPT = -0.1, 0.6


@dataclass(frozen=True)
class TermReading:
    """One loss term at one moment.

    Attributes:
        key: "phase/term".
        title: in a few words.
        asks: what it measures.
        role: "game", "look", "keeps", "calm", "codes" or "other".
        figure: its value with its unit, over the last minutes.
        says: the sentence to read.
        trend: of the figure, "" while it is not known.
        verdict: "good", "steady", "watch" or "early".
        points: its course from the first step to the last, at most `POINTS`; what is not finite is left out.
    """

    key: str
    title: str
    asks: str
    role: str
    figure: str
    says: str
    trend: Trend
    verdict: Verdict
    points: tuple[float, ...]


@dataclass(frozen=True)
class Reading:
    """A training at one moment.

    Attributes:
        headline: how the whole stands, a sentence or two.
        terms: what matters most first.
    """

    headline: str
    terms: tuple[TermReading, ...]


@dataclass
class _Bucket:
    """Some steps running: their time, and each term's sum without its weight."""

    steps: int = 0
    seconds: float = 0.0
    sums: dict[str, tuple[float, int]] = field(default_factory=dict)

    def add(self, key: str, value: float, count: int = 1) -> None:
        total, number = self.sums.get(key, (0.0, 0))
        self.sums[key] = (total + value, number + count)

    def join(self, other: _Bucket) -> None:
        self.steps += other.steps
        self.seconds += other.seconds
        for key, (total, number) in other.sums.items():
            self.add(key, total, number)

    def mean(self, key: str) -> float:
        total, number = self.sums.get(key, (0.0, 0))
        return total / number if number else math.nan


class TrainingWords:
    """Listens to a run and reads it.

    Memory is bounded: neighbouring steps are joined as the run grows.
    """

    def __init__(self, recipe: str, settings: Mapping[str, Any], total_steps: int) -> None:
        """`settings`: the recipe's own, as plain values, of which the weights are read."""
        self.recipe, self.settings, self.total_steps = recipe, settings, total_steps
        self._buckets: list[_Bucket] = []
        self._width = 1
        self.steps = 0

    def add(self, step: int, losses: Mapping[str, float], seconds: float) -> None:
        """Note one step: its weighted terms as "phase/term", and the time that it took."""
        if not self._buckets or self._buckets[-1].steps >= self._width:
            self._make_room()
            self._buckets.append(_Bucket())
        bucket = self._buckets[-1]
        bucket.steps += 1
        bucket.seconds += seconds
        self.steps = step + 1
        for key, value in losses.items():
            weight = weight_at(meaning_of(key, self.recipe), self.settings, step, self.total_steps)
            if weight and math.isfinite(value):
                bucket.add(key, value / weight)
            elif weight is None:
                bucket.add(key, value)

    def read(self) -> Reading:
        """Everything as it stands now."""
        known = dict.fromkeys(key for bucket in self._buckets for key in bucket.sums)
        terms = [self._term(key) for key in known]
        order = ("look", "keeps", "calm", "game", "codes", "other")
        terms.sort(key=lambda term: order.index(term.role))
        return Reading(self._headline(terms), tuple(terms))

    def as_json(self) -> dict[str, Any]:
        """The history, for a run that goes on later."""
        kept = [
            [b.steps, round(b.seconds, 3), {k: list(v) for k, v in b.sums.items()}] for b in self._buckets
        ]
        return {"width": self._width, "steps": self.steps, "buckets": kept}

    def remember(self, state: Mapping[str, Any], step: int) -> None:
        """Take up a history as of `step`: what was noted of later steps is forgotten."""
        buckets = [
            _Bucket(int(steps), float(seconds), {key: (float(v[0]), int(v[1])) for key, v in sums.items()})
            for steps, seconds, sums in state.get("buckets", ())
        ]
        while buckets and sum(bucket.steps for bucket in buckets) > step:
            buckets.pop()
        self._buckets, self._width, self.steps = buckets, int(state.get("width", 1)), step

    def _make_room(self) -> None:
        if len(self._buckets) < MOST_BUCKETS:
            return
        for first, second in zip(self._buckets[::2], self._buckets[1::2], strict=True):
            first.join(second)
        self._buckets, self._width = self._buckets[::2], 2 * self._width

    def _term(self, key: str) -> TermReading:
        meaning = meaning_of(key, self.recipe)
        now, before = self._windows(key)
        shown = figure(meaning, _mean(now), self.settings)
        trend = self._trend(meaning, now, before)
        verdict = _verdict(meaning, shown, trend) if self.steps >= EARLY_STEPS else "early"
        if verdict == "watch" and meaning.role == "keeps" and (self.steps < HELD_STEPS or trend == "rising"):
            verdict = "steady"  # what measures it is only learning too
        says = _sentence(meaning, shown, trend, verdict)
        points = tuple(round(value, 6) for value in self._course(key, meaning))
        return TermReading(
            key, meaning.title, meaning.asks, meaning.role, shown.text, says, trend, verdict, points
        )

    def _windows(self, key: str) -> tuple[list[float], list[float]]:
        """Bucket means of the last minutes, and of as long before."""
        wanted = min(max(sum(b.seconds for b in self._buckets) / 4, WINDOW_SECONDS[0]), WINDOW_SECONDS[1])
        windows: tuple[list[float], list[float]] = ([], [])
        passed = 0.0
        for bucket in reversed(self._buckets):
            if passed >= 2 * wanted:
                break
            value = bucket.mean(key)
            if math.isfinite(value):
                windows[0 if passed < wanted else 1].append(value)
            passed += bucket.seconds
        return windows

    def _trend(self, meaning: Meaning, now: Sequence[float], before: Sequence[float]) -> Trend:
        if len(now) < 4 or len(before) < 4 or self.steps < EARLY_STEPS:
            return ""
        change = figure(meaning, _mean(now), self.settings).value
        change -= figure(meaning, _mean(before), self.settings).value
        error = math.sqrt(_variance(now) / len(now) + _variance(before) / len(before))
        apart = abs(_mean(now) - _mean(before))
        if apart < SURE * error or apart < LEAST_CHANGE * abs(_mean(before)):
            return "steady"
        return "rising" if change > 0 else "falling"

    def _course(self, key: str, meaning: Meaning) -> list[float]:
        values = [value for bucket in self._buckets if math.isfinite(value := bucket.mean(key))]
        size = math.ceil(len(values) / POINTS) or 1
        means = [_mean(values[at : at + size]) for at in range(0, len(values), size)]
        return [figure(meaning, value, self.settings).value for value in means]

    def _headline(self, terms: Sequence[TermReading]) -> str:
        if self.steps < EARLY_STEPS:
            return "It has just begun: the figures say something after the first minute or two."
        critic = next((term for term in terms if term.key == "discriminator/adversarial"), None)
        if critic is not None and critic.verdict == "watch":
            return critic.says
        worse = [term for term in terms if term.verdict == "watch"]
        if worse:
            return worse[0].says
        judged = [
            t for t in terms if t.role == "look" and not meaning_of(t.key, self.recipe).moves and t.trend
        ]
        if not judged:
            return "It is learning. Whether it comes nearer to the look is known in a minute or two."
        nearer = [term.title.lower() for term in judged if term.trend == "falling"]
        further = [term.title.lower() for term in judged if term.trend == "rising"]
        balance = f" {critic.says}" if critic is not None and critic.verdict == "good" else ""
        if nearer:
            return f"It is coming nearer to the look ({', '.join(nearer)}).{balance}"
        if further:
            return f"It has moved away from the look a little ({', '.join(further)}).{balance}"
        return f"For the last minutes strokes and colours have held about where they are.{balance}"


def _verdict(meaning: Meaning, shown: Figure, trend: Trend) -> Verdict:
    if not math.isfinite(shown.value):
        return "watch"
    if meaning.scale == "critic":
        if shown.value < CRITIC_WINS:
            return "watch"
        return "good" if CRITIC_LEADS <= shown.value < CRITIC_LOST else "steady"
    if meaning.scale == "places":
        return _by_floor(shown.value, PLACES_LOST, PLACES_SURE)
    if meaning.scale == "correlation":
        floor = TONES_SWAPPED if meaning.title.startswith("Dark") else -1.0
        return _by_floor(shown.value, floor, TONES_KEPT)
    if meaning.moves or shown.less_is_better is None:
        return "steady"
    return "good" if trend == ("falling" if shown.less_is_better else "rising") else "steady"


def _by_floor(value: float, low: float, high: float) -> Verdict:
    return "watch" if value < low else "good" if value >= high else "steady"


def _sentence(meaning: Meaning, shown: Figure, trend: Trend, verdict: Verdict) -> str:
    if meaning.scale == "critic" and math.isfinite(shown.value):
        return _of_critic(shown, verdict)
    course = f", {trend}" if trend else ""
    if verdict == "early":
        return f"{meaning.title}: {shown.text}."
    if meaning.scale == "places" and math.isfinite(shown.value):
        word = "Content is kept" if verdict == "good" else "Content is partly kept"
        if shown.value < PLACES_LOST:
            word = "Content is being lost" if verdict == "watch" else "Content is not held yet"
        return f"{word}: places of the source are found again, {percent(max(0.0, shown.value))} sure{course}."
    if meaning.scale == "correlation" and verdict == "watch":
        return f"Light and dark are swapped: {shown.text}{course}."
    return f"{meaning.title}: {shown.text}{course}."


def _of_critic(shown: Figure, verdict: Verdict) -> str:
    if verdict == "early":
        return "The critic is only learning what your pictures are like."
    if verdict == "watch":
        return (
            "The critic has won: it sees every result for what it is, and the painter learns no more from it."
        )
    if verdict == "good":
        return "The critic and the painter are in balance."
    if shown.value < CRITIC_LEADS:
        return "The critic is well ahead of the painter, who still learns from it."
    return "The critic hardly tells results from your pictures: either it is new to them, or they are alike."


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def _variance(values: Sequence[float]) -> float:
    mean = _mean(values)
    return sum((value - mean) ** 2 for value in values) / max(1, len(values) - 1)
