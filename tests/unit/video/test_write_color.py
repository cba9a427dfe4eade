"""Through reading and writing with nothing between, with a lossless codec, the picture stays."""

from fractions import Fraction

import av
import numpy as np
import pytest

from stylereel.core.color import LUMA_WEIGHTS, ColorTags
from stylereel.video.reader import FrameReader
from stylereel.video.writer import FrameWriter
from written_media import first_planes, gray_frames, make_source, source_info

SYSTEMS = {
    "601-525": ColorTags("smpte170m", "limited", "smpte170m", "smpte170m"),
    "601-625": ColorTags("bt470bg", "limited", "bt470bg", "gamma28"),
    "709": ColorTags("bt709", "limited", "bt709", "bt709"),
    "2020": ColorTags("bt2020nc", "limited", "bt2020", "bt2020-10"),
}


def smooth_planes(tags: ColorTags, chroma: str, width: int, height: int) -> list[np.ndarray]:
    """Y'CbCr of smooth in-gamut R'G'B', by H.273's equations in float, at each plane's own positions."""
    kr, kb = LUMA_WEIGHTS[tags.matrix]

    def planes_at(x, y):
        red = 0.5 + 0.35 * np.sin(x * 2.2) * np.cos(y * 1.3)
        green = 0.5 + 0.35 * np.cos(x * 1.7 + 1) * np.sin(y * 2.1)
        blue = 0.5 + 0.35 * np.sin(x * 1.1 + y * 1.9)
        luma = kr * red + (1 - kr - kb) * green + kb * blue
        return luma, (blue - luma) / (2 - 2 * kb), (red - luma) / (2 - 2 * kr)

    y, x = np.mgrid[0:height, 0:width]
    luma = planes_at(x / 48, y / 48)[0]
    step_x, step_y = (1 if chroma == "444" else 2), (2 if chroma == "420" else 1)
    y, x = np.mgrid[0:height:step_y, 0:width:step_x]
    _, cb, cr = planes_at(x / 48, (y + (0.5 if step_y == 2 else 0)) / 48)
    if tags.range == "full":
        scaled = luma * 255, cb * 255 + 128, cr * 255 + 128
    else:
        scaled = luma * 219 + 16, cb * 224 + 128, cr * 224 + 128
    return [np.clip(np.round(plane), 0, 255).astype(np.uint8) for plane in scaled]


