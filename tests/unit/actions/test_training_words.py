import ast
import math
import re
from pathlib import Path

import pytest

from stylereel.actions.loss_words import MEANINGS, figure, meaning_of, weight_at
from stylereel.actions.training_words import MOST_BUCKETS, POINTS, TermReading, TrainingWords

RECIPES = Path(__file__).resolve().parents[3] / "src/stylereel/training/recipes"
UNPAIRED = {
    "adversarial": "hinge",
    "adversarial_weight": 1.5,
    "nce_weight": 0.4,
    "nce_patches": 128,
    "filters_weight": 2.0,
    "tone_weight": 0.5,
    "motion_weight": 8.0,
    "motion_start": 1.0,
}


def words(total_steps: int = 400) -> TrainingWords:
    return TrainingWords("unpaired", UNPAIRED, total_steps)


def term(told: TrainingWords, key: str) -> TermReading:
    return next(term for term in told.read().terms if term.key == key)


@pytest.mark.parametrize("path", sorted(RECIPES.glob("[a-z]*.py")), ids=lambda path: path.stem)
def test_every_term_that_a_recipe_names_has_words(path: Path) -> None:
    source = path.read_text("utf-8")
    named = set(re.findall(r'terms\["(\w+)"\]', source))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Dict) and any(
            isinstance(key, ast.Constant) and key.value == "adversarial" for key in node.keys
        ):
            named |= {key.value for key in node.keys if isinstance(key, ast.Constant)}
    assert named
    for name in named:
        keys = {f"{phase}/{str(name).removesuffix('_back')}" for phase in ("generator", "discriminator")}
        assert keys & set(MEANINGS), f"{path.stem} has a term '{name}' that loss_words.py does not know"


def test_a_term_that_nobody_knows_is_told_by_its_name() -> None:
    told = words()
    for step in range(60):
        told.add(step, {"generator/gold_leaf": 0.25}, 1.0)
    found = term(told, "generator/gold_leaf")
    assert found.title == "Gold leaf" and found.says.startswith("Gold leaf: 0.25")
    assert found.verdict == "steady" and "generator/gold_leaf" in found.asks


def test_a_weight_that_rises_over_the_run_is_no_rise_of_the_loss() -> None:
    told = words(400)
    motion = MEANINGS["generator/motion"]
    for step in range(240):
        weight = weight_at(motion, UNPAIRED, step, 400)
        assert weight is not None
        told.add(step, {"generator/motion": weight * 0.04 * 0.99**step}, 1.0)
    assert weight_at(motion, UNPAIRED, 0, 400) == 1.0 and weight_at(motion, UNPAIRED, 240, 400) == 8.0
    found = term(told, "generator/motion")
    assert found.trend == "falling" and found.verdict == "good"


def test_the_weights_of_a_run_are_those_of_its_recipe() -> None:
    pytest.importorskip("torch")
    from stylereel.training.recipes import conditional, unpaired

    for recipe in (unpaired, conditional):
        run = recipe.Recipe.__new__(recipe.Recipe)
        run.config, run.total_steps = unpaired.Config(motion_weight=6.0), 500  # type: ignore[assignment]
        for step in (0, 100, 299, 300, 499):
            ours = weight_at(
                MEANINGS["generator/motion"], {"motion_weight": 6.0, "motion_start": 1.0}, step, 500
            )
            assert ours == pytest.approx(run.ramp(step, 6.0))


def test_a_critic_that_errs_half_as_often_as_by_guessing_is_in_balance() -> None:
    told = words()
    for step in range(60):
        told.add(step, {"discriminator/adversarial": 1.0}, 1.0)
    found = term(told, "discriminator/adversarial")
    assert found.says == "The critic and the painter are in balance." and found.verdict == "good"
    assert found.figure == "errs 50 % as much as by guessing"


def test_a_critic_that_has_won_is_the_headline() -> None:
    told = words()
    for step in range(60):
        told.add(step, {"discriminator/adversarial": 0.02, "generator/filters": 1.0}, 1.0)
    assert term(told, "discriminator/adversarial").verdict == "watch"
    assert told.read().headline.startswith("The critic has won")


def test_each_form_of_the_game_has_its_own_loss_of_knowing_nothing() -> None:
    critic = meaning_of("discriminator/adversarial")
    for form, nothing in (("hinge", 2.0), ("lsgan", 0.25), ("minimax", 2 * math.log(2))):
        assert figure(critic, nothing, {"adversarial": form}).value == pytest.approx(1.0)


def test_content_that_is_found_by_guessing_alone_is_being_lost() -> None:
    told = words()
    for step in range(420):
        told.add(step, {"generator/nce": 0.4 * math.log(128)}, 1.0)
    found = term(told, "generator/nce")
    assert found.verdict == "watch" and found.says.startswith("Content is being lost")
    assert told.read().headline == found.says


def test_content_that_is_not_held_yet_is_no_alarm_in_the_beginning() -> None:
    told = words()
    for step in range(60):
        told.add(step, {"generator/nce": 0.4 * 4.5}, 1.0)
    found = term(told, "generator/nce")
    assert found.verdict == "steady" and found.says.startswith("Content is not held yet")


def test_swapped_light_and_dark_are_said() -> None:
    told = words()
    for step in range(420):
        told.add(step, {"generator/tone": 0.5 * 1.5}, 1.0)
    assert term(told, "generator/tone").says.startswith("Light and dark are swapped: -0.50")


def test_a_look_that_comes_nearer_is_told_from_noise() -> None:
    near, noisy = words(), words()
    for step in range(200):
        wave = 0.02 * math.sin(step * 1.7)
        near.add(step, {"generator/filters": 2 * (1.0 - step * 0.003 + wave)}, 1.0)
        noisy.add(step, {"generator/filters": 2 * (0.5 + wave)}, 1.0)
    assert near.read().headline == "It is coming nearer to the look (strokes and texture)."
    assert "held about where they are" in noisy.read().headline
    assert term(noisy, "generator/filters").trend == "steady"


def test_nothing_is_said_of_the_first_steps() -> None:
    told = words()
    told.add(0, {"generator/filters": 2.0}, 1.0)
    assert "just begun" in told.read().headline
    assert term(told, "generator/filters").verdict == "early" and term(told, "generator/filters").trend == ""


def test_a_long_run_takes_no_more_memory_than_a_short_one() -> None:
    told = words(100_000)
    for step in range(10_000):
        told.add(step, {"generator/filters": 1.0}, 0.3)
    assert len(told._buckets) <= MOST_BUCKETS
    assert sum(bucket.steps for bucket in told._buckets) == 10_000
    assert 10 < len(term(told, "generator/filters").points) <= POINTS


def test_a_history_is_taken_up_where_the_run_goes_on() -> None:
    told, again = words(), words()
    for step in range(100):
        told.add(step, {"generator/filters": 2.0 - step / 100}, 1.0)
    again.remember(told.as_json(), 100)
    assert again.read() == told.read()
    again.remember(told.as_json(), 50)  # the checkpoint was older than the last step
    assert sum(bucket.steps for bucket in again._buckets) == 50 and again.steps == 50


def test_a_loss_that_is_no_number_leaves_the_course_as_it_was() -> None:
    told = words()
    for step in range(60):
        told.add(step, {"generator/filters": math.nan if step == 30 else 1.0}, 1.0)
    assert all(math.isfinite(point) for point in term(told, "generator/filters").points)
