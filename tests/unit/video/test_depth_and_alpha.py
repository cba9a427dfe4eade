"""More than 8 bits and transparency, from file to frame to file."""

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from clips import BT709, frame_of_planes, smooth
from stylereel.core import pixels
from stylereel.core.errors import UsageError
from stylereel.core.frames import Frame
from stylereel.video.codecs import CODECS
from stylereel.video.picture import Wanted
from stylereel.video.plan import plan_output
from stylereel.video.probe import probe
from stylereel.video.reader import FrameReader
from stylereel.video.writer import FrameWriter
from written_media import source_info

TICK = Fraction(1, 25)
SIZE = (64, 48)


def wheel(index: int = 0, size=SIZE) -> np.ndarray:
    """Opacity, `(H, W)` uint16 with peak 65280: clear, a ramp, opaque."""
    ramp = np.clip((np.arange(size[0]) - 16) / (size[0] - 32), 0, 1)
    return np.rint(np.roll(ramp, index) * 65280).astype(np.uint16)[None].repeat(size[1], 0)


def frames(count: int = 3, *, deep: bool = False, size=SIZE) -> list[Frame]:
    made = []
    for index in range(count):
        rgb = smooth(index, *size)
        fine = None
        if deep:
            ramp = np.linspace(40 * 256, 200 * 256, size[0])[None, :, None]
            fine = np.rint(ramp + np.zeros((size[1], 1, 3)) + 64 * index).astype(np.uint16)
            rgb = pixels.to_uint8(fine)
        made.append(Frame(rgb, index, TICK, 1, deep=fine, alpha=wheel(index, size)))
    return made


def written(path, made, **options):
    info = source_info(has_alpha=True, time_base=TICK, frame_rate=Fraction(25), is_variable_rate=False)
    with FrameWriter(path, info=info, source_path=None, size=SIZE, **options) as writer:
        for frame in made:
            writer.write(frame)
        writer.finish()
    return path


def read(path, *, deep=False, alpha=True) -> list[Frame]:
    with FrameReader(path) as reader:
        reader.wanted = Wanted(deep=deep, alpha=alpha)
        return list(reader)


HOLDERS = [("mov", "prores", 2), ("webm", "vp9", 6), ("mkv", "vp9", 6), ("mkv", "ffv1", 1), ("mov", "png", 1)]


@pytest.mark.parametrize("ending,codec,levels", HOLDERS)
def test_opacity_comes_back_from_every_codec_that_holds_it(tmp_path, ending, codec, levels):
    made = frames()
    path = written(tmp_path / f"o.{ending}", made, codec=codec, quality=90, keep_alpha=True)
    assert probe(path).has_alpha
    for before, after in zip(made, read(path), strict=True):
        assert after.alpha is not None
        error = np.abs(before.alpha.astype(int) - after.alpha) / 256
        assert error.mean() < levels / 3 and error[:, 20:-20].max() < 4 * levels + 12
        seen = before.alpha > 8000
        assert np.abs(before.pixels.astype(int) - after.pixels)[seen].mean() < 4


@pytest.mark.parametrize("ending,codec", [("mp4", "h264"), ("webm", "av1"), ("mp4", "vp9"), ("gif", "gif")])
def test_where_opacity_cannot_be_held_the_plan_says_so(tmp_path, ending, codec):
    info = source_info(has_alpha=True)
    assert not plan_output(tmp_path / f"o.{ending}", info, codec=codec).alpha
    assert plan_output(tmp_path / "o.webm", info).alpha


@pytest.mark.parametrize("ending", ["png", "webp", "tif"])
@pytest.mark.parametrize("bits", [8, 16])
def test_pictures_keep_opacity_and_depth(tmp_path, ending, bits):
    if bits == 16 and ending == "webp":
        with pytest.raises(UsageError, match="16"):
            plan_output(tmp_path / "o.webp", source_info(kind="image"), bit_depth=16)
        return
    made = frames(1, deep=bits == 16)[0]
    info = source_info(kind="image", has_alpha=True)
    path = tmp_path / f"o.{ending}"
    with FrameWriter(
        path, info=info, source_path=None, size=SIZE, bit_depth=bits, keep_alpha=True, quality=100,
        metadata={"comment": "a look"},
    ) as writer:  # fmt: skip
        writer.write(made)
    stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert stored.dtype == (np.uint16 if bits == 16 else np.uint8) and stored.shape == (48, 64, 4)
    assert probe(path).has_alpha and probe(path).bit_depth == bits
    again = read(path, deep=bits == 16)[0]
    assert np.abs(made.alpha.astype(int) - again.alpha).max() <= (1 if bits == 16 else 128)
    seen = made.alpha > 0
    if bits == 16:
        assert np.abs(made.deep.astype(int) - again.deep)[seen].max() <= 1
    else:
        assert np.array_equal(made.pixels[seen], again.pixels[seen])
    assert b"a look" in path.read_bytes() or ending == "tif"


def test_a_folder_of_png_takes_sixteen_bits_and_opacity(tmp_path):
    made = frames(2, deep=True)
    written(tmp_path / "shots", made, bit_depth=16, keep_alpha=True)
    for frame, again in zip(made, read(tmp_path / "shots", deep=True), strict=True):
        assert np.abs(frame.deep.astype(int) - again.deep)[frame.alpha > 0].max() <= 1
        assert np.abs(frame.alpha.astype(int) - again.alpha).max() <= 1


