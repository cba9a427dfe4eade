"""The pool of past fakes: what is given, what is kept, and that a checkpoint holds all of it."""

import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from stylereel.training.image_pool import ImagePool


def fakes(*levels: float) -> torch.Tensor:
    return torch.stack([torch.full((3, 4, 4), float(level)) for level in levels])


def levels(pictures: torch.Tensor) -> list[float]:
    return pictures[:, 0, 0, 0].tolist()


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def test_until_it_is_full_a_pool_gives_what_comes():
    pool = ImagePool(3)
    assert levels(pool.exchange(fakes(1, 2), rng())) == [1, 2]
    assert levels(pool.exchange(fakes(3), rng())) == [3]
    assert levels(pool.pictures) == [1, 2, 3]


def test_a_full_pool_gives_half_of_the_time_an_old_fake_and_keeps_the_new_one_for_it():
    pool, random = ImagePool(10), rng()
    given = [levels(pool.exchange(fakes(step), random))[0] for step in range(400)]
    old = [step for step, level in enumerate(given) if level != step]
    assert 150 < len(old) < 240
    assert all(given[step] < step for step in old)
    remembered = set(levels(pool.pictures))
    assert remembered.isdisjoint(given[step] for step in old)
    assert min(remembered) > 200


def test_a_pool_of_nothing_gives_what_comes():
    pool = ImagePool(0)
    assert levels(pool.exchange(fakes(5, 6), rng())) == [5, 6]
    assert len(pool.pictures) == 0


def test_no_gradient_reaches_the_fakes():
    assert not ImagePool(2).exchange(fakes(1.0).requires_grad_(True), rng()).requires_grad


@pytest.mark.parametrize("steps", [0, 2, 9])
def test_a_restored_pool_goes_on_as_the_one_that_was_saved(steps: int):
    pool, random = ImagePool(4), rng()
    for step in range(steps):
        pool.exchange(fakes(step), random)
    again, same_random = ImagePool(4), torch.Generator()
    again.exchange(fakes(99, 98, 97), rng())
    again.load_state_dict({name: value.clone() for name, value in pool.state_dict().items()})
    same_random.set_state(random.get_state())
    for step in range(10):
        coming = fakes(20 + step)
        assert torch.equal(pool.exchange(coming, random), again.exchange(coming, same_random))
