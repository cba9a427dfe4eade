"""One code fitted to a look, every shared weight left as it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from many_looks import many_recipe
from stylereel.core.errors import TrainingDivergedError
from stylereel.losses.gram import gram, gram_matrix
from stylereel.losses.structure import structure
from stylereel.networks.random_filters import RandomFilters
from stylereel.training.adaptation import Terms, fit_code
from stylereel.training.anchors import still_anchors
from toy_pictures import painting, scene

SMALL = Terms(crop_px=64, crops=2)
TEXTURE = replace(SMALL, crop_px=128, adversarial=0, features=0, tone=0, place=0, motion=0, palette=0)
"""What a fit of a few steps can be held to."""


def fitted(generator, code, steps: int, seed: int = 1, terms: Terms = SMALL):
    content = [scene(seed, 160, 200) for seed in range(3)]
    style = [painting(seed, 160, 200) for seed in range(2)]
    return fit_code(generator, code, content, style, seconds=600, seed=seed, terms=terms, most_steps=steps)


def filters_distance(generator, code) -> float:
    """Of outputs for scenes that nobody fitted on, to the paintings, by random filters."""
    filters, channels = RandomFilters(), generator.config.anchor_channels
    scenes = torch.cat([as_tensor(scene(seed, 160, 200)) for seed in range(5, 9)])
    paintings = torch.cat([as_tensor(painting(seed, 160, 200)) for seed in range(2)])
    with torch.no_grad():
        wanted = [gram_matrix(maps).mean(dim=0) for maps in filters(paintings)]
        codes = torch.from_numpy(code).expand(len(scenes), -1)
        return float(gram(filters(generator(scenes, codes, still_anchors(scenes, channels))), wanted))


def as_tensor(pixels):
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() * 2 / 255 - 1


def test_a_fit_moves_towards_the_look_and_leaves_every_shared_weight_as_it_is():
    generator = many_recipe().generator
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    code = np.zeros(generator.code_size, np.float32)
    code[:-1] = np.random.default_rng(0).normal(size=generator.code_size - 1)
    found = fitted(generator, code, 40, terms=TEXTURE)
    assert found.shape == (generator.code_size + generator.offsets_size,) and found.dtype == np.float32
    assert found[generator.code_size - 1] == 0 and np.abs(found[generator.code_size :]).max() > 0.01
    assert all(torch.equal(value, before[name]) for name, value in generator.state_dict().items())
    assert filters_distance(generator, found) < 0.95 * filters_distance(generator, code)


def test_the_same_seed_and_number_of_steps_give_the_same_code():
    generator = many_recipe().generator
    code = np.zeros(generator.code_size, np.float32)
    first, again, other = (fitted(generator, code, 3, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_pictures_smaller_than_a_crop_are_enough_and_time_ends_a_fit():
    generator = many_recipe().generator
    code, told = np.zeros(generator.code_size, np.float32), []
    small = [painting(3, 20, 33)]

    def tell(step: int, elapsed: float) -> None:
        told.append(step)

    fit_code(generator, code, small, small, seconds=0.3, terms=SMALL, on_step=tell)
    assert told == list(range(1, len(told) + 1)) and told


def test_a_fit_that_comes_to_nothing_says_so():
    generator = many_recipe().generator
    code = np.full(generator.code_size, np.nan, np.float32)
    with pytest.raises(TrainingDivergedError, match="leave --adapt out"):
        fitted(generator, code, 2)


def test_the_structure_term_keeps_more_of_what_stands_out_from_its_surroundings():
    generator = many_recipe().generator
    code = np.zeros(generator.code_size, np.float32)
    lost = []
    for weight in (0.0, 20.0):
        found = fitted(generator, code, 20, terms=replace(TEXTURE, crop_px=64, structure=weight))
        scenes = torch.cat([as_tensor(scene(seed, 160, 200)) for seed in range(5, 9)])
        codes = torch.from_numpy(found).expand(len(scenes), -1)
        with torch.no_grad():
            painted = generator(scenes, codes, still_anchors(scenes, generator.config.anchor_channels))
        lost.append(float(structure(painted, scenes)))
    assert lost[1] < 0.95 * lost[0]