def test_a_picture_format_without_opacity_is_laid_over_white(tmp_path):
    frame = frames(1)[0]
    info = source_info(kind="image", has_alpha=True)
    with FrameWriter(tmp_path / "o.bmp", info=info, source_path=None, size=SIZE) as writer:
        writer.write(frame)
    assert (cv2.imread(str(tmp_path / "o.bmp"))[:, :16] == 255).all()


DEEP = [("mp4", "h264", 10), ("mp4", "hevc", 10), ("webm", "av1", 10), ("mov", "prores", 10)]
DEEP += [("mkv", "ffv1", 10), ("mkv", "ffv1", 16), ("mov", "png", 16)]


@pytest.mark.parametrize("ending,codec,bits", DEEP)
def test_a_fine_ramp_stays_fine(tmp_path, ending, codec, bits):
    size = (640, 48)
    made = frames(9, deep=True, size=size)
    info = source_info(width=640, time_base=TICK, frame_rate=Fraction(25), is_variable_rate=False)
    path = tmp_path / f"o.{ending}"
    with FrameWriter(
        path, info=info, source_path=None, size=size, codec=codec, bit_depth=bits, quality=95
    ) as writer:
        for frame in made:
            writer.write(frame)
    assert probe(path).bit_depth >= 10
    again = read(path, deep=True, alpha=False)[0]
    assert np.abs(made[0].deep.astype(int) - again.deep).mean() < 256
    assert len(np.unique(again.deep[24, :, 1])) > 400 > len(np.unique(again.pixels[24, :, 1]))


@pytest.mark.parametrize("codec,ending", [("vp9", "webm"), ("gif", "gif")])
def test_a_depth_that_a_codec_lacks_is_refused_with_those_that_have_it(tmp_path, codec, ending):
    with pytest.raises(UsageError, match="h264"):
        plan_output(tmp_path / f"o.{ending}", source_info(), codec=codec, bit_depth=10)
    with pytest.raises(UsageError, match="8, 10, 16"):
        plan_output(tmp_path / f"o.{ending}", source_info(), codec=codec, bit_depth=9)


def test_every_codec_opens_with_all_that_it_claims(tmp_path):
    from stylereel.video.containers import CONTAINERS

    for container in CONTAINERS:
        for name in container.codecs:
            codec = CODECS[name]
            for bits in codec.bit_depths:
                alpha = container.muxer in codec.alpha_muxers
                path = tmp_path / f"{name}{bits}{container.endings[0]}"
                written(path, frames(9, deep=bits > 8), codec=name, bit_depth=bits, keep_alpha=alpha)
                assert probe(path).has_alpha == alpha, path.name


def test_deep_frames_are_the_rounding_of_their_depth_and_8_bits_are_as_ever(tmp_path):
    path = written(tmp_path / "o.mkv", frames(2, deep=True), codec="ffv1", bit_depth=10)
    plain, deep = read(path, alpha=False), read(path, deep=True, alpha=False)
    for a, b in zip(plain, deep, strict=True):
        assert a.deep is None and np.array_equal(a.pixels, b.pixels)
        assert np.array_equal(b.pixels, pixels.to_uint8(b.deep))


def test_what_lies_under_clear_areas_is_what_lies_beside_them():
    rgb = np.zeros((40, 40, 3), np.uint8)
    rgb[10:30, 10:30] = (200, 120, 40)
    opacity = np.zeros((40, 40), np.uint16)
    opacity[10:30, 10:30] = 65280
    filled = pixels.fill_clear(rgb, opacity)
    assert np.abs(filled.astype(int) - (200, 120, 40)).max() <= 1
    assert pixels.fill_clear(rgb, np.zeros_like(opacity)) is rgb


def test_a_gif_counts_as_transparent_only_where_it_is(tmp_path):
    from clips import make_gif

    assert not probe(make_gif(tmp_path / "opaque.gif")).has_alpha
    with av.open(str(tmp_path / "clear.gif"), "w") as out:
        stream = out.add_stream("gif", rate=10)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "pal8"
        rgba = np.zeros((16, 16, 4), np.uint8)
        rgba[4:12, 4:12] = (255, 0, 0, 255)
        graph = av.filter.Graph()
        source = graph.add_buffer(
            width=16, height=16, format=av.VideoFormat("rgba"), time_base=Fraction(1, 10)
        )
        split, make, use = graph.add("split"), graph.add("palettegen"), graph.add("paletteuse")
        sink = graph.add("buffersink")
        source.link_to(split)
        split.link_to(use, 0, 0)
        split.link_to(make, 1, 0)
        make.link_to(use, 0, 1)
        use.link_to(sink)
        graph.configure()
        frame = av.VideoFrame.from_ndarray(rgba, format="rgba")
        frame.pts = 0
        graph.push(frame)
        graph.push(None)
        out.mux(stream.encode(graph.pull()))
        out.mux(stream.encode(None))
    assert probe(tmp_path / "clear.gif").has_alpha


def test_ten_bit_planes_with_opacity_are_read_as_they_are():
    from stylereel.video.convert import FrameConverter

    luma = np.arange(64, 64 + 16 * 16, dtype=np.uint16).reshape(16, 16)
    grey = np.full((16, 16), 512, np.uint16)
    opacity = np.arange(0, 1024, 4, dtype=np.uint16).reshape(16, 16)
    frame = frame_of_planes([luma, grey, grey, opacity], "yuva444p10le", 16, 16)
    picture = FrameConverter(BT709, wanted=Wanted(deep=True, alpha=True)).picture(frame)
    assert picture.deep is not None and len(np.unique(picture.deep[..., 0])) == 256
    assert np.abs(picture.alpha / 65280 - opacity / 1023).max() < 1e-4
