"""A code read off pictures without torch: the trained encoder, in numpy."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")
from safetensors.numpy import load

from many_looks import many_pack, many_recipe
from stylereel.core.errors import PackError
from stylereel.packs.encoder import CROP_PX, MOST_CROPS, code_of_pictures, crops_of, encoded
from stylereel.packs.store import save_pack
from toy_pictures import painting


@pytest.fixture(scope="module")
def recipe():
    return many_recipe()


@pytest.fixture(scope="module")
def pack(recipe, tmp_path_factory):
    return many_pack(tmp_path_factory.mktemp("packs") / "many", recipe)


@pytest.mark.parametrize("size", [(32, 32), (97, 130), (64, 81)])
def test_the_encoder_in_numpy_is_the_one_in_torch(pack, recipe, size):
    pictures = np.random.default_rng(0).uniform(-1, 1, (3, 3, *size)).astype(np.float32)
    with torch.no_grad():
        expected = recipe.encoder(torch.from_numpy(pictures))
    found = encoded(load(pack.read("encoder.safetensors")), pictures)
    assert np.abs(found - expected[:, :-1].numpy()).max() < 1e-4
    assert float(expected[:, -1].abs().max()) == 0


def test_references_count_the_same_however_many_pictures_each_has(pack):
    first, second = painting(1, 160, 200), painting(2, 160, 200) // 2
    alone = [code_of_pictures(pack, [[picture]]) for picture in (first, second)]
    both = code_of_pictures(pack, [[first, first, first], [second]])
    assert both.shape == (pack.card.code_size,) and both.dtype == np.float32 and both[-1] == 0
    assert np.abs(both - (alone[0] + alone[1]) / 2).max() < 1e-4
    assert np.abs(alone[0] - alone[1]).max() > 1e-3


@pytest.mark.parametrize(
    ("size", "count", "side"),
    [
        ((20, 24), 1, 64),
        ((100, 300), 3, 100),
        ((CROP_PX, 2 * CROP_PX + 5), 2, CROP_PX),
        ((4000, 3000), MOST_CROPS, CROP_PX),
    ],
)
def test_crops_cover_pictures_of_any_size_at_the_size_of_strokes_that_training_showed(size, count, side):
    crops = crops_of(np.zeros((*size, 3), np.uint8))
    assert crops.shape == (count, side, side, 3)


def test_a_pack_whose_encoder_is_absent_or_of_another_shape_is_refused(pack, tmp_path):
    files = {name: pack.read(name) for name in pack.card.files if name != "encoder.safetensors"}
    lacking = save_pack(tmp_path / "lacking", pack.card, files)
    with pytest.raises(PackError, match=r"no encoder\.safetensors"):
        code_of_pictures(lacking, [[painting(1)]])
    other = save_pack(
        tmp_path / "other", pack.card, {**files, "encoder.safetensors": pack.read("codes.safetensors")}
    )
    with pytest.raises(PackError, match="does not fit"):
        code_of_pictures(other, [[painting(1)]])
