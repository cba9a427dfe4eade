from fractions import Fraction

import av
import numpy as np
import pytest

from stylereel.core.errors import UsageError
from stylereel.video.codecs import CODECS, check_quality, encoder_settings, own_number
from stylereel.video.containers import CONTAINERS, codec_for, container_of
from stylereel.video.plan import plan_output
from stylereel.video.writer import FrameWriter
from written_media import frame_times, gray_frames, source_info

PAIRS = [(container.endings[0], codec) for container in CONTAINERS for codec in container.codecs]
CONSTANT = tuple(index * 1000 for index in range(7))


@pytest.mark.parametrize("name", [name for name, codec in CODECS.items() if codec.uses_quality])
def test_a_higher_quality_never_asks_for_a_worse_picture(name):
    numbers = [own_number(CODECS[name], quality) for quality in range(101)]
    worst, best = numbers[0], numbers[-1]
    assert worst != best
    assert numbers == sorted(numbers, reverse=worst > best)


@pytest.mark.parametrize("quality", [-1, 101, 3.5, "high", True])
def test_a_quality_out_of_range_is_refused(quality):
    with pytest.raises(UsageError, match="from 0"):
        check_quality(quality)


@pytest.mark.parametrize(("ending", "codec"), PAIRS)
def test_every_promised_pair_of_container_and_codec_plays_back_at_its_times(tmp_path, ending, codec):
    info = source_info(is_variable_rate=False)
    path = tmp_path / f"out{ending}"
    with FrameWriter(path, info=info, source_path=None, size=(64, 48), codec=codec) as writer:
        for frame in gray_frames(CONSTANT, last_duration=1000):
            writer.write(frame)
        summary = writer.finish()
    assert (summary.frames, summary.codec) == (7, codec)
    times = frame_times(path)
    tick = {".mkv": Fraction(1, 1000), ".webm": Fraction(1, 1000), ".gif": Fraction(1, 100)}.get(ending, 0)
    if ending == ".avi":  # FFmpeg reads H.264 in AVI one frame late, all alike
        times = [time - times[0] for time in times]
    assert len(times) == 7
    for index, time in enumerate(times):
        assert abs(time - Fraction(index, 30)) <= tick / 2
    with av.open(str(path)) as media:
        grays = [frame.to_ndarray(format="gray").mean() for frame in media.decode(video=0)]
    assert grays == sorted(grays) and grays[-1] - grays[0] > 100


@pytest.mark.parametrize(
    ("ending", "codec", "named"),
    [
        (".webm", "h264", ".mkv"),
        (".mp4", "prores", ".mov"),
        (".mp4", "ffv1", ".mkv"),
        (".gif", "hevc", ".mp4"),
        (".avi", "vp9", ".webm"),
        (".mkv", "gif", ".gif"),
    ],
)
def test_a_codec_that_the_container_cannot_hold_is_refused_and_homes_are_named(
    tmp_path, ending, codec, named
):
    with pytest.raises(UsageError, match=f"cannot hold the codec {codec}") as error:
        plan_output(tmp_path / f"out{ending}", source_info(), codec=codec)
    assert named in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_codec_or_ending_lists_the_known_and_the_nearest(tmp_path):
    with pytest.raises(UsageError, match="Did you mean h264"):
        codec_for(container_of(tmp_path / "a.mp4"), "h265")
    with pytest.raises(UsageError, match=r"did you mean \.mp4"):
        container_of(tmp_path / "a.mp5")
    with pytest.raises(UsageError, match="not known"):
        plan_output(tmp_path / "out.png", source_info(kind="image"), codec="divx")


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_odd_sizes_keep_their_size_at_full_colour_resolution(codec):
    assert encoder_settings(CODECS[codec], 75, (63, 48)).pixel_format == "yuv444p"
    assert encoder_settings(CODECS[codec], 75, (64, 48)).pixel_format == "yuv420p"


