"""Colours come out as the tags say, for every matrix, range, depth and layout."""

from __future__ import annotations

import av
import numpy as np
import pytest

from clips import BT601, BT709, BT2020, HLG, PQ, frame_of_planes, make_clip, make_hdr_ramp, numbered, smooth
from stylereel.core.color import ColorTags
from stylereel.core.pixels import rgb_to_yuv_planes
from stylereel.video.convert import FrameConverter
from stylereel.video.reader import FrameReader
from stylereel.video.tonemap import REFERENCE_WHITE_LEVEL, ToneMapper, compress_highlights


def first_frame(path) -> np.ndarray:
    with FrameReader(path) as reader:
        return next(reader).pixels


@pytest.mark.parametrize("color", [BT601, BT709, BT2020], ids=["bt601", "bt709", "bt2020"])
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv444p10le"])
def test_lossless_video_is_read_in_its_true_colours(tmp_path, color, pix_fmt):
    codec = "ffv1"
    path = make_clip(tmp_path / "a.mkv", frames=2, codec=codec, pix_fmt=pix_fmt, color=color)
    with FrameReader(path) as reader:
        frames = list(reader)
        assert reader.info.color == color
        assert reader.info.frame_color == color
        assert reader.info.bit_depth == (10 if "10" in pix_fmt else 8)
    for index, frame in enumerate(frames):
        assert np.abs(frame.pixels.astype(int) - smooth(index, 64, 48)).max() <= 4
        assert np.abs(frame.pixels.astype(int) - smooth(index, 64, 48)).mean() <= 0.8


@pytest.mark.parametrize("pix_fmt,bits", [("yuv420p", 8), ("yuv420p10le", 10)])
def test_reading_and_encoding_again_keeps_luma_and_chroma_within_two(tmp_path, pix_fmt, bits):
    for color in (BT601, BT709, BT2020):
        path = make_clip(tmp_path / "a.mkv", frames=1, codec="ffv1", pix_fmt=pix_fmt, color=color)
        stored = rgb_to_yuv_planes(smooth(0, 64, 48), color, "420", bits)
        again = rgb_to_yuv_planes(first_frame(path), color, "420", bits)
        for before, after in zip(stored, again, strict=True):
            assert np.abs(before.astype(int) - after).max() <= 2 * 2 ** (bits - 8)


def test_full_range_video_is_not_stretched(tmp_path):
    color = ColorTags("bt709", "full", "bt709", "bt709")
    path = make_clip(
        tmp_path / "a.mp4", frames=2, lossless=True, color=color, paint=numbered, pix_fmt="yuvj420p"
    )
    assert np.abs(first_frame(path).astype(int) - 40).max() <= 1


def test_an_untagged_small_video_reads_as_bt601_and_says_so(tmp_path):
    path = make_clip(tmp_path / "a.mp4", frames=2, lossless=True, color=None)
    with FrameReader(path) as reader:
        assert reader.info.frame_color.matrix == "smpte170m"
        assert any("assumed" in notice for notice in reader.notices)
        assert np.abs(next(reader).pixels.astype(int) - smooth(0, 64, 48)).max() <= 4


LAYOUTS = (
    "rgb24 bgr24 bgr0 gbrp gbrp10le gbrp16le rgb48le rgba64le nv12 nv21 p010le p016le uyvy422 yuyv422 "
    "yuv440p yuv411p yuv420p10be yuva444p gray"
)


@pytest.mark.parametrize("pix_fmt", LAYOUTS.split())
def test_every_pixel_layout_gives_the_same_grey(pix_fmt):
    source = av.VideoFrame.from_ndarray(np.full((18, 22, 3), 120, np.uint8), format="rgb24")
    frame = source.reformat(format=pix_fmt, dst_colorspace="ITU709", dst_color_range="MPEG", threads=1)
    value_range = "full" if pix_fmt == "gray" else "limited"
    rgb = FrameConverter(ColorTags("bt709", value_range, "bt709", "bt709"))(frame)
    assert rgb.shape == (18, 22, 3)
    assert np.abs(rgb.astype(int) - 120).max() <= 2, rgb[9, 9]


