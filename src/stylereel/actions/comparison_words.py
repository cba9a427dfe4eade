"""A comparison told in words: what each metric asks, whose result is better there, and by how much."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from stylereel.actions.compare import Comparison, Row
from stylereel.actions.evaluate_report import bounds, figure
from stylereel.actions.evaluation import Finding, LeftOut

SAME = 0.1
"""Results nearer to each other than this part of the way from good to fair are about the same."""

BETTER = {
    "style_likeness": "looks more like the style",
    "texture_distance": "is nearer to the style's texture",
    "color_distance": "is nearer to the style's colours",
    "fid": "is nearer to the style in deep features",
    "kid": "is nearer to the style in deep features, by KID",
    "warping_error": "boils less",
    "warping_error_long": "holds its paint longer",
    "flicker": "flickers less",
    "tof": "moves more like the source",
    "edge_agreement": "keeps more of the edges",
    "content_ssim": "keeps more of the light and shade",
    "grid_peak": "shows less of a grid",
    "halo": "has fainter rims along edges",
    "throughput": "was made faster",
}
"""What the better one does, by metric; one that is not here is told by its title."""


@dataclass(frozen=True)
class Cell:
    """One result by one metric: its figure for people, and "good", "fair", "poor" or "unknown"."""

    text: str
    verdict: str
    value: float | None


@dataclass(frozen=True)
class RowWords:
    """One metric over all results.

    Attributes:
        metric, title, question: as its protocol has them.
        direction: "less is better" or "more is better".
        good: what counts as good, such as "≤ 3 x".
        cells: one per result.
        best: positions of the better results; none where they are about the same.
        says: the sentence to read.
    """

    metric: str
    title: str
    question: str
    direction: str
    good: str
    cells: tuple[Cell, ...]
    best: tuple[int, ...]
    says: str


@dataclass(frozen=True)
class ComparisonWords:
    """A comparison, for people.

    Attributes:
        headline: who does what better, a sentence or two.
        names: of the results.
        better: what each does better than the others, in phrases that follow its name.
        frames: compared.
        rows: one per metric that was measured.
        left_out: metrics that were not, and why.
        notices: what else is to be known.
    """

    headline: str
    names: tuple[str, ...]
    better: tuple[tuple[str, ...], ...]
    frames: int
    rows: tuple[RowWords, ...]
    left_out: tuple[LeftOut, ...] = ()
    notices: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def in_words(comparison: Comparison, names: Sequence[str] | None = None) -> ComparisonWords:
    """Read a comparison.

    Args:
        comparison: of two to eight results.
        names: what people call the results; the comparison's own by default.
    """
    names = tuple(names or comparison.names)
    rows = tuple(_row(row, names) for row in comparison.rows)
    first = comparison.evaluations[0]
    better = tuple(
        tuple(_does(row.metric, row.title) for row in rows if row.best == (index,))
        for index in range(len(names))
    )
    return ComparisonWords(
        _headline(better, names), names, better, first.frames, rows, first.left_out, comparison.notices
    )


def _row(row: Row, names: Sequence[str]) -> RowWords:
    first = row.findings[0]
    best = _better(row)
    unit = f" {first.unit}" if first.unit else ""
    cells = tuple(
        Cell("–", f.verdict, None)
        if math.isnan(f.value)
        else Cell(f"{figure(f.value)}{unit}", f.verdict, f.value)
        for f in row.findings
    )
    return RowWords(
        metric=row.metric,
        title=row.title,
        question=first.question,
        direction="less is better" if first.less_is_better else "more is better",
        good=f"{bounds(first)}{unit}",
        cells=cells,
        best=best,
        says=_says(row, cells, best, names),
    )


def _better(row: Row) -> tuple[int, ...]:
    """Who is better by more than nothing."""
    values = [f.value for f in row.findings if math.isfinite(f.value)]
    if len(values) < 2 or len(row.best) == len(row.findings):
        return ()
    first = row.findings[0]
    apart = SAME * abs(first.fair - first.good)
    best = row.findings[row.best[0]].value if row.best else math.nan
    near = tuple(i for i, f in enumerate(row.findings) if abs(f.value - best) < apart)
    return () if len(near) == len(row.findings) else near


def _says(row: Row, cells: Sequence[Cell], best: Sequence[int], names: Sequence[str]) -> str:
    finding: Finding = row.findings[0]
    if all(cell.value is None for cell in cells):
        return f"{finding.title.capitalize()} could not be measured in these frames."
    if not best:
        word = f", {cells[0].verdict}" if len({cell.verdict for cell in cells}) == 1 else ""
        both = " and ".join(cell.text for cell in cells)
        return f"{finding.title.capitalize()}: about the same ({both}{word})."
    others = [cell.text for index, cell in enumerate(cells) if index not in best]
    who = " and ".join(names[index] for index in best)
    return f"{who} {_does(row.metric, finding.title)}: {cells[best[0]].text} against {', '.join(others)}."


def _does(metric: str, title: str) -> str:
    return BETTER.get(metric, f"is better by '{title}'")


def _headline(better: Sequence[Sequence[str]], names: Sequence[str]) -> str:
    said = [f"{name} {_listed(won)}" for name, won in zip(names, better, strict=True) if won]
    if not said:
        return "By these figures the results are about the same."
    return "; ".join(said) + "."


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
