"""The margin that padding is seen in is defined once."""

import re
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")

import stylereel
from stylereel.networks.margins import EDGE_PX, inner


def test_the_margin_is_left_out_on_every_side_and_nothing_is_copied():
    pictures = torch.zeros(2, 3, 40, 50)
    pictures[..., EDGE_PX : 40 - EDGE_PX, EDGE_PX : 50 - EDGE_PX] = 1
    found = inner(pictures)
    assert found.shape == (2, 3, 24, 34) and bool((found == 1).all())
    assert found.data_ptr() == pictures[0, 0, EDGE_PX, EDGE_PX:].data_ptr()


def test_nobody_in_training_cuts_a_margin_of_his_own():
    folder = Path(stylereel.__file__).parent / "training"
    own = [path.name for path in folder.rglob("*.py") if re.search(r"def _?inner\(", path.read_text("utf-8"))]
    assert own == []
