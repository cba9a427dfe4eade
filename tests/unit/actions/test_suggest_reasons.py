"""The sentences behind a suggestion say what was measured."""

import pytest

from stylereel.actions.suggest import contrast_reason, palette_reason, texture_reason
from stylereel.metrics._suit import Contrast, Palette, Texture


@pytest.mark.parametrize(
    ("distance", "after", "says"),
    [
        (
            4.0,
            ("blues", "ochres"),
            "its blues and ochres are near the clip's own colours (4 apart in CIELAB)",
        ),
        (12.0, ("blues", "greens"), "moves the clip's blues and ochres towards greens"),
        (30.0, ("yellows",), "turns the clip's blues and ochres into yellows (30 apart"),
        (30.0, ("ochres", "blues"), "stay what they are and become paler"),
    ],
)
def test_the_palettes_reason_names_hues_and_their_distance(distance, after, says):
    assert says in palette_reason(Palette(0.5, distance, ("blues", "ochres"), after, 30.0, 20.0), "clip")


def test_the_textures_reason_tells_shapes_from_fine_texture():
    assert "shapes survive (0.80), and fine texture stays" in texture_reason(Texture(0.8, 0.8, 0.8), "clip")
    assert "cover the fine texture (0.10 is left)" in texture_reason(Texture(0.2, 0.3, 0.1), "picture")


@pytest.mark.parametrize(
    ("order", "small", "span", "light", "says"),
    [
        (0.3, 1.0, (80, 80), (50, 50), "what is light and what is dark changes"),
        (
            0.9,
            1.0,
            (80, 80),
            (20, 34),
            "the clip is dark: this look lifts it (lightness 20 becomes 34 of 100)",
        ),
        (0.9, 1.0, (80, 80), (20, 18), "leaves it dark"),
        (0.9, 1.0, (25, 45), (50, 50), "low in contrast: this look opens it"),
        (0.9, 0.4, (80, 80), (50, 50), "faces keep only 40% of their contrast"),
        (0.9, 1.0, (80, 40), (50, 50), "it flattens light and shade"),
        (0.9, 1.0, (80, 79), (50, 50), "keep their order (0.90) and their reach"),
    ],
)
def test_the_contrasts_reason_is_what_matters_most_for_the_source(order, small, span, light, says):
    assert says in contrast_reason(Contrast(0.5, order, small, *span, *light), "clip")