@pytest.mark.parametrize(("ending", "codec"), [pair for pair in PAIRS if pair[0] != ".mov"])
def test_odd_sizes_come_out_at_their_size(tmp_path, ending, codec):
    info = source_info(width=63, height=47, is_variable_rate=False)
    path = tmp_path / f"out{ending}"
    with FrameWriter(path, info=info, source_path=None, size=(63, 47), codec=codec) as writer:
        for frame in gray_frames(CONSTANT[:3], size=(63, 47)):
            writer.write(frame)
        notices = writer.finish().notices
    with av.open(str(path)) as media:
        frame = next(media.decode(video=0))
    assert (frame.width, frame.height) == (63, 47)
    assert any("odd" in notice for notice in notices) == (codec in ("h264", "hevc"))


def test_quality_changes_the_size_of_the_file(tmp_path):
    from stylereel.core.frames import Frame

    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    for codec, ending in (
        ("h264", "mp4"),
        ("hevc", "mp4"),
        ("av1", "mp4"),
        ("vp9", "webm"),
        ("prores", "mov"),
    ):
        sizes = []
        for quality in (0, 75, 100):
            path = tmp_path / f"{codec}{quality}.{ending}"
            with FrameWriter(
                path, info=source_info(), source_path=None, size=(64, 48), codec=codec, quality=quality
            ) as writer:
                writer.write(Frame(noise, 0, Fraction(1, 30)))
            sizes.append(path.stat().st_size)
        assert sizes == sorted(sizes) and sizes[0] < sizes[2]


def test_a_lossless_codec_says_that_quality_changes_nothing(tmp_path):
    assert plan_output(tmp_path / "a.mkv", source_info(), codec="ffv1", quality=30).notices
    assert not plan_output(tmp_path / "a.mkv", source_info(), codec="ffv1").notices


@pytest.mark.parametrize("layout", ["yuv420p", "yuv422p", "yuv444p"])
@pytest.mark.parametrize("size", [(400, 3), (3, 400), (1, 400), (400, 1), (3, 3), (2, 5), (1, 1), (4, 4)])
def test_strips_of_a_few_pixels_come_back_from_ffv1(tmp_path, size, layout):
    info = source_info(width=size[0], height=size[1], pixel_format=layout)
    path = tmp_path / "out.mkv"
    with FrameWriter(path, info=info, source_path=None, size=size, codec="ffv1") as writer:
        for frame in gray_frames(CONSTANT[:3], size=size):
            writer.write(frame)
    with av.open(str(path)) as media:
        frames = list(media.decode(video=0))
    assert [(frame.width, frame.height, frame.format.name) for frame in frames] == [(*size, layout)] * 3
    for index, frame in enumerate(frames):
        plane = np.frombuffer(frame.planes[0], np.uint8).reshape(frame.height, -1)[:, : frame.width]
        assert (plane == round(16 + (30 + 25 * index) * 219 / 255)).all()


@pytest.mark.parametrize("codec", list(CODECS))
@pytest.mark.parametrize("size", [(400, 3), (3, 400), (15, 64), (64, 15), (1, 1), (3, 3), (16, 16), (17, 33)])
def test_every_codec_holds_a_tiny_or_odd_size_or_says_which_do(tmp_path, size, codec):
    ending = {"gif": ".gif", "png": ".mov", "prores": ".mov", "vp9": ".webm"}.get(codec, ".mkv")
    info = source_info(width=size[0], height=size[1], pixel_format="yuv420p")
    path = tmp_path / f"out{ending}"
    try:
        with FrameWriter(path, info=info, source_path=None, size=size, codec=codec) as writer:
            for frame in gray_frames(CONSTANT[:3], size=size):
                writer.write(frame)
    except UsageError as error:
        assert codec in ("hevc", "av1") and f"{size[0]}x{size[1]}" in str(error) and "h264" in str(error)
        assert not list(tmp_path.iterdir())
        return
    with av.open(str(path)) as media:
        assert [(f.width, f.height) for f in media.decode(video=0)] == [size] * 3


@pytest.mark.parametrize("size", [(16, 16), (48, 32), (48, 640)])
def test_narrow_frames_are_kept_from_what_x265_does_to_memory(tmp_path, size):
    parameters = encoder_settings(CODECS["hevc"], 75, size).options["x265-params"]
    assert "cutree=0" in parameters.split(":")
    assert "cutree" not in encoder_settings(CODECS["hevc"], 75, (64, 48)).options["x265-params"]
