"""How well a look suits: optimum, and each part moved by the fault that it is there for."""

import cv2
import numpy as np
import pytest

from stylereel.metrics._suit import suit


def drawing(size: int = 240) -> np.ndarray:
    """Black lines and hatching on white, `(size, size, 3)` uint8."""
    picture = np.full((size, size, 3), 245, np.uint8)
    cv2.circle(picture, (size // 2, size // 2), size // 3, (10, 10, 10), 5)
    cv2.rectangle(picture, (20, 20), (90, 70), (10, 10, 10), -1)
    for x in range(130, 230, 6):
        cv2.line(picture, (x, 20), (x - 25, 60), (10, 10, 10), 1)
    return picture


def of_color(color: tuple[int, int, int]) -> np.ndarray:
    light = np.linspace(0.6, 1.0, 160)[None, :, None] * np.ones((120, 1, 1))
    return np.rint(light * np.array(color)).astype(np.uint8)


def test_a_look_that_changes_nothing_has_the_optimum():
    found = suit([drawing()], [drawing()])
    assert found.score == pytest.approx(1) and found.change == pytest.approx(0, abs=1e-6)
    assert (
        found.palette.distance == 0 and found.texture.edges == 1 and found.contrast.order == pytest.approx(1)
    )


def test_the_distance_of_colours_is_that_of_a_plain_shift():
    first, second = of_color((128, 128, 128)), of_color((128, 128, 128)).copy()
    lab = cv2.cvtColor(second.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    lab[..., 1:] += (6, -8)
    second = np.rint(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB) * 255).clip(0, 255).astype(np.uint8)
    found = suit([first], [second]).palette
    assert found.distance == pytest.approx(10, abs=0.6) and found.score == pytest.approx(0.75, abs=0.02)


def test_colours_are_named():
    for color, name in (((60, 110, 200), "blues"), ((200, 130, 60), "ochres"), ((70, 160, 60), "greens")):
        assert suit([of_color(color)], [of_color((128, 128, 128))]).palette.source_colors == (name,)
    assert suit([of_color((128, 128, 128))], [drawing()[:120, :160]]).palette.look_colors == ("greys",)


def test_a_drawing_wants_a_look_that_keeps_its_contrast_and_its_order():
    source = drawing()
    kept = suit([source], [source]).contrast
    flat = suit([source], [(source // 4 + 96).astype(np.uint8)]).contrast
    turned = suit([source], [255 - source]).contrast
    assert kept.score > flat.score + 0.2 > turned.score and turned.score == 0


def test_a_dark_picture_gains_by_being_lifted():
    rng = np.random.default_rng(3)
    coarse = cv2.resize(
        rng.uniform(5, 60, (9, 12, 3)).astype(np.uint8), (320, 240), interpolation=cv2.INTER_CUBIC
    )
    lifted = cv2.convertScaleAbs(coarse, alpha=3.5)
    dark, light = (suit([coarse], [result]).contrast for result in (coarse, lifted))
    assert light.score > dark.score + 0.2 and light.look_lightness > 2 * dark.look_lightness


def test_strokes_of_its_own_cost_texture():
    source = drawing()
    strokes = np.random.default_rng(5).integers(-70, 70, (60, 60, 1))
    covered = np.clip(source + np.kron(strokes, np.ones((4, 4, 1), int)), 0, 255).astype(np.uint8)
    blurred = cv2.GaussianBlur(source, (0, 0), 9)
    whole = suit([source], [source]).texture
    for result in (covered, blurred):
        assert suit([source], [result]).texture.score < whole.score - 0.2


def test_plain_frames_and_single_pixels_have_figures():
    for shape in ((1, 1, 3), (40, 60, 3)):
        found = suit([np.full(shape, 90, np.uint8)], [np.full(shape, 120, np.uint8)])
        assert np.isfinite([found.score, found.palette.score, found.texture.score, found.change]).all()
