import pytest
from pydantic import Field, ValidationError

from stylereel.core.errors import InputError, MissingInputError, UsageError
from stylereel.core.settings import Settings, make_settings, read_toml, with_overrides


class Inner(Settings):
    rate: float = Field(default=1.0, gt=0)


class Outer(Settings):
    steps: int = 10
    """How many steps."""
    optimiser: Inner = Inner()


def test_an_unknown_nested_key_is_refused_with_the_nearest_known_one():
    with pytest.raises(UsageError, match=r"run.toml: unknown key 'optimiser.rte'. Did you mean 'rate'\?"):
        make_settings(Outer, {"optimiser": {"rte": 2}}, "run.toml")


def test_a_value_out_of_range_says_what_was_got():
    with pytest.raises(UsageError, match=r"'optimiser.rate' is -1: .*greater than 0"):
        make_settings(Outer, {"optimiser": {"rate": -1}}, "the command line")


def test_settings_are_frozen_and_take_their_help_from_the_docstring_below_the_field():
    with pytest.raises(ValidationError):
        Outer().steps = 3  # type: ignore[misc]
    assert Outer.model_fields["steps"].description == "How many steps."


def test_overrides_reach_into_tables_and_leave_the_original_alone():
    before = {"steps": 5, "optimiser": {"rate": 1.0}}
    after = with_overrides(before, ["optimiser.rate=0.5", "steps=7", "name=plain text"])
    assert after == {"steps": 7, "optimiser": {"rate": 0.5}, "name": "plain text"}
    assert before["optimiser"]["rate"] == 1.0


@pytest.mark.parametrize("assignment", ["steps", "=3", "a..b=1", "steps.deep=1"])
def test_an_assignment_that_is_none_is_refused(assignment):
    with pytest.raises(UsageError):
        with_overrides({"steps": 5}, [assignment])


def test_a_settings_file_that_is_missing_or_broken_says_so(tmp_path):
    with pytest.raises(MissingInputError, match=r"No settings file"):
        read_toml(tmp_path / "none.toml")
    with pytest.raises(InputError, match=rf"The settings file {tmp_path} cannot be read"):
        read_toml(tmp_path)
    broken = tmp_path / "broken.toml"
    broken.write_text("x = " + "[" * 5000)
    with pytest.raises(UsageError, match=r"not valid TOML"):
        read_toml(broken)
    broken.write_text("steps = = 3")
    with pytest.raises(UsageError, match=r"not valid TOML"):
        read_toml(broken)
