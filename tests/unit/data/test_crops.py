import time

import cv2
import numpy as np

import toy_pictures as toy
from stylereel.data.crops import CropSampler, StylePool
from stylereel.data.pool import Picture, Pool
from stylereel.data.settings import DataSettings
from stylereel.data.stream import BatchStream, Cutter, to_pixels, to_tensor


def sampler(seed: int = 1, **changed: object) -> CropSampler:
    values: dict = {"crop_px": 64, "content_short_side_px": (80, 160), **changed}
    content = Pool([Picture(toy.scene(i, 160, 200), str(i)) for i in range(3)])
    style = Pool([Picture(toy.painting(i, 256, 256, stroke_px=6), str(i)) for i in range(3)])
    return CropSampler(content, style, DataSettings(**values), seed)


def test_a_batch_is_a_function_of_seed_and_number() -> None:
    assert np.array_equal(sampler().content_crops(7), sampler().content_crops(7))
    assert np.array_equal(sampler().style_crops(7), sampler().style_crops(7))
    assert not np.array_equal(sampler().content_crops(7), sampler().content_crops(8))
    assert not np.array_equal(sampler().content_crops(7), sampler(seed=2).content_crops(7))


def test_crops_have_the_size_that_was_asked_for_even_from_small_pictures() -> None:
    small = CropSampler(
        Pool([Picture(toy.scene(1, 40, 90), "a")]),
        Pool([Picture(toy.painting(1, 40, 50), "b")]),
        DataSettings(crop_px=64, content_short_side_px=(64, 128), batch_size=3),
        1,
    )
    assert small.content_crops(0).shape == (3, 64, 64, 3)
    assert small.style_crops(0).shape == (3, 64, 64, 3)


def band_energies(pictures: np.ndarray) -> np.ndarray:
    """Share of the Laplacian pyramid's energy in each level, the finest first."""
    energies = np.zeros(4)
    for picture in pictures:
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
        for level in range(4):
            low = cv2.pyrDown(grey)
            energies[level] += float(np.square(grey - cv2.pyrUp(low, dstsize=grey.shape[::-1])).mean())
            grey = low
    return energies / energies.sum()


def test_a_larger_brush_moves_energy_to_coarser_pyramid_levels() -> None:
    fine = np.concatenate([sampler(brush_size=0.75).style_crops(i) for i in range(12)])
    coarse = np.concatenate([sampler(brush_size=2.0).style_crops(i) for i in range(12)])
    before, after = band_energies(fine), band_energies(coarse)
    assert after[0] < 0.75 * before[0]
    assert after[2:].sum() > 1.5 * before[2:].sum()


def test_crops_of_one_batch_come_at_several_scales() -> None:
    wide = sampler(style_scales=(1.0, 3.0), batch_size=32, stretch=0.0)
    sharpness = [band_energies(crop[None])[0] for crop in wide.style_crops(0)]
    assert max(sharpness) > 1.3 * min(sharpness)


def test_exposure_darkens_and_brightens_content_alone() -> None:
    plain, exposed = sampler(batch_size=16), sampler(batch_size=16, content_exposure_stops=2.0)
    means = exposed.content_crops(0).mean(axis=(1, 2, 3)) / plain.content_crops(0).mean(axis=(1, 2, 3))
    assert means.min() < 0.7 and means.max() > 1.3
    assert np.array_equal(plain.style_crops(0), exposed.style_crops(0))


def test_more_than_two_hundred_crops_a_second_are_cut() -> None:
    cutter = CropSampler(
        Pool([Picture(toy.scene(1, 512, 768), "a")]),
        Pool([Picture(toy.scene(2, 512, 768), "b")]),
        DataSettings(batch_size=8),
        1,
    )
    began = time.thread_time()
    for number in range(10):
        cutter.content_crops(number)
        cutter.style_crops(number)
    assert 160 / (time.thread_time() - began) > 200


def test_a_stream_that_starts_later_gives_what_the_whole_one_gives() -> None:
    whole, late = BatchStream(Cutter(sampler())), BatchStream(Cutter(sampler()), start=3)
    try:
        batches = [next(whole) for _ in range(5)]
        assert whole.next_batch == 5
        for expected in batches[3:]:
            found = next(late)
            assert found.content.equal(expected.content) and found.style.equal(expected.style)
    finally:
        whole.close()
        late.close()


def test_a_fault_while_cutting_reaches_who_asks_for_a_batch() -> None:
    broken = CropSampler(Pool([]), Pool([]), DataSettings(), 1)
    stream = BatchStream(Cutter(broken))
    try:
        next(stream)
        raise AssertionError("no error arrived")
    except IndexError:
        pass
    finally:
        stream.close()


def test_pixels_survive_the_way_to_a_tensor_and_back() -> None:
    pixels = np.arange(256, dtype=np.uint8).repeat(12).reshape(1, 32, 32, 3)
    frames = to_tensor(pixels)
    assert float(frames.min()) == -1.0 and float(frames.max()) == 1.0
    assert np.array_equal(to_pixels(frames), pixels)


def test_a_style_of_three_times_the_weight_is_cut_from_three_times_as_often() -> None:
    plain = sampler(batch_size=5)
    pools = [StylePool(plain.style, None, 1), StylePool(plain.style, None, 3)]
    cut = CropSampler(plain.content, plain.style, plain.settings, 1, pools)
    labels = [label for batch in range(8) for label in cut.labels(batch)]
    assert labels.count(1) == 3 * labels.count(0) == 30
    assert cut.labels(3) == cut.labels(3)
