import json
from pathlib import Path

import numpy as np

from clips import make_clip, smooth
from stylereel.actions.compare import Comparison, Row, compare
from stylereel.actions.comparison_words import BETTER, in_words
from stylereel.actions.evaluation import Evaluation, Finding
from stylereel.actions.judging import video_metrics


def finding(value: float, *, metric: str = "warping_error", good: float = 3.0, fair: float = 7.0) -> Finding:
    verdict = "good" if value <= good else "fair" if value <= fair else "poor"
    return Finding(metric, "key", "boiling", "Does it boil?", value, "x", verdict, 1.0, good, fair)


def comparison(*values: float, metric: str = "warping_error") -> Comparison:
    findings = tuple(finding(value, metric=metric) for value in values)
    best = (int(np.nanargmin(values)),) if not all(np.isnan(values)) else ()
    of_each = tuple(Evaluation("s", f"r{i}", 12, 8, 8, 25.0, (f,), {}) for i, f in enumerate(findings))
    return Comparison("s", ("one", "two"), of_each, (Row(metric, "boiling", findings, best),))


def test_every_metric_has_words_for_who_is_better() -> None:
    assert set(video_metrics()) == set(BETTER)


def test_the_better_one_is_named_with_both_figures() -> None:
    told = in_words(comparison(8.0, 2.5), ("Night", "Wave"))
    row = told.rows[0]
    assert row.says == "Wave boils less: 2.50 x against 8.00 x." and row.best == (1,)
    assert (row.direction, row.good) == ("less is better", "≤ 3 x")
    assert [cell.verdict for cell in row.cells] == ["poor", "good"]
    assert told.headline == "Wave boils less." and told.better == ((), ("boils less",))
    assert told.frames == 12


def test_what_is_hardly_apart_is_about_the_same() -> None:
    told = in_words(comparison(2.5, 2.7))
    assert (
        told.rows[0].best == () and told.rows[0].says == "Boiling: about the same (2.50 x and 2.70 x, good)."
    )
    assert told.headline == "By these figures the results are about the same."


def test_a_figure_that_is_not_known_is_no_loss() -> None:
    told = in_words(comparison(2.5, float("nan")))
    assert told.rows[0].best == () and told.rows[0].cells[1].text == "–"
    assert "could not be measured" in in_words(comparison(float("nan"), float("nan"))).rows[0].says
    json.dumps(told.as_json(), allow_nan=False)


def test_a_metric_that_nobody_put_into_words_is_told_by_its_title() -> None:
    assert in_words(comparison(8.0, 2.5, metric="of_tomorrow")).headline == "two is better by 'boiling'."


def test_a_calm_result_is_told_from_one_that_boils(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "source.mp4", frames=12, size=(160, 96))

    def boiling(index: int, width: int, height: int) -> np.ndarray:
        noise = np.random.default_rng(index).normal(0, 25, (height, width, 3))
        return np.clip(smooth(index, width, height) + noise, 0, 255).astype(np.uint8)

    calm = make_clip(tmp_path / "calm.mp4", frames=12, size=(160, 96))
    wild = make_clip(tmp_path / "wild.mp4", frames=12, size=(160, 96), paint=boiling)
    told = in_words(compare(source, [calm, wild]), ("Calm", "Wild"))
    of = {row.metric: row for row in told.rows}
    assert of["warping_error"].best == (0,) and of["content_ssim"].best == (0,)
    assert told.headline.startswith("Calm boils less")
    assert any(left.metric == "style_likeness" for left in told.left_out)
