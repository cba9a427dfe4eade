"""A hundred mutated files and hostile packs: each ends in a result or in an error that says why.

The long form is in `tests/soak/test_bad_input_by_the_thousand.py`. `STYLEREEL_CASES=17,230` runs those alone
and keeps their files.
"""

import os
import sys

import pytest

from held_to import faults_of
from mutations import Mutations
from sandbox import Sandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children are limited as Linux does it")

ASKED = [int(number) for number in os.environ.get("STYLEREEL_CASES", "").split(",") if number]
EACH = 20
RANGES = [range(number, number + 1) for number in ASKED] or [
    range(first, first + EACH) for first in range(0, 100, EACH)
]


@pytest.mark.parametrize("numbers", RANGES, ids=lambda numbers: f"from-{numbers.start}")
def test_bad_input_ends_in_a_result_or_in_an_error_that_says_why(tmp_path, numbers):
    with Sandbox() as sandbox:
        faults = faults_of(numbers, tmp_path, sandbox, Mutations(tmp_path / "sound"), keep=bool(ASKED))
    assert not faults, "\n\n".join(faults)
