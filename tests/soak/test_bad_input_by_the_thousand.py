"""Thousands of mutated files and hostile packs; the short form is `tests/e2e/test_mutated_input.py`."""

import sys

import pytest

from held_to import faults_of
from mutations import Mutations
from sandbox import Sandbox

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(sys.platform != "linux", reason="children are limited as Linux does it"),
]

FIRST, LAST, EACH = 100, 4100, 200


@pytest.mark.parametrize("first", range(FIRST, LAST, EACH))
def test_bad_input_ends_in_a_result_or_in_an_error_that_says_why(tmp_path, first):
    with Sandbox() as sandbox:
        numbers = range(first, first + EACH)
        faults = faults_of(numbers, tmp_path, sandbox, Mutations(tmp_path / "sound"))
    assert not faults, "\n\n".join(faults)