def write_source(path, planes, tags, chroma):
    height, width = planes[0].shape
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25, options={"crf": "0", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = width, height, f"yuv{chroma}p"
        context = stream.codec_context
        context.colorspace, context.color_range = tags.matrix_code, tags.range_code
        context.color_primaries, context.color_trc = tags.primaries_code, tags.transfer_code
        frame = av.VideoFrame(width, height, f"yuv{chroma}p")
        for target, plane in zip(frame.planes, planes, strict=True):
            np.frombuffer(target, np.uint8).reshape(target.height, -1)[:, : plane.shape[1]] = plane
        frame.color_range, frame.colorspace = tags.range_code, tags.matrix_code
        for pts in range(3):
            frame.pts, frame.time_base = pts, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def identity(source, output, **options):
    with (
        FrameReader(source) as reader,
        FrameWriter(
            output,
            info=reader.info,
            source_path=source,
            size=(reader.info.width, reader.info.height),
            **options,
        ) as writer,
    ):
        for frame in reader:
            writer.write(frame)


@pytest.mark.parametrize(("codec", "ending"), [("ffv1", "mkv"), ("h264", "mp4"), ("vp9", "webm")])
@pytest.mark.parametrize("value_range", ["limited", "full"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_luma_and_smooth_chroma_stay_within_two_and_so_do_the_tags(
    tmp_path, codec, ending, value_range, system
):
    base = SYSTEMS[system]
    tags = ColorTags(base.matrix, value_range, base.primaries, base.transfer)
    source, output = tmp_path / "s.mp4", tmp_path / f"o.{ending}"
    write_source(source, smooth_planes(tags, "420", 96, 72), tags, "420")
    identity(source, output, codec=codec, quality=100)
    before, _ = first_planes(source)
    after, frame = first_planes(output)
    for old, new in zip(before, after, strict=True):
        assert np.abs(old.astype(int) - new).max() <= 2
    got = ColorTags.from_codes(
        matrix=frame.colorspace,
        range=frame.color_range,
        primaries=frame.color_primaries,
        transfer=frame.color_trc,
    )
    assert (got.range, got.primaries, got.transfer) == (tags.range, tags.primaries, tags.transfer)
    assert LUMA_WEIGHTS[got.matrix] == LUMA_WEIGHTS[tags.matrix]


@pytest.mark.parametrize("chroma", ["422", "444"])
def test_ffv1_keeps_the_colour_resolution_of_the_source(tmp_path, chroma):
    tags = SYSTEMS["709"]
    write_source(tmp_path / "s.mp4", smooth_planes(tags, chroma, 96, 72), tags, chroma)
    identity(tmp_path / "s.mp4", tmp_path / "o.mkv", codec="ffv1")
    before, _ = first_planes(tmp_path / "s.mp4")
    after, frame = first_planes(tmp_path / "o.mkv")
    assert frame.format.name == f"yuv{chroma}p"
    for old, new in zip(before, after, strict=True):
        assert np.abs(old.astype(int) - new).max() <= 2


def test_prores_is_ten_bit_and_limited_whatever_the_source_was(tmp_path):
    tags = ColorTags("bt709", "full", "bt709", "bt709")
    write_source(tmp_path / "s.mp4", smooth_planes(tags, "420", 96, 72), tags, "420")
    identity(tmp_path / "s.mp4", tmp_path / "o.mov", codec="prores", quality=100)
    before, _ = first_planes(tmp_path / "s.mp4")
    after, frame = first_planes(tmp_path / "o.mov")
    luma = after[0] / (16 if "12le" in frame.format.name else 4)
    assert np.abs(before[0].astype(float) * 219 / 255 + 16 - luma).max() <= 2
    assert frame.color_range != 2


def test_a_tone_mapped_source_is_written_as_bt709(tmp_path):
    hdr = ColorTags("bt2020nc", "limited", "bt2020", "smpte2084")
    info = source_info(color=hdr)
    with FrameWriter(tmp_path / "o.mp4", info=info, source_path=None, size=(64, 48)) as writer:
        for frame in gray_frames():
            writer.write(frame)
    _, frame = first_planes(tmp_path / "o.mp4")
    assert (frame.colorspace, frame.color_primaries, frame.color_trc, frame.color_range) == (1, 1, 1, 1)


@pytest.mark.parametrize("ratio", [Fraction(64, 45), Fraction(16, 11), Fraction(8, 9), Fraction(1)])
@pytest.mark.parametrize(
    ("ending", "codec"),
    [
        *(("mp4", codec) for codec in ("h264", "hevc", "av1", "vp9")),
        *(("mkv", codec) for codec in ("h264", "av1", "vp9", "prores", "ffv1")),
        *(("mov", "prores"), ("webm", "vp9"), ("webm", "av1")),
    ],
)
def test_sample_aspect_ratio_stays(tmp_path, ending, codec, ratio):
    size, path = (180, 144), tmp_path / f"o.{ending}"
    source = make_source(tmp_path / "s.mp4", seconds=1)
    info = source_info(source, sample_aspect_ratio=ratio, width=size[0], height=size[1])
    with FrameWriter(path, info=info, source_path=source, size=size, codec=codec) as writer:
        for frame in gray_frames(size=size):
            writer.write(frame)
    with av.open(str(path)) as media:
        stream = media.streams.video[0]
        got = stream.sample_aspect_ratio or Fraction(1)
        assert stream.metadata.get("title", "") == ""
        assert len(list(media.decode(stream))) == 7
    assert abs(got - ratio) <= (Fraction(1, size[1]) if ending in ("mkv", "webm") else 0)
