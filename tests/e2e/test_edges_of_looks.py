"""No look paints an edge of its own along the frame."""

import numpy as np
import pytest

from stylereel import Stylizer


@pytest.mark.parametrize("look", ["scream", "engraving"])
def test_a_plain_frame_has_the_colours_of_its_middle_along_its_edges(look):
    stylize = Stylizer.load(f"atelier:{look}")
    shown = stylize(np.full((192, 256, 3), 200, np.uint8)).astype(np.float32)
    middle = shown[64:-64, 64:-64].mean(axis=(0, 1))
    for edge in (shown[:24], shown[-24:], shown[:, :24], shown[:, -24:]):
        assert np.abs(edge.mean(axis=(0, 1)) - middle).max() < 25  # a band was 80 to 160 levels off
