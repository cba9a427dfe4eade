"""A mask's picture for every frame of a source, by its time, at its size."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from clips import make_clip, smooth
from stylereel.core.errors import MissingInputError, VideoOpenError
from stylereel.core.pixels import DEEP_PEAK
from stylereel.video.mask import Mask
from stylereel.video.reader import FrameReader


def graded(index, width, height):
    """A grey that tells the frame: 10 * index."""
    return np.full((height, width, 3), 10 * index, np.uint8)


def level(shown: int) -> int:
    """What a mask that shows that grey comes to, of `DEEP_PEAK`."""
    return round(min(max(shown - 4, 0), 247) / 247 * DEEP_PEAK)


def masks(source, mask, *, start=None, done=0, **settings):
    """The mask arrays of every frame of the source, and the notices."""
    with FrameReader(source, start_seconds=start) as reader:
        reader.skip(done)
        opened = Mask(mask, reader, start_seconds=start, **settings)
        found = [frame.mask for frame in opened.frames(done)]
        opened.close()
    assert all(array is not None and array.dtype == np.uint16 for array in found)
    return found, opened.notices


def numbers(found) -> list[int]:
    """Which frame of `graded` each mask is."""
    levels = [level(10 * index) for index in range(26)]
    return [int(np.argmin([abs(int(array[0, 0]) - grade) for grade in levels])) for array in found]


def picture(path, values, size=(64, 48)):
    """A PNG whose columns hold `values`, grey or grey with opacity."""
    columns = np.repeat(np.array(values, np.uint8), size[0] // len(values), axis=0)
    rows = np.broadcast_to(columns, (size[1], *columns.shape))
    if rows.ndim == 3:
        rows = np.dstack([rows[..., :1]] * 3 + [rows[..., 1:]])
    cv2.imwrite(str(path), rows)
    return path


@pytest.mark.parametrize(
    ("rate", "ending"), [(25, "mp4"), (50, "mp4"), (10, "mkv"), (Fraction(24000, 1001), "mkv")]
)
def test_each_frame_takes_the_mask_frame_that_is_shown_at_its_time(tmp_path, rate, ending):
    source = make_clip(tmp_path / "in.mp4", frames=12)
    mask = make_clip(tmp_path / f"mask.{ending}", frames=25, rate=rate, paint=graded, lossless=True, gop=4)
    found, notices = masks(source, mask)
    assert numbers(found) == [int(Fraction(k, 25) * rate) for k in range(12)]
    assert not notices


@pytest.mark.parametrize("endings", [("mp4", "mkv"), ("mkv", "mp4"), ("mkv", "webm"), ("avi", "mkv")])
@pytest.mark.parametrize("rate", [Fraction(30000, 1001), 60])
def test_clocks_that_round_the_same_times_otherwise_still_agree(tmp_path, endings, rate):
    source = make_clip(tmp_path / f"in.{endings[0]}", frames=24, rate=rate)
    codec = "libvpx-vp9" if endings[1] == "webm" else "libx264"
    mask = make_clip(tmp_path / f"mask.{endings[1]}", frames=24, rate=rate, paint=graded, codec=codec)
    found, notices = masks(source, mask)
    assert numbers(found) == list(range(24)) and not notices


def test_variable_rates_on_both_sides_are_met_exactly(tmp_path):
    shown = np.cumsum([0, 40, 3, 200, 40, 41, 7, 90, 33])
    changes = np.cumsum([0, 43, 100, 100, 40, 48])
    source = make_clip(
        tmp_path / "in.mkv", frames=9, pts=[int(t) for t in shown], time_base=Fraction(1, 1000)
    )
    mask = make_clip(
        tmp_path / "mask.mkv", frames=6, pts=[int(t) for t in changes], time_base=Fraction(1, 1000),
        paint=graded, lossless=True,
    )  # fmt: skip
    found, _ = masks(source, mask)
    assert numbers(found) == [int((changes <= time).sum()) - 1 for time in shown]


@pytest.mark.parametrize("start", [0.2, 0.3, 0.41])
@pytest.mark.parametrize("done", [0, 3])
def test_a_sub_clip_keeps_the_mask_on_the_source_s_time_line(tmp_path, start, done):
    source = make_clip(tmp_path / "in.mp4", frames=24)
    mask = make_clip(tmp_path / "mask.mp4", frames=12, rate=Fraction(25, 2), paint=graded, lossless=True)
    whole = numbers(masks(source, mask)[0])
    first = int(np.ceil(start * 25 - 1e-9))
    assert numbers(masks(source, mask, start=start, done=done)[0]) == whole[first + done :]


def test_a_mask_that_ends_early_stays_and_it_is_told_once(tmp_path):
    source = make_clip(tmp_path / "in.mp4", frames=12)
    mask = make_clip(tmp_path / "mask.mp4", frames=5, paint=graded, lossless=True)
    found, notices = masks(source, mask)
    assert numbers(found) == [0, 1, 2, 3, 4] + [4] * 7
    assert len(notices) == 1 and "ends at 0.200 s" in notices[0] and "stays" in notices[0]
    found, notices = masks(source, mask, start=0.32)
    assert numbers(found) == [4] * 4 and "ends at 0.200 s" in notices[0]


def test_what_is_shown_again_is_the_same_array_again(tmp_path):
    source = make_clip(tmp_path / "in.mp4", frames=6)
    mask = make_clip(tmp_path / "mask.mp4", frames=3, rate=Fraction(25, 2), paint=graded, lossless=True)
    found, _ = masks(source, mask)
    assert found[0] is found[1] and found[2] is found[3] and found[1] is not found[2]
    still, _ = masks(source, picture(tmp_path / "mask.png", [0, 255]))
    assert all(array is still[0] for array in still)


def test_the_kth_picture_of_a_folder_belongs_to_the_kth_frame_also_of_a_variable_rate(tmp_path):
    times = [0, 40, 43, 400, 440, 700]
    source = make_clip(tmp_path / "in.mkv", frames=6, pts=times, time_base=Fraction(1, 1000))
    (tmp_path / "masks").mkdir()
    for index in range(5):
        picture(tmp_path / "masks" / f"{index}.png", [10 * index])
    found, notices = masks(source, tmp_path / "masks")
    assert numbers(found) == [0, 1, 2, 3, 4, 4]
    assert len(notices) == 1 and "after 5 pictures" in notices[0]
    assert numbers(masks(source, tmp_path / "masks" / "%d.png", done=2)[0]) == [2, 3, 4, 4]


def test_a_folder_counts_from_the_source_s_beginning_also_in_a_sub_clip(tmp_path):
    source = make_clip(tmp_path / "in.mp4", frames=12)
    (tmp_path / "masks").mkdir()
    for index in range(12):
        picture(tmp_path / "masks" / f"{index}.png", [10 * index])
    assert numbers(masks(source, tmp_path / "masks", start=0.2)[0]) == [5, 6, 7, 8, 9, 10, 11]
    assert numbers(masks(source, tmp_path / "masks", start=0.2, done=4)[0]) == [9, 10, 11]


def test_a_picture_that_cannot_be_read_is_bridged_wherever_the_run_begins(tmp_path):
    source = make_clip(tmp_path / "in.mp4", frames=5)
    (tmp_path / "masks").mkdir()
    for index in range(5):
        picture(tmp_path / "masks" / f"{index}.png", [10 * index])
    for index in (0, 3):
        (tmp_path / "masks" / f"{index}.png").write_bytes(b"no picture")
    found, notices = masks(source, tmp_path / "masks")
    assert numbers(found) == [1, 1, 2, 2, 4] and "damaged" in notices[0]
    assert numbers(masks(source, tmp_path / "masks", done=3)[0]) == [2, 4]


def test_a_mask_of_another_size_is_stretched_and_another_shape_is_told(tmp_path):
    source = make_clip(tmp_path / "in.mp4", frames=2)
    found, notices = masks(source, picture(tmp_path / "large.png", [0, 255], (256, 192)))
    assert found[0].shape == (48, 64) and not notices
    assert (found[0][:, :32] == 0).all() and (found[0][:, 32:] == DEEP_PEAK).all()
    found, notices = masks(source, picture(tmp_path / "wide.png", [0, 255], (64, 16)))
    assert found[0].shape == (48, 64) and "64x16" in notices[0] and "stretched" in notices[0]
    assert (found[0][:, :32] == 0).all() and (found[0][:, 32:] == DEEP_PEAK).all()


def test_grey_is_partial_specks_are_not_and_inverting_turns_it_round(tmp_path):
    source = make_clip(tmp_path / "in.mp4", frames=1)
    path = picture(tmp_path / "mask.png", [0, 3, 128, 252])
    found, _ = masks(source, path)
    assert list(found[0][0, ::16]) == [0, 0, level(128), DEEP_PEAK]
    turned, _ = masks(source, path, invert=True)
    assert (turned[0] == DEEP_PEAK - found[0]).all()


@pytest.mark.parametrize(
    ("columns", "expected", "word"),
    [
        ([[255, 0], [255, 255]], [0, DEEP_PEAK], "opacity"),  # drawn by opacity
        ([[255, 0], [255, 0]], [0, 0], "opacity"),  # nothing is drawn at all
        ([[0, 255], [255, 255]], [0, DEEP_PEAK], "brightness"),  # opacity says nothing
        ([[0, 128], [255, 128]], [0, DEEP_PEAK], "brightness"),
    ],
)
def test_opacity_counts_where_it_says_something_else_brightness(tmp_path, columns, expected, word):
    source = make_clip(tmp_path / "in.mp4", frames=1)
    path = picture(tmp_path / "mask.png", columns)
    found, notices = masks(source, path)
    assert list(found[0][0, ::32]) == expected
    assert [word in notice for notice in notices] == [True]


def test_a_mask_of_16_bits_keeps_them(tmp_path):
    source = make_clip(tmp_path / "in.mp4", frames=1)
    ramp = np.linspace(20 * 256, 22 * 256, 64).astype(np.uint16)
    cv2.imwrite(str(tmp_path / "mask.png"), np.broadcast_to(ramp, (48, 64)))
    assert len(np.unique(masks(source, tmp_path / "mask.png")[0][0])) > 50


def test_one_picture_takes_the_first_frame_of_a_mask_video(tmp_path):
    cv2.imwrite(str(tmp_path / "in.png"), smooth(0, 64, 48))
    mask = make_clip(
        tmp_path / "mask.mp4", frames=3, paint=lambda i, w, h: graded(i + 5, w, h), lossless=True
    )
    assert numbers(masks(tmp_path / "in.png", mask)[0]) == [5]


def test_a_mask_that_is_missing_or_none_is_an_error_with_its_name(tmp_path):
    source = make_clip(tmp_path / "in.mp4", frames=1)
    with pytest.raises(MissingInputError, match=r"no-mask\.png"):
        masks(source, tmp_path / "no-mask.png")
    (tmp_path / "text.mp4").write_text("no video " * 99)
    with pytest.raises(VideoOpenError, match=r"text\.mp4"):
        masks(source, tmp_path / "text.mp4")
    (tmp_path / "empty").mkdir()
    with pytest.raises(VideoOpenError, match="holds no pictures"):
        masks(source, tmp_path / "empty")