@pytest.mark.parametrize("pix_fmt", ["nv12", "nv21", "uyvy422", "p010le", "gbrp", "gbrp12le", "yuv422p10be"])
def test_rarer_layouts_keep_red_red_and_blue_blue(pix_fmt):
    rgb = np.zeros((16, 16, 3), np.uint8)
    rgb[:, :8], rgb[:, 8:] = (200, 40, 40), (40, 40, 200)
    source = av.VideoFrame.from_ndarray(rgb, format="rgb24")
    frame = source.reformat(format=pix_fmt, dst_colorspace="ITU709", dst_color_range="MPEG", threads=1)
    out = FrameConverter(BT709)(frame).astype(int)
    assert np.abs(out[8, 2] - (200, 40, 40)).max() <= 4
    assert np.abs(out[8, 13] - (40, 40, 200)).max() <= 4


def test_transparent_areas_are_laid_over_white():
    planes = [np.full((4, 4), 10, np.uint8) for _ in range(3)]
    alpha = np.array([[0, 0, 255, 255]] * 4, np.uint8)
    converter = FrameConverter(ColorTags("rgb", "full", "bt709", "iec61966-2-1"))
    out = converter(frame_of_planes([*planes, alpha], "gbrap", 4, 4))
    assert out[0, :, 0].tolist() == [255, 255, 10, 10]
    assert converter.saw_transparency


NITS = [0, 1, 5, 20, 50, 100, 150, 203, 300, 500, 800, 1000]


@pytest.mark.parametrize("color,peak", [(PQ, 10000), (HLG, 1000)], ids=["PQ", "HLG"])
def test_hdr_is_tone_mapped_monotonically_with_white_near_the_top(tmp_path, color, peak):
    nits = [n for n in [*NITS, 2000, 4000, 10000] if n <= peak]
    path = make_hdr_ramp(tmp_path / "hdr.mp4", nits, color)
    with FrameReader(path) as reader:
        assert any("tone-mapped" in notice for notice in reader.notices)
        assert reader.info.color == color
        assert reader.info.frame_color == BT709
        picture = next(reader).pixels.astype(int)
    levels = picture[8, 4::8]
    assert np.ptp(levels, axis=1).max() <= 1, "grey must stay grey"
    luma = levels.mean(1)
    assert (np.diff(luma) > 0).all()
    assert luma[0] == 0 and luma[-1] == 255
    assert abs(luma[nits.index(203)] - REFERENCE_WHITE_LEVEL) <= 2
    assert 225 <= REFERENCE_WHITE_LEVEL <= 240
    # Below the knee light stays in proportion: BT.1886 of nits / 203.
    for value in (5, 20, 50, 100):
        assert abs(luma[nits.index(value)] - 255 * (value / 203) ** (1 / 2.4)) <= 2


@pytest.mark.parametrize("color", [PQ, HLG], ids=["PQ", "HLG"])
def test_tone_mapping_does_not_turn_the_hue(tmp_path, color):
    nits = [20, 60, 120, 203, 400, 800]
    for hue in ((1.0, 0.7, 0.5), (0.5, 0.8, 0.6), (0.6, 0.6, 0.9)):
        path = make_hdr_ramp(tmp_path / "hdr.mp4", nits, color, hue=hue)
        levels = first_frame(path)[8, 4::8].astype(float)
        linear = (levels / 255) ** 2.4
        ratios = linear / linear.max(1, keepdims=True)
        assert np.abs(ratios - ratios[2]).max() <= 0.03, ratios


def test_colours_outside_bt709_lose_saturation_rather_than_turn():
    mapper = ToneMapper("smpte2084", "bt2020")
    from clips import nits_to_pq

    signal = nits_to_pq(np.array([[[0.0, 150.0, 0.0], [150.0, 0.0, 0.0], [0.0, 0.0, 150.0]]]))
    out = mapper(np.rint(signal * 65280).astype(np.uint16))[0].astype(int)
    assert out[0].argmax() == 1 and out[1].argmax() == 0 and out[2].argmax() == 2
    assert out.max() <= 255 and out.min() >= 0


def test_the_tone_curve_rises_everywhere_and_ends_at_one():
    light = np.linspace(0, 49, 5000)
    curve = compress_highlights(light, 49.0)
    assert (np.diff(curve) > 0).all()
    assert curve[-1] == pytest.approx(1.0)
    assert curve[10] == pytest.approx(light[10])
